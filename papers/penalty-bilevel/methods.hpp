// The bilevel methods by name, with one set of options, and what is recorded while one runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/optimize/bilevel_iterate.hpp"
#include "offprint/optimize/bilevel_problem.hpp"

namespace offprint::papers::penalty_bilevel {

/// Options that all methods share; each takes what it has a use for.
struct MethodOptions {
  double sigma = 0.1;
  double sigma_decay = 0;
  std::uint64_t outer = 100;  ///< outer steps; methods of one inner step an iteration take outer * inner of them
  std::uint64_t inner = 5;
  double outer_step = 1;
  double inner_step = 0.1;
  /// > 0: penalty and aid-cg solve their inner problems to an accuracy fit for this (penalty by L-BFGS, at most
  /// 300 steps, and with outer steps of at most 1 in each entry), and stop when the hypergradient's mapping is at most
  /// this; 0: `inner` fixed steps.
  double tolerance = 0;
  double momentum = 0.1;       ///< eta of penalty-single
  double normalized_step = 1;  ///< length of a step of bo-rep
  bool stochastic = false;
};

/// penalty, penalty-single, f2sa, aid-cg, stocbio, ma-soba, bo-rep.
[[nodiscard]] const std::vector<std::string>& method_names();
/// "a,b" split and checked. Throws InputError for an unknown name (with the nearest) or none.
[[nodiscard]] std::vector<std::string> parse_methods(const std::string& text);

/// The option `name` as a number. Throws InputError unless it is positive and finite.
[[nodiscard]] double positive_option(const Options& options, const char* name);

/// One line of the trace.
struct TracePoint {
  double step = 0;
  double seconds = 0;  ///< of the method alone, without what was measured along the way
  optimize::OracleCalls calls;
  double objective = 0;  ///< f at (x, model)
  double direction = 0;  ///< |hypergradient estimate|
  double test_error = 0;
  double auc = 0;
  double direction_error = 0;  ///< against the converged implicit hypergradient where it was taken, relative
};

/// What a method ended with, and on the way.
struct MethodRun {
  std::string name;
  optimize::BilevelResult end{};
  std::vector<TracePoint> trace{};
};

/// Runs `name` from x and the model y. At about `points` steps of the way, `measure` fills in what it knows of (x,
/// model) and of the step's direction, which was taken at x_before (empty at the start); for penalty methods the model
/// is z, argmin g. Throws what the method throws; a run that diverged ends early,
/// with end.stopped "diverged".
[[nodiscard]] MethodRun run_method(
    Run& run, const std::string& name, const optimize::BilevelProblem& problem, const Eigen::VectorXd& x,
    const Eigen::VectorXd& y, const MethodOptions& options, std::size_t points,
    const std::function<void(const Eigen::VectorXd& x, const Eigen::VectorXd& model, const Eigen::VectorXd& x_before,
                             const Eigen::VectorXd& direction, TracePoint&)>& measure);

/// 1/L with L the largest curvature of g(x, .) at y (20 power iterations on HVPs).
[[nodiscard]] double safe_inner_step(const optimize::BilevelProblem& problem, const Eigen::VectorXd& x,
                                     const Eigen::VectorXd& y, Stream random);

/// The implicit hypergradient at x with the lower level solved from `y` and CG to 1e-8: the reference of
/// direction_error (up to 500 inner steps).
[[nodiscard]] Eigen::VectorXd reference_hypergradient(const optimize::BilevelProblem& problem, const Eigen::VectorXd& x,
                                                      const Eigen::VectorXd& y);

/// Curves of several runs: the objective f, by the name it has for the reader, against calls and against seconds, the
/// hypergradient's norm, the test error; and trace.csv.
void draw_traces(Run& run, const std::vector<MethodRun>& runs, const std::string& objective = "validation loss");
void write_trace(Run& run, const std::vector<MethodRun>& runs, const std::string& objective = "validation_loss");

/// Tables and notes of --check-gradient: every derivative and oracle against finite differences at (x, y).
void report_checks(Run& run, const optimize::BilevelProblem& problem, const Eigen::VectorXd& x,
                   const Eigen::VectorXd& y, double sigma);

}  // namespace offprint::papers::penalty_bilevel
