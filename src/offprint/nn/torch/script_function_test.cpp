// Scalar methods of a module: every derivative against its finite difference, mini-batches, and what is refused.
#include "offprint/nn/torch/script_function.hpp"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/nn/torch/script_module.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::HasSubstr;

// phi(x, theta) = mean over rows of exp(x_row) tanh(rows w + b)^2, w and b parameters, x of shape (3, 1).
ScriptSource smooth() {
  return {
      .methods = R"(
def phi(self, x, sample: int):
  rows = self.rows
  if sample >= 0:
    rows = rows + 0.1 * float(sample)
  return (torch.exp(x) * torch.tanh(torch.matmul(rows, self.w) + self.b).square()).mean()
def plain(self, x):
  return x.square().sum()
def parameters_only(self, x):
  return self.w.square().sum() + 3.0 * self.b.sum()
def vector(self, x):
  return x
def number(self, x: Tensor) -> float:
  return 1.0
def pair(self, x, y):
  return x
def broken(self, x):
  return torch.matmul(x, self.rows).sum()
def infinite(self, x):
  return torch.log(torch.zeros([1]))
)",
      .parameters = {{"w", {2, 1}, {0.3, -0.8}}, {"b", {1}, {0.2}}},
      .buffers = {
          {"rows", {3, 2}, {1, 2, -1, 0.5, 0.3, -2}}, {"x", {3, 1}, {0.1, -0.4, 0.7}}, {"labels", {2}, {1, 0}, true}}};
}

VectorXd vector(std::initializer_list<double> values) {
  return Eigen::Map<const VectorXd>(values.begin(), static_cast<Index>(values.size()));
}

VectorXd difference(Index n, const std::function<double(const VectorXd&)>& f) {
  const double h = 1e-6;
  VectorXd out(n);
  for (Index i = 0; i < n; ++i) out[i] = (f(h * VectorXd::Unit(n, i)) - f(-h * VectorXd::Unit(n, i))) / (2 * h);
  return out;
}

TEST(ScriptFunction, DerivativesAgreeWithDifferences) {
  ScriptModel model = script_module(smooth());
  const ScriptFunction phi(model, "phi", "x");
  EXPECT_EQ(phi.argument_size(), 3);
  EXPECT_TRUE(phi.sampled());
  EXPECT_EQ(phi.start(), vector({0.1, -0.4, 0.7}));
  const VectorXd x = vector({0.2, 0.5, -0.3});
  const VectorXd theta = model.theta();
  const VectorXd v = vector({0.7, -0.2, 0.4});
  for (const std::optional<std::uint64_t> sample : {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{4}}) {
    const auto at = [&](const VectorXd& dx, const VectorXd& dtheta) {
      model.set_theta(theta + dtheta);
      const double value = phi.value(x + dx, sample);
      model.set_theta(theta);
      return value;
    };
    const auto along = [&](const VectorXd& dx, const VectorXd& dtheta) {
      VectorXd gradient;
      model.set_theta(theta + dtheta);
      phi.gradient_parameters(x + dx, sample, gradient);
      model.set_theta(theta);
      return gradient.dot(v);
    };
    const VectorXd none = VectorXd::Zero(3);
    VectorXd out;
    EXPECT_DOUBLE_EQ(phi.gradient_argument(x, sample, out), phi.value(x, sample));
    EXPECT_LT((out - difference(3, [&](const VectorXd& d) { return at(d, none); })).norm(), 1e-9);
    EXPECT_DOUBLE_EQ(phi.gradient_parameters(x, sample, out), phi.value(x, sample));
    EXPECT_LT((out - difference(3, [&](const VectorXd& d) { return at(none, d); })).norm(), 1e-9);
    phi.hessian_product(x, v, sample, out);
    EXPECT_LT((out - difference(3, [&](const VectorXd& d) { return along(none, d); })).norm(), 1e-9);
    phi.mixed_product(x, v, sample, out);
    EXPECT_LT((out - difference(3, [&](const VectorXd& d) { return along(d, none); })).norm(), 1e-9);
  }
  EXPECT_NE(phi.value(x), phi.value(x, 4));
}

TEST(ScriptFunction, WhatDoesNotMatterHasAZeroDerivative) {
  ScriptModel model = script_module(smooth());
  const ScriptFunction plain(model, "plain", "x");
  const ScriptFunction own(model, "parameters_only", "x");
  EXPECT_FALSE(plain.sampled());
  const VectorXd x = vector({1, 2, 3});
  VectorXd out;
  EXPECT_DOUBLE_EQ(plain.gradient_parameters(x, {}, out), 14);
  EXPECT_EQ(out, VectorXd::Zero(3));
  plain.hessian_product(x, x, {}, out);
  EXPECT_EQ(out, VectorXd::Zero(3));
  own.gradient_argument(x, {}, out);
  EXPECT_EQ(out, VectorXd::Zero(3));
  own.mixed_product(x, x, {}, out);
  EXPECT_EQ(out, VectorXd::Zero(3));
  own.hessian_product(x, vector({1, 2, 5}), {}, out);  // linear in b
  EXPECT_LT((out - vector({2, 4, 0})).norm(), 1e-15);
}

TEST(ScriptFunction, SaysWhatIsWrong) {
  const ScriptModel model = script_module(smooth());
  const auto refusal = [&](const char* method, const char* argument) -> std::string {
    try {
      const ScriptFunction phi(model, method, argument);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(refusal("psi", "x"),
              AllOf(HasSubstr("no method 'psi'"), HasSubstr("plain"), HasSubstr("@torch.jit.export")));
  EXPECT_THAT(refusal("plain", "z"), HasSubstr("register a buffer 'z'"));
  EXPECT_THAT(refusal("plain", "labels"), HasSubstr("no floating-point tensor 'labels'"));
  EXPECT_THAT(refusal("pair", "x"), HasSubstr("must take (self, x) or (self, x, sample: int)"));
  EXPECT_THAT(refusal("vector", "x"), HasSubstr("returns 3 numbers instead of a tensor with one number"));
  EXPECT_THAT(refusal("number", "x"), HasSubstr("instead of a tensor with one number"));
  EXPECT_THAT(refusal("broken", "x"), HasSubstr("broken cannot be evaluated"));
  EXPECT_THAT(refusal("infinite", "x"), HasSubstr("must be finite"));
  EXPECT_THROW((void)ScriptFunction(model, "plain", "x").value(VectorXd::Zero(2)), Error);
}

TEST(ScriptModule, SaysWhatIsWrong) {
  const auto refusal = [](const ScriptSource& source) -> std::string {
    try {
      (void)script_module(source);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(refusal({.methods = "def f(self, x):\n  return y\n", .parameters = {{"w", {1}, {1}}}}),
              AllOf(HasSubstr("do not compile"), HasSubstr("y")));
  EXPECT_THAT(refusal({.methods = "", .parameters = {{"w", {2, 2}, {1, 2}}}}),
              HasSubstr("tensor 'w' has 2 values; its shape holds 4"));
  EXPECT_THAT(refusal({.methods = "def f(self, x):\n  return x\n"}), HasSubstr("no parameters"));
  const ScriptModel model = script_module(smooth());
  EXPECT_EQ(model.tensor("rows")->size(), 6);
  EXPECT_FALSE(model.tensor("labels").has_value());
  EXPECT_FALSE(model.tensor("absent").has_value());
}

}  // namespace
}  // namespace offprint::nn
