#include "offprint/koopman/pseudospectrum.hpp"

#include <atomic>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::koopman {
namespace {

template <class S>
Matrix<S> random_matrix(Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
  Stream stream(seed, "pseudospectrum test");
  Matrix<S> a(rows, cols);
  for (Eigen::Index j = 0; j < cols; ++j)
    for (Eigen::Index i = 0; i < rows; ++i) {
      const double re = stream.normal();
      if constexpr (std::is_same_v<S, double>) {
        a(i, j) = re;
      } else {
        a(i, j) = S(re, stream.normal());
      }
    }
  return a;
}

// A compression with eigenvalues of A_q inside the unit disc and a non-trivial S.
template <class S>
Compression<S> random_compression(Eigen::Index n) {
  const Matrix<S> px = random_matrix<S>(20 * n, n, 1);
  const Matrix<S> py =
      px * random_matrix<S>(n, n, 2) / std::sqrt(2.0 * static_cast<double>(n)) + 0.3 * random_matrix<S>(20 * n, n, 3);
  return compress(stored_pairs(px, py));
}

template <class S>
double by_svd(const Compression<S>& c, Complex z) {
  Matrix<Complex> stack(2 * c.size(), c.size());
  stack << c.a.template cast<Complex>() - z * Matrix<Complex>::Identity(c.size(), c.size()),
      c.s.template cast<Complex>();
  return linalg::singular_values(stack)[c.size() - 1];
}

template <class S>
class PseudospectrumOf : public testing::Test {};
using Scalars = testing::Types<double, Complex>;
TYPED_TEST_SUITE(PseudospectrumOf, Scalars);

TYPED_TEST(PseudospectrumOf, AgreesWithTheSvdOfTheStack) {
  using S = TypeParam;
  const auto c = random_compression<S>(40);
  const Pseudospectrum<S> pseudospectrum(c);
  const Grid grid = make_grid(0.25);
  const auto points = grid.points();
  ASSERT_EQ(points.size(), 169u);
  const auto minimisers = pseudospectrum.minimisers(points);
  const auto residuals = pseudospectrum.residuals(points);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double exact = by_svd(c, points[i]);
    EXPECT_NEAR(residuals[i], exact, 1e-9 * exact) << points[i];
    EXPECT_EQ(minimisers[i].residual, residuals[i]);
    const Vector<Complex>& g = minimisers[i].g;
    EXPECT_NEAR(g.norm(), 1, 1e-12);
    const double top = (c.a.template cast<Complex>() * g - points[i] * g).norm();
    EXPECT_NEAR(std::hypot(top, (c.s.template cast<Complex>() * g).norm()), exact, 1e-9 * exact);
  }
}

TYPED_TEST(PseudospectrumOf, Properties) {
  using S = TypeParam;
  const Matrix<S> px = random_matrix<S>(400, 12, 4);
  const Matrix<S> py = random_matrix<S>(400, 12, 5);
  const Matrix<S> px8 = px.leftCols(8);
  const Matrix<S> py8 = py.leftCols(8);
  const auto c = compress(stored_pairs(px, py));
  const Pseudospectrum<S> large(c);
  const Pseudospectrum<S> small(compress(stored_pairs(px8, py8)));
  Stream stream(6, "points");
  std::vector<Complex> points;
  for (int i = 0; i < 60; ++i) {
    const double re = stream.uniform(-1.5, 1.5);
    points.emplace_back(re, stream.uniform(-1.5, 1.5));
  }
  const auto res = large.residuals(points);
  const auto nested = small.residuals(points);
  std::vector<Complex> mirrored;
  for (const Complex z : points) mirrored.push_back(std::conj(z));
  const auto mirror = large.residuals(mirrored);
  for (std::size_t i = 0; i < points.size(); ++i) {
    EXPECT_LE(res[i], nested[i] + 1e-12);  // a larger dictionary can only do better
    for (std::size_t j = 0; j < i; ++j) EXPECT_LE(std::abs(res[i] - res[j]), std::abs(points[i] - points[j]) + 1e-12);
    if (std::is_same_v<S, double>) {
      EXPECT_EQ(res[i], mirror[i]);
    }
  }
  const Matrix<S> rest = c.l() - c.a.adjoint() * c.a;
  EXPECT_GE(linalg::hermitian_eigenvalues(rest)[0], -1e-13);
}

TYPED_TEST(PseudospectrumOf, SameBitsForAnyThreads) {
  using S = TypeParam;
  const Pseudospectrum<S> pseudospectrum(random_compression<S>(15));
  const auto points = make_grid(0.1).points();
  const auto one = pseudospectrum.residuals(points, {.threads = 1});
  EXPECT_EQ(one, pseudospectrum.residuals(points, {.threads = 2}));
  EXPECT_EQ(one, pseudospectrum.residuals(points, {.threads = 3}));
}

TYPED_TEST(PseudospectrumOf, LevelSetHasTheGridsMembership) {
  using S = TypeParam;
  const Pseudospectrum<S> pseudospectrum(random_compression<S>(20));
  const Grid grid = make_grid(0.05, -1.5, 1.2, -0.7, 1.5);
  const auto all = pseudospectrum.residuals(grid.points());
  for (const double epsilon : {0.0, 0.3, 0.4, 0.7, 5.0}) {
    const LevelSet set = level_set(pseudospectrum, grid, epsilon);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(set.inside[i] != 0, all[i] < epsilon) << i;
      if (!std::isnan(set.residual[i])) {
        EXPECT_NEAR(set.residual[i], all[i], 1e-9);
      }
    }
    EXPECT_LT(set.evaluated, all.size()) << epsilon;
    if (epsilon >= 0.7) {
      EXPECT_LT(set.evaluated, all.size() / 2) << epsilon;
    }  // smaller ones lie on a plateau
    if (epsilon == 5.0) {
      EXPECT_EQ(set.evaluated, 1u);
    }
    EXPECT_EQ(set.residual.size(), all.size());
  }
}

TEST(PseudospectrumInput, GridsPointsAndCancellation) {
  const Grid grid = make_grid(0.02, -0.5, 1, 0, 1);
  EXPECT_EQ(grid.size(), 3876u);
  EXPECT_EQ(grid.point(0, 0), Complex(-0.5, 0));
  EXPECT_NEAR(std::abs(grid.point(50, 75) - Complex(1, 1)), 0, 1e-15);
  EXPECT_THROW((void)make_grid(0), InputError);
  EXPECT_THROW((void)make_grid(0.1, 1, -1), InputError);
  EXPECT_THROW((void)make_grid(1e-6), InputError);
  const Pseudospectrum<double> pseudospectrum(random_compression<double>(5));
  const std::vector<Complex> bad{0.0, Complex(std::nan(""), 0)};
  try {
    (void)pseudospectrum.residuals(bad);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("point 2 of the pseudospectrum"));
  }
  std::atomic<int> asked = 0;
  Parallel how{.threads = 2};
  how.cancel = CancelToken([&] { return ++asked > 20; });
  EXPECT_THROW((void)pseudospectrum.residuals(make_grid().points(), how), Interrupted);
}

}  // namespace
}  // namespace offprint::koopman
