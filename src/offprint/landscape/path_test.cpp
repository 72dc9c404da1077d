#include "offprint/landscape/path.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

VectorXd vec(std::initializer_list<double> x) {
  VectorXd v(static_cast<Index>(x.size()));
  std::copy(x.begin(), x.end(), v.begin());
  return v;
}

// Two minima at (+-1, 0), a ridge between them at x = 0 that falls off with |y|.
double two_wells(const VectorXd& w) { return std::pow(w[0] * w[0] - 1, 2) / (1 + 4 * w[1] * w[1]); }

TEST(Path, LineAndBezier) {
  const auto line = Path::line(vec({0, 0}), vec({2, 4}));
  EXPECT_EQ(line.at(0.25), vec({0.5, 1}));
  EXPECT_EQ(line.at(-0.5), vec({-1, -2}));
  EXPECT_DOUBLE_EQ(line.distance(), std::sqrt(20.0));
  const auto curve = Path::bezier(vec({0, 0}), vec({1, 6}), vec({2, 4}));
  EXPECT_EQ(curve.at(0), vec({0, 0}));
  EXPECT_EQ(curve.at(1), vec({2, 4}));
  EXPECT_EQ(curve.at(0.5), vec({1, 4}));
}

TEST(Path, EndsAreCopies) {
  VectorXd w = vec({1, 2});
  const auto path = Path::line(w, vec({3, 4}));
  w.setZero();
  EXPECT_EQ(path.begin(), vec({1, 2}));
}

TEST(Path, BadInput) {
  EXPECT_THAT([] { (void)Path::line(vec({1, 2}), vec({1, 2})); }, ThrowsMessage<InputError>(HasSubstr("same point")));
  EXPECT_THROW((void)Path::line(vec({1, 2}), vec({1})), InputError);
  EXPECT_THROW((void)Path::line(vec({1, std::nan("")}), vec({1, 2})), InputError);
  EXPECT_THROW((void)Path::bezier(vec({1, 2}), vec({}), vec({1, 3})), InputError);
  EXPECT_THROW((void)Path::bezier(vec({1, 2}), vec({1}), vec({1, 3})), InputError);
  EXPECT_THROW((void)path_grid(1, 0, 1), InputError);
  EXPECT_THROW((void)path_grid(5, 1, 0), InputError);
}

TEST(PathGrid, HoldsTheEnds) {
  const auto grid = path_grid(41, -0.5, 1.5);
  EXPECT_EQ(grid.size(), 41U);
  EXPECT_EQ(grid[10], 0.0);
  EXPECT_EQ(grid[30], 1.0);
  const auto odd = path_grid(4, -0.4, 1.4);  // -0.4, 0.2, 0.8, 1.4 and the ends
  ASSERT_EQ(odd.size(), 6U);
  EXPECT_EQ(odd[1], 0.0);
  EXPECT_EQ(odd[4], 1.0);
}

TEST(Barrier, OfAKnownProfile) {
  const auto grid = path_grid(41, -0.5, 1.5);
  const auto path = Path::line(vec({-1, 0}), vec({1, 0}));
  Parallel how;
  how.threads = 2;
  const auto losses = scan(
      path, grid,
      [](const VectorXd& w) {
        return std::vector<double>{two_wells(w), w[0]};
      },
      how);
  ASSERT_EQ(losses.cols(), 2);
  EXPECT_NEAR(losses(0, 1), -2, 1e-15);
  const auto found = barrier(grid, losses.col(0));
  EXPECT_NEAR(found.height, 1, 1e-15);
  EXPECT_NEAR(found.at, 0.5, 1e-15);
  EXPECT_NEAR(found.largest, 1, 1e-15);
  EXPECT_NEAR(found.ends, 0, 1e-15);
  EXPECT_FALSE(found.none);
  // a convex profile: everything lies below the chord
  const std::vector<double> three{0, 0.5, 1};
  const auto convex = barrier(three, vec({2, 1, 1.5}));
  EXPECT_EQ(convex.height, 0.0);
  EXPECT_TRUE(convex.none);
  // a bump below the higher end: above the chord, yet no barrier by the maximum
  const auto bump = barrier(three, vec({2, 1.9, 0}));
  EXPECT_NEAR(bump.height, 0.9, 1e-15);
  EXPECT_TRUE(bump.none);
}

