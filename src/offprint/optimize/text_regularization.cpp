#include "offprint/optimize/text_regularization.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double kLeast = -15;
constexpr double kLargest = 5;

}  // namespace

TextRegularization::TextRegularization(TextLoss loss, LabelledRows train, LabelledRows validation,
                                       const TextRegularizationOptions& options)
    : loss_(std::move(loss)), train_(std::move(train)), validation_(std::move(validation)), options_(options) {
  if (train_.size() == 0) throw InputError("L2 tuning: there are no training texts");
  if (validation_.size() == 0) throw InputError("L2 tuning: there are no validation texts");
  if (options.batch == 0 || options.validation == 0) throw InputError("L2 tuning: a batch has at least 1 text");
  const auto& shape = loss_.net().shape();
  ends_ = {shape.hidden * shape.inputs, shape.hidden * (shape.inputs + shape.hidden), loss_.net().encoder_parameters(),
           loss_.net().parameters()};
}

LabelledRows TextRegularization::rows(const LabelledRows& all, const Sample& sample, bool upper) const {
  if (sample.exact()) return all;
  const Stream random(options_.seed, upper ? "upper batch" : "lower batch", *sample.index);
  return all.select(draw_rows(random, all.size(), upper ? options_.validation : options_.batch));
}

std::uint64_t TextRegularization::rows_upper(const Sample& sample) const {
  return sample.exact() ? validation_.size() : std::min(options_.validation, validation_.size());
}

std::uint64_t TextRegularization::rows_lower(const Sample& sample) const {
  return sample.exact() ? train_.size() : std::min(options_.batch, train_.size());
}

VectorXd TextRegularization::penalties(const VectorRef& x) const {
  VectorXd out(loss_.net().parameters());
  if (options_.common) {
    out.setConstant(std::exp(x[0]));
    return out;
  }
  out.head(ends_[0]).setConstant(std::exp(x[0]));
  out.segment(ends_[0], ends_[1] - ends_[0]).setConstant(std::exp(x[1]));
  out.segment(ends_[1], ends_[2] - ends_[1]).setConstant(std::exp(x[0]));  // the bias, which is the input's
  out.tail(ends_[3] - ends_[2]).setConstant(std::exp(x[2]));
  return out;
}

void TextRegularization::gradient(const VectorRef& y, const LabelledRows& batch, VectorXd& out) const {
  out.resize(y.size());
  const auto n = static_cast<std::size_t>(ends_[2]);
  loss_.gradient(y.head(ends_[2]), y.tail(ends_[3] - ends_[2]), batch,
                 VectorXd::Constant(static_cast<Index>(batch.size()), 1 / static_cast<double>(batch.size())),
                 {out.data(), n}, {out.data() + n, static_cast<std::size_t>(y.size()) - n});
}

double TextRegularization::f(const VectorRef& /*x*/, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(y.head(ends_[2]), y.tail(ends_[3] - ends_[2]), rows(validation_, sample, true)).mean();
}

double TextRegularization::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(y.head(ends_[2]), y.tail(ends_[3] - ends_[2]), rows(train_, sample, false)).mean() +
         0.5 * penalties(x).dot(y.cwiseAbs2());
}

void TextRegularization::f_x(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out,
                             const Sample& /*sample*/) const {
  out.setZero(x.size());
}

void TextRegularization::f_y(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  gradient(y, rows(validation_, sample, true), out);
}

void TextRegularization::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  jvp(x, y, y, out, sample);
  out /= 2;
}

void TextRegularization::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  gradient(y, rows(train_, sample, false), out);
  out += penalties(x).cwiseProduct(y);
}

void TextRegularization::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                             const Sample& sample) const {
  const LabelledRows batch = rows(train_, sample, false);
  out.resize(y.size());
  const auto n = static_cast<std::size_t>(ends_[2]);
  const auto m = static_cast<std::size_t>(y.size()) - n;
  loss_.hessian_product(y.head(ends_[2]), y.tail(ends_[3] - ends_[2]), batch,
                        VectorXd::Constant(static_cast<Index>(batch.size()), 1 / static_cast<double>(batch.size())),
                        {v.data(), n}, {v.data() + n, m}, {out.data(), n}, {out.data() + n, m});
  out += penalties(x).cwiseProduct(v);
}

void TextRegularization::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                             const Sample& /*sample*/) const {
  const VectorXd products = penalties(x).cwiseProduct(y).cwiseProduct(v);
  if (options_.common) {
    out = VectorXd::Constant(1, products.sum());
    return;
  }
  out.resize(3);
  out[0] = products.head(ends_[0]).sum() + products.segment(ends_[1], ends_[2] - ends_[1]).sum();
  out[1] = products.segment(ends_[0], ends_[1] - ends_[0]).sum();
  out[2] = products.tail(ends_[3] - ends_[2]).sum();
}

void TextRegularization::project_x(VectorXd& x) const { x = x.cwiseMax(kLeast).cwiseMin(kLargest); }

double TextRegularization::accuracy(const VectorRef& y, const LabelledRows& all) const {
  return loss_.accuracy(y.head(ends_[2]), y.tail(ends_[3] - ends_[2]), all);
}

}  // namespace offprint::optimize
