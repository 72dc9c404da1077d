// solve: a bilevel problem of the reader's own, by one method or several.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actions.hpp"
#include "methods.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/optimize/global_lower.hpp"
#include "offprint/optimize/hypergradient.hpp"
#include "offprint/optimize/lower_solver.hpp"
#include "problem_file.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using namespace optimize;

// What an end point is worth, measured the same way for every method.
struct Judged {
  double psi = 0;
  double penalty = 0;   // gradient mapping of psi_sigma
  double implicit = 0;  // of psi by CG at the lower solution; NaN where that does not apply
  VectorXd y;           // the lower solution reached from the method's own
};

class Solving {
 public:
  explicit Solving(Run& run) : run_(run), given_(read_problem(run)), problem_(*given_.problem) {
    take_start(run.options(), "start", given_.x);
    problem_.project_x(given_.x);
  }

  void report() {
    const Options& o = run_.options();
    const auto names = parse_methods(o.text("method"));
    const MethodOptions method = steps();
    if (o.flag("check-gradient")) report_checks(run_, problem_, given_.x, lower(given_.x, given_.y), method.sigma);
    std::vector<MethodRun> runs;
    std::vector<Judged> ends;
    for (const auto& name : names) {
      try {
        runs.push_back(
            run_method(run_, name, problem_, given_.x, given_.y, method, 60,
                       [&](const VectorXd&, const VectorXd& model, const VectorXd& before, const VectorXd& direction,
                           TracePoint& point) { compare(model, before, direction, point); }));
      } catch (const InputError& refusal) {  // of one method: the others may do
        if (names.size() == 1) throw;
        run_.note(fmt::format("{}: {}", name, refusal.what()));
        continue;
      }
      ends.push_back(judge(runs.back().end.x, runs.back().end.y, method));
    }
    if (runs.empty()) throw InputError("no method applies to this problem; the notes say why");
    solutions(runs, ends);
    draw_traces(run_, runs, "f");
    write_trace(run_, runs, "f");
    files(runs, ends.front().y);
  }

 private:
  // Step lengths: 1/L for the inner problems; for x a tenth of its size for the steepest coordinate in the first step.
  [[nodiscard]] MethodOptions steps() const {
    const Options& o = run_.options();
    MethodOptions method{.sigma = o.real("sigma"),
                         .sigma_decay = o.real("sigma-decay"),
                         .outer = static_cast<std::uint64_t>(o.integer("outer")),
                         .inner = static_cast<std::uint64_t>(o.integer("inner")),
                         .stochastic = o.flag("stochastic")};
    if (method.stochastic && (given_.script == nullptr || !given_.script->stochastic()))
      throw InputError(
          "--stochastic needs a TorchScript module whose f or g takes (x, sample: int); this problem has no samples");
    method.inner_step = o.has("lr-inner") ? positive_option(o, "lr-inner")
                                          : safe_inner_step(problem_, given_.x, given_.y, run_.stream("power"));
    const VectorXd first = penalty_gradient(given_.x, given_.y, method.sigma);
    const double largest = first.lpNorm<Eigen::Infinity>();
    const double size = std::max(1.0, given_.x.lpNorm<Eigen::Infinity>());
    if (!o.has("lr-outer") && !(largest > 0))
      throw InputError(
          "the start is stationary: psi_sigma does not change there, and no step can be chosen; give another --start, "
          "or --lr-outer");
    method.outer_step = o.has("lr-outer") ? positive_option(o, "lr-outer") : 0.1 * size / largest;
    method.normalized_step = o.has("lr-outer") ? positive_option(o, "lr-outer")
                                               : 0.1 * size * std::sqrt(static_cast<double>(given_.x.size()));
    method.tolerance = method.stochastic ? 0 : o.real("tol") * first.norm();
    run_.metric("inner_step", method.inner_step);
    run_.metric("outer_step", method.outer_step);
    return method;
  }

  [[nodiscard]] VectorXd penalty_gradient(const VectorXd& x, const VectorXd& y, double sigma) const {
    return hypergradient(
               problem_, x, y,
               PenaltyGradient{.sigma = sigma, .inner = {.tolerance = 1e-4 * sigma, .max_steps = kInnerSteps}})
        .gradient;
  }

  [[nodiscard]] VectorXd lower(const VectorXd& x, const VectorXd& y) const {
    if (auto exact = problem_.exact_lower(x)) return *exact;
    CountedProblem counted(problem_);
    return solve_lower(counted, x, 0, y, {.tolerance = 1e-8, .max_steps = kInnerSteps}).y;
  }

  // --check-gradient: the step's direction against the implicit hypergradient, where there is one.
  void compare(const VectorXd& model, const VectorXd& before, const VectorXd& direction, TracePoint& point) const {
    if (!run_.options().flag("check-gradient") || direction.size() == 0 || !has_implicit()) return;
    try {
      const VectorXd reference = reference_hypergradient(problem_, before, model);
      point.direction_error = (direction - reference).norm() / reference.norm();
    } catch (const InputError&) {  // the lower level is not convex there
    }
  }

