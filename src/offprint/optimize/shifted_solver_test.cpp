#include "offprint/optimize/shifted_solver.hpp"

#include <Eigen/Cholesky>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

constexpr Index kSize = 40;

MatrixXd normal(Index rows, Index columns, std::uint64_t index) {
  MatrixXd out(rows, columns);
  Stream(5, "matrix", index).fill_normal({out.data(), static_cast<std::size_t>(out.size())});
  return out;
}
VectorXd normal(Index n, std::uint64_t index) { return normal(n, 1, index); }

MatrixXd positive_definite(std::uint64_t index) {
  const MatrixXd a = normal(kSize, kSize, index);
  return a * a.transpose() + 0.1 * MatrixXd::Identity(kSize, kSize);
}

std::vector<Curvature> every_form() {
  std::vector<Curvature> forms;
  forms.emplace_back(NoCurvature{kSize});
  forms.emplace_back(DenseCurvature{positive_definite(1)});
  forms.emplace_back(LowRankCurvature{{}, normal(kSize, 3, 2), normal(3, 3).cwiseAbs()});
  forms.emplace_back(LowRankCurvature{{}, normal(kSize, 1, 2), VectorXd::Zero(1)});
  forms.emplace_back(LowRankCurvature{normal(kSize, 4).cwiseAbs(), normal(kSize, 2, 5), VectorXd::Ones(2)});
  forms.emplace_back(LowRankCurvature{normal(kSize, 4).cwiseAbs(), MatrixXd(kSize, 0), VectorXd(0)});
  TridiagonalCurvature tri{normal(kSize, 6).cwiseAbs().array() + 4, normal(kSize - 1, 7), normal(kSize, 8), 0.7};
  forms.emplace_back(tri);
  tri.q.resize(0);
  forms.emplace_back(tri);
  const MatrixXd a = positive_definite(9);
  forms.emplace_back(OperatorCurvature{{kSize, [a](const auto& x, auto y) { y.noalias() = a * x; }}, a.diagonal()});
  forms.emplace_back(OperatorCurvature{{kSize, [a](const auto& x, auto y) { y.noalias() = a * x; }}, {}});
  return forms;
}

TEST(ShiftedSolver, EveryFormAgreesWithADenseFactorisation) {
  const VectorXd g = normal(kSize, 20);
  for (const auto& metric : {Metric::identity(kSize), Metric::matrix(positive_definite(21))}) {
    const MatrixXd b = metric.is_identity() ? MatrixXd::Identity(kSize, kSize) : metric.dense();
    for (const auto& h : every_form()) {
      SCOPED_TRACE(h.index());
      ShiftedSolver solver(h, metric, g);
      for (const double lambda : {2.0, 0.3, 11.0}) {
        VectorXd step;
        const auto outcome = solver.solve(lambda, 1e-13, step);
        ASSERT_TRUE(outcome.solved);
        const MatrixXd full = to_dense(h) + lambda * b;
        const VectorXd expected = full.llt().solve(-g);
        EXPECT_LT((step - expected).norm() / expected.norm(), 1e-10);
        EXPECT_EQ(outcome.products > 0, solver.iterative());
      }
    }
  }
}

TEST(ShiftedSolver, ProductsAgreeWithTheDenseForm) {
  const VectorXd v = normal(kSize, 30);
  for (const auto& h : every_form()) EXPECT_LT((multiply(h, v) - to_dense(h) * v).norm(), 1e-11);
}

TEST(ShiftedSolver, AnIndefiniteSumIsReported) {
  MatrixXd indefinite = MatrixXd::Identity(3, 3);
  indefinite(1, 1) = -1;
  const VectorXd g = VectorXd::Ones(3);
  const Metric metric = Metric::identity(3);
  VectorXd step;
  const Curvature dense = DenseCurvature{indefinite};
  EXPECT_FALSE(ShiftedSolver(dense, metric, g).solve(0.5, 0, step).solved);
  EXPECT_TRUE(ShiftedSolver(dense, metric, g).solve(1.5, 0, step).solved);
  const Curvature tri = TridiagonalCurvature{indefinite.diagonal(), VectorXd::Zero(2), {}, 0};
  EXPECT_FALSE(ShiftedSolver(tri, metric, g).solve(0.5, 0, step).solved);
  const Curvature op = OperatorCurvature{{3, [&](const auto& x, auto y) { y = indefinite * x; }}, {}};
  EXPECT_FALSE(ShiftedSolver(op, metric, g).solve(0.5, 1e-10, step).solved);
}

TEST(ShiftedSolver, ConjugateGradientsStopAtTheTolerance) {
  const VectorXd g = normal(kSize, 20);
  const Metric metric = Metric::identity(kSize);
  const auto forms = every_form();
  const Curvature& h = forms[8];
  VectorXd step;
  for (const double tolerance : {1.0, 1e-2, 1e-6}) {
    const auto outcome = ShiftedSolver(h, metric, g).solve(1, tolerance, step);
    EXPECT_LE(outcome.residual, tolerance);
    EXPECT_LE((multiply(h, step) + step + g).norm(), 1.0001 * tolerance + 1e-12);
  }
}

TEST(ShiftedSolver, RefusesSizesThatDiffer) {
  const Curvature h = NoCurvature{3};
  const VectorXd g = VectorXd::Ones(4);
  EXPECT_THROW(ShiftedSolver(h, Metric::identity(4), g), InputError);
  const Curvature negative = LowRankCurvature{{}, MatrixXd::Ones(4, 1), -VectorXd::Ones(1)};
  EXPECT_THROW(ShiftedSolver(negative, Metric::identity(4), g), InputError);
}

TEST(Metric, NormsAndTheirDual) {
  const MatrixXd b = positive_definite(21);
  const Metric metric = Metric::matrix(b);
  const VectorXd v = normal(kSize, 22);
  EXPECT_NEAR(metric.norm(v), std::sqrt(v.dot(b * v)), 1e-10);
  EXPECT_NEAR(metric.dual_norm(v), std::sqrt(v.dot(b.llt().solve(v))), 1e-10);
  EXPECT_LT((metric.solve(v) - b.llt().solve(v)).norm(), 1e-10);
}

TEST(Metric, NamesThePivotThatFails) {
  MatrixXd b = MatrixXd::Identity(4, 4);
  b(2, 2) = -1;
  try {
    (void)Metric::matrix(b);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("metric is not positive definite: pivot 3"));
  }
  EXPECT_THROW((void)Metric::gram(MatrixXd::Ones(2, 5)), InputError);
  EXPECT_NO_THROW((void)Metric::gram(MatrixXd::Ones(2, 5), 1e-8));
}

}  // namespace
}  // namespace offprint::optimize
