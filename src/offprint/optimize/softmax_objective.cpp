#include "offprint/optimize/softmax_objective.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kLargestDense = 3000;
constexpr Index kSampleBlock = 512;

}  // namespace

SoftmaxObjective::SoftmaxObjective(DesignMatrix rows, std::vector<int> labels, int classes,
                                   const SoftmaxOptions& options)
    : rows_(std::move(rows)), labels_(std::move(labels)), classes_(classes), options_(options) {
  if (classes < 2) throw InputError(fmt::format("softmax regression has {} classes; it needs at least 2", classes));
  if (static_cast<Index>(labels_.size()) != rows_.rows())
    throw InputError(fmt::format("the data have {} rows but {} labels", rows_.rows(), labels_.size()));
  if (!(options_.l2 >= 0 && std::isfinite(options_.l2)))
    throw InputError(fmt::format("l2 is {}; it must be at least 0", options_.l2));
  if (options_.form == CurvatureForm::kLowRank)
    throw InputError("softmax regression has no low-rank Hessian; use cholesky or cg");
  if (options_.penalised < 0 || options_.penalised > rows_.columns()) options_.penalised = rows_.columns();
  std::vector<Index> count(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (labels_[i] < 0 || labels_[i] >= classes)
      throw InputError(fmt::format("the label of row {} is {}; classes are 0 to {}", i + 1, labels_[i], classes - 1));
    ++count[static_cast<std::size_t>(labels_[i])];
  }
  const auto empty = std::find(count.begin(), count.end(), 0);
  if (empty != count.end() && options_.l2 == 0)
    throw InputError(fmt::format("no minimiser: class {} has no row and there is no regularisation; give l2 > 0",
                                 empty - count.begin()));
}

void SoftmaxObjective::value(Point& point) const {
  const Index m = rows_.rows();
  const Index d = rows_.columns();
  point.inner.resize(m * classes_);
  for (Index c = 0; c < classes_; ++c) rows_.multiply(point.x.segment(c * d, d), point.inner.segment(c * m, m));
  Eigen::Map<MatrixXd> p(point.inner.data(), m, classes_);
  std::vector<double> sums(static_cast<std::size_t>((m + kSampleBlock - 1) / kSampleBlock));
  parallel_for(sums.size(), rows_.parallel(), [&](std::size_t b) {
    const Index first = static_cast<Index>(b) * kSampleBlock;
    const Index n = std::min(kSampleBlock, m - first);
    auto block = p.middleRows(first, n);
    const Eigen::ArrayXd top = block.rowwise().maxCoeff();
    double sum = 0;
    for (Index i = 0; i < n; ++i) sum -= block(i, labels_[static_cast<std::size_t>(first + i)]) - top(i);
    block = (block.array().colwise() - top).exp();
    const Eigen::ArrayXd total = block.rowwise().sum();
    sum += total.log().sum();
    block.array().colwise() /= total;
    sums[b] = sum;
  });
  double sum = 0;
  for (const double s : sums) sum += s;
  point.value = sum / static_cast<double>(m);
  if (options_.l2 > 0)
    for (Index c = 0; c < classes_; ++c)
      point.value += options_.l2 / 2 * point.x.segment(c * d, options_.penalised).squaredNorm();
}

void SoftmaxObjective::gradient(Point& point) const {
  const Index m = rows_.rows();
  const Index d = rows_.columns();
  point.gradient.resize(dimension());
  VectorXd residual(m);
  for (Index c = 0; c < classes_; ++c) {
    residual = point.inner.segment(c * m, m);
    for (Index i = 0; i < m; ++i)
      if (labels_[static_cast<std::size_t>(i)] == c) residual(i) -= 1;
    residual /= static_cast<double>(m);
    rows_.multiply_transposed(residual, point.gradient.segment(c * d, d));
    if (options_.l2 > 0)
      point.gradient.segment(c * d, options_.penalised) += options_.l2 * point.x.segment(c * d, options_.penalised);
  }
}

VectorXd SoftmaxObjective::block_weights(const Point& point, HessianKind kind, Index c, Index e) const {
  const Index m = rows_.rows();
  const auto p = point.inner.segment(c * m, m);
  const auto q = point.inner.segment(e * m, m);
  const double per_sample = 1 / static_cast<double>(m);
  switch (kind) {
    case HessianKind::kGaussNewton:
      return c == e ? VectorXd(per_sample * p) : VectorXd::Zero(m);
    case HessianKind::kMajorant:
      return VectorXd::Constant(m, per_sample * ((c == e ? 0.5 : 0.0) - 0.5 / static_cast<double>(classes_)));
    case HessianKind::kFisher: {
      VectorXd w(m);
      for (Index i = 0; i < m; ++i) {
        const int label = labels_[static_cast<std::size_t>(i)];
        w(i) = per_sample * (p(i) - (label == c ? 1 : 0)) * (q(i) - (label == e ? 1 : 0));
      }
      return w;
    }
    default:
      break;
  }
  if (c == e) return per_sample * (p.array() * (1 - p.array()));
  return -per_sample * p.cwiseProduct(q);
}

