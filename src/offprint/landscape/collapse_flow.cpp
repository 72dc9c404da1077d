#include "offprint/landscape/collapse_flow.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/landscape/class_means.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using linalg::Op;

// Columns of the state: sqrt(n) times the class means | a factor of the deviations' Gram matrix | the map that
// deviations have gone through (only when features are wanted; it follows the flow without acting on it).
struct Layout {
  Index classes = 0;
  Index deviations = 0;
  Index map = 0;
  [[nodiscard]] Index acting() const { return classes + deviations; }
};

// The flow's right-hand side with its workspace. Small matrices are multiplied by loops the compiler unrolls, large
// ones by BLAS.
class RightHandSide {
 public:
  RightHandSide(const CollapseModel& model, Index d, Layout layout)
      : layout_(layout),
        root_n_(std::sqrt(model.labels.mean_size())),
        ridge_(model.labels.mean_size() * model.lambda_w),
        lambda_h_(model.lambda_h),
        small_(d <= kSmall),
        a_(d, d),
        w_(d, layout.classes),
        wx_(layout.classes, layout.acting() + layout.map) {}

  // out = -[W^T (W X - Y) + lambda_H X], with W^T = A^{-1} H Y^T of size d x K.
  void operator()(const MatrixXd& x, MatrixXd& out) {
    const auto acting = x.leftCols(layout_.acting());
    if (small_) {
      a_.noalias() = acting.lazyProduct(acting.transpose());
    } else {
      linalg::multiply_into(a_, 1.0, acting, Op::kNone, acting, Op::kAdjoint, 0.0);
    }
    a_.diagonal().array() += ridge_;
    w_ = root_n_ * x.leftCols(layout_.classes);
    if (small_) {
      solve_small();
      wx_.noalias() = w_.transpose().lazyProduct(x);
    } else {
      const auto r = linalg::cholesky(a_);
      if (!r) throw InputError("the flow has left the finite numbers; take a smaller step");
      w_ = linalg::solve_upper(*r, linalg::solve_upper(*r, w_, Op::kAdjoint));
      linalg::multiply_into(wx_, 1.0, w_, Op::kAdjoint, x, Op::kNone, 0.0);
    }
    for (Index k = 0; k < layout_.classes; ++k) wx_(k, k) -= root_n_;  // Y of the scaled means
    if (small_) {
      out.noalias() = -lambda_h_ * x - w_.lazyProduct(wx_);
    } else {
      out = x;
      linalg::multiply_into(out, -1.0, w_, Op::kNone, wx_, Op::kNone, -lambda_h_);
    }
  }

 private:
  static constexpr Index kSmall = 16;

  // w = a^{-1} w by Cholesky, a and w at most 16 rows.
  void solve_small() {
    const Index d = a_.rows();
    for (Index j = 0; j < d; ++j) {
      double pivot = a_(j, j);
      for (Index k = 0; k < j; ++k) pivot -= a_(j, k) * a_(j, k);
      if (!(pivot > 0)) throw InputError("the flow has left the finite numbers; take a smaller step");
      const double inverse = 1.0 / std::sqrt(pivot);
      a_(j, j) = inverse;
      for (Index i = j + 1; i < d; ++i) {
        double sum = a_(i, j);
        for (Index k = 0; k < j; ++k) sum -= a_(i, k) * a_(j, k);
        a_(i, j) = sum * inverse;
      }
    }
    for (Index c = 0; c < w_.cols(); ++c) {
      double* x = w_.col(c).data();
      for (Index i = 0; i < d; ++i) {
        for (Index k = 0; k < i; ++k) x[i] -= a_(i, k) * x[k];
        x[i] *= a_(i, i);
      }
      for (Index i = d; i-- > 0;) {
        for (Index k = i + 1; k < d; ++k) x[i] -= a_(k, i) * x[k];
        x[i] *= a_(i, i);
      }
    }
  }

  Layout layout_;
  double root_n_, ridge_, lambda_h_;
  bool small_;
  MatrixXd a_, w_, wx_;
};

