// Data matrices, generalised linear models and softmax regression.
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include <Eigen/Eigenvalues>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/optimize/baselines.hpp"
#include "offprint/optimize/derivative_check.hpp"
#include "offprint/optimize/generalized_linear.hpp"
#include "offprint/optimize/gns.hpp"
#include "offprint/optimize/softmax_objective.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

constexpr std::array kMatrixKinds{HessianKind::kExact, HessianKind::kFisher, HessianKind::kGaussNewton,
                                  HessianKind::kMajorant, HessianKind::kDiagonal};

// About a third of the entries, one row and one column empty; `ones`: 0/1 entries.
MatrixXd thin(Index m, Index d, bool ones) {
  Stream random(9, "data");
  MatrixXd a = MatrixXd::Zero(m, d);
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < d; ++j)
      if (i != 3 && j != 2 && random.uniform() < 0.35) a(i, j) = ones ? 1 : random.normal();
  return a;
}
io::SparseRows sparse(const MatrixXd& a) { return a.sparseView(); }

VectorXd signs(Index m) {
  Stream random(9, "labels");
  VectorXd y(m);
  for (Index i = 0; i < m; ++i) y(i) = random.uniform() < 0.4 ? 1 : -1;
  return y;
}
VectorXd noise(Index n, std::uint64_t index) {
  VectorXd v(n);
  Stream(9, "noise", index).fill_normal({v.data(), static_cast<std::size_t>(n)});
  return v;
}

TEST(DesignMatrix, SparseAndDenseAgree) {
  for (const bool ones : {true, false}) {
    const MatrixXd a = thin(300, 20, ones);
    const VectorXd x = noise(20, 1);
    const VectorXd w = noise(300, 2);
    MatrixXd expected = a.transpose() * w.asDiagonal() * a;
    for (const auto& design : {DesignMatrix(sparse(a)), DesignMatrix(a)}) {
      VectorXd z(300);
      design.multiply(x, z);
      EXPECT_LT((z - a * x).norm(), 1e-12);
      VectorXd g(20);
      design.multiply_transposed(w, g);
      EXPECT_LT((g - a.transpose() * w).norm(), 1e-12);
      MatrixXd gram(20, 20);
      design.weighted_gram(w, gram);
      EXPECT_LT(
          (MatrixXd(gram.triangularView<Eigen::Lower>()) - MatrixXd(expected.triangularView<Eigen::Lower>())).norm(),
          1e-11);
      design.weighted_gram(w.cwiseAbs(), gram);
      EXPECT_NEAR(gram(7, 4), (a.transpose() * w.cwiseAbs().asDiagonal() * a)(7, 4), 1e-11);
      EXPECT_LT((design.weighted_squares(w) - expected.diagonal()).norm(), 1e-11);
      EXPECT_EQ(design.transposed_dense(), MatrixXd(a.transpose()));
    }
  }
}

