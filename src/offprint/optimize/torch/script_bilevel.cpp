#include "offprint/optimize/torch/script_bilevel.hpp"

#include <utility>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// One side of a box: the module's buffer, spread over all entries where it is one number.
VectorXd side(const nn::ScriptModel& model, const std::string& name, Index n) {
  const auto given = model.tensor(name);
  if (!given) return {};
  return given->size() == 1 ? VectorXd::Constant(n, (*given)[0]) : *given;
}

}  // namespace

ScriptBilevel::ScriptBilevel(nn::ScriptModel model)
    : model_(std::move(model)),
      f_(model_, "f", "x"),
      g_(model_, "g", "x"),
      start_y_(model_.theta()),
      box_x_(side(model_, "x_lower", dimension_x()), side(model_, "x_upper", dimension_x()), dimension_x(), "x"),
      box_y_(side(model_, "y_lower", dimension_y()), side(model_, "y_upper", dimension_y()), dimension_y(), "y") {}

std::unique_lock<std::mutex> ScriptBilevel::at(const VectorRef& y) const {
  std::unique_lock lock(one_at_a_time_);
  model_.set_theta(y);
  return lock;
}

double ScriptBilevel::f(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  const auto lock = at(y);
  return f_.value(x, sample.index);
}
double ScriptBilevel::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  const auto lock = at(y);
  return g_.value(x, sample.index);
}
void ScriptBilevel::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto lock = at(y);
  f_.gradient_argument(x, sample.index, out);
}
void ScriptBilevel::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto lock = at(y);
  f_.gradient_parameters(x, sample.index, out);
}
void ScriptBilevel::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto lock = at(y);
  g_.gradient_argument(x, sample.index, out);
}
void ScriptBilevel::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto lock = at(y);
  g_.gradient_parameters(x, sample.index, out);
}
void ScriptBilevel::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                        const Sample& sample) const {
  const auto lock = at(y);
  g_.hessian_product(x, v, sample.index, out);
}
void ScriptBilevel::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                        const Sample& sample) const {
  const auto lock = at(y);
  g_.mixed_product(x, v, sample.index, out);
}

void ScriptBilevel::save(const VectorRef& y, const std::filesystem::path& path) const {
  const auto lock = at(y);
  model_.save(path);
}

}  // namespace offprint::optimize
