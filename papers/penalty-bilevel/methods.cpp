#include "methods.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/optimize/bilevel_check.hpp"
#include "offprint/optimize/bo_rep.hpp"
#include "offprint/optimize/hypergradient.hpp"
#include "offprint/optimize/implicit_methods.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::VectorXd;
using namespace optimize;
using Clock = std::chrono::steady_clock;

bool follows_z(const std::string& name) { return name == "penalty" || name == "penalty-single" || name == "f2sa"; }
bool single_steps(const std::string& name) { return name == "penalty-single" || name == "ma-soba" || name == "bo-rep"; }

BilevelResult call(const std::string& name, const BilevelProblem& problem, const VectorXd& x, const VectorXd& y,
                   const MethodOptions& o, std::uint64_t steps, const BilevelObserver& observer) {
  if (name == "penalty" || name == "f2sa") {
    DoubleLoopOptions p{.sigma = o.sigma,
                        .sigma_decay = o.sigma_decay,
                        .outer_step = o.outer_step,
                        .steps = steps,
                        .inner_step = o.inner_step,
                        .inner_steps = o.inner,
                        .stochastic = o.stochastic};
    if (name == "penalty" && o.tolerance > 0) {
      p.tolerance = o.tolerance;
      p.inner_step = 0;
      p.inner_accuracy = 0.1;
      p.max_inner_steps = 300;
      p.longest = 1;
    }
    return penalty_double_loop(problem, {x, y, y}, name == "f2sa" ? f2sa_schedule(p) : p, observer);
  }
  if (name == "penalty-single")
    return penalty_single_loop(problem, {x, y, y},
                               {.sigma = o.sigma,
                                .outer_step = o.outer_step / static_cast<double>(o.inner),
                                .inner_step = o.inner_step,
                                .momentum = o.stochastic ? o.momentum : 1.0,
                                .sigma_decay = o.sigma_decay,
                                .steps = steps,
                                .stochastic = o.stochastic},
                               observer);
  if (name == "aid-cg")
    return aid_cg_descent(problem, {x, y, VectorXd::Zero(y.size())},
                          {.outer_step = o.outer_step,
                           .longest = o.tolerance > 0 ? 1.0 : std::numeric_limits<double>::infinity(),
                           .steps = steps,
                           .tolerance = o.tolerance,
                           .inner_step = o.inner_step,
                           .inner_steps = o.inner,
                           .inner_residual = 0.1 * o.tolerance,
                           .max_inner_steps = 2000,
                           .stochastic = o.stochastic},
                          observer);
  if (name == "stocbio")
    return stoc_bio(problem, x, y,
                    {.steps = steps,
                     .learning_rate = o.outer_step,
                     .lower_step = o.inner_step,
                     .lower_steps = o.inner,
                     .neumann_step = o.inner_step,
                     .stochastic = o.stochastic},
                    observer);
  if (name == "ma-soba")
    return ma_soba(problem, x, y,
                   {.steps = steps,
                    .learning_rate = o.outer_step / static_cast<double>(o.inner),
                    .lower_step = o.inner_step,
                    .nu = o.inner_step,
                    .stochastic = o.stochastic},
                   observer);
  return bo_rep(problem, x, y,
                {.steps = steps,
                 .eta = o.normalized_step / static_cast<double>(o.inner),
                 .nu = o.inner_step,
                 .lower = {.step = o.inner_step, .radius = 1e3},
                 .refinement = {.epochs = 0},
                 .stochastic = o.stochastic},
                observer);
}

// A curve of every run: y against x.
LinePlot curves(const std::vector<MethodRun>& runs, const std::function<double(const TracePoint&)>& x,
                const std::function<double(const TracePoint&)>& y) {
  LinePlot plot;
  for (const auto& one : runs) {
    Series series{.name = one.name};
    for (const auto& point : one.trace) {
      if (!std::isfinite(y(point))) continue;
      series.x.push_back(x(point));
      series.y.push_back(y(point));
    }
    if (!series.x.empty()) plot.series.push_back(std::move(series));
  }
  return plot;
}