TEST(DesignMatrix, AnyNumberOfThreadsGivesTheSameBits) {
  const MatrixXd a = thin(30'000, 40, false);
  const VectorXd w = noise(30'000, 2);
  const DesignMatrix one(sparse(a), {.threads = 1});
  const DesignMatrix three(sparse(a), {.threads = 3});
  MatrixXd first = MatrixXd::Zero(40, 40);
  MatrixXd second = MatrixXd::Zero(40, 40);
  one.weighted_gram(w, first);
  three.weighted_gram(w, second);
  EXPECT_EQ(first, second);
  VectorXd g(40);
  VectorXd h(40);
  one.multiply_transposed(w, g);
  three.multiply_transposed(w, h);
  EXPECT_EQ(g, h);
}

TEST(DesignMatrix, RefusesWhatCannotBe) {
  EXPECT_THROW(DesignMatrix(MatrixXd(0, 3)), InputError);
  MatrixXd a = MatrixXd::Ones(2, 3);
  a(1, 2) = std::numeric_limits<double>::infinity();
  for (const auto build : {+[](const MatrixXd& m) { return DesignMatrix(m); },
                           +[](const MatrixXd& m) { return DesignMatrix(sparse(m)); }}) {
    try {
      (void)build(a);
      FAIL();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr("row 2, column 3 is inf"));
    }
  }
}

VectorXd targets(GlmLoss loss, Index m) {
  if (loss == GlmLoss::kLogistic) return signs(m);
  if (loss == GlmLoss::kSquared) return noise(m, 3);
  return noise(m, 3).cwiseAbs().array().floor();
}

TEST(GeneralizedLinear, DerivativesAndForms) {
  const MatrixXd a = thin(60, 9, false);
  const VectorXd x = 0.5 * noise(9, 4);
  for (const auto loss : {GlmLoss::kLogistic, GlmLoss::kSquared, GlmLoss::kPoisson}) {
    const VectorXd y = targets(loss, 60);
    const GlmOptions options{.loss = loss, .l2 = 0.05, .penalised = 7};
    const GeneralizedLinear f(DesignMatrix(sparse(a)), y, options);
    expect_derivatives(f, x);
    const Point p = at(f, x);
    const VectorXd v = noise(9, 5);
    for (const auto kind : kMatrixKinds) {
      if (!f.supports(kind)) continue;
      const MatrixXd dense = to_dense(f.curvature(p, kind));
      EXPECT_GT(Eigen::SelfAdjointEigenSolver<MatrixXd>(dense).eigenvalues()(0), -1e-14);
      for (const auto form : {CurvatureForm::kOperator, CurvatureForm::kLowRank}) {
        GlmOptions other = options;
        other.form = form;
        const GeneralizedLinear g(DesignMatrix(a), y, other);
        EXPECT_LT((multiply(g.curvature(at(g, x), kind), v) - dense * v).norm(), 1e-12);
      }
    }
    // Empirical Fisher is the mean of the outer products of the samples' gradients.
    MatrixXd fisher = MatrixXd::Zero(9, 9);
    for (Index i = 0; i < 60; ++i) {
      const VectorXd g = p.inner(60 + i) * a.row(i).transpose();
      fisher += g * g.transpose() / 60;
    }
    fisher.diagonal().head(7).array() += 0.05;
    EXPECT_LT((to_dense(f.curvature(p, HessianKind::kFisher)) - fisher).norm(), 1e-13);
  }
}

TEST(GeneralizedLinear, LogisticLossIsStableFarOut) {
  MatrixXd a(2, 1);
  a << 1, 1;
  VectorXd y(2);
  y << 1, -1;
  const GeneralizedLinear f(DesignMatrix(a), y);
  const Point p = at(f, VectorXd::Constant(1, 800));
  EXPECT_DOUBLE_EQ(p.value, 400);
  EXPECT_DOUBLE_EQ(p.gradient(0), 0.5);
}

GeneralizedLinear tiny() {
  MatrixXd a(4, 2);
  a << 1, 2, -1, 0.5, 0.3, -1, 2, 1;
  VectorXd y(4);
  y << 1, -1, 1, -1;
  return {DesignMatrix(a), y, {.l2 = 0.1}};
}

TEST(GeneralizedLinear, TinyLogisticProblem) {
  const auto f = tiny();
  const auto run = [&](HessianKind kind) {
    return minimize_gns(f, Metric::identity(2), VectorXd::Zero(2),
                        {.hessian = kind, .stop = {.gradient_tolerance = 1e-12}});
  };
  const auto exact = run(HessianKind::kExact);
  EXPECT_NEAR(exact.point.x(0), 0.15819602, 1e-8);
  EXPECT_NEAR(exact.point.x(1), -0.19233353, 1e-8);
  EXPECT_NEAR(exact.point.value, 0.684183968588, 1e-12);
  const std::array<double, 4> expected{0.6931471806, 0.6845537722, 0.6841842254, 0.6841839686};
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(exact.trace[k].value, expected[k], 1e-10);
  const auto fisher = run(HessianKind::kFisher);
  EXPECT_NEAR(fisher.trace[1].value, 0.6845537722, 1e-10);
  EXPECT_NEAR(fisher.trace[2].value, 0.6841843278, 1e-10);
  EXPECT_NEAR(fisher.trace[3].value, 0.6841839730, 1e-10);
  const Point zero = at(f, VectorXd::Zero(2));
  EXPECT_EQ(to_dense(f.curvature(zero, HessianKind::kFisher)), to_dense(f.curvature(zero, HessianKind::kExact)));
  EXPECT_NEAR(*f.duality_gap(zero), zero.gradient.squaredNorm() / 0.2, 1e-15);
  EXPECT_GE(*f.duality_gap(zero), zero.value - exact.point.value);
}

TEST(Baselines, AllReachTheSameMinimum) {
  const auto f = tiny();
  const Metric b = Metric::identity(2);
  const VectorXd zero = VectorXd::Zero(2);
  // 1e-7: below, methods that compare values alone run into rounding.
  const StopRule stop{.gradient_tolerance = 1e-7, .max_iterations = 2000};
  std::vector<Minimum> all;
  all.push_back(minimize_gradient(f, b, zero, {.stop = stop}));
  for (const double a : {0.5, 2.0 / 3, 1.0})
    all.push_back(minimize_super_universal(f, b, zero, {.exponent = a, .stop = stop}));
  all.push_back(minimize_cubic(f, b, zero, {.stop = stop}));
  all.push_back(minimize_newton_cg(f, zero, {.stop = stop}));
  all.push_back(minimize_lbfgs(f, zero, {.stop = stop}));
  all.push_back(minimize_gns(f, b, zero, {.hessian = HessianKind::kNone, .stop = stop}));
  all.push_back(minimize_gns(f, b, zero, {.hessian = HessianKind::kDiagonal, .stop = stop}));
  all.push_back(minimize_gns(f, b, zero, {.hessian = HessianKind::kMajorant, .stop = stop}));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Minimum& m = all[i];
    EXPECT_EQ(m.status, "gradient") << i << ": " << m.gradient_norm;
    EXPECT_NEAR(m.point.value, 0.684183968588, 1e-12);
    EXPECT_EQ(m.trace.size(), static_cast<std::size_t>(m.iterations) + 1);
  }
}

