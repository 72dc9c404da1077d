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

// Input weights with their biases, recurrent weights, the head.
Index group_of(nn::Rnn::Part part) {
  if (part == nn::Rnn::Part::kHead) return 2;
  return part == nn::Rnn::Part::kRecurrent ? 1 : 0;
}

}  // namespace

TextRegularization::TextRegularization(TextLoss loss, LabelledRows train, LabelledRows validation,
                                       const TextRegularizationOptions& options)
    : loss_(std::move(loss)), train_(std::move(train)), validation_(std::move(validation)), options_(options) {
  if (train_.size() == 0) throw InputError("L2 tuning: there are no training texts");
  if (validation_.size() == 0) throw InputError("L2 tuning: there are no validation texts");
  if (options.batch == 0 || options.validation == 0) throw InputError("L2 tuning: a batch has at least 1 text");
  for (const auto& section : loss_.net().sections())
    sections_.push_back({group_of(section.part), section.first, section.count});
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
  for (const auto& one : sections_) out.segment(one.first, one.count).setConstant(std::exp(x[one.group]));
  return out;
}

void TextRegularization::gradient(const VectorRef& y, const LabelledRows& batch, VectorXd& out) const {
  out.resize(y.size());
  const auto n = static_cast<std::size_t>(loss_.net().encoder_parameters());
  loss_.gradient(encoder(y), head(y), batch,
                 VectorXd::Constant(static_cast<Index>(batch.size()), 1 / static_cast<double>(batch.size())),
                 {out.data(), n}, {out.data() + n, static_cast<std::size_t>(y.size()) - n});
}

double TextRegularization::f(const VectorRef& /*x*/, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(encoder(y), head(y), rows(validation_, sample, true)).mean();
}

double TextRegularization::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(encoder(y), head(y), rows(train_, sample, false)).mean() + 0.5 * penalties(x).dot(y.cwiseAbs2());
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
  const auto n = static_cast<std::size_t>(loss_.net().encoder_parameters());
  const auto m = static_cast<std::size_t>(y.size()) - n;
  loss_.hessian_product(encoder(y), head(y), batch,
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
  out.setZero(3);
  for (const auto& one : sections_) out[one.group] += products.segment(one.first, one.count).sum();
}

void TextRegularization::project_x(VectorXd& x) const { x = x.cwiseMax(kLeast).cwiseMin(kLargest); }

double TextRegularization::accuracy(const VectorRef& y, const LabelledRows& all) const {
  return loss_.accuracy(encoder(y), head(y), all);
}

}  // namespace offprint::optimize
