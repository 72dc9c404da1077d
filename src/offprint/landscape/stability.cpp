#include "offprint/landscape/stability.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kTile = 128;  // columns of a tile of a rank x rank matrix
constexpr Index kRows = 256;  // gradient rows of a work item
constexpr Index kMaxSteps = 600;

struct Ritz {
  double value = 0;
  Index steps = 0;
  bool converged = false;
};

// The largest eigenvalue of a symmetric operator on vectors or matrices under the Frobenius product, by Lanczos without
// reorthogonalisation (it only matters once a Ritz pair has converged, which is when this stops). `x` must have a part
// along the eigenvector, which positivity guarantees here.
Ritz largest_eigenvalue(const std::function<MatrixXd(const MatrixXd&)>& apply, MatrixXd x) {
  constexpr double kAccuracy = 1e-13;
  constexpr double kSmall = 1e-5;
  constexpr int kQuiet = 6;
  std::vector<double> diagonal;
  std::vector<double> off;
  x /= x.norm();
  MatrixXd previous = MatrixXd::Zero(x.rows(), x.cols());
  Ritz out;
  int quiet = 0;
  double scale = 0;
  for (Index j = 0; j < kMaxSteps; ++j) {
    MatrixXd y = apply(x);
    const double a = x.cwiseProduct(y).sum();
    diagonal.push_back(a);
    y -= a * x;
    if (j > 0) y -= off.back() * previous;
    const double b = y.norm();
    scale = std::max(scale, std::abs(a) + b);
    out.steps = j + 1;

    const auto size = static_cast<Index>(diagonal.size());
    const bool exhausted = b <= 1e-15 * scale;
    if (size < 30 || size % 5 == 0 || exhausted || size == kMaxSteps) {
      Eigen::SelfAdjointEigenSolver<MatrixXd> small;
      small.computeFromTridiagonal(Eigen::Map<VectorXd>(diagonal.data(), size),
                                   Eigen::Map<VectorXd>(off.data(), size - 1));
      const double top = small.eigenvalues()(size - 1);
      const double residual = b * std::abs(small.eigenvectors()(size - 1, size - 1));
      double error = residual;
      if (size > 1) {
        const double gap = top - small.eigenvalues()(size - 2) - residual;
        if (gap > 0) error = std::min(error, residual * residual / gap);
      }
      // Two eigenvalues nearer than the residual: the value stands still though neither vector is resolved.
      quiet = std::abs(top - out.value) <= 1e-15 * std::abs(top) && residual <= kSmall * std::abs(top) ? quiet + 1 : 0;
      out.value = top;
      if (exhausted || error <= kAccuracy * std::abs(top) || quiet >= kQuiet) {
        out.converged = true;
        return out;
      }
    }
    off.push_back(b);
    previous = std::exchange(x, y / b);
  }
  return out;
}

// The symmetric matrix of which the upper tiles are computed by work(first row, first column, tile).
MatrixXd symmetric_by_tiles(Index size, const Parallel& how,
                            const std::function<void(Index, Index, const Eigen::Ref<MatrixXd>&)>& work) {
  std::vector<std::pair<Index, Index>> tiles;
  for (Index j = 0; j < size; j += kTile)
    for (Index i = 0; i <= j; i += kTile) tiles.emplace_back(i, j);
  MatrixXd out(size, size);
  parallel_for(tiles.size(), Parallel{how.threads, how.cancel, {}}, [&](std::size_t t) {
    const auto [i, j] = tiles[t];
    work(i, j, out.block(i, j, std::min(kTile, size - i), std::min(kTile, size - j)));
  });
  out.triangularView<Eigen::StrictlyLower>() = out.transpose();
  return out;
}

void require_learning_rate(double learning_rate) {
  if (!(learning_rate > 0) || !std::isfinite(learning_rate))
    throw InputError(fmt::format("the learning rate is {}; it must be positive and finite", learning_rate));
}

}  // namespace

Stability judge_step(double learning_rate, double threshold) {
  require_learning_rate(learning_rate);
  if (learning_rate <= 0.95 * threshold) return Stability::kStable;
  return learning_rate <= 1.05 * threshold ? Stability::kMarginal : Stability::kUnstable;
}

