// Stochastic Lanczos quadrature: the spectral density of a large symmetric operator, its moments, trace and any
// function of its eigenvalues, from products alone and with error estimates.
#pragma once

#include <functional>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/linalg/krylov_basis.hpp"
#include "offprint/linalg/probe.hpp"
#include "offprint/linalg/symmetric_operator.hpp"

namespace offprint::linalg {

/// kFull: every new vector is orthogonalized twice against all before it. kNone: three-term recurrence, no basis in
/// memory; converged eigenvalues then appear several times (ghosts), which leaves densities usable and makes counts of
/// outliers wrong.
enum class Reorthogonalize { kFull, kNone };

struct QuadratureOptions {
  Eigen::Index steps = 100;   ///< m: nodes of each rule; more than the operator's size are clamped to it
  Eigen::Index vectors = 10;  ///< n_v: random start vectors, over which standard errors are taken
  Probe probe = Probe::kRademacher;
  Reorthogonalize reorthogonalize = Reorthogonalize::kFull;
  BasisPrecision basis = BasisPrecision::kDouble;
  Eigen::Index block = 0;     ///< start vectors in lockstep (one product of a block each step); 0: as many as fit
  double memory_limit = 8e9;  ///< bytes that basis and work vectors may take
};

/// What a call will hold in memory, for the caller to say before it starts.
struct QuadratureMemory {
  Eigen::Index block = 0;  ///< start vectors in lockstep
  double bytes = 0;
};
/// Throws InputError when steps or vectors are below 1, or when even one start vector exceeds the limit (stating the
/// estimate and what makes it smaller).
[[nodiscard]] QuadratureMemory quadrature_memory(Eigen::Index size, const QuadratureOptions& options);

/// The Gauss rule of one start vector v: v^T f(A) v / |v|^2 ~ sum_j weights_j f(nodes_j), exact for polynomials of
/// degree <= 2 m - 1.
struct GaussRule {
  Eigen::VectorXd alpha;    ///< diagonal of the Lanczos matrix T, m
  Eigen::VectorXd beta;     ///< its off-diagonal, m - 1: norms of the residuals after reorthogonalization
  Eigen::VectorXd nodes;    ///< Ritz values, ascending
  Eigen::VectorXd weights;  ///< squared first components of T's eigenvectors, sum 1
  bool exhausted = false;   ///< the Krylov space became invariant: the measure of v is exact, with fewer nodes
};

/// A number estimated from random start vectors; its standard error over them (NaN for a single one).
struct Sampled {
  double value = 0;
  double error = 0;
};
/// The same at many points.
struct SampledCurve {
  Eigen::VectorXd value;
  Eigen::VectorXd error;
};

/// Histogram with logarithmic bins for both signs: linear bins hide the bulk of a Hessian's spectrum, which spans many
/// decades around zero.
struct SignedLogHistogram {
  Eigen::VectorXd edges;     ///< bins + 1 magnitudes, ascending, from the smallest to the largest
  SampledCurve positive;     ///< mass with edges_i <= t < edges_{i+1}
  SampledCurve negative;     ///< mass with edges_i <= -t < edges_{i+1}
  Sampled zero{};            ///< mass with |t| < edges_0
  Sampled beyond_largest{};  ///< mass with |t| >= edges_last
};

/// The averaged rules of several start vectors. Masses are relative: the whole spectrum has mass 1.
class SpectralQuadrature {
 public:
  /// Throws InputError without a rule.
  SpectralQuadrature(Eigen::Index size, std::vector<GaussRule> rules, Eigen::Index products);

  [[nodiscard]] Eigen::Index size() const { return size_; }
  [[nodiscard]] const std::vector<GaussRule>& rules() const { return rules_; }
  [[nodiscard]] Eigen::Index products() const { return products_; }
  /// Extreme Ritz values over all rules: inner bounds of the spectrum.
  [[nodiscard]] double smallest() const;
  [[nodiscard]] double largest() const;
  /// (largest - smallest) / m: the width below which the density shows single nodes rather than spectrum; the default
  /// smoothing.
  [[nodiscard]] double resolution() const;

  /// (1/size) Tr f(A).
  [[nodiscard]] Sampled mean_of(const std::function<double(double)>& f) const;
  /// Tr f(A) = sum of f over the eigenvalues.
  [[nodiscard]] Sampled sum_of(const std::function<double(double)>& f) const;
  /// (1/size) Tr A^k.
  [[nodiscard]] Sampled moment(int k) const;
  [[nodiscard]] Sampled trace() const;
  /// sqrt(Tr A^2), error by the delta method.
  [[nodiscard]] Sampled frobenius_norm() const;
  /// Share of eigenvalues with |lambda| < eps.
  [[nodiscard]] Sampled mass_within(double eps) const;
  /// Share of eigenvalues with lambda < t.
  [[nodiscard]] Sampled mass_below(double t) const;

  /// Share of eigenvalues <= t at every t of `points` (ascending), unsmoothed. O(vectors (points + m)). Throws
  /// InputError when the points are not ascending.
  [[nodiscard]] SampledCurve cumulative(const Eigen::Ref<const Eigen::VectorXd>& points) const;
  /// Density at `points`, each node a Gaussian of standard deviation sigma. O(points vectors m). Throws InputError
  /// unless sigma > 0.
  [[nodiscard]] SampledCurve density(const Eigen::Ref<const Eigen::VectorXd>& points, double sigma) const;
  /// Throws InputError unless 0 < smallest < largest and bins >= 1.
  [[nodiscard]] SignedLogHistogram log_histogram(double smallest, double largest, Eigen::Index bins) const;

 private:
  Eigen::Index size_;
  std::vector<GaussRule> rules_;
  Eigen::Index products_;
};

/// One rule for a start vector of the caller's. Throws InputError when it vanishes or is not finite, Error when a
/// product is not finite (naming the step).
[[nodiscard]] GaussRule lanczos_rule(const SymmetricOperator& a, const Eigen::Ref<const Eigen::VectorXd>& start,
                                     const QuadratureOptions& options = {}, const Parallel& how = {});

/// Stochastic Lanczos quadrature (Golub & Meurant; Ubaru, Chen, Saad 2017; Ghorbani, Krishnan, Xiao 2019): Lanczos from
/// random vectors, beta taken after reorthogonalization, stopped when beta < 1e-12 of the largest entry of T (1e-6 with
/// a single-precision basis), since the rule is then exact. Start vector s is drawn from streams(s). The result does
/// not depend on threads; block size can change the last digits where the operator's products do. `how.done` counts
/// products. Work: vectors m products and O(vectors m^2 size). Throws as quadrature_memory and lanczos_rule do.
[[nodiscard]] SpectralQuadrature lanczos_quadrature(const SymmetricOperator& a, const StreamSource& streams,
                                                    const QuadratureOptions& options = {}, const Parallel& how = {});

}  // namespace offprint::linalg
