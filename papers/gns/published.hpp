// The published experiments, each run as the claims need them.
#pragma once

#include "offprint/optimize/gns.hpp"
#include "offprint/optimize/log_sum_exp.hpp"
#include "offprint/optimize/notebook_problems.hpp"
#include "offprint/optimize/residual_power.hpp"
#include "offprint/optimize/test_functions.hpp"

namespace offprint::papers::gns {

constexpr std::uint32_t kNotebookSeed = 3124;

/// Log-sum-exp with minimiser 0, from x0 = 1, in the metric of the raw matrix.
class LogSumExpStudy {
 public:
  LogSumExpStudy(Eigen::Index n, double mu);
  /// The method to f - f* < 1e-8.
  [[nodiscard]] optimize::Minimum minimize(optimize::HessianKind kind, const CancelToken& cancel) const;
  /// The gradient method with L-search, in the metric or the Euclidean one.
  [[nodiscard]] optimize::Minimum descend(bool euclidean, int iterations, const CancelToken& cancel) const;
  [[nodiscard]] double optimum() const { return optimum_; }

 private:
  [[nodiscard]] optimize::StopRule stop(int iterations, const CancelToken& cancel) const;
  optimize::ZeroLogSumExp data_;
  optimize::LogSumExp f_;
  optimize::Metric metric_;
  double optimum_ = 0;
};

/// 120 iterates of the chain (n = 200) from 0.
[[nodiscard]] optimize::Minimum chain_run(double q, optimize::HessianKind kind, const CancelToken& cancel);

/// (1/4)||Ax - b||^4, 100 x 200, in the metric A^T A + 1e-8 I from x0 = 1, to f < 1e-10.
class LinearStudy {
 public:
  LinearStudy();
  [[nodiscard]] optimize::Minimum minimize(optimize::HessianKind kind, const CancelToken& cancel) const;

 private:
  optimize::LinearResidualPower f_;
  optimize::Metric metric_;
};

/// The Chebyshev system, n = 1000, p = 4, from rand(n).
class ChebyshevStudy {
 public:
  ChebyshevStudy();
  [[nodiscard]] optimize::Minimum minimize(optimize::HessianKind kind, int iterations, const CancelToken& cancel) const;
  [[nodiscard]] optimize::Minimum descend(int iterations, const CancelToken& cancel) const;

 private:
  optimize::BidiagonalResidualPower f_;
  Eigen::VectorXd start_;
};

}  // namespace offprint::papers::gns