  [[nodiscard]] bool has_implicit() const { return problem_.second_order() && !problem_.constrained_y(); }

  [[nodiscard]] Judged judge(const VectorXd& x, const VectorXd& y, const MethodOptions& method) const {
    run_.check_cancelled();
    Judged out;
    out.y = lower(x, y);
    CountedProblem counted(problem_);
    // A module may be too large for many starts; there the lower solution next to the method's own has to do.
    out.psi = given_.script != nullptr
                  ? problem_.f(x, out.y)
                  : hyper_objective(
                        counted, x, out.y,
                        {.count = static_cast<std::size_t>(run_.options().integer("starts")), .seed = run_.seed()});
    const auto mapping = [&](const VectorXd& gradient) {
      return gradient_mapping(problem_, x, gradient, method.outer_step);
    };
    out.penalty = mapping(penalty_gradient(x, out.y, method.sigma));
    out.implicit = std::numeric_limits<double>::quiet_NaN();
    if (!has_implicit()) return out;
    try {
      out.implicit = mapping(
          hypergradient(problem_, x, out.y, ConjugateGradient{.tolerance = 1e-8, .max_iterations = 500}).gradient);
    } catch (const InputError&) {  // the lower level is not convex there: the penalty's column has to do
    }
    return out;
  }

  void solutions(const std::vector<MethodRun>& runs, const std::vector<Judged>& ends) {
    Table table{fmt::format("Solutions of {}", given_.name),
                {"method", "psi", "stationarity, penalty", "stationarity, implicit", "steps", "ended by", "gradients",
                 "HVPs", "JVPs", "seconds"},
                {}};
    std::size_t best = 0;
    for (std::size_t k = 0; k < runs.size(); ++k) {
      const auto& end = runs[k].end;
      const auto& judged = ends[k];
      table.rows.push_back({runs[k].name, judged.psi, judged.penalty,
                            std::isfinite(judged.implicit) ? Json(judged.implicit) : Json(""), end.steps, end.stopped,
                            end.calls.upper_gradients + end.calls.lower_gradients, end.calls.hvps, end.calls.jvps,
                            runs[k].trace.empty() ? 0.0 : runs[k].trace.back().seconds});
      run_.metric("psi_" + runs[k].name, judged.psi);
      run_.metric("stationarity_" + runs[k].name, judged.penalty);
      if (judged.psi < ends[best].psi) best = k;
    }
    run_.table("solutions", table);
    const auto shown = std::min<Index>(kShown, given_.x.size());
    Table values{fmt::format("x{}", shown < given_.x.size() ? ", the first entries (all in x.csv)" : ""), {"x"}, {}};
    for (const auto& one : runs) values.columns.push_back(one.name);
    std::vector<std::string> cells;
    for (Index i = 0; i < shown; ++i) {
      std::vector<Json> row{given_.x_names[static_cast<std::size_t>(i)]};
      for (const auto& one : runs) row.emplace_back(one.end.x[i]);
      values.rows.push_back(std::move(row));
      cells.push_back(fmt::format("{:.6g}", runs[best].end.x[i]));
    }
    run_.table("x", values);
    run_.note(fmt::format("psi = {:.8g} by {}, at x = ({}{})", ends[best].psi, runs[best].name, fmt::join(cells, ", "),
                          shown < given_.x.size() ? ", ..." : ""));
    if (given_.script != nullptr && given_.script->single_precision())
      run_.note("The module computes in single precision: residuals below about 1e-5 of its values are out of reach.");
  }

  void files(const std::vector<MethodRun>& runs, const VectorXd& y) {
    io::Table x{{}, Eigen::MatrixXd(given_.x.size(), static_cast<Index>(runs.size())), {{"x", given_.x_names}}};
    for (std::size_t k = 0; k < runs.size(); ++k) {
      x.names.push_back(runs[k].name);
      x.values.col(static_cast<Index>(k)) = runs[k].end.x;
    }
    run_.artifact("x.csv", [&](const std::filesystem::path& path) { io::write_csv(path, x); });
    const io::Table lower{{runs.front().name}, y, {{"y", given_.y_names}}};
    run_.artifact("y.csv", [&](const std::filesystem::path& path) { io::write_csv(path, lower); });
    if (given_.script != nullptr)
      run_.artifact("solved.pt", [&](const std::filesystem::path& path) { given_.script->save(y, path); });
  }

  static constexpr std::uint64_t kInnerSteps = 2000;
  static constexpr Index kShown = 20;

  Run& run_;
  Problem given_;
  const BilevelProblem& problem_;
};

}  // namespace

void solve(Run& run) {
  require_sigma(run.options().real("sigma"));
  (void)parse_methods(run.options().text("method"));
  Solving(run).report();
}

}  // namespace offprint::papers::penalty_bilevel
