#include "offprint/coulomb/radial_function.hpp"

#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/expression.hpp"

namespace offprint::coulomb {

void RadialFunction::Function::evaluate(std::span<const double> r, std::span<double> value,
                                        std::span<double> slope) const {
  for (std::size_t i = 0; i < r.size(); ++i) {
    const auto jet = at(Jet<double>::variable(r[i], slope.empty() ? 0 : 1));
    value[i] = jet[0];
    if (!slope.empty()) slope[i] = jet[1];
  }
}

struct RadialFunction::Formula final : RadialFunction::Function {
  explicit Formula(Expression e) : expression(std::move(e)) {}
  template <class S>
  [[nodiscard]] S call(const S& r) const {
    return expression(std::span<const S>(&r, 1));
  }
  [[nodiscard]] double at(double r) const override { return call(r); }
  [[nodiscard]] long double at(long double r) const override { return call(r); }
  [[nodiscard]] Jet<double> at(const Jet<double>& r) const override { return call(r); }
  [[nodiscard]] Jet<long double> at(const Jet<long double>& r) const override { return call(r); }
  [[nodiscard]] Jet<Jet<double>> at(const Jet<Jet<double>>& r) const override { return call(r); }
  [[nodiscard]] Jet<Jet<long double>> at(const Jet<Jet<long double>>& r) const override { return call(r); }
  void evaluate(std::span<const double> r, std::span<double> value, std::span<double> slope) const override {
    expression.evaluate(r, value, slope);
  }

  Expression expression;
};

struct RadialFunction::Sum final : RadialFunction::Function {
  Sum(RadialFunction first, double factor, RadialFunction second)
      : a(std::move(first)), s(factor), b(std::move(second)) {}
  template <class S>
  [[nodiscard]] S call(const S& r) const {
    return a(r) + b(r) * S(s);
  }
  [[nodiscard]] double at(double r) const override { return call(r); }
  [[nodiscard]] long double at(long double r) const override { return call(r); }
  [[nodiscard]] Jet<double> at(const Jet<double>& r) const override { return call(r); }
  [[nodiscard]] Jet<long double> at(const Jet<long double>& r) const override { return call(r); }
  [[nodiscard]] Jet<Jet<double>> at(const Jet<Jet<double>>& r) const override { return call(r); }
  [[nodiscard]] Jet<Jet<long double>> at(const Jet<Jet<long double>>& r) const override { return call(r); }
  void evaluate(std::span<const double> r, std::span<double> value, std::span<double> slope) const override {
    constexpr std::size_t kBlock = 256;
    std::array<double, kBlock> more{};
    std::array<double, kBlock> more_slope{};
    for (std::size_t first = 0; first < r.size(); first += kBlock) {
      const std::size_t n = std::min(kBlock, r.size() - first);
      const auto x = r.subspan(first, n);
      const auto y = value.subspan(first, n);
      const auto dy = slope.empty() ? slope : slope.subspan(first, n);
      a.evaluate(x, y, dy);
      b.evaluate(x, std::span(more).first(n), slope.empty() ? slope : std::span(more_slope).first(n));
      for (std::size_t i = 0; i < n; ++i) y[i] += s * more[i];
      if (!slope.empty())
        for (std::size_t i = 0; i < n; ++i) dy[i] += s * more_slope[i];
    }
  }

  RadialFunction a;
  double s;
  RadialFunction b;
};

RadialFunction::RadialFunction(std::string_view formula) {
  Expression expression(formula, {"r"});
  name_ = expression.text();
  smooth_ = !expression.has_jump();
  f_ = std::make_shared<const Formula>(std::move(expression));
}

RadialFunction RadialFunction::sum(const RadialFunction& a, double s, const RadialFunction& b) {
  if (s == 0) return a;
  return {std::make_shared<const Sum>(a, s, b), fmt::format("{} + {}*({})", a.name(), s, b.name()),
          a.is_smooth() && b.is_smooth()};
}

}  // namespace offprint::coulomb