GradientGeometry::GradientGeometry(const Eigen::Ref<const MatrixXd>& gram, Index outputs, double drop)
    : outputs_(outputs) {
  const Index rows = gram.rows();
  if (rows < 1 || gram.cols() != rows)
    throw InputError(fmt::format("the Gram matrix is {} x {}; it must be square", rows, gram.cols()));
  if (outputs < 1 || rows % outputs != 0)
    throw InputError(fmt::format("{} gradient rows are no multiple of {} outputs a sample", rows, outputs));
  if (!gram.allFinite())
    throw InputError("the Gram matrix holds a value that is not finite; gradients must be numbers");
  samples_ = rows / outputs;
  const auto n = static_cast<double>(samples_);

  squared_norms_ = VectorXd::Zero(samples_);
  for (Index i = 0; i < samples_; ++i) {
    const auto own = gram.block(i * outputs, i * outputs, outputs, outputs);
    squared_norms_(i) = own.trace();
    fourth_moment_ += own.squaredNorm() / n;
  }
  trace_ = squared_norms_.sum() / n;
  frobenius_ = gram.norm() / n;
  if (!(trace_ > 0)) throw InputError("all gradients are zero: G = 0, every step size is stable");

  const auto eigen = linalg::hermitian_eigen(MatrixXd(gram / n));
  const double floor = drop * eigen.values(rows - 1);
  Index rank = 0;
  while (rank < rows && eigen.values(rows - 1 - rank) > floor) ++rank;
  eigenvalues_ = eigen.values.tail(rank).reverse();
  coordinates_ = eigen.vectors.rightCols(rank).rowwise().reverse();
  coordinates_ *= (n * eigenvalues_).cwiseSqrt().asDiagonal();
}

double GradientGeometry::trace_bound() const { return 2 * static_cast<double>(outputs_) / trace_; }
double GradientGeometry::moment_bound() const { return 2 * trace_ / fourth_moment_; }
double GradientGeometry::moment_bound(const Batch& batch) const {
  const Weights w = weights(batch);
  return std::min(2 * trace_ / (w.noise * fourth_moment_ + w.mean * frobenius_ * frobenius_), descent_bound());
}

GradientGeometry::Weights GradientGeometry::weights(const Batch& batch) const {
  if (batch.size < 1) throw InputError(fmt::format("the batch size is {}; it must be at least 1", batch.size));
  const auto b = static_cast<double>(batch.size);
  if (batch.replacement) return {1 / b, 1 - 1 / b};
  if (batch.size > samples_)
    throw InputError(fmt::format("a batch of {} cannot be drawn without replacement from {} samples; give at most {}",
                                 batch.size, samples_, samples_));
  if (samples_ == 1) return {0, 1};
  const auto n = static_cast<double>(samples_);
  return {(n - b) / (b * (n - 1)), n * (b - 1) / (b * (n - 1))};
}

double GradientGeometry::alignment(const Eigen::Ref<const VectorXd>& residuals) const {
  if (outputs_ != 1) throw InputError("the alignment factor is defined for one output; these gradients have several");
  if (residuals.size() != samples_)
    throw InputError(fmt::format("{} residuals were given for {} samples", residuals.size(), samples_));
  const auto n = static_cast<double>(samples_);
  const double loss = residuals.squaredNorm() / (2 * n);
  if (!(loss > 0)) throw InputError("all residuals are zero: there is no noise whose alignment could be measured");
  // g_i^T G g_i = c_i^T diag(lambda) c_i
  const VectorXd curvature = coordinates_.cwiseAbs2() * eigenvalues_;
  const VectorXd gradient = coordinates_.transpose() * residuals / n;
  const double noise = residuals.cwiseAbs2().dot(curvature) / n - gradient.cwiseAbs2().dot(eigenvalues_);
  return noise / (2 * loss * frobenius_ * frobenius_);
}

double GradientGeometry::alignment_bound(double mu, const Batch& batch) const {
  static_cast<void>(weights(batch));
  return std::sqrt(static_cast<double>(batch.size) / mu) / frobenius_;
}

MatrixXd GradientGeometry::forms(const MatrixXd& m, const Parallel& how) const {
  const Index rows = coordinates_.rows();
  const Index rank = this->rank();
  const Index step = kRows / outputs_ > 0 ? kRows / outputs_ * outputs_ : outputs_;  // whole samples
  const auto items = static_cast<std::size_t>((rows + step - 1) / step);
  MatrixXd out(outputs_, rows);
  parallel_for(items, Parallel{how.threads, how.cancel, {}}, [&](std::size_t item) {
    const Index from = static_cast<Index>(item) * step;
    const Index count = std::min(step, rows - from);
    const auto c = coordinates_.middleRows(from, count);
    if (outputs_ == 1) {
      // The upper triangle of tiles counts twice: half the multiplications.
      VectorXd sum = VectorXd::Zero(count);
      MatrixXd product;
      for (Index j = 0; j < rank; j += kTile) {
        const Index width = std::min(kTile, rank - j);
        product.resize(count, width);
        linalg::multiply_into(product, 1.0, c.middleCols(j, width), linalg::Op::kNone, m.block(j, j, width, width),
                              linalg::Op::kNone, 0.0);
        if (j > 0)
          linalg::multiply_into(product, 2.0, c.leftCols(j), linalg::Op::kNone, m.block(0, j, j, width),
                                linalg::Op::kNone, 1.0);
        sum += product.cwiseProduct(c.middleCols(j, width)).rowwise().sum();
      }
      out.middleCols(from, count) = sum.transpose();
      return;
    }
    MatrixXd product(count, rank);
    linalg::multiply_into(product, 1.0, c, linalg::Op::kNone, m, linalg::Op::kNone, 0.0);
    for (Index i = 0; i < count; i += outputs_)
      out.middleCols(from + i, outputs_).noalias() =
          product.middleRows(i, outputs_) * c.middleRows(i, outputs_).transpose();
  });
  return out;
}

