#include "offprint/koopman/certify.hpp"

#include <cmath>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/koopman/modulus.hpp"

namespace offprint::koopman {
namespace {

using testing::HasSubstr;

// Algorithm 3 as it is written: every pair of candidates is looked at.
std::vector<std::size_t> by_definition(const std::vector<Complex>& z, const std::vector<double>& d, double c) {
  std::vector<char> kept(z.size(), 0);
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (!(d[j] < 1)) continue;
    std::size_t best = j;
    bool found = false;
    for (std::size_t k = 0; k < z.size(); ++k)
      if (std::abs(z[k] - z[j]) <= c * d[j] * (1 + 1e-9) && (!found || d[k] < d[best])) {
        best = k;
        found = true;
      }
    kept[best] = 1;
  }
  std::vector<std::size_t> out;
  for (std::size_t j = 0; j < z.size(); ++j)
    if (kept[j] != 0) out.push_back(j);
  return out;
}

std::vector<std::size_t> indices(const CertifiedSpectrum& spectrum) {
  std::vector<std::size_t> out;
  for (const auto& p : spectrum.points) out.push_back(p.index);
  return out;
}

TEST(Certify, AgreesWithTheDefinition) {
  Stream stream(1, "certify test");
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<Complex> z;
    std::vector<double> d;
    for (int i = 0; i < 400; ++i) {
      const double re = std::round(stream.uniform(-1, 1) * 20) / 20;  // a lattice, so that distances and values tie
      z.emplace_back(re, std::round(stream.uniform(-1, 1) * 20) / 20);
      d.push_back(std::round(stream.uniform(0, 1.1) * 50) / 50 * (trial % 2 == 0 ? 0.2 : 1.0));
    }
    for (const double c : {1.0, 2.0, 5.0}) EXPECT_EQ(indices(certify_spectrum(z, d, false, c)), by_definition(z, d, c));
  }
}

TEST(Certify, TwoPointSpectrumNeedsTheClosedDisc) {
  // D(z) is exactly the distance to {-1, 1}
  const Grid grid = make_grid(0.05);
  const auto z = grid.points();
  std::vector<double> res;
  for (const Complex p : z) res.push_back(std::min(std::abs(p - 1.0), std::abs(p + 1.0)));
  for (const double c : {1.0, 5.0}) {
    const auto spectrum = certify_spectrum(z, res, true, c);
    ASSERT_EQ(spectrum.points.size(), 2u) << c;
    EXPECT_NEAR(std::abs(spectrum.points[0].z + 1.0), 0, 1e-12);
    EXPECT_NEAR(std::abs(spectrum.points[1].z - 1.0), 0, 1e-12);
    EXPECT_LE(spectrum.error, 1e-12);
  }
}

TEST(Certify, IsometriesUseTheDistanceToTheCircle) {
  const std::vector<Complex> z{Complex(0.5, 0), Complex(0, 0.9), Complex(1, 0)};
  const std::vector<double> res{0.1, 0.2, 0.3};
  const auto spectrum = certify_spectrum(z, res, true, 1);
  for (const auto& p : spectrum.points) {
    EXPECT_EQ(p.distance, std::max(p.residual, std::abs(1 - std::abs(p.z))));
    EXPECT_EQ(p.residual, res[p.index]);
  }
  EXPECT_EQ(indices(spectrum), (std::vector<std::size_t>{1, 2}));
}

TEST(Certify, EdgesAndRefusals) {
  EXPECT_TRUE(certify_spectrum({}, {}, true).points.empty());
  const std::vector<Complex> z{0.0, 1.0};
  const std::vector<double> far{1.0, 2.0};
  EXPECT_TRUE(certify_spectrum(z, far, false).points.empty());
  EXPECT_THROW((void)certify_spectrum(z, std::vector<double>{1.0}, false), InputError);
  EXPECT_THROW((void)certify_spectrum(z, std::vector<double>{1.0, std::nan("")}, false), InputError);
  EXPECT_THROW((void)certify_spectrum(z, far, false, 0.5), InputError);
}

