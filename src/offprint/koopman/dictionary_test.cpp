#include "offprint/koopman/dictionary.hpp"

#include <cmath>
#include <numbers>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/koopman/kmeans.hpp"
#include "offprint/koopman/memory.hpp"

namespace offprint::koopman {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using testing::HasSubstr;

MatrixXd random_points(Index m, Index d, std::uint64_t seed = 3) {
  MatrixXd x(m, d);
  Stream stream(seed, "test points");
  for (Index i = 0; i < m; ++i)
    for (Index c = 0; c < d; ++c) x(i, c) = stream.normal();
  return x;
}

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

double radial(RadialShape shape, double rate, double squared) {
  if (shape == RadialShape::gaussian) return std::exp(-rate * squared);
  if (shape == RadialShape::exponential) return std::exp(-rate * std::sqrt(squared));
  return 1.0 / (1.0 + rate * squared);
}

// Both the direct path (few coordinates) and the product path (many), with rows and centres that coincide.
TEST(Radial, MatchesTheFormula) {
  for (const Index d : {1, 2, 16, 17, 60})
    for (const auto shape : {RadialShape::gaussian, RadialShape::exponential, RadialShape::lorentzian}) {
      const MatrixXd x = random_points(301, d).array() + 5.0;
      const MatrixXd c = x.topRows(37);
      MatrixXd out(x.rows(), c.rows());
      radial_matrix(x, c, shape, 0.3, out);
      double worst = 0.0;
      for (Index i = 0; i < x.rows(); ++i)
        for (Index j = 0; j < c.rows(); ++j)
          worst = std::max(worst, std::abs(out(i, j) - radial(shape, 0.3, (x.row(i) - c.row(j)).squaredNorm())));
      EXPECT_LT(worst, 2e-14) << "d=" << d;
      for (Index j = 0; j < c.rows(); ++j) EXPECT_EQ(out(j, j), 1.0);
    }
}

TEST(Radial, SameBitsForAnyThreadsAndAnySplit) {
  for (const Index d : {2, 40}) {
    const MatrixXd x = random_points(1003, d);
    const auto dictionary = rbf_dictionary(x.topRows(33), RadialShape::exponential, 0.7, true);
    const MatrixXd one = (*dictionary)(x, Parallel{1, {}, {}});
    EXPECT_EQ(one, (*dictionary)(x, Parallel{2, {}, {}}));
    EXPECT_EQ(one, (*dictionary)(x, Parallel{3, {}, {}}));
    if (d == 2) {
      EXPECT_EQ(one.middleRows(100, 7), (*dictionary)(x.middleRows(100, 7)));
    }
  }
}

TEST(Radial, ScaleZeroAndRates) {
  EXPECT_THAT(refusal([] { (void)mean_distance(MatrixXd::Constant(10, 2, 0.1)); }), HasSubstr("all points are equal"));
  EXPECT_THAT(refusal([] { (void)radial_rate(RadialShape::gaussian, 0.0); }), HasSubstr("radial scale of 0"));
  EXPECT_DOUBLE_EQ(radial_rate(RadialShape::exponential, 4.0), 0.5);
  EXPECT_DOUBLE_EQ(radial_rate(RadialShape::gaussian, 4.0), 1.0 / 16);
  MatrixXd square(4, 2);
  square << 1, 1, 1, -1, -1, 1, -1, -1;
  EXPECT_DOUBLE_EQ(mean_distance(square), std::numbers::sqrt2);
  EXPECT_THAT(refusal([&] { (void)rbf_dictionary(square, RadialShape::gaussian, -1.0); }), HasSubstr("rate of -1"));
}

TEST(Monomials, GradedAndComplete) {
  const auto d = monomial_dictionary(3, 4);
  EXPECT_EQ(d->size(), 35);  // C(7, 4)
  std::set<std::string> names;
  for (Index j = 0; j < d->size(); ++j) names.insert(d->function_name(j));
  EXPECT_EQ(names.size(), 35U);
  const MatrixXd x = (MatrixXd(1, 3) << 2, 3, 5).finished();
  const MatrixXd v = (*d)(x);
  for (Index j = 0; j < d->size(); ++j) {
    if (d->function_name(j) == "x1^2 x3") {
      EXPECT_EQ(v(0, j), 20.0);
    }
    if (d->function_name(j) == "x2^4") {
      EXPECT_EQ(v(0, j), 81.0);
    }
  }
  EXPECT_EQ(d->function_name(0), "1");
  EXPECT_TRUE(names.count("x1 x2 x3^2") == 1);
  EXPECT_THAT(refusal([] { (void)monomial_dictionary(100, 8); }), HasSubstr("degree 8 in 100 variables"));
  EXPECT_THAT(refusal([] { (void)monomial_dictionary(2, 0); }), HasSubstr("degree of 0"));
}

// Gauss-Hermite orthonormality, by the trapezoid rule on a grid that resolves the Gaussian to rounding.
TEST(Hermite, OrthonormalForTheGaussian) {
  const VectorXd mean = VectorXd::Constant(1, 2.0);
  const VectorXd sd = VectorXd::Constant(1, 0.5);
  const auto d = hermite_dictionary(mean, sd, 5);
  const VectorXd u = VectorXd::LinSpaced(4001, -12, 12);
  const MatrixXd psi = (*d)((mean(0) + sd(0) * u.array()).matrix());
  const VectorXd w = (-0.5 * u.array().square()).exp() * (24.0 / 4000) / std::sqrt(2 * std::numbers::pi);
  const MatrixXd gram = psi.transpose() * w.asDiagonal() * psi;
  EXPECT_LT((gram - MatrixXd::Identity(6, 6)).norm(), 1e-12);
  EXPECT_THAT(refusal([&] { (void)hermite_dictionary(mean, VectorXd::Zero(1), 2); }), HasSubstr("does not vary"));
}

TEST(Fourier, OrthonormalOnTheTorus) {
  const auto d = fourier_dictionary(VectorXd::Zero(2), VectorXd::Constant(2, 3.0), 2);
  EXPECT_EQ(d->size(), 25);
  MatrixXd grid(12 * 12, 2);
  for (Index i = 0; i < 12; ++i)
    for (Index j = 0; j < 12; ++j) grid.row(12 * i + j) << 0.25 * static_cast<double>(i), 0.25 * static_cast<double>(j);
  const MatrixXd psi = (*d)(grid);
  EXPECT_LT((psi.transpose() * psi / 144.0 - MatrixXd::Identity(25, 25)).norm(), 1e-13);
  EXPECT_THAT(refusal([] { (void)fourier_dictionary(VectorXd::Zero(1), VectorXd::Zero(1), 2); }),
              HasSubstr("period of coordinate 1 is 0"));
  EXPECT_THAT(refusal([] { (void)fourier_dictionary(VectorXd::Zero(9), VectorXd::Ones(9), 5); }),
              HasSubstr("lower --modes"));
}

TEST(Factory, BuildsEveryKind) {
  const MatrixXd x = random_points(400, 2);
  DictionarySpec spec;
  spec.centres = 20;
  for (const auto& [kind, size] : std::vector<std::pair<std::string, Index>>{
           {"identity", 2}, {"dmd", 2}, {"poly", 10}, {"hermite", 10}, {"fourier", 121}, {"rbf", 20}}) {
    spec.kind = kind;
    const auto d = make_dictionary(spec, x);
    EXPECT_EQ(d->size(), size) << kind;
    EXPECT_TRUE((*d)(x).allFinite()) << kind;
  }
  spec.kind = "rbf";
  spec.constant = true;
  EXPECT_EQ(make_dictionary(spec, x)->size(), 21);
  spec.kind = "hermit";
  EXPECT_THAT(refusal([&] { (void)make_dictionary(spec, x); }), HasSubstr("did you mean 'hermite'"));
  spec.kind = "identity";
  EXPECT_THAT(refusal([&] { (void)(*make_dictionary(spec, x))(random_points(5, 3)); }),
              HasSubstr("built for 2 state variables, the data have 3"));
}

TEST(KMeans, FindsSeparatedClustersAndIsDeterministic) {
  MatrixXd x = 0.05 * random_points(3000, 2);
  for (Index i = 0; i < x.rows(); ++i) x.row(i).array() += static_cast<double>(i % 7) * 3.0;
  const auto one = kmeans(x, 7, {}, Parallel{1, {}, {}});
  const auto three = kmeans(x, 7, {}, Parallel{3, {}, {}});
  EXPECT_EQ(one.centres, three.centres);
  EXPECT_EQ(one.assignment, three.assignment);
  for (Index i = 7; i < x.rows(); ++i)
    ASSERT_EQ(one.assignment[static_cast<std::size_t>(i)], one.assignment[static_cast<std::size_t>(i % 7)]);
  EXPECT_LT(one.inertia / 3000.0, 0.006);  // two coordinates of variance .0025
  EXPECT_GT(one.inertia / 3000.0, 0.004);
}

TEST(KMeans, FewerDistinctPointsThanCentres) {
  MatrixXd x(50, 1);
  for (Index i = 0; i < 50; ++i) x(i, 0) = static_cast<double>(i % 4);
  EXPECT_EQ(kmeans(x, 4).inertia, 0.0);
  EXPECT_THAT(refusal([&] { (void)kmeans(x, 5); }), HasSubstr("4 distinct points cannot seed 5 centres"));
  EXPECT_THAT(refusal([&] { (void)kmeans(x, 51); }), HasSubstr("50 points cannot give 51 centres"));
  EXPECT_THAT(refusal([&] { (void)kmeans(x, 0); }), HasSubstr("0 centres"));
}

// The bounds hold at random points of the box, and are within a factor of what is met there.
TEST(Dictionary, RegularityBoundsHold) {
  const VectorXd low = (VectorXd(2) << -1.5, -0.5).finished();
  const VectorXd high = (VectorXd(2) << 1.0, 2.0).finished();
  const VectorXd mean = (VectorXd(2) << 0.2, -0.1).finished();
  const VectorXd sd = (VectorXd(2) << 0.7, 1.3).finished();
  MatrixXd centres(2, 2);
  centres << 0, 0, 0.5, 0.5;
  std::vector<std::unique_ptr<Dictionary>> all;
  all.push_back(identity_dictionary(2));
  all.push_back(monomial_dictionary(2, 4));
  all.push_back(hermite_dictionary(mean, sd, 5));
  all.push_back(fourier_dictionary(low, high - low, 3));
  for (const auto shape : {RadialShape::gaussian, RadialShape::exponential, RadialShape::lorentzian})
    all.push_back(rbf_dictionary(centres, shape, 1.7));
  Stream stream(11, "box");
  constexpr Index kPoints = 20000;
  constexpr double kStep = 1e-6;
  MatrixXd x(kPoints, 2);
  MatrixXd near(kPoints, 2);
  for (Index m = 0; m < kPoints; ++m) {
    const double angle = stream.uniform(0, 6.283185307179586);
    for (Index c = 0; c < 2; ++c) x(m, c) = stream.uniform(low(c) + kStep, high(c) - kStep);
    near(m, 0) = x(m, 0) + kStep * std::cos(angle);
    near(m, 1) = x(m, 1) + kStep * std::sin(angle);
  }
  for (const auto& d : all) {
    const auto r = d->regularity(low, high);
    const MatrixXd here = (*d)(x);
    const double largest = here.cwiseAbs().maxCoeff();
    const double steepest = ((*d)(near)-here).cwiseAbs().maxCoeff() / kStep;
    EXPECT_GE(r.bound * (1 + 1e-12), largest) << d->name();
    EXPECT_GE(r.lipschitz * (1 + 1e-5), steepest) << d->name();
    EXPECT_LE(r.bound, 10 * largest) << d->name();
    EXPECT_LE(r.lipschitz, 10 * steepest) << d->name();
  }
  EXPECT_THAT(refusal([&] { (void)all[0]->regularity(VectorXd::Zero(3), VectorXd::Ones(3)); }), HasSubstr("2 state"));
}

TEST(Memory, RefusesBeforeAllocating) {
  EXPECT_GT(available_memory(), std::uint64_t{64} << 20);
  EXPECT_NO_THROW(require_memory(1 << 20, "a small matrix"));
  EXPECT_THAT(refusal([] { require_memory(std::uint64_t{1} << 50, "the 1000000-function run"); }),
              testing::AllOf(HasSubstr("the 1000000-function run needs 1048576.0 GiB"), HasSubstr("available")));
  const auto d = monomial_dictionary(1, 3);
  // A view of one number as 10^15 rows: the refusal comes before any row is read.
  const double zero = 0.0;
  const Eigen::Map<const MatrixXd, 0, Eigen::OuterStride<>> huge(&zero, 1000000000000000, 1,
                                                                 Eigen::OuterStride<>(1000000000000000));
  EXPECT_THAT(refusal([&] { (void)(*d)(huge); }), HasSubstr("evaluating 4 functions at 1000000000000000 points needs"));
  EXPECT_GT(memory_estimate(10000, 500, 3, 2), memory_estimate(10000, 100, 3, 2));
}

}  // namespace
}  // namespace offprint::koopman