MatrixXd GradientGeometry::weighted_sum(const MatrixXd& v, const Parallel& how) const {
  const double scale = 1 / static_cast<double>(samples_);
  MatrixXd scaled(coordinates_.rows(), rank());
  if (outputs_ == 1) {
    scaled.noalias() = (scale * v.row(0).transpose()).asDiagonal() * coordinates_;
  } else {
    for (Index i = 0; i < coordinates_.rows(); i += outputs_)
      scaled.middleRows(i, outputs_).noalias() =
          scale * v.middleCols(i, outputs_) * coordinates_.middleRows(i, outputs_);
  }
  return symmetric_by_tiles(rank(), how, [&](Index i, Index j, const Eigen::Ref<MatrixXd>& tile) {
    linalg::multiply_into(tile, 1.0, coordinates_.middleCols(i, tile.rows()), linalg::Op::kAdjoint,
                          scaled.middleCols(j, tile.cols()), linalg::Op::kNone, 0.0);
  });
}

// alpha D(M) + beta G M G
MatrixXd GradientGeometry::noise_operator(const MatrixXd& m, const Weights& w, const Parallel& how) const {
  MatrixXd out = w.noise == 0 ? MatrixXd::Zero(rank(), rank()) : MatrixXd(w.noise * weighted_sum(forms(m, how), how));
  if (w.mean != 0) out += w.mean * (eigenvalues_.asDiagonal() * m * eigenvalues_.asDiagonal());
  return out;
}

Threshold GradientGeometry::threshold(const Batch& batch, const Parallel& how) const {
  const Weights w = weights(batch);
  if (w.noise == 0) return {descent_bound(), 0, true};
  const Index r = rank();
  Ritz found;
  if (w.mean == 0 && outputs_ == 1) {
    // v -> w_i = c_i^T [ (mean of v_i c_i c_i^T) .* 2/(lambda_k + lambda_l) ] c_i, the matrix A
    found = largest_eigenvalue(
        [&](const MatrixXd& v) {
          MatrixXd m = weighted_sum(v, how);
          for (Index l = 0; l < r; ++l) m.col(l).array() *= 2 / (eigenvalues_.array() + eigenvalues_(l));
          return forms(m, how);
        },
        MatrixXd::Ones(1, samples_));
  } else {
    // C^{-1/2} D_B C^{-1/2}, C^{-1/2} being the entrywise factor s
    MatrixXd s(r, r);
    for (Index l = 0; l < r; ++l) s.col(l) = (2 / (eigenvalues_.array() + eigenvalues_(l))).sqrt();
    found = largest_eigenvalue(
        [&](const MatrixXd& x) -> MatrixXd { return s.cwiseProduct(noise_operator(s.cwiseProduct(x), w, how)); },
        MatrixXd(eigenvalues_.cwiseSqrt().asDiagonal()));
  }
  return {2 / found.value, found.steps, found.converged};
}

MatrixXd GradientGeometry::step_moment(const Eigen::Ref<const MatrixXd>& moment, double learning_rate,
                                       const Batch& batch, const Parallel& how) const {
  require_learning_rate(learning_rate);
  const Index r = rank();
  if (moment.rows() != r || moment.cols() != r)
    throw InputError(
        fmt::format("the second moment is {} x {}; in coordinates it is {} x {}", moment.rows(), moment.cols(), r, r));
  const MatrixXd m = moment;
  MatrixXd out = learning_rate * learning_rate * noise_operator(m, weights(batch), how);
  for (Index l = 0; l < r; ++l)
    out.col(l).array() += (1 - learning_rate * (eigenvalues_.array() + eigenvalues_(l))) * m.col(l).array();
  return out;
}

Growth GradientGeometry::growth(double learning_rate, const Batch& batch, const Parallel& how) const {
  require_learning_rate(learning_rate);
  static_cast<void>(weights(batch));
  const Ritz found = largest_eigenvalue([&](const MatrixXd& m) { return step_moment(m, learning_rate, batch, how); },
                                        MatrixXd::Identity(rank(), rank()));
  return {found.value, found.steps, found.converged};
}

}  // namespace offprint::landscape