TEST(Barrier, BadInput) {
  EXPECT_THROW((void)barrier({0, 0.5}, vec({1, 1})), InputError);
  EXPECT_THROW((void)barrier({0, 1}, vec({1, 1, 1})), InputError);
  EXPECT_THROW((void)barrier({0, 0.5, 1}, vec({1, std::nan(""), 1})), InputError);
  const auto path = Path::line(vec({-1, 0}), vec({1, 0}));
  EXPECT_THROW((void)scan(path, {}, [](const VectorXd&) { return std::vector<double>{1}; }), InputError);
  EXPECT_THROW((void)scan(path, {0, 1}, [](const VectorXd& w) { return std::vector<double>(w[0] > 0 ? 1U : 2U, 0.0); }),
               Error);
}

TEST(Bezier, BendsAroundTheRidge) {
  const VectorXd a = vec({-1, 0.01});
  const VectorXd b = vec({1, 0.01});
  const auto gradient = [](Index, const VectorXd& w, VectorXd& g) {
    const double q = w[0] * w[0] - 1;
    const double s = 1 + 4 * w[1] * w[1];
    g[0] = 4 * q * w[0] / s;
    g[1] = -8 * w[1] * q * q / (s * s);
  };
  const auto curve = train_bezier(a, b, gradient, Stream(1, "bezier"), {.steps = 3000, .learning_rate = 0.05});
  const auto grid = path_grid(41, 0, 1);
  const auto loss = [&](const Path& path) {
    const auto rows = scan(path, grid, [](const VectorXd& w) { return std::vector<double>{two_wells(w)}; });
    return barrier(grid, rows.col(0)).height;
  };
  EXPECT_GT(loss(Path::line(a, b)), 0.9);
  EXPECT_LT(loss(curve), 0.15);
  EXPECT_EQ(curve.at(0), a);
  EXPECT_EQ(curve.at(1), b);
  EXPECT_EQ(train_bezier(a, b, gradient, Stream(1, "bezier"), {.steps = 0}).control(), vec({0, 0.01}));
  const auto nan = [](Index, const VectorXd&, VectorXd& g) { g.setConstant(std::nan("")); };
  EXPECT_THAT([&] { (void)train_bezier(a, b, nan, Stream(1, "bezier")); }, ThrowsMessage<Error>(HasSubstr("step 1")));
  EXPECT_THROW((void)train_bezier(a, b, gradient, Stream(1, "bezier"), {.learning_rate = 0}), InputError);
}

TEST(EigenvalueAlong, OfAQuadraticForm) {
  // operator diag(1 + a, 1, ..., 1) at w = (a, ...)
  const auto path = Path::line(VectorXd::Zero(200), VectorXd::Ones(200));
  const auto operator_at = [](const VectorXd& w) -> linalg::SymmetricOperator {
    VectorXd d = VectorXd::LinSpaced(w.size(), 0, 1);
    d[0] = 2 + w[0];
    return {w.size(), [d](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) { y = d.asDiagonal() * x; }};
  };
  const auto values = eigenvalue_along(path, {0, 0.5, 1}, operator_at, linalg::SpectrumEnd::kTop, Stream(2, "start"));
  EXPECT_NEAR(values[0], 2, 1e-6);
  EXPECT_NEAR(values[1], 2.5, 1e-6);
  EXPECT_NEAR(values[2], 3, 1e-6);
}

}  // namespace
}  // namespace offprint::landscape