FlowPoint measure(const CollapseModel& model, const Layout& layout, const MatrixXd& x, double t) {
  FlowPoint p;
  p.t = t;
  const MatrixXd means = x.leftCols(layout.classes) / std::sqrt(model.labels.mean_size());
  const auto deviations = x.middleCols(layout.classes, layout.deviations);
  const BetweenClasses between = between_classes(means);
  const auto samples = static_cast<double>(model.labels.samples());
  p.trace_between = between.trace;
  p.trace_within = deviations.squaredNorm() / samples;
  p.nc1_trace = p.trace_within / p.trace_between;
  const MatrixXd along = between.directions.transpose() * deviations;
  p.nc1 = (along.rowwise().squaredNorm().array() / between.singular_values.array().square()).sum() / samples;
  p.nc2 = between.nc2;
  const double growth = std::exp(2 * model.lambda_h * t);
  p.scaled_within = growth * p.trace_within;
  p.scaled_between = growth * p.trace_between;
  return p;
}

CollapseFlow flow_in_span(const CollapseModel& model, const MatrixXd& h0, double t_end, const FlowOptions& options) {
  const Index d = h0.rows();
  const MatrixXd means = class_means(model.labels, h0);
  MatrixXd deviations = h0;
  for (Index i = 0; i < h0.cols(); ++i) deviations.col(i) -= means.col(model.labels.of(i));
  MatrixXd scaled = deviations.transpose();
  for (Index i = 0; i < h0.cols(); ++i) scaled.row(i) *= std::sqrt(model.weight(model.labels.of(i)));
  const MatrixXd factor = linalg::qr_factor(scaled);

  const Layout layout{means.cols(), factor.rows(), options.features ? d : 0};
  MatrixXd x(d, layout.acting() + layout.map);
  x.leftCols(layout.classes) = std::sqrt(model.labels.mean_size()) * means;
  x.middleCols(layout.classes, layout.deviations) = factor.transpose();
  if (options.features) x.rightCols(d).setIdentity();

  RightHandSide rate(model, d, layout);
  MatrixXd k1(d, x.cols());
  MatrixXd k2 = k1;
  MatrixXd k3 = k1;
  MatrixXd k4 = k1;
  MatrixXd stage = k1;
  const auto steps = static_cast<long>(std::ceil(t_end / options.step - 1e-9));
  const double h = t_end / static_cast<double>(steps);
  const long points = std::min<long>(options.checkpoints, steps);
  CollapseFlow out;
  out.points.push_back(measure(model, layout, x, 0.0));
  long step = 0;
  for (long p = 1; p <= points; ++p) {
    options.cancel.check();
    for (const long until = steps * p / points; step < until; ++step) {
      rate(x, k1);
      stage = x + (h / 2) * k1;
      rate(stage, k2);
      stage = x + (h / 2) * k2;
      rate(stage, k3);
      stage = x + h * k3;
      rate(stage, k4);
      x += (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    if (!x.allFinite()) throw InputError("the flow has left the finite numbers; take a smaller step");
    out.points.push_back(measure(model, layout, x, h * static_cast<double>(step)));
    if (options.done) options.done(static_cast<std::size_t>(p));
  }
  if (options.features) {
    out.features = linalg::multiply(x.rightCols(d), deviations);
    const MatrixXd moved = x.leftCols(layout.classes) / std::sqrt(model.labels.mean_size());
    for (Index i = 0; i < h0.cols(); ++i) out.features.col(i) += moved.col(model.labels.of(i));
  }
  return out;
}

}  // namespace

int CollapseFlow::violations() const {
  int count = 0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const FlowPoint& a = points[i - 1];
    const FlowPoint& b = points[i];
    count += b.nc1_trace < a.nc1_trace ? 0 : 1;
    count += b.scaled_within < a.scaled_within ? 0 : 1;
    count += b.scaled_between > a.scaled_between ? 0 : 1;
  }
  return count;
}

CollapseFlow collapse_flow(const CollapseModel& model, const MatrixXd& h0, double t_end, const FlowOptions& options) {
  model.check(h0);
  if (!(t_end > 0) || !std::isfinite(t_end))
    throw InputError(fmt::format("the flow's end is t = {}; it must be a finite number > 0", t_end));
  if (!(options.step > 0)) throw InputError(fmt::format("the flow's step is {}; it must be > 0", options.step));
  if (options.checkpoints < 1)
    throw InputError(fmt::format("{} checkpoints of the flow; at least 1 is needed", options.checkpoints));
  if (h0.rows() <= h0.cols()) return flow_in_span(model, h0, t_end, options);
  // Fewer samples than features: everything happens in the span of H_0.
  const MatrixXd basis = linalg::thin_qr(h0).q;
  auto out = flow_in_span(model, linalg::multiply(basis, h0, Op::kAdjoint), t_end, options);
  if (options.features) out.features = linalg::multiply(basis, out.features);
  return out;
}

}  // namespace offprint::landscape
