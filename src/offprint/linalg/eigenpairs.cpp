#include "offprint/linalg/eigenpairs.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include <Spectra/SymEigsSolver.h>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kDense = 64;  // unknowns up to which forming the matrix is cheaper than iterating
constexpr Index kRestarts = 300;

void check(const SymmetricOperator& a, Index count) {
  if (count < 1 || count > a.size)
    throw InputError(
        fmt::format("{} eigenpairs asked for of an operator of size {}: give 1 to {}", count, a.size, a.size));
}

// Counts products and refuses what is not finite.
class Counted {
 public:
  Counted(const SymmetricOperator& a, const EigenpairOptions& options) : a_(a), options_(options) {}
  void operator()(const Eigen::Ref<const MatrixXd>& x, const Eigen::Ref<MatrixXd>& y) {
    if (options_.poll) options_.poll();
    a_.apply(x, y);
    products_ += x.cols();
    if (!y.allFinite())
      throw Error(
          fmt::format("eigenpairs: product {} is not finite; look for NaN or overflow in the operator", products_));
  }
  [[nodiscard]] Index products() const { return products_; }

 private:
  const SymmetricOperator& a_;
  const EigenpairOptions& options_;
  Index products_ = 0;
};

// Residuals of the pairs in `out`, and whether they satisfy the tolerance.
void judge(Counted& apply, Index count, const EigenpairOptions& options, ExtremeEigenpairs& out) {
  out.residuals.resize(out.values.size());
  VectorXd product(out.vectors.rows());
  for (Index j = 0; j < out.values.size(); ++j) {
    apply(out.vectors.col(j), product);
    out.residuals[j] = (product - out.values[j] * out.vectors.col(j)).norm();
  }
  out.products = apply.products();
  const double largest = out.values.size() > 0 ? out.values.cwiseAbs().maxCoeff() : 0.0;
  const double scale = options.scale > 0 ? options.scale : largest;
  out.converged = out.values.size() == count && out.residuals.maxCoeff() <= options.tolerance * scale;
}

ExtremeEigenpairs dense(Counted& apply, Index n, SpectrumEnd end, Index count, const EigenpairOptions& options) {
  MatrixXd matrix(n, n);
  apply(MatrixXd::Identity(n, n), matrix);
  const auto all = hermitian_eigen(MatrixXd(0.5 * (matrix + matrix.transpose())));
  ExtremeEigenpairs out;
  if (end == SpectrumEnd::kTop) {
    out.values = all.values.tail(count).reverse();
    out.vectors = all.vectors.rightCols(count).rowwise().reverse();
  } else {
    out.values = all.values.head(count);
    out.vectors = all.vectors.leftCols(count);
  }
  judge(apply, count, options, out);
  // LAPACK's own rounding, not the tolerance, bounds these residuals
  out.converged = out.residuals.maxCoeff() <= std::max(options.tolerance, 1e-12) * all.values.cwiseAbs().maxCoeff();
  return out;
}

// What Spectra wants an operator to look like: A + shift.
class SpectraOperator {
 public:
  using Scalar = double;
  SpectraOperator(Counted& apply, Index n, double shift) : apply_(&apply), n_(n), shift_(shift) {}
  [[nodiscard]] Index rows() const { return n_; }
  [[nodiscard]] Index cols() const { return n_; }
  void perform_op(const double* x, double* y) const {
    (*apply_)(Eigen::Map<const MatrixXd>(x, n_, 1), Eigen::Map<MatrixXd>(y, n_, 1));
    if (shift_ != 0) Eigen::Map<VectorXd>(y, n_) += shift_ * Eigen::Map<const VectorXd>(x, n_);
  }

 private:
  Counted* apply_;
  Index n_;
  double shift_;
};

// Makes the columns of w orthonormal to those of q and to each other, giving the coefficients R of w = q (...) + w R;
// columns that vanish are replaced by random ones with a zero row in R.
MatrixXd orthonormalize(const Eigen::Ref<const MatrixXd>& q, MatrixXd& w, double scale, Stream& random) {
  constexpr double kVanished = 1e-12;
  MatrixXd r = MatrixXd::Zero(w.cols(), w.cols());
  for (Index j = 0; j < w.cols(); ++j) {
    auto column = w.col(j);
    const auto clear = [&](bool keep) {
      for (int pass = 0; pass < 2; ++pass) {
        column -= q * (q.transpose() * column);
        if (j == 0) continue;
        const VectorXd c = w.leftCols(j).transpose() * column;
        column -= w.leftCols(j) * c;
        if (keep) r.col(j).head(j) += c;
      }
    };
    clear(true);
    const double length = column.norm();
    if (length > kVanished * scale) {
      r(j, j) = length;
      column /= length;
      continue;
    }
    random.fill_normal(std::span<double>(column.data(), static_cast<std::size_t>(column.size())));
    column.normalize();
    clear(false);
    column.normalize();
  }
  return r;
}

}  // namespace

