#include "eigenfunctions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/forecast.hpp"
#include "offprint/koopman/mpedmd.hpp"

namespace offprint::papers::koopman {
namespace {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Eigenvalues that are real to rounding: LAPACK returns those of a real matrix exactly real, the Schur form of mpEDMD
// does not.
constexpr double kReal = 1e-12;

void finish(Eigenfunctions& out, double mean_square) {
  out.energy.resize(out.values.size());
  for (Index k = 0; k < out.values.size(); ++k) {
    const bool pair = std::abs(out.values(k).imag()) > kReal;
    out.energy(k) = (pair ? 2.0 : 1.0) * out.modes.row(k).squaredNorm() / mean_square;
    if (out.values(k).imag() > -kReal) out.listed.push_back(k);
  }
}

double mean_square(const Problem& problem) {
  const MatrixXd states = problem.state_of(problem.train.x);
  const double value = problem.train.weights.dot(states.rowwise().squaredNorm());
  return value > 0 ? value : 1.0;
}

std::vector<Index> by_residual(const VectorXd& residuals) {
  std::vector<Index> order(static_cast<std::size_t>(residuals.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index i, Index j) { return residuals(i) < residuals(j); });
  return order;
}

}  // namespace

bool Eigenfunctions::certified(Index k, double epsilon) const {
  return residuals(k) <= epsilon && !(held_out(k) > epsilon);
}

Eigenfunctions dictionary_eigenfunctions(Run& run, const Problem& problem, const lib::Compression<double>& compression,
                                         bool unitary) {
  Eigenfunctions out;
  MatrixXcd vectors;
  MatrixXcd raw;
  lib::Edmd plain;
  const MatrixXd states = problem.state_of(problem.train.x);
  const MatrixXd projected =
      lib::project_observables<double>(problem.train_source(), compression, states, run.parallel());
  MatrixXcd modes;
  if (unitary) {
    auto mp = lib::mpedmd(compression);
    out.values = mp.values;
    out.residuals.resize(mp.values.size());
    for (Index k = 0; k < mp.values.size(); ++k)
      out.residuals(k) = lib::residual(compression, mp.values(k), lib::Vector<lib::Complex>(mp.vectors.col(k)));
    raw = std::move(mp.raw_vectors);
    modes = mp.vectors.adjoint() * projected.cast<lib::Complex>();
    run.metric("smallest_singular_value", mp.smallest_singular_value);
  } else {
    auto e = lib::edmd(compression);
    out.values = e.values;
    out.residuals = e.residuals;
    modes = lib::koopman_modes(e, projected);
    raw = std::move(e.raw_vectors);
  }
  const auto order = by_residual(out.residuals);
  out.values = out.values(order).eval();
  out.residuals = out.residuals(order).eval();
  out.modes = modes(order, Eigen::all);
  out.raw_vectors = raw(Eigen::all, order);
  out.held_out = VectorXd::Constant(out.values.size(), kNone);
  if (problem.has_test())
    out.held_out = lib::residuals_on(problem.test_source(), lib::Vector<lib::Complex>(out.values), out.raw_vectors,
                                     run.parallel());
  finish(out, mean_square(problem));
  return out;
}

Eigenfunctions kernel_eigenfunctions(Run& run, const Problem& problem, const lib::KernelResDmd& kernel) {
  Eigenfunctions out;
  out.in_kernel_norm = true;
  out.values = kernel.eigenvalues;
  out.residuals = kernel.residuals;
  out.kept_by_knee = lib::knee(kernel.residuals);
  const Index n = out.values.size();
  out.held_out = VectorXd::Constant(n, kNone);
  std::vector<Index> all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), Index{0});
  if (problem.has_test()) {
    constexpr Index kRows = 512;  // at a time: held-out pairs may be many
    VectorXd defect = VectorXd::Zero(n);
    VectorXd size = VectorXd::Zero(n);
    for (Index from = 0; from < problem.test.count(); from += kRows) {
      const Index rows = std::min(kRows, problem.test.count() - from);
      const MatrixXcd here = kernel.eigenfunctions(problem.test.x.middleRows(from, rows), all, run.parallel());
      const MatrixXcd next = kernel.eigenfunctions(problem.test.y.middleRows(from, rows), all, run.parallel());
      const VectorXd root = problem.test.weights.segment(from, rows).cwiseSqrt();
      for (Index k = 0; k < n; ++k) {
        defect(k) += (root.asDiagonal() * (next.col(k) - out.values(k) * here.col(k))).squaredNorm();
        size(k) += (root.asDiagonal() * here.col(k)).squaredNorm();
      }
    }
    out.held_out = (defect.array() / size.array()).sqrt();
  }
  const MatrixXd states = problem.state_of(problem.train.x);
  const std::vector<Index> kept(all.begin(), all.begin() + out.kept_by_knee);
  const auto phi = kernel.eigenfunctions(problem.train.x, kept, run.parallel());
  const auto fitted = lib::fit_modes(out.values(kept), out.residuals(kept), phi, states, problem.train.weights);
  out.modes = MatrixXcd::Zero(n, states.cols());
  out.modes.topRows(out.kept_by_knee) = fitted.norms.asDiagonal() * fitted.modes;
  finish(out, mean_square(problem));
  return out;
}

}  // namespace offprint::papers::koopman