// A rotation by one step of p points has K = cyclic shift on p indicator functions: L = I, an isometry.
Compression<double> scaled_shift(Eigen::Index p, Eigen::Index repeats, double scale) {
  Matrix<double> px = Matrix<double>::Zero(p * repeats, p);
  Matrix<double> py = Matrix<double>::Zero(p * repeats, p);
  for (Eigen::Index m = 0; m < p * repeats; ++m) {
    px(m, m % p) = 1;
    py(m, (m + 1) % p) = scale;
  }
  return compress(stored_pairs(px, py));
}

TEST(Isometry, Decision) {
  const auto exact = scaled_shift(4, 20, 1.0);
  EXPECT_TRUE(decide_isometry(MeasurePreserving::kAuto, exact, true).isometry);
  EXPECT_FALSE(decide_isometry(MeasurePreserving::kAuto, exact, false).isometry);
  EXPECT_FALSE(decide_isometry(MeasurePreserving::kNo, exact, true).isometry);
  EXPECT_TRUE(decide_isometry(MeasurePreserving::kYes, exact, true).warning.empty());

  const auto off = scaled_shift(4, 20, 1.2);  // L = 1.44 I
  EXPECT_FALSE(decide_isometry(MeasurePreserving::kAuto, off, true).isometry);
  const auto warned = decide_isometry(MeasurePreserving::kYes, off, true);
  EXPECT_TRUE(warned.isometry);
  EXPECT_THAT(warned.warning, HasSubstr("span 1.44 to 1.44"));

  const auto wrong = scaled_shift(4, 20, 1.5);  // L = 2.25 I
  EXPECT_TRUE(decide_isometry(MeasurePreserving::kYes, wrong, false).isometry);
  EXPECT_TRUE(decide_isometry(MeasurePreserving::kYes, scaled_shift(4, 9, 1.5), true).isometry);  // M < 10 N
  try {
    (void)decide_isometry(MeasurePreserving::kYes, wrong, true);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--measure-preserving yes contradicts the data"));
    EXPECT_THAT(error.what(), HasSubstr("2.25 to 2.25"));
  }
}

TEST(Isometry, AnExactEigenvalueOffTheCircleContradictsIt) {
  const std::vector<Complex> lambdas{1.0, std::polar(0.99, 0.3), std::polar(0.98, 0.5), std::polar(0.9, 1.0)};
  EXPECT_EQ(isometry_contradiction(lambdas, std::vector<double>{1e-15, 1e-6, 1e-4, 0.2}), 2U);
  EXPECT_EQ(isometry_contradiction(lambdas, std::vector<double>{1e-15, 0.02, 0.02, 0.1}), std::nullopt);
  EXPECT_THROW((void)isometry_contradiction(lambdas, std::vector<double>{0.1}), InputError);
}

TEST(Coverage, FindsTheGapOnTheArc) {
  const auto c = scaled_shift(4, 20, 1.0);  // spectrum 1, i, -1, -i
  const Pseudospectrum<double> pseudospectrum(c);
  const auto all = arc_coverage(pseudospectrum, make_grid(), 0.001);
  const double exact = 2 * std::sin(std::numbers::pi / 8);  // half way between two fourth roots of unity
  EXPECT_NEAR(all.arc, 2 * std::numbers::pi, 1e-9);
  EXPECT_LE(all.supremum, exact + 1e-12);
  EXPECT_GE(all.upper_bound, exact);
  EXPECT_NEAR(all.supremum, exact, 1e-3);
  const auto box = arc_coverage(pseudospectrum, make_grid(0.02, -0.5, 1, 0, 1), 0.001);
  EXPECT_NEAR(box.arc, 2 * std::numbers::pi / 3, 0.003);
  EXPECT_EQ(arc_coverage(pseudospectrum, make_grid(0.1, -0.2, 0.2, -0.2, 0.2), 0.01).arc, 0);

  const auto arc = circle_arc(0, std::numbers::pi, 41);
  EXPECT_EQ(arc.size(), 41u);
  EXPECT_NEAR(std::abs(arc[20] - Complex(0, 1)), 0, 1e-15);
  EXPECT_THROW((void)circle_arc(0, 1, 1), InputError);
}

