// The gradient of psi(x) = min over y in S(x) of f(x, y), S(x) = argmin g(x, .), by any of six oracles behind one name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <Eigen/Core>

#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/lower_solver.hpp"

namespace offprint::optimize {

/// Y = {y : a y <= b}, for the formula with active constraints.
struct LinearConstraints {
  Eigen::MatrixXd a;
  Eigen::VectorXd b;
};
/// lower <= y <= upper; infinite entries are no constraint. Throws InputError when lower > upper somewhere.
[[nodiscard]] LinearConstraints box_constraints(const VectorRef& lower, const VectorRef& upper);

// ---------------------------------------------------------------- the oracles

/// f_x - g_xy (g_yy)^+ f_y with the dense Hessian (dimension_y() HVPs) and its Moore-Penrose inverse: right also where
/// g(x, .) has many minimisers, at the one of least f (Kwon et al. 2024). With `constraints` the formula on the
/// critical subspace: V a basis of null(A_active), (g_xy V)(V^T g_yy V)^+ V^T f_y. O(d_y^3); refused above 4000.
struct ExactImplicit {
  /// Eigenvalues below this times the largest count as zero.
  double rank_tolerance = 1e-10;
  std::optional<LinearConstraints> constraints{};
  /// A row with b - a y at most this is active; a multiplier at most this breaks strict complementarity.
  double active_tolerance = 1e-8;
};

/// (g_yy) z = f_y by conjugate gradients from the z handed in. Stops at ||f_y - g_yy z|| <= tolerance ||f_y||. Where
/// g_yy is singular and f_y has a part outside its range, CG has no limit: on a direction without curvature it goes
/// over to the normal equations g_yy^2 z = g_yy f_y, whose CG iterates from their start tend to the pseudo-inverse's
/// answer. Throws InputError "lower level is not convex here: use penalty" on negative curvature.
struct ConjugateGradient {
  double tolerance = 1e-10;
  std::uint64_t max_iterations = 1000;
};

/// z = step sum_{k=0..terms} (I - step g_yy)^k f_y (stocBiO's series): terms HVPs. Converges for
/// step < 2/||g_yy||; the truncation is a bias of (1 - step mu)^(terms+1), reported as the solver residual.
struct Neumann {
  std::uint64_t terms = 10;
  double step = 0.1;
};

/// grad psi_sigma (first derivatives only): f_x(x, y_s) + (g_x(x, y_s) - g_x(x, z))/sigma. Starts both inner solves
/// from what is handed in.
struct PenaltyGradient {
  double sigma = 1e-3;
  LowerSolver inner{};
};

/// Differentiates `steps` gradient steps y <- y - step g_y from the y handed in, in reverse (ITD). Keeps all iterates:
/// steps x dimension_y() doubles. Refused for constrained y.
struct Unrolled {
  std::uint64_t steps = 100;
  double step = 0.1;
};

/// Central differences of psi along every coordinate of x (2 dimension_x() inner solves): what the others are checked
/// by. psi(x) = f at exact_lower(x) where the problem has it, otherwise at solve_lower from the y handed in, which is
/// psi only where the lower solution is unique.
struct FiniteDifference {
  double step = 1e-5;
  LowerSolver inner{};
};

using HypergradientMethod =
    std::variant<ExactImplicit, ConjugateGradient, Neumann, PenaltyGradient, Unrolled, FiniteDifference>;
/// "exact", "cg", "neumann", "penalty", "unrolled", "finite-difference".
[[nodiscard]] std::string hypergradient_name(const HypergradientMethod& method);

/// What an oracle gives.
struct Hypergradient {
  Eigen::VectorXd gradient;  ///< dimension_x()
  /// How far y is from a lower solution: the projected residual of g_y at y; for the penalty the larger of both inner
  /// solves'.
  double lower_residual = 0;
  /// exact, cg, neumann: ||g_yy z - f_y||/||f_y||, which for the exact oracle is the part of f_y outside the range of
  /// g_yy; 0 for the others.
  double solver_residual = 0;
  std::uint64_t iterations = 0;  ///< of the linear solver, or of the inner solves
  Eigen::VectorXd y;             ///< where f_x was taken
  Eigen::VectorXd z;             ///< the linear system's solution; for the penalty argmin of g
  /// exact only: rank of g_yy (on the critical subspace), of `subspace` dimensions; -1 for the others.
  Eigen::Index rank = -1;
  Eigen::Index subspace = -1;
  /// exact with constraints: every active constraint has a positive multiplier. Where false, psi has a kink and the
  /// formula is not applicable: the gradient is that of one side.
  bool strict_complementarity = true;
  double least_multiplier = 0;  ///< of the active constraints; 0 without any
};

/// The hypergradient at x. `y` is a lower solution for the implicit oracles (with many solutions the one of least f: at
/// any other the same formula returns a wrong vector without a warning), a start for penalty and unrolled. `z` is a
/// warm start (cg: of the linear system; penalty: of argmin g); empty: zero, or y.
/// Throws InputError: sizes, values that are not finite, a problem without second derivatives (exact, cg, neumann,
/// unrolled), and what each oracle says above.
[[nodiscard]] Hypergradient hypergradient(CountedProblem& problem, const VectorRef& x, const VectorRef& y,
                                          const HypergradientMethod& method,
                                          const Eigen::VectorXd& z = Eigen::VectorXd());
[[nodiscard]] Hypergradient hypergradient(const BilevelProblem& problem, const VectorRef& x, const VectorRef& y,
                                          const HypergradientMethod& method,
                                          const Eigen::VectorXd& z = Eigen::VectorXd());

/// psi(x) as FiniteDifference takes it.
[[nodiscard]] double upper_value(CountedProblem& problem, const VectorRef& x, const VectorRef& y,
                                 const LowerSolver& inner = {});

/// Solves (g_yy) z = f_y at (x, y) from `z`, in place, as ConjugateGradient says; f_y is given. Returns the relative
/// residual and the number of HVPs.
struct LinearSolve {
  double residual = 0;
  std::uint64_t iterations = 0;
};
LinearSolve solve_adjoint(CountedProblem& problem, const VectorRef& x, const VectorRef& y, const VectorRef& f_y,
                          const ConjugateGradient& how, Eigen::VectorXd& z);

/// The dense Hessian g_yy (from dimension_y() HVPs), symmetrised.
[[nodiscard]] Eigen::MatrixXd dense_hessian(CountedProblem& problem, const VectorRef& x, const VectorRef& y);

}  // namespace offprint::optimize
