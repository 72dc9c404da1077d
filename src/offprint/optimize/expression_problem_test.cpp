// Problems from files: the examples written down again give the same numbers; mistakes are named.
#include "offprint/optimize/expression_problem.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/core/parallel.hpp"
#include "offprint/optimize/bilevel_check.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/global_lower.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kJ = R"(f = "-y + x^2"
g = "x * y"
x = ["x"]
y = ["y"]
x_lower = [-1]
x_upper = [1]
y_lower = [-1]
y_upper = [1]
)";

constexpr const char* kR = R"toml(
f = "0.5*((y1-1)^2 + (y2+1)^2 + (y3-0.5)^2) + 0.5*((x1-0.2)^2 + (x2-0.4)^2) + x1*(0.3*y1-0.2*y3) + x2*(0.5*y2+0.1*y3)"
g = "0.5*((y1+2*y2-x1)^2 + (y2+y3-0.5*x1+x2)^2)"
x = ["x1", "x2"]
y = ["y1", "y2", "y3"]
)toml";

class ExpressionProblems : public ::testing::Test {
 protected:
  ExpressionProblems()
      : file_(std::filesystem::temp_directory_path() /
              ("offprint-expression-" + std::to_string(::getpid()) + ".toml")) {}
  ~ExpressionProblems() override {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  [[nodiscard]] ExpressionProblem problem(const std::string& text) const {
    std::ofstream(file_) << text;
    return ExpressionProblem(read_expression_text(file_));
  }
  [[nodiscard]] std::string refusal(const std::string& text) const {
    try {
      (void)problem(text);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  }

 private:
  std::filesystem::path file_;
};

TEST_F(ExpressionProblems, ProblemRFromItsText) {
  const auto r = problem(kR);
  const ProblemR known;
  const VectorXd x = (VectorXd(2) << 0.7, -0.4).finished();
  const VectorXd y = (VectorXd(3) << 0.3, 0.1, -0.8).finished();
  EXPECT_NEAR(r.f(x, y), known.f(x, y), 1e-14);
  EXPECT_NEAR(r.g(x, y), known.g(x, y), 1e-14);
  for (const auto& check : check_gradients(r, x, y, Stream(1, "check"))) EXPECT_LE(check.error, 1e-8) << check.name;
  const VectorXd v = (VectorXd(3) << 0.5, -1.5, 2.0).finished();
  VectorXd mine;
  VectorXd theirs;
  r.hvp(x, y, v, mine);
  known.hvp(x, y, v, theirs);
  EXPECT_LE((mine - theirs).norm(), 1e-14);
  r.jvp(x, y, v, mine);
  known.jvp(x, y, v, theirs);
  EXPECT_LE((mine - theirs).norm(), 1e-14);
  const VectorXd optimistic = *known.exact_lower(x);
  EXPECT_NEAR((hypergradient(r, x, optimistic, ExactImplicit{.rank_tolerance = 1e-6}).gradient -
               Eigen::Vector2d(0.9448333333, -1.0073333333))
                  .norm(),
              0, 1e-7);
  CountedProblem counted(r);
  EXPECT_NEAR(hyper_objective(counted, x, VectorXd::Zero(3)), 0.964241666667, 1e-7);
  EXPECT_NEAR(penalty_value_from_many(counted, x, 0.1, VectorXd::Zero(3)).value, 0.959626304024, 1e-9);
}

TEST_F(ExpressionProblems, ProblemJFromItsText) {
  const auto j = problem(kJ);
  CountedProblem counted(j);
  EXPECT_TRUE(j.constrained_y());
  for (const double x : {-0.5, -0.01, 0.01, 0.4}) {
    const VectorXd at = VectorXd::Constant(1, x);
    EXPECT_NEAR(hyper_objective(counted, at, VectorXd::Zero(1)), x * x + (x > 0 ? 1 : -1), 1e-9) << x;
  }
  EXPECT_NEAR(penalty_value_from_many(counted, VectorXd::Constant(1, 0.05), 0.1, VectorXd::Zero(1)).value, 0.0025,
              1e-9);
}

// Two wells: only many starts find the deeper one.
TEST_F(ExpressionProblems, ANonconvexLowerLevelNeedsManyStarts) {
  const auto p = problem("f = \"y\"\ng = \"(y^2-1)^2 + 0.1*x*y\"\nx = [\"x\"]\ny = [\"y\"]\n");
  CountedProblem counted(p);
  const VectorXd x = VectorXd::Ones(1);
  EXPECT_GT(solve_lower(counted, x, 0, VectorXd::Ones(1)).y[0], 0.9);
  EXPECT_LT(solve_lower_from_many(counted, x, 0, VectorXd::Ones(1), {.count = 12, .radius = 2}).y[0], -0.9);
}

TEST_F(ExpressionProblems, MayBeCalledFromSeveralThreads) {
  const auto r = problem(kR);
  std::vector<double> values(2000);
  parallel_for(values.size(), {.threads = 4}, [&](std::size_t i) {
    const VectorXd x = VectorXd::Constant(2, static_cast<double>(i));
    values[i] = r.f(x, VectorXd::Zero(3));
  });
  const ProblemR known;
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], known.f(VectorXd::Constant(2, static_cast<double>(i)), VectorXd::Zero(3)),
                1e-12 * (1 + values[i]));
}

TEST_F(ExpressionProblems, NamesMistakes) {
  EXPECT_THAT(refusal("g = \"y\"\nx = [\"x\"]\ny = [\"y\"]\n"), HasSubstr("f is missing"));
  EXPECT_THAT(refusal("f = \"w\"\ng = \"y\"\nx = [\"x\"]\ny = [\"y\"]\n"),
              AllOf(HasSubstr("f = \"w\""), HasSubstr("\"w\"")));
  EXPECT_THAT(refusal("f = \"y+\"\ng = \"y\"\nx = [\"x\"]\ny = [\"y\"]\n"), HasSubstr("is no expression"));
  EXPECT_THAT(refusal("f = \"y\"\ng = \"y\"\nx = [\"y\"]\ny = [\"y\"]\n"), HasSubstr("named twice"));
  EXPECT_THAT(refusal("f = \"y\"\ng = \"y\"\nx = []\ny = [\"y\"]\n"), HasSubstr("must name the variables"));
  EXPECT_THAT(refusal(std::string(kJ) + "constraints = [\"x + y <= 1\"]\n"), HasSubstr("no projection"));
  EXPECT_THAT(refusal(std::string(kJ) + "y_uper = [1]\n"), HasSubstr("did you mean 'y_upper'"));
  EXPECT_THAT(refusal("f = \"y\"\ng = \"y\"\nx = [\"x\"]\ny = [\"y\"]\ny_lower = [1]\ny_upper = [0]\n"),
              HasSubstr("the box of y is empty: entry 1 has lower 1 > upper 0"));
  EXPECT_THAT(refusal("f = \"y\"\ng = \"y\"\nx = [\"x\"]\ny = [\"y\"]\ny_lower = [1, 2]\n"),
              HasSubstr("an entry for each"));
  EXPECT_THAT(refusal("f = "), HasSubstr(".toml:1"));
}

}  // namespace
}  // namespace offprint::optimize
