// What a bilevel problem must offer, said once: min over x in X of f(x, y*(x)), y*(x) = argmin over y in Y of g(x, y).
// Every hypergradient oracle and every bilevel method takes any BilevelProblem.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <Eigen/Core>

namespace offprint::optimize {

using VectorRef = Eigen::Ref<const Eigen::VectorXd>;

/// Which batch (or noise) a stochastic oracle looks at. Calls with equal samples see the same batch, whatever method
/// makes them; the default sees everything, without noise. A problem derives its batch from a Stream keyed by the run's
/// seed, the level ("upper", "lower") and `index`, so that batches do not depend on the algorithm.
struct Sample {
  std::optional<std::uint64_t> index{};

  [[nodiscard]] bool exact() const { return !index.has_value(); }
};

/// Oracle calls, counted apart: what methods are compared at.
struct OracleCalls {
  std::uint64_t upper_values = 0;     ///< f
  std::uint64_t lower_values = 0;     ///< g
  std::uint64_t upper_gradients = 0;  ///< grad_x f or grad_y f
  std::uint64_t lower_gradients = 0;  ///< grad_x g or grad_y g
  std::uint64_t hvps = 0;             ///< grad_yy g v
  std::uint64_t jvps = 0;             ///< d/dx <grad_y g, v>
  std::uint64_t samples = 0;          ///< rows looked at, over all of these (problems without rows: 1 a call)

  OracleCalls& operator+=(const OracleCalls& other);
  /// Calls that give a vector: gradients, HVPs and JVPs.
  [[nodiscard]] std::uint64_t first_order() const { return upper_gradients + lower_gradients + hvps + jvps; }
};

/// A bilevel problem. Members are const and may be called from several threads; x has dimension_x() entries, y and v
/// dimension_y(). Outputs are resized. No member projects: methods do, with project_x and project_y.
/// A problem of your own: derive, give the sizes, two values and four gradients; methods that need second derivatives
/// refuse a problem without (second_order() false) by InputError, penalty methods never ask.
class BilevelProblem {
 public:
  BilevelProblem() = default;
  BilevelProblem(const BilevelProblem&) = delete;
  BilevelProblem& operator=(const BilevelProblem&) = delete;
  virtual ~BilevelProblem() = default;

  [[nodiscard]] virtual Eigen::Index dimension_x() const = 0;
  [[nodiscard]] virtual Eigen::Index dimension_y() const = 0;

  [[nodiscard]] virtual double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const = 0;
  [[nodiscard]] virtual double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const = 0;
  virtual void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const = 0;
  virtual void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const = 0;
  virtual void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const = 0;
  virtual void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const = 0;

  /// grad_x g(x, y) - grad_x g(x, z) on one and the same sample: what a penalty method needs. The default asks twice.
  virtual void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                              const Sample& sample = {}) const;

  /// Whether hvp and jvp are there.
  [[nodiscard]] virtual bool second_order() const { return false; }
  /// grad_yy g(x, y) v. Throws InputError when second_order() is false.
  virtual void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
                   const Sample& sample = {}) const;
  /// d/dx <grad_y g(x, y), v>, dimension_x() entries. The hypergradient is f_x - jvp(z), z = (grad_yy g)^{-1} f_y.
  virtual void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
                   const Sample& sample = {}) const;

  /// Euclidean projections onto X and Y; the defaults leave everything (X, Y whole spaces).
  virtual void project_x(Eigen::VectorXd& /*x*/) const {}
  virtual void project_y(Eigen::VectorXd& /*y*/) const {}
  /// Whether project_y is the identity.
  [[nodiscard]] virtual bool constrained_y() const { return false; }

  /// argmin of g(x, .) where it is known in closed form; the one of least f where there are several.
  [[nodiscard]] virtual std::optional<Eigen::VectorXd> exact_lower(const VectorRef& /*x*/) const { return {}; }

  /// Rows that one sample of the upper and lower level looks at, for OracleCalls::samples.
  [[nodiscard]] virtual std::uint64_t rows_upper(const Sample& /*sample*/) const { return 1; }
  [[nodiscard]] virtual std::uint64_t rows_lower(const Sample& /*sample*/) const { return 1; }
};

/// Passes every call on and counts it. Methods wrap the problem they are given and report `calls()`.
/// Not for several threads at once: each worker has its own and adds up afterwards.
class CountedProblem {
 public:
  explicit CountedProblem(const BilevelProblem& problem) : problem_(&problem) {}

  [[nodiscard]] const BilevelProblem& problem() const { return *problem_; }
  [[nodiscard]] const OracleCalls& calls() const { return calls_; }
  /// Restores a count (resuming a run).
  void set_calls(const OracleCalls& calls) { calls_ = calls; }

  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {});
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {});
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {});
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {});
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {});
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {});
  /// Counts as two gradients of g.
  void g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                      const Sample& sample = {});
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out, const Sample& sample = {});
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out, const Sample& sample = {});

 private:
  const BilevelProblem* problem_;
  OracleCalls calls_{};
};

}  // namespace offprint::optimize
