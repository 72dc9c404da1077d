#include "offprint/optimize/expression_problem.hpp"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

using Eigen::Index;
using Eigen::VectorXd;

namespace {

using FirstJet = Jet<double>;
using SecondJet = Jet<FirstJet>;

Expression parse(const char* level, const std::string& expression, const ExpressionText& text) {
  std::vector<std::string> names = text.x;
  names.insert(names.end(), text.y.begin(), text.y.end());
  try {
    return {expression, names};
  } catch (const InputError& error) {
    throw InputError(fmt::format("{} = \"{}\" is no expression: {}", level, expression, error.what()));
  }
}

// x and y one after the other, as numbers of any kind.
template <class S>
std::vector<S> values_of(const VectorRef& x, const VectorRef& y) {
  std::vector<S> values;
  values.reserve(static_cast<std::size_t>(x.size() + y.size()));
  for (const auto* part : {&x, &y})
    for (const double value : *part) values.push_back(S(value));
  return values;
}

double value_of(const Expression& expression, const VectorRef& x, const VectorRef& y) {
  return expression(values_of<double>(x, y));
}

// Derivatives in the variables first, first + 1, ...
void gradient(const Expression& expression, const VectorRef& x, const VectorRef& y, Index first, Index count,
              VectorXd& out) {
  auto values = values_of<FirstJet>(x, y);
  out.resize(count);
  for (Index i = 0; i < count; ++i) {
    FirstJet& moved = values[static_cast<std::size_t>(first + i)];
    const double at = moved.value();
    moved = FirstJet::variable(at, 1);
    out[i] = expression(values)[1];
    moved = FirstJet(at);
  }
}

// Derivatives in the variables first, ... of the derivative in y along v: the coefficient of h1 h2 of
// (x, y + h1 v) + h2 e_i.
void mixed(const Expression& expression, const VectorRef& x, const VectorRef& y, const VectorRef& v, Index first,
           Index count, VectorXd& out) {
  auto values = values_of<SecondJet>(x, y);
  for (Index j = 0; j < y.size(); ++j)
    values[static_cast<std::size_t>(x.size() + j)] = SecondJet(FirstJet(std::vector<double>{y[j], v[j]}));
  out.resize(count);
  for (Index i = 0; i < count; ++i) {
    SecondJet& moved = values[static_cast<std::size_t>(first + i)];
    const FirstJet at = moved.value();
    moved = SecondJet(std::vector<FirstJet>{at, FirstJet(1.0)});
    out[i] = expression(values)[1][1];
    moved = SecondJet(at);
  }
}

ExpressionText checked(ExpressionText text) {
  if (text.x.empty() || text.y.empty()) throw InputError("x and y must each name at least one variable");
  std::set<std::string> names;
  for (const auto* level : {&text.x, &text.y})
    for (const auto& name : *level)
      if (!names.insert(name).second) throw InputError(fmt::format("the variable '{}' is named twice", name));
  return text;
}

}  // namespace

ExpressionProblem::ExpressionProblem(ExpressionText text)
    : text_(checked(std::move(text))),
      box_x_(text_.x_lower, text_.x_upper, dimension_x(), "x"),
      box_y_(text_.y_lower, text_.y_upper, dimension_y(), "y"),
      f_(parse("f", text_.f, text_)),
      g_(parse("g", text_.g, text_)) {}

double ExpressionProblem::f(const VectorRef& x, const VectorRef& y, const Sample&) const { return value_of(f_, x, y); }
double ExpressionProblem::g(const VectorRef& x, const VectorRef& y, const Sample&) const { return value_of(g_, x, y); }

void ExpressionProblem::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(f_, x, y, 0, x.size(), out);
}
void ExpressionProblem::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(f_, x, y, x.size(), y.size(), out);
}
void ExpressionProblem::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(g_, x, y, 0, x.size(), out);
}
void ExpressionProblem::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(g_, x, y, x.size(), y.size(), out);
}

void ExpressionProblem::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                            const Sample&) const {
  mixed(g_, x, y, v, x.size(), y.size(), out);
}

void ExpressionProblem::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                            const Sample&) const {
  mixed(g_, x, y, v, 0, x.size(), out);
}

}  // namespace offprint::optimize
