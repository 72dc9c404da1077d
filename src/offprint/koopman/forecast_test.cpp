#include "offprint/koopman/forecast.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {
namespace {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXcd;
using Eigen::VectorXd;
using Complex = std::complex<double>;
using testing::HasSubstr;
constexpr double kTwoPi = 2 * std::numbers::pi;

// A rotation by alpha: e^{2 pi i k x} are eigenfunctions, k = -2..2.
struct Rotation {
  double alpha = std::sqrt(2.0) - 1.0;
  VectorXcd eigenvalues{5};
  [[nodiscard]] MatrixXcd phi(const VectorXd& x) const {
    MatrixXcd out(x.size(), 5);
    for (Index m = 0; m < x.size(); ++m)
      for (Index k = -2; k <= 2; ++k) out(m, k + 2) = std::polar(1.0, kTwoPi * static_cast<double>(k) * x(m));
    return out;
  }
  [[nodiscard]] VectorXd orbit(double start, Index n) const {
    return VectorXd::NullaryExpr(n, [&](Index t) { return start + alpha * static_cast<double>(t); });
  }
  Rotation() {
    for (Index k = -2; k <= 2; ++k) eigenvalues(k + 2) = std::polar(1.0, kTwoPi * alpha * static_cast<double>(k));
  }
};

MatrixXd observable(const VectorXd& x) {
  MatrixXd f(x.size(), 1);
  f.col(0) = (kTwoPi * x.array()).cos() + 0.5 * (2 * kTwoPi * x.array() + 0.3).sin() + 0.25;
  return f;
}

TEST(Forecast, ExactForARotation) {
  const Rotation r;
  const VectorXd x = r.orbit(0.1, 200);
  const VectorXd w = VectorXd::Constant(200, 1.0 / 200);
  const auto modes = fit_modes(r.eigenvalues, VectorXd::Zero(5), r.phi(x), observable(x), w);
  EXPECT_LT(modes.fit_error(0), 1e-13);
  EXPECT_NEAR(modes.norms(0), 1.0, 1e-14);
  const VectorXd test = r.orbit(0.77, 60);
  const auto skill = forecast_skill(modes, {{r.phi(test), observable(test)}}, 40);
  EXPECT_EQ(skill.starts, 20);
  EXPECT_LT(skill.error.maxCoeff(), 1e-12);
  EXPECT_GT(skill.persistence(1), 0.3);
  EXPECT_NEAR(skill.skill(40), 1.0, 1e-12);
  EXPECT_TRUE(std::isnan(skill.skill(0)));
}

// Wrong eigenvalues with honest residuals |lambda' - lambda|: the bound must hold at every lead, and be tight for one
// eigenfunction until the phases have turned.
TEST(Forecast, ErrorBarsBoundTheError) {
  const Rotation r;
  const VectorXd x = r.orbit(0.1, 500);
  const VectorXd w = VectorXd::Constant(500, 1.0 / 500);
  VectorXcd wrong = r.eigenvalues;
  for (Index k = 0; k < 5; ++k) wrong(k) *= std::polar(0.999, 0.002 * static_cast<double>(k - 2));
  const VectorXd residuals = (wrong - r.eigenvalues).cwiseAbs();
  const auto modes = fit_modes(wrong, residuals, r.phi(x), observable(x), w);
  const VectorXd start = x.head(400);
  const auto f = forecast(modes, r.phi(start), 100);
  for (Index n = 0; n <= 100; ++n) {
    const VectorXd at = (start.array() + r.alpha * static_cast<double>(n)).matrix();
    const double rms = (f.values[static_cast<std::size_t>(n)] - observable(at)).norm() / std::sqrt(400.0);
    EXPECT_LE(rms, 1.05 * f.error_bound(n, 0) + 1e-12) << n;  // 400 of 500 states: the norm moves by a few per cent
  }
  EXPECT_GT(f.error_bound(100, 0), 50 * f.error_bound(1, 0));
  EXPECT_LT(f.error_bound(100, 0), 100 * f.error_bound(1, 0));  // |lambda| = .999 < 1
}

TEST(Forecast, Refusals) {
  const Rotation r;
  const VectorXd x = r.orbit(0.1, 20);
  const VectorXd w = VectorXd::Constant(20, 0.05);
  const auto modes = fit_modes(r.eigenvalues, VectorXd::Zero(5), r.phi(x), observable(x), w);
  const auto refusal = [](auto&& f) -> std::string {
    try {
      f();
    } catch (const InputError& e) {
      return e.what();
    }
    return "no InputError";
  };
  EXPECT_THAT(refusal([&] { (void)fit_modes(VectorXcd(0), VectorXd(0), MatrixXcd(20, 0), observable(x), w); }),
              HasSubstr("no eigenpair was kept"));
  EXPECT_THAT(refusal([&] { (void)fit_modes(r.eigenvalues, VectorXd::Zero(4), r.phi(x), observable(x), w); }),
              HasSubstr("do not fit together"));
  EXPECT_THAT(refusal([&] {
                (void)forecast_skill(modes, {{r.phi(x), observable(x)}}, 20);
              }),
              HasSubstr("longest held-out trajectory has 20 snapshots"));
  EXPECT_THAT(refusal([&] { (void)forecast(modes, MatrixXcd::Zero(2, 3), 1); }), HasSubstr("3 eigenfunction values"));
}

}  // namespace
}  // namespace offprint::koopman