TEST(GeneralizedLinear, ConjugateGradientsAndWoodburyFindTheSameMinimum) {
  const MatrixXd a = thin(200, 30, false);
  const VectorXd y = signs(200);
  VectorXd reference;
  for (const auto form : {CurvatureForm::kDense, CurvatureForm::kLowRank, CurvatureForm::kOperator}) {
    const GeneralizedLinear f(DesignMatrix(sparse(a)), y, {.l2 = 1e-3, .form = form});
    const auto m = minimize_gns(f, Metric::identity(30), VectorXd::Zero(30), {.stop = {.gradient_tolerance = 1e-10}});
    EXPECT_EQ(m.status, "gradient");
    if (reference.size() == 0) reference = m.point.x;
    EXPECT_LT((m.point.x - reference).norm(), 1e-7);
    if (form == CurvatureForm::kOperator) {
      EXPECT_GT(m.trace[0].products, 0);
    }
  }
}

TEST(GeneralizedLinear, RefusesWhatCannotBe) {
  const MatrixXd a = MatrixXd::Ones(3, 2);
  const auto refusal = [&](VectorXd y, const GlmOptions& options) -> std::string {
    try {
      (void)GeneralizedLinear(DesignMatrix(a), std::move(y), options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  };
  VectorXd y(3);
  y << 1, -1, 2;
  EXPECT_THAT(refusal(y, {}), HasSubstr("label of row 3 is 2"));
  EXPECT_THAT(refusal(VectorXd::Ones(2), {}), HasSubstr("3 rows but 2 targets"));
  EXPECT_THAT(refusal(VectorXd::Ones(3), {}), HasSubstr("no minimiser: one class and no regularisation"));
  EXPECT_THAT(refusal(VectorXd::Ones(3), {.l2 = 0.1}), HasSubstr("no InputError"));
  EXPECT_THAT(refusal(-VectorXd::Ones(3), {.loss = GlmLoss::kPoisson}), HasSubstr("count of row 1 is -1"));
  EXPECT_THAT(refusal(y, {.loss = GlmLoss::kSquared, .l2 = -1}), HasSubstr("l2 is -1"));
}

// ---------------------------------------------------------------- softmax

TEST(Softmax, DerivativesAndForms) {
  const MatrixXd a = thin(50, 5, false);
  std::vector<int> labels;
  for (int i = 0; i < 50; ++i) labels.push_back(i % 3);
  const SoftmaxObjective f(DesignMatrix(sparse(a)), labels, 3, {.l2 = 0.02, .penalised = 4});
  const SoftmaxObjective g(DesignMatrix(a), labels, 3, {.l2 = 0.02, .penalised = 4, .form = CurvatureForm::kOperator});
  const VectorXd x = noise(15, 6);
  expect_derivatives(f, x);
  const Point p = at(f, x);
  const VectorXd v = noise(15, 7);
  const MatrixXd exact = to_dense(f.curvature(p, HessianKind::kExact));
  for (const auto kind : kMatrixKinds) {
    const MatrixXd dense = to_dense(f.curvature(p, kind));
    EXPECT_LT((multiply(g.curvature(at(g, x), kind), v) - dense * v).norm(), 1e-12);
    EXPECT_GT(Eigen::SelfAdjointEigenSolver<MatrixXd>(dense).eigenvalues()(0), -1e-14);
    if (kind == HessianKind::kMajorant || kind == HessianKind::kGaussNewton) {
      EXPECT_GT(Eigen::SelfAdjointEigenSolver<MatrixXd>(dense - exact).eigenvalues()(0), -1e-14);
    }
  }
  // Without l2: rows of the gradient sum to zero over classes, and W_1 = ... = W_k is the Hessian's null space.
  const SoftmaxObjective plain(DesignMatrix(a), labels, 3);
  const Point q = at(plain, x);
  EXPECT_LT((q.gradient.segment(0, 5) + q.gradient.segment(5, 5) + q.gradient.segment(10, 5)).norm(), 1e-14);
  const VectorXd equal = noise(5, 8).replicate(3, 1);
  EXPECT_LT(multiply(plain.curvature(q, HessianKind::kExact), equal).norm(), 1e-13);
  const auto m = minimize_gns(plain, Metric::identity(15), VectorXd::Zero(15), {.stop = {.gradient_tolerance = 1e-9}});
  EXPECT_EQ(m.status, "gradient");
}

TEST(Softmax, TwoClassesAreLogisticRegression) {
  const MatrixXd a = thin(50, 5, false);
  const VectorXd y = signs(50);
  std::vector<int> labels;
  for (Index i = 0; i < 50; ++i) labels.push_back(y(i) > 0 ? 0 : 1);
  const SoftmaxObjective f(DesignMatrix(a), labels, 2);
  const GeneralizedLinear g(DesignMatrix(a), y);
  const VectorXd x = noise(10, 9);
  EXPECT_NEAR(at(f, x).value, at(g, x.head(5) - x.tail(5)).value, 1e-14);
}

TEST(Softmax, RefusesWhatCannotBe) {
  const MatrixXd a = MatrixXd::Ones(3, 2);
  EXPECT_THROW(SoftmaxObjective(DesignMatrix(a), {0, 1, 3}, 3), InputError);
  EXPECT_THROW(SoftmaxObjective(DesignMatrix(a), {0, 1}, 2), InputError);
  EXPECT_THROW(SoftmaxObjective(DesignMatrix(a), {0, 1, 1}, 3), InputError);
  EXPECT_NO_THROW(SoftmaxObjective(DesignMatrix(a), {0, 1, 1}, 3, {.l2 = 1}));
  EXPECT_THROW(SoftmaxObjective(DesignMatrix(a), {0, 0, 0}, 1), InputError);
}

// ---------------------------------------------------------------- real data, where they are

TEST(RealData, OptimaOfTheLibsvmSets) {
  const char* root = std::getenv("OFFPRINT_DATA");
  const std::filesystem::path folder = std::filesystem::path(root == nullptr ? "" : root) / "libsvm";
  if (!std::filesystem::exists(folder / "a9a")) GTEST_SKIP() << "needs OFFPRINT_DATA/libsvm";
  struct Expected {
    const char* name;
    double optimum;
    double first_norm;
    double length;
    int k;
    int n;
  };
  for (const auto& e : {Expected{"mushrooms", 0.012653620498, 0.5653025391, 12.877930, 12, 14},
                        Expected{"a9a", 0.324506924714, 0.6737700759, 5.355032, 9, 9}}) {
    auto file = io::read_libsvm(folder / e.name);
    const double least = file.labels.minCoeff();  // mushrooms is labelled 1, 2
    file.labels = file.labels.unaryExpr([least](double y) { return y == least ? -1.0 : 1.0; });
    const GeneralizedLinear f(DesignMatrix(file.x), file.labels, {.l2 = 1e-4});
    const auto m = minimize_gns(f, Metric::identity(f.dimension()), VectorXd::Zero(f.dimension()),
                                {.stop = {.gradient_tolerance = 1e-9}});
    EXPECT_NEAR(m.trace[0].value, std::log(2.0), 1e-12);
    EXPECT_NEAR(m.trace[0].gradient_norm, e.first_norm, 1e-10);
    EXPECT_NEAR(m.point.value, e.optimum, 1e-12);
    EXPECT_NEAR(m.point.x.norm(), e.length, 1e-5);
    EXPECT_EQ(m.iterations, e.k);
    EXPECT_EQ(m.solves, e.n);
  }
}

}  // namespace
}  // namespace offprint::optimize