Curvature SoftmaxObjective::dense(const Point& point, HessianKind kind) const {
  const Index d = rows_.columns();
  DenseCurvature h{MatrixXd::Zero(dimension(), dimension())};
  MatrixXd block(d, d);
  for (Index c = 0; c < classes_; ++c)
    for (Index e = 0; e <= c; ++e) {
      if (kind == HessianKind::kGaussNewton && c != e) continue;
      rows_.weighted_gram(block_weights(point, kind, c, e), block);
      if (c == e)
        h.matrix.block(c * d, e * d, d, d).triangularView<Eigen::Lower>() = block;
      else
        h.matrix.block(c * d, e * d, d, d) = block.selfadjointView<Eigen::Lower>();
    }
  for (Index c = 0; c < classes_; ++c) h.matrix.diagonal().segment(c * d, options_.penalised).array() += options_.l2;
  return h;
}

VectorXd SoftmaxObjective::diagonal(const Point& point, HessianKind kind) const {
  const Index d = rows_.columns();
  VectorXd out(dimension());
  for (Index c = 0; c < classes_; ++c) {
    out.segment(c * d, d) = rows_.weighted_squares(block_weights(point, kind, c, c));
    out.segment(c * d, options_.penalised).array() += options_.l2;
  }
  return out;
}

Curvature SoftmaxObjective::as_operator(const Point& point, HessianKind kind) const {
  const Index m = rows_.rows();
  const Index d = rows_.columns();
  OperatorCurvature h;
  h.diagonal = diagonal(point, kind);
  h.product.size = dimension();
  auto p = std::make_shared<MatrixXd>(Eigen::Map<const MatrixXd>(point.inner.data(), m, classes_));
  if (kind == HessianKind::kFisher)
    for (Index i = 0; i < m; ++i) (*p)(i, labels_[static_cast<std::size_t>(i)]) -= 1;
  h.product.apply = [this, p, kind, m, d](const auto& x, auto y) {
    MatrixXd z(m, classes_);
    VectorXd out(d);
    for (Index j = 0; j < x.cols(); ++j) {
      for (Index c = 0; c < classes_; ++c) rows_.multiply(x.col(j).segment(c * d, d), z.col(c));
      const VectorXd mean =
          kind == HessianKind::kMajorant ? VectorXd(z.rowwise().mean()) : VectorXd(z.cwiseProduct(*p).rowwise().sum());
      for (Index c = 0; c < classes_; ++c) {
        VectorXd t;
        if (kind == HessianKind::kFisher)
          t = p->col(c).cwiseProduct(mean);
        else if (kind == HessianKind::kMajorant)
          t = (z.col(c) - mean) / 2;
        else if (kind == HessianKind::kGaussNewton)
          t = p->col(c).cwiseProduct(z.col(c));
        else
          t = p->col(c).cwiseProduct(z.col(c) - mean);
        t /= static_cast<double>(m);
        rows_.multiply_transposed(t, out);
        out.head(options_.penalised) += options_.l2 * x.col(j).segment(c * d, options_.penalised);
        y.col(j).segment(c * d, d) = out;
      }
    }
  };
  return h;
}

Curvature SoftmaxObjective::curvature(const Point& point, HessianKind kind) const {
  if (kind == HessianKind::kNone) return NoCurvature{dimension()};
  if (kind == HessianKind::kDiagonal)
    return LowRankCurvature{diagonal(point, HessianKind::kExact), MatrixXd(dimension(), 0), VectorXd(0)};
  const bool full =
      options_.form == CurvatureForm::kDense || (options_.form == CurvatureForm::kAuto && dimension() <= kLargestDense);
  return full ? dense(point, kind) : as_operator(point, kind);
}

std::optional<double> SoftmaxObjective::duality_gap(const Point& point) const {
  if (!(options_.l2 > 0) || options_.penalised < rows_.columns()) return std::nullopt;
  return point.gradient.squaredNorm() / (2 * options_.l2);
}

}  // namespace offprint::optimize
