// Jets against known series; expressions: values, derivatives, arrays, and where a text goes wrong.
#include "offprint/core/expression.hpp"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

using ::testing::HasSubstr;

Jet<double> at(const Expression& f, double x, std::size_t order) {
  const std::array<Jet<double>, 1> v{Jet<double>::variable(x, order)};
  return f(v);
}
double at(const Expression& f, double x) {
  const std::array<double, 1> v{x};
  return f(v);
}

TEST(Jet, SeriesOfElementaryFunctions) {
  const auto x = Jet<double>::variable(0.0, 9);
  const auto e = exp(x);
  double factorial = 1;
  for (std::size_t k = 0; k <= 9; ++k) {
    if (k > 0) factorial *= static_cast<double>(k);
    EXPECT_NEAR(e[k], 1 / factorial, 1e-16);
  }
  EXPECT_NEAR(tanh(x)[5], 2.0 / 15, 1e-15);
  EXPECT_NEAR(tanh(x)[7], -17.0 / 315, 1e-15);
  EXPECT_NEAR(atan(x)[7], -1.0 / 7, 1e-15);
  EXPECT_NEAR(tan(x)[5], 2.0 / 15, 1e-15);
  EXPECT_NEAR(log(Jet<double>(1.0) + x)[6], -1.0 / 6, 1e-15);
  EXPECT_NEAR(sqrt(Jet<double>(1.0) + x)[3], 1.0 / 16, 1e-15);
  EXPECT_NEAR(pow(Jet<double>(1.0) + x, 0.5)[3], 1.0 / 16, 1e-15);
  EXPECT_NEAR((sin(x) * sin(x) + cos(x) * cos(x))[6], 0, 1e-15);
  EXPECT_NEAR((cosh(x) * cosh(x) - sinh(x) * sinh(x))[8], 0, 1e-15);
  EXPECT_EQ(power(x, 3)[3], 1);  // at zero, where log would fail
}

TEST(Jet, CompositionAndDerivative) {
  const auto t = Jet<double>::variable(0.3, 7);
  const auto u = t * t + Jet<double>(1.0);
  const auto direct = exp(u);
  const auto composed = compose(exp(Jet<double>::variable(u.value(), 7)), u);
  for (std::size_t k = 0; k <= 7; ++k) EXPECT_NEAR(composed[k], direct[k], 1e-13 * std::abs(direct[k]) + 1e-14);
  EXPECT_NEAR(direct.derivative()[0], 0.6 * std::exp(1.09), 1e-14);
}

TEST(Jet, NestedJetsDifferentiateInTwoVariables) {
  using Inner = Jet<double>;
  // d/dr of r^3 at r = 2 + s, as a series in s: 3 (2 + s)^2.
  const auto s = Inner::variable(2.0, 3);
  const auto r = Jet<Inner>(std::vector<Inner>{s, Inner(1.0)});
  const Inner slope = (r * r * r)[1];
  EXPECT_DOUBLE_EQ(slope[0], 12);
  EXPECT_DOUBLE_EQ(slope[1], 12);
  EXPECT_DOUBLE_EQ(slope[2], 3);
}

TEST(Expression, ValuesAndPrecedence) {
  EXPECT_DOUBLE_EQ(at(Expression("2 + 3*4 - 6/3", {"r"}), 0), 12);
  EXPECT_DOUBLE_EQ(at(Expression("-r^2", {"r"}), 3), -9);
  EXPECT_DOUBLE_EQ(at(Expression("2^3^2", {"r"}), 0), 512);
  EXPECT_DOUBLE_EQ(at(Expression("r**2/2", {"r"}), 3), 4.5);
  EXPECT_DOUBLE_EQ(at(Expression("2^-1", {"r"}), 0), 0.5);
  EXPECT_DOUBLE_EQ(at(Expression(" ( 1 - r ) * ( 1 + r ) ", {"r"}), 0.5), 0.75);
  EXPECT_DOUBLE_EQ(at(Expression("exp(-r^2)", {"r"}), 1), std::exp(-1));
  EXPECT_DOUBLE_EQ(at(Expression("exp (0) + .5e1", {"r"}), 1), 6);
  EXPECT_DOUBLE_EQ(at(Expression("cos(pi*r)", {"r"}), 1), -1);
  EXPECT_DOUBLE_EQ(at(Expression("r < 0.5", {"r"}), 0.4), 1);
  EXPECT_DOUBLE_EQ(at(Expression("r > 0.5", {"r"}), 0.4), 0);
  EXPECT_DOUBLE_EQ(at(Expression("sqrt(abs(r))*step(-r)", {"r"}), -4), 2);
  EXPECT_TRUE(Expression("step(r)", {"r"}).has_jump());
  EXPECT_FALSE(Expression("r", {"r"}).has_jump());
  EXPECT_TRUE(Expression("1+pi", {"r"}).is_constant());
  const Expression two("x*y^2", {"x", "y"});
  EXPECT_DOUBLE_EQ(two(std::array{3.0, 2.0}), 12);
}

TEST(Expression, LongDoubleKeepsItsDigits) {
  const Expression third("1/3 + 0.1*0", {"r"});
  EXPECT_NEAR(static_cast<double>((third(std::array{0.0L}) - 1.0L / 3) * 1e18L), 0, 0.2);
}

TEST(Expression, ArraysAgreeWithJets) {
  std::vector<double> x;
  for (int i = 0; i < 133; ++i) x.push_back(0.05 + 0.02 * i);
  for (const char* text :
       {"r^2/2", "r^3", "exp(-r^2)", "cos(2*r)/(1+r)", "r^2.5 - tanh(r)", "2^r + r^r", "log(1+r)*sqrt(r)",
        "r^2+(1-r^2)^5/2", "atan(r) - sinh(r)/cosh(2*r)", "abs(r-1)+tan(r/4)", "3", "(r<1)*r"}) {
    const Expression f(text, {"r"});
    std::vector<double> value(x.size());
    std::vector<double> slope(x.size());
    f.evaluate(x, value, slope);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto jet = at(f, x[i], 1);
      EXPECT_NEAR(value[i], jet[0], 1e-13 * (1 + std::abs(jet[0]))) << text;
      EXPECT_NEAR(slope[i], jet[1], 1e-12 * (1 + std::abs(jet[1]))) << text;
    }
  }
}

std::string refusal(const std::string& text) {
  try {
    (void)Expression(text, {"r"});
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Expression, ErrorsNameThePlace) {
  EXPECT_THAT(refusal("r^2 + "), HasSubstr("position 7: a factor was expected"));
  EXPECT_THAT(refusal("r^2 + 2*x"), HasSubstr("position 9: unknown name x"));
  EXPECT_THAT(refusal("2*ln(r)"), HasSubstr("position 3: unknown name ln"));
  EXPECT_THAT(refusal("coss(r)"), HasSubstr("did you mean 'cos'"));
  EXPECT_THAT(refusal("(r + 1"), HasSubstr("position 7"));
  EXPECT_THAT(refusal("r r"), HasSubstr("position 3: 'r' does not continue"));
  EXPECT_THAT(refusal(""), HasSubstr("position 1"));
  EXPECT_THAT(refusal("r^"), HasSubstr("position 3"));
  EXPECT_EQ(refusal("r"), "accepted");
}

}  // namespace
}  // namespace offprint