double calls(const TracePoint& p) { return static_cast<double>(p.calls.first_order()); }

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names{"penalty", "penalty-single", "f2sa",  "aid-cg",
                                              "stocbio", "ma-soba",        "bo-rep"};
  return names;
}

std::vector<std::string> parse_methods(const std::string& text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    if (std::find(method_names().begin(), method_names().end(), name) == method_names().end())
      throw InputError(fmt::format("--method: there is no method '{}'{}", name, suggestion(name, method_names())));
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
    begin = end + 1;
  }
  return out;
}

double positive_option(const Options& options, const char* name) {
  const double value = options.real(name);
  if (!(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("--{} is {}; it must be positive", name, value));
  return value;
}

MethodRun run_method(Run& run, const std::string& name, const BilevelProblem& problem, const VectorXd& x,
                     const VectorXd& y, const MethodOptions& o, std::size_t points,
                     const std::function<void(const VectorXd&, const VectorXd&, const VectorXd&, const VectorXd&,
                                              TracePoint&)>& measure) {
  MethodRun out{.name = name};
  const std::uint64_t steps = single_steps(name) ? o.outer * o.inner : o.outer;
  const std::uint64_t every = std::max<std::uint64_t>(1, steps / std::max<std::size_t>(points, 1));
  auto progress = run.progress(steps, name);
  VectorXd before;
  Clock::duration spent{};
  auto since = Clock::now();
  out.end = call(name, problem, x, y, o, steps, [&](const BilevelIterate& at) {
    spent += Clock::now() - since;
    run.check_cancelled();
    progress.set(at.step);
    if (at.step % every == 0 || at.step == steps) {
      TracePoint point;
      point.step = static_cast<double>(at.step);
      point.seconds = std::chrono::duration<double>(spent).count();
      point.calls = at.calls;
      point.direction = at.step > 0 ? at.direction.norm() : std::numeric_limits<double>::quiet_NaN();
      const VectorXd& model = follows_z(name) ? at.z : at.y;
      point.objective = problem.f(at.x, model);
      point.test_error = point.auc = point.direction_error = std::numeric_limits<double>::quiet_NaN();
      measure(at.x, model, before, at.direction, point);
      out.trace.push_back(point);
    }
    before = at.x;
    since = Clock::now();
    return true;
  });
  if (out.end.stopped == "diverged")
    run.note(fmt::format("{} diverged in step {}: take a shorter --lr-outer or --lr-inner", name, out.end.steps));
  return out;
}

double safe_inner_step(const BilevelProblem& problem, const VectorXd& x, const VectorXd& y, Stream random) {
  VectorXd v(y.size());
  for (double& entry : v) entry = random.normal();
  VectorXd product;
  double curvature = 0;
  for (int k = 0; k < 20; ++k) {
    v.normalize();
    problem.hvp(x, y, v, product);
    curvature = product.norm();
    if (!(curvature > 0)) break;
    v.swap(product);
  }
  if (!(curvature > 0) || !std::isfinite(curvature))
    throw InputError("g has no curvature at the start: give --lr-inner");
  return 1 / curvature;
}

VectorXd reference_hypergradient(const BilevelProblem& problem, const VectorXd& x, const VectorXd& y) {
  CountedProblem counted(problem);
  const auto solved = solve_lower(counted, x, 0, y, {.tolerance = 1e-7, .max_steps = 500});
  return hypergradient(counted, x, solved.y, ConjugateGradient{.tolerance = 1e-8, .max_iterations = 200}).gradient;
}

void draw_traces(Run& run, const std::vector<MethodRun>& runs, const std::string& objective) {
  std::string title = objective;
  if (title.size() > 1) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  LinePlot by_calls = curves(runs, calls, [](const TracePoint& p) { return p.objective; });
  by_calls.title = title + " against oracle calls";
  by_calls.x = {.title = "gradients, HVPs and JVPs"};
  by_calls.y = {.title = objective};
  run.figure("objective-calls", Figure::line(by_calls));
  LinePlot by_seconds = curves(
      runs, [](const TracePoint& p) { return p.seconds; }, [](const TracePoint& p) { return p.objective; });
  by_seconds.title = title + " against time";
  by_seconds.x = {.title = "time", .unit = "s"};
  by_seconds.y = {.title = objective};
  run.figure("objective-seconds", Figure::line(by_seconds));
  LinePlot direction = curves(runs, calls, [](const TracePoint& p) { return p.direction > 0 ? p.direction : NAN; });
  if (!direction.series.empty()) {
    direction.title = "Norm of the hypergradient";
    direction.x = {.title = "gradients, HVPs and JVPs"};
    direction.y = {.title = "|hypergradient|", .log = true};
    run.figure("hypergradient", Figure::line(direction));
  }
  LinePlot error = curves(runs, calls, [](const TracePoint& p) { return p.test_error; });
  if (!error.series.empty()) {
    error.title = "Test error against oracle calls";
    error.x = {.title = "gradients, HVPs and JVPs"};
    error.y = {.title = "test error"};
    run.figure("test-error", Figure::line(error));
  }
}

void write_trace(Run& run, const std::vector<MethodRun>& runs, const std::string& objective) {
  std::vector<std::string> names{
      "step",       "seconds", "gradients",          "hvps", "jvps", "rows", objective, "hypergradient",
      "test_error", "auc",     "hypergradient_error"};
  io::Table table{names, {}, {{"method", {}}}};
  std::size_t rows = 0;
  for (const auto& one : runs) rows += one.trace.size();
  table.values.resize(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(names.size()));
  Eigen::Index row = 0;
  for (const auto& one : runs)
    for (const auto& p : one.trace) {
      table.values.row(row++) << p.step, p.seconds,
          static_cast<double>(p.calls.upper_gradients + p.calls.lower_gradients), static_cast<double>(p.calls.hvps),
          static_cast<double>(p.calls.jvps), static_cast<double>(p.calls.samples), p.objective, p.direction,
          p.test_error, p.auc, p.direction_error;
      table.text[0].values.push_back(one.name);
    }
  run.artifact("trace.csv", [&](const std::filesystem::path& path) { io::write_csv(path, table); });
}

void report_checks(Run& run, const BilevelProblem& problem, const VectorXd& x, const VectorXd& y, double sigma) {
  Table derivatives{"Derivatives against central differences", {"derivative", "largest error"}, {}};
  double worst = 0;
  for (const auto& check : check_gradients(problem, x, y, run.stream("check"))) {
    derivatives.rows.push_back({check.name, check.error});
    worst = std::max(worst, check.error);
  }
  run.table("derivatives", derivatives);
  run.metric("derivative_error", worst);
  Table oracles{"Hypergradients against central differences of psi",
                {"oracle", "largest error", "lower residual", "solver residual"},
                {}};
  const std::vector<HypergradientMethod> methods{
      ConjugateGradient{.tolerance = 1e-9, .max_iterations = 500},
      PenaltyGradient{.sigma = sigma, .inner = {.tolerance = 1e-9, .max_steps = 5000}},
      PenaltyGradient{.sigma = sigma / 10, .inner = {.tolerance = 1e-10, .max_steps = 5000}}};
  const auto checks = check_hypergradient(problem, x, y, methods, run.stream("check psi"), {.directions = 3});
  for (std::size_t k = 0; k < checks.size(); ++k) {
    std::string name = checks[k].name;
    if (k > 0) name += fmt::format(", sigma = {}", k == 1 ? sigma : sigma / 10);
    oracles.rows.push_back({name, checks[k].error, checks[k].at.lower_residual, checks[k].at.solver_residual});
    if (!checks[k].refused.empty()) run.note(fmt::format("{}: {}", name, checks[k].refused));
  }
  run.table("hypergradients", oracles);
  run.metric("hypergradient_error_cg", checks[0].error);
  run.metric("hypergradient_error_penalty", checks[1].error);
}

}  // namespace offprint::papers::penalty_bilevel
