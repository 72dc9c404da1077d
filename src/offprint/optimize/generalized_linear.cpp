#include "offprint/optimize/generalized_linear.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr Index kLargestDense = 3000;
constexpr Index kSampleBlock = 2048;

// Loss and derivative of each sample of a block; returns the sum of the losses.
double logistic_block(const double* z, const double* y, double* derivative, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    const double margin = y[i] * z[i];
    const double e = std::exp(-std::abs(margin));
    sum += std::log1p(e) + std::max(-margin, 0.0);
    const double sigma = (margin >= 0 ? e : 1.0) / (1 + e);  // of -margin
    derivative[i] = -y[i] * sigma;
  }
  return sum;
}

double squared_block(const double* z, const double* y, double* derivative, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    derivative[i] = z[i] - y[i];
    sum += derivative[i] * derivative[i];
  }
  return sum / 2;
}

double poisson_block(const double* z, const double* y, double* derivative, Index n) {
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    const double mean = std::exp(z[i]);
    derivative[i] = mean - y[i];
    sum += mean - y[i] * z[i];
  }
  return sum;
}

void require_targets(const VectorXd& y, const GlmOptions& options) {
  for (Index i = 0; i < y.size(); ++i) {
    if (!std::isfinite(y(i))) throw InputError(fmt::format("the target of row {} is {}", i + 1, y(i)));
    if (options.loss == GlmLoss::kLogistic && std::abs(y(i)) != 1)
      throw InputError(fmt::format("the label of row {} is {}; the logistic loss needs -1 and +1", i + 1, y(i)));
    if (options.loss == GlmLoss::kPoisson && y(i) < 0)
      throw InputError(fmt::format("the count of row {} is {}; the Poisson loss needs 0 or more", i + 1, y(i)));
  }
  if (options.loss == GlmLoss::kLogistic && options.l2 == 0 && y.minCoeff() == y.maxCoeff())
    throw InputError("no minimiser: one class and no regularisation; give data of both classes, or l2 > 0");
  if (options.loss == GlmLoss::kPoisson && options.l2 == 0 && y.maxCoeff() == 0)
    throw InputError("no minimiser: all counts are zero and there is no regularisation; give l2 > 0");
}

}  // namespace

Curvature weighted_curvature(const DesignMatrix& rows, VectorXd w, VectorXd penalty, CurvatureForm form) {
  const Index d = rows.columns();
  if (form == CurvatureForm::kAuto) form = d <= kLargestDense ? CurvatureForm::kDense : CurvatureForm::kOperator;
  if (form == CurvatureForm::kDense) {
    DenseCurvature h{Eigen::MatrixXd(d, d)};
    rows.weighted_gram(w, h.matrix);
    h.matrix.diagonal() += penalty;
    return h;
  }
  if (form == CurvatureForm::kLowRank) {
    if (8.0 * static_cast<double>(d) * static_cast<double>(rows.rows()) > 2e9)
      throw InputError(fmt::format(
          "a low-rank Hessian of {} rows and {} columns takes over 2 GB; use conjugate gradients", rows.rows(), d));
    if (penalty.cwiseAbs().maxCoeff() == 0) penalty.resize(0);
    return LowRankCurvature{std::move(penalty), rows.transposed_dense(), std::move(w)};
  }
  OperatorCurvature h;
  h.diagonal = rows.weighted_squares(w) + penalty;
  h.product.size = d;
  // The operator lives as long as the Hessian at one point is used: it refers to the rows and owns its weights.
  h.product.apply = [&rows, w = std::make_shared<VectorXd>(std::move(w)),
                     penalty = std::make_shared<VectorXd>(std::move(penalty))](const auto& x, auto y) {
    VectorXd z(rows.rows());
    VectorXd out(rows.columns());
    for (Index j = 0; j < x.cols(); ++j) {
      rows.multiply(x.col(j), z);
      z.array() *= w->array();
      rows.multiply_transposed(z, out);
      y.col(j) = out + penalty->cwiseProduct(x.col(j));
    }
  };
  return h;
}

