#include <cmath>
#include <complex>
#include <fstream>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/koopman/measure.hpp"
#include "offprint/koopman/moments.hpp"
#include "offprint/koopman/systems.hpp"

namespace offprint::koopman {
namespace {

using Complex = std::complex<double>;
using testing::HasSubstr;
constexpr double kPi = std::numbers::pi;
constexpr Filter kAll[] = {Filter::fejer, Filter::cosine, Filter::vandermonde, Filter::sharp_cosine, Filter::bump};

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "no InputError";
}

TEST(Filters, EndPointsAreExactAndTheBumpIsHalfAtHalf) {
  for (const Filter f : kAll) {
    EXPECT_EQ(filter_value(f, 0.0), 1.0);
    EXPECT_EQ(filter_value(f, 1.0), 0.0);
    EXPECT_EQ(filter_value(f, -1.0), 0.0);
    EXPECT_EQ(filter_value(f, -0.3), filter_value(f, 0.3));
    EXPECT_NEAR(filter_value(f, 1e-9), 1.0, 1e-8);
    EXPECT_NEAR(filter_value(f, 1.0 - 1e-9), 0.0, 1e-8);
    double before = 1.0;
    for (double x = 0.01; x < 1.0; x += 0.01) {
      EXPECT_LE(filter_value(f, x), before);
      before = filter_value(f, x);
    }
  }
  EXPECT_NEAR(filter_value(Filter::bump, 0.5), 0.5, 1e-14);
  EXPECT_NEAR(filter_value(Filter::vandermonde, 0.5), 0.5, 1e-15);
  EXPECT_THAT(refusal([] { (void)filter_from_name("fejre"); }), HasSubstr("did you mean 'fejer'"));
  EXPECT_EQ(filter_from_name("vand"), Filter::vandermonde);
}

TEST(Moments, FejerAtom) {
  std::vector<Complex> a(41);
  for (std::size_t n = 0; n < a.size(); ++n) a[n] = 0.3 * std::polar(1.0, -0.9 * static_cast<double>(n)) / (2 * kPi);
  EXPECT_NEAR(point_mass(a, 0.9), 0.3, 1e-14);
  EXPECT_LT(point_mass(a, -0.9), 0.01);
}

TEST(Moments, OfARotationSitAtItsEigenvalues) {
  const double omega = 2 * kPi * (std::sqrt(2.0) - 1.0);
  std::vector<Complex> g(4000);
  for (std::size_t m = 0; m < g.size(); ++m) {
    const double t = omega * static_cast<double>(m);
    g[m] = std::sqrt(0.7) * std::polar(1.0, t) + std::sqrt(0.3) * std::polar(1.0, -2 * t);
  }
  const auto a = moments(std::span<const Complex>(g), 400);
  EXPECT_NEAR(a[0].real() * 2 * kPi, 1.0, 2e-3);
  EXPECT_NEAR(point_mass(a, omega), 0.7, 0.005);
  EXPECT_NEAR(point_mass(a, wrap_angle(-2 * omega)), 0.3, 0.005);
  EXPECT_LT(point_mass(a, -omega), 0.005);
}

TEST(Moments, DirectSumAndRefusals) {
  std::vector<double> g(50);
  Stream(1, "g").fill_normal(g);
  const auto a = moments(std::span<const double>(g), 7);
  double sum = 0.0;
  for (std::size_t m = 0; m + 7 < g.size(); ++m) sum += g[m] * g[m + 7];
  EXPECT_NEAR(a[7].real(), sum / 43.0 / (2 * kPi), 1e-14);
  EXPECT_THAT(refusal([&] { (void)moments(std::span<const double>(g), 50); }), HasSubstr("the trajectory has 50"));
  g[4] = NAN;
  EXPECT_THAT(refusal([&] { (void)moments(std::span<const double>(g), 7); }), HasSubstr("not finite at sample 5"));
}

// The moments of the Toeplitz process are c_n/(2 pi): every filter must reproduce a density with two harmonics, the
// higher-order ones to rounding-free accuracy of their own order.
TEST(FilteredDensity, ConvergesToTheToeplitzDensityAtTheFiltersOrder) {
  const ToeplitzProcess process;
  const auto error = [&](Filter f, std::size_t count) {
    std::vector<Complex> a(count + 1);
    for (std::size_t n = 0; n <= count; ++n) a[n] = process.autocorrelation(static_cast<Eigen::Index>(n)) / (2 * kPi);
    const std::size_t points = 2 * count + 2;
    const auto nu = filtered_density_grid(a, f, points);
    std::vector<double> angles(points);
    double worst = 0.0;
    for (std::size_t k = 0; k < points; ++k) {
      angles[k] = -kPi + 2 * kPi * static_cast<double>(k) / static_cast<double>(points);
      worst = std::max(worst, std::abs(nu[k] - process.density(angles[k])));
    }
    const auto direct = filtered_density(a, f, angles);
    for (std::size_t k = 0; k < points; ++k) EXPECT_NEAR(direct[k], nu[k], 1e-13);
    return worst;
  };
  EXPECT_NEAR(std::log2(error(Filter::fejer, 100) / error(Filter::fejer, 200)), 1.0, 0.01);
  EXPECT_NEAR(std::log2(error(Filter::cosine, 100) / error(Filter::cosine, 200)), 2.0, 0.01);
  EXPECT_NEAR(std::log2(error(Filter::vandermonde, 100) / error(Filter::vandermonde, 200)), 4.0, 0.1);
  EXPECT_NEAR(std::log2(error(Filter::sharp_cosine, 50) / error(Filter::sharp_cosine, 100)), 8.0, 0.2);
  EXPECT_LT(error(Filter::bump, 40), 1e-12);
}

TEST(CircleWasserstein, KnownDistances) {
  const std::vector<double> one{1.0};
  const auto at = [&](double angle) { return AtomicMeasure(std::vector<double>{angle}, one); };
  EXPECT_NEAR(circle_wasserstein(at(0.2), at(0.9)), 0.7, 1e-15);
  // Across the cut: the line distance would be 2 pi - 0.2.
  EXPECT_NEAR(circle_wasserstein(at(kPi - 0.1), at(-kPi + 0.1)), 0.2, 1e-14);
  EXPECT_NEAR(circle_wasserstein(at(kPi), at(-kPi)), 0.0, 1e-15);
  // Rotation invariance, with masses that are rescaled to 1.
  std::vector<double> x(9);
  std::vector<double> y(9);
  std::vector<double> m(9);
  Stream stream(5, "atoms");
  for (std::size_t i = 0; i < 9; ++i) {
    x[i] = stream.uniform(-3, 3);
    y[i] = stream.uniform(-3, 3);
    m[i] = stream.uniform();
  }
  const double d = circle_wasserstein(AtomicMeasure(x, m), AtomicMeasure(y, m));
  for (auto& v : x) v += 2.0;
  for (auto& v : y) v += 2.0;
  for (auto& v : m) v *= 3.0;
  EXPECT_NEAR(circle_wasserstein(AtomicMeasure(x, m), AtomicMeasure(y, m)), d, 1e-12);
}

TEST(CircleWasserstein, EquispacedAtomsAgainstTheUniformMeasure) {
  for (const int n : {4, 10, 33}) {
    std::vector<double> angles(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) angles[static_cast<std::size_t>(i)] = 0.1 + 2 * kPi * i / n;
    const AtomicMeasure atoms(angles, std::vector<double>(angles.size(), 2.0));
    const auto uniform = [](double theta) { return (theta + kPi) / (2 * kPi); };
    EXPECT_NEAR(circle_wasserstein(atoms, uniform), kPi / (2 * n), 1e-7);  // mean distance to the nearest atom
  }
}

TEST(Measure, CdfAndRefusals) {
  const AtomicMeasure m(std::vector<double>{1.0, -2.0, 4.0}, std::vector<double>{0.5, 0.25, 0.125});
  EXPECT_NEAR(m.angles()[0], 4.0 - 2 * kPi, 1e-15);
  EXPECT_DOUBLE_EQ(m.cdf(-2.1), 0.125);
  EXPECT_DOUBLE_EQ(m.cdf(1.0), 0.875);
  EXPECT_DOUBLE_EQ(m.mass(), 0.875);
  EXPECT_THAT(refusal([] { AtomicMeasure(std::vector<double>{1.0}, std::vector<double>{-1.0}); }),
              HasSubstr("atom 1 has angle 1 and mass -1"));
  EXPECT_THAT(
      refusal([&] { (void)circle_wasserstein(m, AtomicMeasure(std::vector<double>{0.0}, std::vector<double>{0.0})); }),
      HasSubstr("mass 0"));
}

TEST(Moments, AtomsAreFoundAndDensityIsNot) {
  // Masses .3 at .9 and .2 at -2 beside the smooth density (.5 + .4 cos theta)/(2 pi).
  constexpr std::size_t kCount = 400;
  std::vector<std::complex<double>> a(kCount + 1);
  for (std::size_t n = 0; n <= kCount; ++n) {
    const auto k = static_cast<double>(n);
    a[n] = (0.3 * std::polar(1.0, -0.9 * k) + 0.2 * std::polar(1.0, 2.0 * k)) / (2 * std::numbers::pi);
  }
  a[0] += 0.5 / (2 * std::numbers::pi);
  a[1] += 0.2 / (2 * std::numbers::pi);
  const auto atoms = find_atoms(a);
  ASSERT_EQ(atoms.size(), 2U);
  EXPECT_NEAR(atoms[0].angle, 0.9, 1e-4);
  EXPECT_NEAR(atoms[0].mass, 0.3, 0.005);
  EXPECT_NEAR(atoms[0].persistence, 1.0, 0.02);
  EXPECT_NEAR(atoms[1].angle, -2.0, 1e-4);
  EXPECT_NEAR(atoms[1].mass, 0.2, 0.005);
  EXPECT_TRUE(find_atoms(a, 0.9).empty());
  EXPECT_THROW((void)find_atoms(std::span(a).first(5)), InputError);
}

}  // namespace
}  // namespace offprint::koopman