// The disc family: J = 6, L = 30, 12 Gauss-Legendre nodes.
EntryErrors disc_errors(double h, double lipschitz) {
  const double b = std::sqrt(11.0);
  const double slope = 2 * 6 * 5 * b;
  return {2 * b * slope * h, h * (2 * b * slope + 8 * b * b * lipschitz), 2 * b * slope * h};
}

TEST(Modulus, DiscRecipe) {
  const double h = 0.0960192;
  const auto bound = quadrature_bound(disc_errors(h, 30), 6, 1.0);
  EXPECT_NEAR(bound.delta_q, 6083.8, 0.05);
  EXPECT_NEAR(nodes_needed(bound, 12, 0.1, 1), 3e7, 0.1e7);
  EXPECT_FALSE(certified_residual(0.0, bound).has_value());  // delta_G >= 1: void
  const auto verdict = modulus_verdict({.lipschitz = 30, .mesh = h, .bound = bound, .nodes = 12});
  EXPECT_FALSE(verdict.certified);
  EXPECT_THAT(verdict.text, HasSubstr("not certified"));
  EXPECT_THAT(verdict.text, HasSubstr("6083.8"));
  EXPECT_THAT(verdict.text, HasSubstr("2.9e+07 nodes"));
}

TEST(Modulus, GeneralBound) {
  const QuadratureSetting setting{
      .functions = 5, .mass = 2, .bound = 1.5, .dictionary_modulus = [](double h) { return 3 * h; }, .sigma_min = 0.5};
  const auto errors = lipschitz_entry_errors(setting, 4, 1e-3);
  EXPECT_DOUBLE_EQ(errors.l, 2 * 2 * 1.5 * 3 * 4e-3);
  EXPECT_DOUBLE_EQ(errors.a, 2 * 1.5 * (3 * 4e-3 + 3e-3));
  EXPECT_DOUBLE_EQ(errors.g, 2 * 2 * 1.5 * 3e-3);
  const auto bound = lipschitz_bound(setting, 4, 1e-3, 0.5);
  EXPECT_DOUBLE_EQ(bound.delta_q, 5 * errors.l * 1.5 * 1.5 / 0.25);
  EXPECT_DOUBLE_EQ(bound.delta_g, 5 * errors.g / 0.25);
  EXPECT_DOUBLE_EQ(*certified_residual(0.3, bound), std::sqrt((0.09 + bound.delta_q) / (1 - bound.delta_g)));
  EXPECT_THROW((void)lipschitz_entry_errors(setting, 0, 1e-3), InputError);
  EXPECT_THROW((void)lipschitz_entry_errors(setting, 4, -1), InputError);
}

TEST(Modulus, Verdicts) {
  EXPECT_EQ(modulus_verdict({}).text, "not certified: no modulus given");
  EXPECT_EQ(modulus_verdict({.lipschitz = 2.0}).text, "not certified: mesh unknown");
  EXPECT_THAT(modulus_verdict({.lipschitz = 2.0, .residuals_void = true}).text, HasSubstr("interpolation"));
  const auto good = modulus_verdict({.lipschitz = 2.0, .mesh = 1e-9, .bound = QuadratureBound{1e-4, 1e-5}});
  EXPECT_TRUE(good.certified);
  EXPECT_THAT(good.text, testing::StartsWith("certified with L = 2"));
  EXPECT_FALSE(modulus_verdict({.lipschitz = 2.0, .mesh = 1e-9, .bound = QuadratureBound{2.6e-3, 1e-5}}).certified);
}

}  // namespace
}  // namespace offprint::koopman
