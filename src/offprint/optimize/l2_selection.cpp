#include "offprint/optimize/l2_selection.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/row_batch.hpp"

namespace offprint::optimize {

using Eigen::Index;
using Eigen::VectorXd;

L2Selection::L2Selection(const SoftmaxRegression& train, const SoftmaxRegression& validation,
                         L2SelectionOptions options)
    : train_(train), validation_(validation), options_(std::move(options)) {
  require_same_model(train, validation);
  if (static_cast<Index>(options_.groups.size()) != train.features())
    throw InputError(fmt::format("there are {} groups for {} features", options_.groups.size(), train.features()));
  for (const int group : options_.groups) groups_ = std::max<Index>(groups_, group + 1);
  std::vector<bool> used(static_cast<std::size_t>(groups_));
  for (const int group : options_.groups) {
    if (group < -1) throw InputError(fmt::format("a group is {}; groups are 0, 1, ..., or -1 for none", group));
    if (group >= 0) used[static_cast<std::size_t>(group)] = true;
  }
  if (groups_ == 0) throw InputError("no feature has a group: there is nothing to choose");
  const auto missing = std::find(used.begin(), used.end(), false);
  if (missing != used.end())
    throw InputError(
        fmt::format("group {} has no feature; groups are numbered 0, 1, ... without gaps", missing - used.begin()));
  if (!(options_.floor > 0))
    throw InputError(fmt::format("the least penalty is {}; it must be positive", options_.floor));
  if (!(options_.lowest <= options_.highest))
    throw InputError(
        fmt::format("X is empty: the lowest log penalty {} exceeds the highest {}", options_.lowest, options_.highest));
}

void L2Selection::penalties(const VectorRef& x, VectorXd& out) const {
  const Index k = train_.outputs();
  out.resize(train_.parameters());
  for (std::size_t j = 0; j < options_.groups.size(); ++j) {
    const int group = options_.groups[j];
    out.segment(static_cast<Index>(j) * k, k).setConstant((group >= 0 ? std::exp(x[group]) : 0.0) + options_.floor);
  }
}

void L2Selection::project_x(VectorXd& x) const { x = x.cwiseMax(options_.lowest).cwiseMin(options_.highest); }

std::uint64_t L2Selection::rows_upper(const Sample& sample) const {
  return static_cast<std::uint64_t>(batch_size(validation_.rows(), options_.upper_batch, sample));
}
std::uint64_t L2Selection::rows_lower(const Sample& sample) const {
  return static_cast<std::uint64_t>(batch_size(train_.rows(), options_.lower_batch, sample));
}

double L2Selection::f(const VectorRef& /*x*/, const VectorRef& y, const Sample& sample) const {
  return validation_.loss(y, VectorXd(),
                          draw_rows(validation_.rows(), options_.upper_batch, options_.seed, "upper", sample));
}

double L2Selection::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  VectorXd penalty;
  penalties(x, penalty);
  return train_.loss(y, VectorXd(), draw_rows(train_.rows(), options_.lower_batch, options_.seed, "lower", sample)) +
         0.5 * penalty.dot(y.cwiseAbs2());
}

void L2Selection::f_x(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out, const Sample& /*sample*/) const {
  out.setZero(x.size());
}

void L2Selection::f_y(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  validation_.gradient(y, out, VectorXd(),
                       draw_rows(validation_.rows(), options_.upper_batch, options_.seed, "upper", sample));
}

void L2Selection::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  jvp(x, y, y, out, sample);
  out *= 0.5;
}

void L2Selection::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  VectorXd penalty;
  penalties(x, penalty);
  train_.gradient(y, out, VectorXd(), draw_rows(train_.rows(), options_.lower_batch, options_.seed, "lower", sample));
  out += penalty.cwiseProduct(y);
}

void L2Selection::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                      const Sample& sample) const {
  VectorXd penalty;
  penalties(x, penalty);
  train_.curvature(y, v, out, VectorXd(),
                   draw_rows(train_.rows(), options_.lower_batch, options_.seed, "lower", sample));
  out += penalty.cwiseProduct(v);
}

// d/dx_k <g_y, v> = exp(x_k) sum over the group of <y_j, v_j>: no data are looked at.
void L2Selection::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                      const Sample& /*sample*/) const {
  const Index k = train_.outputs();
  out.setZero(x.size());
  for (std::size_t j = 0; j < options_.groups.size(); ++j) {
    const int group = options_.groups[j];
    if (group < 0) continue;
    const Index at = static_cast<Index>(j) * k;
    out[group] += std::exp(x[group]) * y.segment(at, k).dot(v.segment(at, k));
  }
}

}  // namespace offprint::optimize
