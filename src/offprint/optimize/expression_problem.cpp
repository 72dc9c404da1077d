#include "offprint/optimize/expression_problem.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <muParser.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

using Eigen::Index;
using Eigen::VectorXd;

// Compiled copies of both expressions. A parser holds the values of its variables, so that each thread at work needs
// one of its own; they are kept and lent out.
class ExpressionProblem::Evaluators {
 public:
  explicit Evaluators(const ExpressionText& text) : text_(text) { free_.push_back(make()); }

  double operator()(bool upper, const VectorRef& x, const VectorRef& y) {
    auto compiled = take();
    std::copy(x.begin(), x.end(), compiled->x.begin());
    std::copy(y.begin(), y.end(), compiled->y.begin());
    double value = std::numeric_limits<double>::quiet_NaN();
    try {
      value = (upper ? compiled->f : compiled->g).Eval();
    } catch (const mu::Parser::exception_type&) {  // a division by zero: not finite, which callers look for
    }
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(compiled));
    return value;
  }

 private:
  struct Compiled {
    mu::Parser f;
    mu::Parser g;
    std::vector<double> x;
    std::vector<double> y;
  };

  std::unique_ptr<Compiled> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        auto out = std::move(free_.back());
        free_.pop_back();
        return out;
      }
    }
    return make();
  }

  [[nodiscard]] std::unique_ptr<Compiled> make() const {
    auto out = std::make_unique<Compiled>();
    out->x.assign(text_.x.size(), 0.0);
    out->y.assign(text_.y.size(), 0.0);
    for (const bool upper : {true, false}) {
      mu::Parser& parser = upper ? out->f : out->g;
      const std::string& expression = upper ? text_.f : text_.g;
      try {
        for (std::size_t i = 0; i < text_.x.size(); ++i) parser.DefineVar(text_.x[i], &out->x[i]);
        for (std::size_t i = 0; i < text_.y.size(); ++i) parser.DefineVar(text_.y[i], &out->y[i]);
        parser.SetExpr(expression);
        (void)parser.Eval();
      } catch (const mu::Parser::exception_type& error) {
        throw InputError(
            fmt::format("{} = \"{}\" is no expression: {}", upper ? "f" : "g", expression, error.GetMsg()));
      }
    }
    return out;
  }

  const ExpressionText& text_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Compiled>> free_;
};

namespace {

// Fourth-order central difference of a function of one variable around t.
template <class F>
double derivative(double t, const F& f) {
  const double h = 1e-3 * std::max(1.0, std::abs(t));
  return (8 * (f(t + h) - f(t - h)) - (f(t + 2 * h) - f(t - 2 * h))) / (12 * h);
}

// The gradient of `value` with respect to its vector argument.
template <class F>
void gradient(const VectorRef& at, VectorXd& out, const F& value) {
  VectorXd v = at;
  out.resize(v.size());
  for (Index i = 0; i < v.size(); ++i) {
    out[i] = derivative(at[i], [&](double t) {
      v[i] = t;
      return value(v);
    });
    v[i] = at[i];
  }
}

void check_box(VectorXd& lower, VectorXd& upper, std::size_t size, const char* level) {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto n = static_cast<Index>(size);
  if (lower.size() == 0) lower = VectorXd::Constant(n, -infinity);
  if (upper.size() == 0) upper = VectorXd::Constant(n, infinity);
  if (lower.size() != n || upper.size() != n)
    throw InputError(
        fmt::format("{0}_lower and {0}_upper must have an entry for each of the {1} variables of {0}", level, size));
  for (Index i = 0; i < n; ++i)
    if (!(lower[i] <= upper[i]))
      throw InputError(
          fmt::format("the box of {} is empty: entry {} has lower {} > upper {}", level, i + 1, lower[i], upper[i]));
}

}  // namespace

ExpressionProblem::ExpressionProblem(ExpressionText text) : text_(std::move(text)) {
  if (text_.x.empty() || text_.y.empty()) throw InputError("x and y must each name at least one variable");
  std::set<std::string> names;
  for (const auto* level : {&text_.x, &text_.y})
    for (const auto& name : *level)
      if (!names.insert(name).second) throw InputError(fmt::format("the variable '{}' is named twice", name));
  check_box(text_.x_lower, text_.x_upper, text_.x.size(), "x");
  check_box(text_.y_lower, text_.y_upper, text_.y.size(), "y");
  evaluators_ = std::make_unique<Evaluators>(text_);
}

ExpressionProblem::~ExpressionProblem() = default;

double ExpressionProblem::f(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return (*evaluators_)(true, x, y);
}
double ExpressionProblem::g(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return (*evaluators_)(false, x, y);
}

void ExpressionProblem::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(x, out, [&](const VectorXd& at) { return f(at, y); });
}
void ExpressionProblem::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(y, out, [&](const VectorXd& at) { return f(x, at); });
}
void ExpressionProblem::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(x, out, [&](const VectorXd& at) { return g(at, y); });
}
void ExpressionProblem::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  gradient(y, out, [&](const VectorXd& at) { return g(x, at); });
}

void ExpressionProblem::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                            const Sample&) const {
  const double length = v.norm();
  out.setZero(y.size());
  if (length == 0) return;
  const VectorXd u = v / length;
  VectorXd part;
  const double h = 1e-3 * std::max(1.0, y.lpNorm<Eigen::Infinity>());
  const double steps[] = {1, -1, 2, -2};
  const double weights[] = {8, -8, -1, 1};
  for (int k = 0; k < 4; ++k) {
    g_y(x, y + steps[k] * h * u, part);
    out += weights[k] * length / (12 * h) * part;
  }
}

void ExpressionProblem::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                            const Sample&) const {
  VectorXd part;
  gradient(x, out, [&](const VectorXd& at) {
    g_y(at, y, part);
    return part.dot(v);
  });
}

void ExpressionProblem::project_x(VectorXd& x) const { x = x.cwiseMax(text_.x_lower).cwiseMin(text_.x_upper); }
void ExpressionProblem::project_y(VectorXd& y) const { y = y.cwiseMax(text_.y_lower).cwiseMin(text_.y_upper); }
bool ExpressionProblem::constrained_y() const {
  return text_.y_lower.array().isFinite().any() || text_.y_upper.array().isFinite().any();
}

}  // namespace offprint::optimize
