#include "offprint/koopman/rage.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numbers>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::koopman {
namespace {

using testing::HasSubstr;

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

std::vector<double> series(double periodic, double noise, std::size_t n = 20000) {
  std::vector<double> s(n);
  Stream stream(11, "noise");
  for (std::size_t t = 0; t < n; ++t) {
    const auto x = static_cast<double>(t);
    s[t] = 5.0 + periodic * (std::cos(0.1234567 * x) + std::cos(0.1234567 * std::numbers::phi * x)) +
           noise * stream.normal();
  }
  return s;
}

RageOptions standard() {
  RageOptions o;
  o.rows = 10000;
  o.horizon = 10000;
  return o;
}

TEST(Rage, QuasiPeriodicIsOneNoiseIsZeroMixturesLieBetween) {
  const auto quasi = rage(series(1.0, 0.0), standard());
  EXPECT_GT(quasi.average(10000, 2), 0.998);  // the energy of a window of M samples beats a little
  EXPECT_LE(quasi.average(10000, 2), 1.0);
  EXPECT_EQ(quasi.dropped, 15);  // two frequencies span four directions, what the finite record's mean left a fifth
  // White noise: each of the n = 20 projections keeps 1/M, and the 20 lags where it meets a delay add 20/L.
  const auto noise = rage(series(0.0, 1.0), standard());
  EXPECT_NEAR(noise.average(10000, 2), 0.004, 0.001);
  EXPECT_EQ(noise.dropped, 0);
  // Mixture: energy 1 in two cosines, 1/2 in noise. Each of the four periodic directions collects the energy 20/4 over
  // the delays against the noise's 1/2, so the delay space holds 5/5.5 of the periodic share 2/3.
  const auto mixed = rage(series(1.0, std::sqrt(0.5)), standard());
  EXPECT_NEAR(mixed.average(10000, 2), 2.0 / 3.0 * 5.0 / 5.5, 0.01);
  EXPECT_LT(mixed.average(10000, 1), mixed.average(10000, 2));
}

TEST(Rage, MatchesTheDirectSum) {
  const auto s = series(1.0, 0.7, 400);
  RageOptions o;
  o.delays = 5;
  o.stride = 3;
  o.rows = 150;
  o.horizon = 200;
  o.projections = {2, 5};
  const auto fast = rage(s, o);
  double mean = 0.0;
  for (const double v : s) mean += v / 400.0;
  Eigen::MatrixXd px(150, 5);
  Eigen::VectorXd x(400);
  for (Eigen::Index t = 0; t < 400; ++t) x(t) = s[static_cast<std::size_t>(t)] - mean;
  for (Eigen::Index j = 0; j < 5; ++j) {  // Gram-Schmidt, twice
    px.col(j) = x.segment(3 * j, 150);
    for (int pass = 0; pass < 2; ++pass)
      for (Eigen::Index i = 0; i < j; ++i) px.col(j) -= px.col(i).dot(px.col(j)) * px.col(i);
    px.col(j).normalize();
  }
  for (int p = 0; p < 2; ++p) {
    double sum = 0.0;
    for (Eigen::Index j = 0; j <= 200; ++j) {
      const double c =
          (px.leftCols(o.projections[static_cast<std::size_t>(p)]).transpose() * x.segment(j, 150)).squaredNorm() /
          x.head(150).squaredNorm();
      sum += std::min(c, 1.0);
      ASSERT_NEAR(fast.average(j, p), sum / static_cast<double>(j + 1), 1e-12);
    }
  }
}

TEST(Rage, SameBitsForAnyThreads) {
  const auto s = series(1.0, 1.0, 3000);
  const auto one = rage(s, {}, Parallel{1, {}, {}});
  EXPECT_EQ(one.average, rage(s, {}, Parallel{2, {}, {}}).average);
  EXPECT_EQ(one.average, rage(s, {}, Parallel{3, {}, {}}).average);
}

TEST(Rage, WarnsOfDriftAndRefusesBadInput) {
  auto s = series(1.0, 0.5, 4000);
  EXPECT_EQ(rage(s).warning, "");
  for (std::size_t t = 0; t < s.size(); ++t) s[t] += 0.001 * static_cast<double>(t);
  EXPECT_THAT(rage(s).warning, HasSubstr("the signal drifts"));
  RageOptions o;
  o.rows = 3000;
  o.horizon = 2000;
  EXPECT_THAT(refusal([&] { (void)rage(s, o); }), HasSubstr("need 5000 samples, the record has 4000"));
  o = {};
  o.projections = {25};
  EXPECT_THAT(refusal([&] { (void)rage(s, o); }), HasSubstr("between 1 and 20"));
  EXPECT_THAT(refusal([&] { (void)rage(std::vector<double>(500, 0.1)); }), HasSubstr("the signal is constant (0.1)"));
  EXPECT_THAT(refusal([&] { (void)rage(std::vector<double>(30, 0.1)); }), HasSubstr("M=15 rows < N=20 delays"));
  s[17] = NAN;
  EXPECT_THAT(refusal([&] { (void)rage(s); }), HasSubstr("not finite at sample 18"));
}

// Claim K4 on the real cavity data: twelve numbers, the four drifts and the one warning.
TEST(Rage, CavityData) {
  const char* data = std::getenv("OFFPRINT_DATA");
  if (data == nullptr) GTEST_SKIP() << "set OFFPRINT_DATA to the folder that holds cavity-ke";
  std::ifstream in(std::string(data) + "/cavity-ke/cavity_ke.npy", std::ios::binary);
  if (!in) GTEST_SKIP() << "no cavity-ke/cavity_ke.npy in " << data;
  in.seekg(128);  // NPY 1.0 header of this file: float64, C order, (20000, 4)
  std::vector<double> table(80000);
  in.read(reinterpret_cast<char*>(table.data()), 640000);
  ASSERT_TRUE(in);
  const double a20[] = {0.99996, 0.86044, 0.27539, 0.15739};
  const double a10[] = {0.99995, 0.73775, 0.18072, 0.13952};
  const double a1[] = {0.49729, 0.23386, 0.03433, 0.12211};
  const double drift[] = {0.01, 0.06, 0.16, 0.55};
  for (std::size_t c = 0; c < 4; ++c) {
    std::vector<double> s(20000);
    for (std::size_t t = 0; t < 20000; ++t) s[t] = table[4 * t + c];
    const auto start = std::chrono::steady_clock::now();
    const auto r = rage(s, standard(), Parallel{1, {}, {}});
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    RecordProperty("seconds", std::to_string(seconds));
    std::cout << "RAGE of signal " << c << " on one thread: " << seconds << " s\n";
    EXPECT_NEAR(r.average(10000, 0), a1[c], 2e-4);
    EXPECT_NEAR(r.average(10000, 1), a10[c], 2e-4);
    EXPECT_NEAR(r.average(10000, 2), a20[c], 2e-4);
    EXPECT_NEAR(r.drift, drift[c], 0.006);
    EXPECT_EQ(r.warning.empty(), c != 3);
    // with the first half's mean removed only the drifting signal's number moves
    auto o = standard();
    o.removed_mean = std::accumulate(s.begin(), s.begin() + 10000, 0.0) / 10000;
    const auto first = rage(s, o, Parallel{1, {}, {}});
    EXPECT_NEAR(first.average(10000, 2), c == 3 ? 0.27012 : a20[c], c == 3 ? 2e-4 : 8e-3);
    EXPECT_NEAR(first.drift, r.drift, 1e-9);
  }
}

}  // namespace
}  // namespace offprint::koopman