ExtremeEigenpairs extreme_eigenpairs(const SymmetricOperator& a, SpectrumEnd end, Index count, Stream start,
                                     const EigenpairOptions& options) {
  check(a, count);
  Counted apply(a, options);
  const Index n = a.size;
  if (n <= std::max(kDense, 3 * count)) return dense(apply, n, end, count, options);
  const Index basis =
      std::min(n, options.basis > 0 ? std::max(options.basis, count + 2) : std::max<Index>(2 * count + 8, 24));
  const Index limit = options.max_products > 0 ? options.max_products : kRestarts * (basis - count);
  const auto rule = end == SpectrumEnd::kTop ? Spectra::SortRule::LargestAlge : Spectra::SortRule::SmallestAlge;
  // Spectra measures each residual against its own eigenvalue. Moved out by `scale` all wanted ones are about as large;
  // otherwise half the tolerance leaves room for the residual's rounding.
  const double shift = end == SpectrumEnd::kTop ? options.scale : -options.scale;
  SpectraOperator op(apply, n, shift);
  Spectra::SymEigsSolver<SpectraOperator> solver(op, count, basis);
  VectorXd first(n);
  start.fill_normal(std::span<double>(first.data(), static_cast<std::size_t>(n)));
  solver.init(first.data());
  const Index restarts = std::max<Index>(1, limit / std::max<Index>(1, basis - count));
  (void)solver.compute(rule, restarts, 0.5 * options.tolerance, rule);
  ExtremeEigenpairs out;
  out.values = solver.eigenvalues().array() - shift;
  out.vectors = solver.eigenvectors();
  judge(apply, count, options, out);
  return out;
}

ExtremeEigenpairs block_extreme_eigenpairs(const SymmetricOperator& a, SpectrumEnd end, Index count, Index block,
                                           Stream start, const EigenpairOptions& options) {
  check(a, count);
  if (block < 1) throw InputError(fmt::format("eigenpairs: blocks of {} vectors; give at least 1", block));
  Counted apply(a, options);
  const Index n = a.size;
  const Index wanted = options.basis > 0 ? options.basis : std::max<Index>({2 * count + 2 * block, 6 * block, 24});
  const Index capacity = (std::max(wanted, count + 2 * block) + block - 1) / block * block;
  if (n <= std::max(kDense, capacity + block)) return dense(apply, n, end, count, options);
  const Index limit = options.max_products > 0 ? options.max_products : kRestarts * (capacity - count);

  // A Q = Q T + F E^T with the residual block F = next R; Ritz pairs of T, residuals |R y_last|.
  MatrixXd q(n, capacity);
  MatrixXd t = MatrixXd::Zero(capacity, capacity);
  MatrixXd next(n, block);
  for (Index j = 0; j < block; ++j)
    start.fill_normal(std::span<double>(next.col(j).data(), static_cast<std::size_t>(n)));
  (void)orthonormalize(q.leftCols(0), next, 1.0, start);
  Index used = 0;
  double scale = 0;
  ExtremeEigenpairs out;
  for (;;) {
    MatrixXd r;
    while (used + block <= capacity) {
      q.middleCols(used, block) = next;
      used += block;
      MatrixXd w(n, block);
      apply(q.middleCols(used - block, block), w);
      const MatrixXd coupling = multiply(q.leftCols(used), w, Op::kAdjoint);
      t.block(0, used - block, used, block) = coupling;
      t.block(used - block, 0, block, used) = coupling.transpose();
      scale = std::max(scale, coupling.cwiseAbs().maxCoeff());
      next = w - multiply(q.leftCols(used), coupling);
      r = orthonormalize(q.leftCols(used), next, scale, start);
    }
    const MatrixXd ritz_matrix = 0.5 * (t.topLeftCorner(used, used) + t.topLeftCorner(used, used).transpose());
    const auto ritz = hermitian_eigen(ritz_matrix);
    // extreme ones first
    VectorXd values = ritz.values;
    MatrixXd y = ritz.vectors;
    if (end == SpectrumEnd::kTop) {
      values.reverseInPlace();
      y = ritz.vectors.rowwise().reverse();
    }
    const double size = options.scale > 0 ? options.scale : values.head(count).cwiseAbs().maxCoeff();
    const MatrixXd tails = r * y.bottomRows(block);
    const bool good = tails.leftCols(count).colwise().norm().maxCoeff() <= options.tolerance * size;
    if (good || apply.products() >= limit) {
      out.values = values.head(count);
      out.vectors = multiply(q.leftCols(used), y.leftCols(count));
      break;
    }
    // thick restart: the wanted Ritz vectors and some more, at least one block left free
    const Index kept = std::min(capacity - block, count + std::max<Index>(block, (capacity - count) / 3));
    const Index room = (capacity - kept) / block * block;
    const Index keep = capacity - room;
    q.leftCols(keep) = multiply(q.leftCols(used), y.leftCols(keep));
    t.setZero();
    t.diagonal().head(keep) = values.head(keep);
    used = keep;
  }
  judge(apply, count, options, out);
  return out;
}

}  // namespace offprint::linalg
