// Paths between two solutions in parameter space: the loss along a line or a curve, and whether a barrier stands
// between.
#pragma once

#include <functional>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/core/random.hpp"
#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/linalg/symmetric_operator.hpp"

namespace offprint::landscape {

/// w(a) = (1 - a) A + a B, or with a control point C the quadratic Bezier curve (1 - a)^2 A + 2 a (1 - a) C + a^2 B
/// (Garipov et al. 2018). Holds copies: training on from an end moves nothing here.
class Path {
 public:
  /// Throw InputError when the ends differ in size, are not finite, or are the same point (the usual sign of an end
  /// that was stored as a view and trained on).
  [[nodiscard]] static Path line(Eigen::VectorXd a, Eigen::VectorXd b);
  [[nodiscard]] static Path bezier(Eigen::VectorXd a, Eigen::VectorXd control, Eigen::VectorXd b);

  [[nodiscard]] Eigen::VectorXd at(double a) const;
  [[nodiscard]] const Eigen::VectorXd& begin() const { return a_; }
  [[nodiscard]] const Eigen::VectorXd& end() const { return b_; }
  /// Empty for a line.
  [[nodiscard]] const Eigen::VectorXd& control() const { return control_; }
  /// |B - A|.
  [[nodiscard]] double distance() const { return (b_ - a_).norm(); }

 private:
  Path(Eigen::VectorXd a, Eigen::VectorXd control, Eigen::VectorXd b);
  Eigen::VectorXd a_;
  Eigen::VectorXd control_;
  Eigen::VectorXd b_;
};

/// `points` values evenly spaced on [lo, hi], with 0 and 1 put in where they lie between and are not there: the barrier
/// is measured against the ends. Throws InputError for fewer than two points or lo >= hi.
[[nodiscard]] std::vector<double> path_grid(Eigen::Index points, double lo, double hi);

/// What is measured at a point: the loss first.
using PathMeasure = std::function<std::vector<double>(const Eigen::VectorXd& parameters)>;
/// row i, column j: quantity j at grid[i]. Points are independent and go over `how`'s threads; `measure` must be safe
/// to call from several. Throws InputError for an empty grid, Error when measures differ in length.
[[nodiscard]] Eigen::MatrixXd scan(const Path& path, const std::vector<double>& grid, const PathMeasure& measure,
                                   const Parallel& how = {});

struct Barrier {
  double height = 0;   ///< max over [0, 1] of L(w(a)) - ((1 - a) L(A) + a L(B)); at least 0, taken at the ends
  double at = 0;       ///< the a where it is reached
  double largest = 0;  ///< max L over [0, 1]
  double ends = 0;     ///< max(L(A), L(B))
  bool none = false;   ///< largest <= ends (1 + 1e-3): no barrier
};
/// `grid` ascending and holding 0 and 1, `losses` as long; points outside [0, 1] are not looked at. A coarse grid
/// misses barriers: take 41 points on [0, 1]. Throws InputError when sizes differ, 0 or 1 is missing, or a loss is NaN.
[[nodiscard]] Barrier barrier(const std::vector<double>& grid, const Eigen::Ref<const Eigen::VectorXd>& losses);

struct BezierTraining {
  Eigen::Index steps = 1000;
  double learning_rate = 0.1;
  double momentum = 0.9;
};
/// Gradient of the mini-batch loss of step `step` at `parameters`, written to `gradient`.
using BatchGradient =
    std::function<void(Eigen::Index step, const Eigen::VectorXd& parameters, Eigen::VectorXd& gradient)>;
/// Control point of a low Bezier curve between A and B: SGD from their middle on E_a L(w(a)), a ~ U[0, 1] drawn from
/// `random` for each step, gradient 2 a (1 - a) grad L(w(a)) (Garipov et al. 2018). Throws InputError as Path::line
/// does and for steps < 0 or a learning rate that is not positive; Error when a gradient is not finite (naming the
/// step).
[[nodiscard]] Path train_bezier(const Eigen::VectorXd& a, const Eigen::VectorXd& b, const BatchGradient& gradient,
                                Stream random, const BezierTraining& training = {});

/// The largest (or smallest) eigenvalue at each point of the grid, e.g. of the Hessian that `operator_at` gives. The
/// start vector is the same everywhere, drawn from `start`. NaN where it did not converge. Throws as extreme_eigenpairs
/// does.
[[nodiscard]] std::vector<double> eigenvalue_along(
    const Path& path, const std::vector<double>& grid,
    const std::function<linalg::SymmetricOperator(const Eigen::VectorXd& parameters)>& operator_at,
    linalg::SpectrumEnd end, const Stream& start, const linalg::EigenpairOptions& options = {.tolerance = 1e-4});

}  // namespace offprint::landscape
