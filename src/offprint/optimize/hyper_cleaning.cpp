#include "offprint/optimize/hyper_cleaning.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/row_batch.hpp"

namespace offprint::optimize {

using Eigen::Index;
using Eigen::VectorXd;

HyperCleaning::HyperCleaning(const SoftmaxRegression& train, const SoftmaxRegression& validation,
                             const CleaningOptions& options)
    : train_(train), validation_(validation), options_(options) {
  require_same_model(train, validation);
  if (!(options_.ridge >= 0) || !std::isfinite(options_.ridge))
    throw InputError(fmt::format("the ridge penalty is {}; it must not be negative", options_.ridge));
  if (options_.lower_batch < 0 || options_.upper_batch < 0) throw InputError("a batch has 0 (all) or more rows");
}

VectorXd HyperCleaning::weights(const VectorRef& x) { return 1 / (1 + (-x.array()).exp()); }

std::vector<Index> HyperCleaning::lower_rows(const Sample& sample) const {
  return draw_rows(train_.rows(), options_.lower_batch, options_.seed, "lower", sample);
}
std::vector<Index> HyperCleaning::upper_rows(const Sample& sample) const {
  return draw_rows(validation_.rows(), options_.upper_batch, options_.seed, "upper", sample);
}
std::uint64_t HyperCleaning::rows_upper(const Sample& sample) const {
  return static_cast<std::uint64_t>(batch_size(validation_.rows(), options_.upper_batch, sample));
}
std::uint64_t HyperCleaning::rows_lower(const Sample& sample) const {
  return static_cast<std::uint64_t>(batch_size(train_.rows(), options_.lower_batch, sample));
}

double HyperCleaning::f(const VectorRef& /*x*/, const VectorRef& y, const Sample& sample) const {
  return validation_.loss(y, VectorXd(), upper_rows(sample));
}

double HyperCleaning::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  return train_.loss(y, weights(x), lower_rows(sample)) + options_.ridge * y.squaredNorm();
}

void HyperCleaning::f_x(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out, const Sample& /*sample*/) const {
  out.setZero(x.size());
}

void HyperCleaning::f_y(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  validation_.gradient(y, out, VectorXd(), upper_rows(sample));
}

void HyperCleaning::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  train_.gradient(y, out, weights(x), lower_rows(sample));
  out += 2 * options_.ridge * y;
}

// out_i = sigmoid'(x_i) each_i / (rows looked at), summed where a row was drawn more than once.
void HyperCleaning::scatter(const VectorRef& x, const VectorXd& each, const std::vector<Index>& rows,
                            VectorXd& out) const {
  const auto slope = [&](Index i) {
    const double s = 1 / (1 + std::exp(-x[i]));
    return s * (1 - s) / static_cast<double>(each.size());
  };
  if (rows.empty()) {
    out.resize(x.size());
    for (Index i = 0; i < x.size(); ++i) out[i] = slope(i) * each[i];
    return;
  }
  out.setZero(x.size());
  for (std::size_t k = 0; k < rows.size(); ++k) out[rows[k]] += slope(rows[k]) * each[static_cast<Index>(k)];
}

void HyperCleaning::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto rows = lower_rows(sample);
  VectorXd each;
  train_.losses(y, each, rows);
  scatter(x, each, rows, out);
}

void HyperCleaning::g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, VectorXd& out,
                                   const Sample& sample) const {
  const auto rows = lower_rows(sample);
  VectorXd at_y;
  VectorXd at_z;
  train_.losses(y, at_y, rows);
  train_.losses(z, at_z, rows);
  scatter(x, at_y - at_z, rows, out);
}

void HyperCleaning::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                        const Sample& sample) const {
  train_.curvature(y, v, out, weights(x), lower_rows(sample));
  out += 2 * options_.ridge * v;
}

void HyperCleaning::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                        const Sample& sample) const {
  const auto rows = lower_rows(sample);
  VectorXd each;
  train_.slopes(y, v, each, rows);
  scatter(x, each, rows, out);
}

}  // namespace offprint::optimize