GeneralizedLinear::GeneralizedLinear(DesignMatrix rows, VectorXd y, const GlmOptions& options)
    : rows_(std::move(rows)), y_(std::move(y)), options_(options) {
  if (y_.size() != rows_.rows())
    throw InputError(fmt::format("the data have {} rows but {} targets", rows_.rows(), y_.size()));
  if (!(options_.l2 >= 0 && std::isfinite(options_.l2)))
    throw InputError(fmt::format("l2 is {}; it must be at least 0", options_.l2));
  if (options_.penalised < 0) options_.penalised = rows_.columns();
  if (options_.penalised > rows_.columns())
    throw InputError(
        fmt::format("{} coefficients cannot be penalised: there are {}", options_.penalised, rows_.columns()));
  require_targets(y_, options_);
}

void GeneralizedLinear::value(Point& point) const {
  const Index m = rows_.rows();
  point.inner.resize(2 * m);
  rows_.multiply(point.x, point.inner.head(m));
  const Index blocks = (m + kSampleBlock - 1) / kSampleBlock;
  std::vector<double> sums(static_cast<std::size_t>(blocks));
  const double* z = point.inner.data();
  double* derivative = point.inner.data() + m;
  const auto block = [&](std::size_t b) {
    const Index first = static_cast<Index>(b) * kSampleBlock;
    const Index n = std::min(kSampleBlock, m - first);
    switch (options_.loss) {
      case GlmLoss::kLogistic:
        sums[b] = logistic_block(z + first, y_.data() + first, derivative + first, n);
        break;
      case GlmLoss::kSquared:
        sums[b] = squared_block(z + first, y_.data() + first, derivative + first, n);
        break;
      case GlmLoss::kPoisson:
        sums[b] = poisson_block(z + first, y_.data() + first, derivative + first, n);
        break;
    }
  };
  parallel_for(sums.size(), rows_.parallel(), block);
  double sum = 0;
  for (const double s : sums) sum += s;
  point.value = sum / static_cast<double>(m) + options_.l2 / 2 * point.x.head(options_.penalised).squaredNorm();
}

void GeneralizedLinear::gradient(Point& point) const {
  const Index m = rows_.rows();
  point.gradient.resize(dimension());
  rows_.multiply_transposed(point.inner.tail(m), point.gradient);
  point.gradient /= static_cast<double>(m);
  if (options_.l2 > 0) point.gradient.head(options_.penalised) += options_.l2 * point.x.head(options_.penalised);
}

bool GeneralizedLinear::supports(HessianKind kind) const {
  return kind != HessianKind::kMajorant || options_.loss != GlmLoss::kPoisson;
}

VectorXd GeneralizedLinear::weights(const Point& point, HessianKind kind) const {
  const Index m = rows_.rows();
  const auto derivative = point.inner.tail(m);
  if (kind == HessianKind::kFisher) return derivative.cwiseAbs2() / static_cast<double>(m);
  if (options_.loss == GlmLoss::kSquared) return VectorXd::Constant(m, 1 / static_cast<double>(m));
  if (options_.loss == GlmLoss::kPoisson) return (derivative + y_) / static_cast<double>(m);
  if (kind == HessianKind::kMajorant) return VectorXd::Constant(m, 0.25 / static_cast<double>(m));
  return derivative.array().abs() * (1 - derivative.array().abs()) / static_cast<double>(m);
}

VectorXd GeneralizedLinear::penalty() const {
  VectorXd out = VectorXd::Zero(dimension());
  out.head(options_.penalised).setConstant(options_.l2);
  return out;
}

Curvature GeneralizedLinear::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  if (kind == HessianKind::kNone) return NoCurvature{dimension()};
  const VectorXd w = weights(point, kind);
  if (kind == HessianKind::kDiagonal)
    return LowRankCurvature{rows_.weighted_squares(w) + penalty(), Eigen::MatrixXd(dimension(), 0), VectorXd(0)};
  return weighted_curvature(rows_, w, penalty(), options_.form);
}

std::optional<double> GeneralizedLinear::duality_gap(const Point& point) const {
  if (!(options_.l2 > 0) || options_.penalised < dimension()) return std::nullopt;
  return point.gradient.squaredNorm() / (2 * options_.l2);
}

}  // namespace offprint::optimize
