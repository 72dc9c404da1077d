#include "offprint/optimize/shifted_solver.hpp"

#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/optimize/conjugate_gradient.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::Op;
using linalg::Triangle;

// x = L^{-T} L^{-1} x
void solve_factored(const MatrixXd& factor, VectorXd& x) {
  linalg::solve_triangular_in_place(factor, Triangle::kLower, Op::kNone, x);
  linalg::solve_triangular_in_place(factor, Triangle::kLower, Op::kAdjoint, x);
}

}  // namespace

ShiftedSolver::ShiftedSolver(const Curvature& h, const Metric& b, const VectorXd& g) : h_(&h), b_(&b), g_(&g) {
  if (size(h) != g.size() || b.size() != g.size())
    throw InputError(fmt::format("the Hessian is of size {}, the metric of size {}, the gradient has {} entries",
                                 size(h), b.size(), g.size()));
  if (const auto* low = std::get_if<LowRankCurvature>(&h))
    if (low->weights.size() > 0 && !(low->weights.minCoeff() >= 0))
      throw InputError("a low-rank Hessian has a negative weight; give it as a dense matrix");
}

ShiftedSolver::Outcome ShiftedSolver::solve(double lambda, double tolerance, VectorXd& step) {
  if (std::holds_alternative<NoCurvature>(*h_)) {
    if (kept_g_.size() == 0) kept_g_ = b_->solve(*g_);
    step = kept_g_ / -lambda;
    return {true};
  }
  if (const auto* low = std::get_if<LowRankCurvature>(h_))
    if (low->diagonal.size() == 0 || b_->is_identity()) return solve_low_rank(*low, lambda, step);
  if (const auto* tri = std::get_if<TridiagonalCurvature>(h_))
    if (b_->is_identity() && !(tri->weight < 0)) return solve_tridiagonal(*tri, lambda, step);
  if (const auto* op = std::get_if<OperatorCurvature>(h_)) return solve_iteratively(*op, lambda, tolerance, step);
  return solve_dense(lambda, step);
}

ShiftedSolver::Outcome ShiftedSolver::solve_dense(double lambda, VectorXd& step) {
  const MatrixXd* h = &dense_;
  if (const auto* dense = std::get_if<DenseCurvature>(h_)) {
    h = &dense->matrix;
  } else if (dense_.size() == 0) {
    dense_ = to_dense(*h_);
  }
  work_ = *h;
  if (b_->is_identity())
    work_.diagonal().array() += lambda;
  else
    work_ += lambda * b_->dense();
  if (linalg::failing_minor_of_cholesky(work_) != 0) return {};
  step = -*g_;
  solve_factored(work_, step);
  return {true};
}

// With P = lambda B + D: h = -(I - P^{-1} S (I + S^T P^{-1} S)^{-1} S^T) P^{-1} g. For D = 0, P^{-1} = B^{-1} / lambda.
ShiftedSolver::Outcome ShiftedSolver::solve_low_rank(const LowRankCurvature& h, double lambda, VectorXd& step) {
  const Index rank = h.u.cols();
  if (scaled_u_.size() == 0) scaled_u_ = h.u * h.weights.cwiseSqrt().asDiagonal();
  if (h.diagonal.size() > 0) {
    const VectorXd p = h.diagonal.array() + lambda;
    if (!(p.minCoeff() > 0)) return {};
    step = -g_->cwiseQuotient(p);
    if (rank == 0) return {true};
    const MatrixXd pu = p.cwiseInverse().asDiagonal() * scaled_u_;
    work_ = linalg::multiply(scaled_u_, pu, Op::kAdjoint, Op::kNone);
    work_.diagonal().array() += 1;
    if (linalg::failing_minor_of_cholesky(work_) != 0) return {};
    VectorXd t = scaled_u_.transpose() * step;
    solve_factored(work_, t);
    step.noalias() -= pu * t;
    return {true};
  }
  if (kept_g_.size() == 0) {
    kept_g_ = b_->solve(*g_);
    kept_u_.resize(g_->size(), rank);
    for (Index j = 0; j < rank; ++j) kept_u_.col(j) = b_->solve(scaled_u_.col(j));
    kept_m_ = scaled_u_.transpose() * kept_u_;
  }
  step = kept_g_ / -lambda;
  if (rank == 0) return {true};
  work_ = kept_m_ / lambda;
  work_.diagonal().array() += 1;
  if (linalg::failing_minor_of_cholesky(work_) != 0) return {};
  VectorXd t = scaled_u_.transpose() * step;
  solve_factored(work_, t);
  step.noalias() -= kept_u_ * (t / lambda);
  return {true};
}

ShiftedSolver::Outcome ShiftedSolver::solve_tridiagonal(const TridiagonalCurvature& h, double lambda,
                                                        VectorXd& step) const {
  const Index n = g_->size();
  VectorXd pivot(n);
  VectorXd below(std::max<Index>(n - 1, 0));  // of the unit lower factor
  pivot(0) = h.diagonal(0) + lambda;
  for (Index i = 0; i + 1 < n; ++i) {
    if (!(pivot(i) > 0)) return {};
    below(i) = h.off_diagonal(i) / pivot(i);
    pivot(i + 1) = h.diagonal(i + 1) + lambda - below(i) * h.off_diagonal(i);
  }
  if (!(pivot(n - 1) > 0)) return {};
  const auto solve_t = [&](VectorXd& x) {
    for (Index i = 0; i + 1 < n; ++i) x(i + 1) -= below(i) * x(i);
    x.array() /= pivot.array();
    for (Index i = n - 1; i > 0; --i) x(i - 1) -= below(i - 1) * x(i);
  };
  step = -*g_;
  solve_t(step);
  if (h.q.size() == 0 || h.weight == 0) return {true};
  VectorXd tq = h.q;
  solve_t(tq);
  step -= (h.weight * h.q.dot(step) / (1 + h.weight * h.q.dot(tq))) * tq;
  return {true};
}

ShiftedSolver::Outcome ShiftedSolver::solve_iteratively(const OperatorCurvature& h, double lambda, double tolerance,
                                                        VectorXd& step) const {
  VectorXd preconditioner = h.diagonal.size() > 0 ? h.diagonal : VectorXd::Zero(g_->size());
  if (b_->is_identity())
    preconditioner.array() += lambda;
  else
    preconditioner += lambda * b_->dense().diagonal();
  const auto multiply_shifted = [&](const VectorXd& v, VectorXd& out) {
    out.resize(v.size());
    h.product.apply(v, out);
    if (b_->is_identity())
      out += lambda * v;
    else
      out.noalias() += lambda * (b_->dense().selfadjointView<Eigen::Lower>() * v);
  };
  const auto found =
      conjugate_gradient(multiply_shifted, preconditioner, -*g_,
                         {.tolerance = tolerance,
                          .max_iterations = static_cast<int>(std::min<Index>(10 * g_->size() + 10, 100'000)),
                          .norm = [&](const VectorXd& r) { return b_->dual_norm(r); }},
                         step);
  return {found.positive && step.allFinite(), found.residual, found.iterations};
}

}  // namespace offprint::optimize
