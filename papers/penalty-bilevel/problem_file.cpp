#include "problem_file.hpp"

#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/expression_problem.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using namespace optimize;

std::vector<std::string> numbered(const char* letter, Index n) {
  if (n == 1) return {letter};
  std::vector<std::string> names;
  for (Index i = 1; i <= n; ++i) names.push_back(fmt::format("{}{}", letter, i));
  return names;
}

// A problem that says of itself no more than its sizes.
Problem plain(std::unique_ptr<BilevelProblem> problem, std::string name, VectorXd x) {
  Problem out;
  out.name = std::move(name);
  out.x_names = numbered("x", problem->dimension_x());
  out.y_names = numbered("y", problem->dimension_y());
  out.box_x = Box({}, {}, problem->dimension_x(), "x");
  out.x = std::move(x);
  out.y = VectorXd::Zero(problem->dimension_y());
  out.problem = std::move(problem);
  return out;
}

Problem from_example(const std::string& name) {
  if (name == "Q")
    return plain(std::make_unique<ProblemQ>(), "problem Q", (VectorXd(5) << 0.5, -0.3, 0.8, 0.1, -0.6).finished());
  if (name == "R") return plain(std::make_unique<ProblemR>(), "problem R", Eigen::Vector2d(0.7, -0.4));
  if (name == "K") return plain(std::make_unique<ProblemK>(), "problem K", VectorXd::Zero(1));
  return plain(std::make_unique<ProblemJ>(), "problem J", VectorXd::Zero(1));
}

Problem from_expressions(const std::filesystem::path& path) {
  const auto text = read_expression_text(path);
  auto problem = std::make_unique<ExpressionProblem>(text);
  const Box box = problem->box_x();
  Problem out = plain(std::move(problem), path.filename().string(), VectorXd::Zero(static_cast<Index>(text.x.size())));
  out.x_names = text.x;
  out.y_names = text.y;
  out.box_x = box;
  out.problem->project_x(out.x);
  out.problem->project_y(out.y);
  return out;
}

Problem from_module(const std::filesystem::path& path, const std::string& device) {
  auto problem = std::make_unique<ScriptBilevel>(nn::ScriptModel::load(path, {.device = device}));
  const ScriptBilevel* script = problem.get();
  Problem out = plain(std::move(problem), path.filename().string(), script->start_x());
  out.y = script->start_y();
  out.box_x = script->box_x();
  out.script = script;
  out.problem->project_x(out.x);
  out.problem->project_y(out.y);
  return out;
}

}  // namespace

Problem read_problem(const Run& run) {
  const Options& o = run.options();
  if (!o.has("problem")) return from_example(o.text("example"));
  const std::filesystem::path path = o.path("problem");
  return path.extension() == ".toml" ? from_expressions(path) : from_module(path, run.device());
}

void take_start(const Options& options, const std::string& name, VectorXd& x) {
  if (!options.has(name)) return;
  const auto given = options.reals(name);
  if (static_cast<Index>(given.size()) != x.size())
    throw InputError(fmt::format("--{} has {} numbers; x has {} variables", name, given.size(), x.size()));
  x = Eigen::Map<const VectorXd>(given.data(), x.size());
}

}  // namespace offprint::papers::penalty_bilevel
