// Oracles of the sheared tagged particle: rate, flight law, angular laws, moments.
#include <array>
#include <cmath>
#include <numbers>

#include <boost/math/quadrature/tanh_sinh.hpp>
#include <boost/math/special_functions/hypergeometric_1F1.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/core/statistics.hpp"
#include "offprint/kinetic/rayleigh_angles.hpp"
#include "offprint/kinetic/rayleigh_moments.hpp"
#include "offprint/kinetic/rayleigh_rate.hpp"
#include "offprint/kinetic/shear_flight.hpp"

namespace offprint::kinetic {
namespace {

using Eigen::Vector3d;

TEST(RayleighRate, HasTheSheetsValues) {
  const std::array<std::array<double, 5>, 3> sheet{
      {{0.3, 0.9062584608, 0.865666397213, 0.709729723017, 0.500656956168},
       {0.5, 0.860039987325, 0.796449255962, 0.567830050494, 0.315828673588},
       {0.8, 0.81354903639, 0.718678166171, 0.410125577258, 0.158360879077}}};
  const std::array places{0.0, 1.0, 3.0, 10.0};
  for (const auto& row : sheet) {
    const RateTable table(row[0]);
    for (std::size_t k = 0; k < 4; ++k) {
      EXPECT_NEAR(mean_inverse_power(row[0], places.at(k)), row.at(k + 1), 1e-10) << row[0] << " at " << places.at(k);
      EXPECT_NEAR(table(places.at(k)), row.at(k + 1), 1e-9);
    }
  }
}

TEST(RayleighRate, AgreesWithAnotherSeriesOnBothSidesOfTheTablesEnd) {
  for (const double a : {0.0, 0.3, 0.9, 1.5, 2.5}) {
    const RateTable table(a);
    for (const double r : {0.3, 2.0, 7.7, 31.9, 32.0, 32.1, 200.0}) {
      const double expected = std::pow(2.0, -a / 2) * std::tgamma((3 - a) / 2) / std::tgamma(1.5) *
                              boost::math::hypergeometric_1F1(a / 2, 1.5, -r * r / 2);
      EXPECT_NEAR(mean_inverse_power(a, r) / expected, 1, 4e-12) << a << " at " << r;
      EXPECT_NEAR(table(r) / expected, 1, 1e-9) << a << " at " << r;
    }
  }
}

TEST(RayleighRate, BoundIsTheSheets) {
  EXPECT_EQ(inverse_power_bound(0.5), 1);
  EXPECT_EQ(inverse_power_bound(1), 1);
  EXPECT_NEAR(inverse_power_bound(1.2), 1.01337, 5e-6);
  EXPECT_NEAR(inverse_power_bound(1.5), 1.06190, 5e-6);
  // the sheet has 1.28458 and 2.12917, values beside the maximum
  EXPECT_NEAR(inverse_power_bound(2), 1.284749, 1e-6);
  EXPECT_NEAR(inverse_power_bound(2.5), 2.129202, 1e-6);
}

// E|w - Z|^gamma: |w - Z| has the density (R/r)(phi(R - r) - phi(R + r)).
TEST(RayleighRate, AgreesWithQuadratureForGrowingRatesToo) {
  boost::math::quadrature::tanh_sinh<double> integrate;
  const auto phi = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi); };
  for (const double gamma : {-0.5, 0.1, 0.5, 0.9}) {
    double before = gamma > 0 ? 0 : 10;
    for (const double r : {0.2, 1.0, 3.0, 11.0, 31.5, 40.0}) {
      const double expected =
          integrate.integrate([&](double x) { return std::pow(x, 1 + gamma) / r * (phi(x - r) - phi(x + r)); },
                              std::max(0.0, r - 14), r + 14);
      const double found = mean_inverse_power(-gamma, r);
      EXPECT_NEAR(found / expected, 1, 1e-11) << gamma << " at " << r;
      EXPECT_EQ(found > before, gamma > 0);
      if (gamma > 0) {
        EXPECT_LT(found, std::pow(r * r + 3, gamma / 2));  // Jensen
      }
      before = found;
    }
  }
  EXPECT_NEAR(mean_inverse_power(-0.5, 0), std::sqrt(std::sqrt(2.0)) * std::tgamma(1.75) / std::tgamma(1.5), 1e-14);
}

TEST(RayleighRate, RefusesWhatIsNotIntegrable) {
  EXPECT_THROW((void)mean_inverse_power(3, 1), InputError);
  EXPECT_THROW(RateTable(-0.5), InputError);
  EXPECT_THROW(RateTable(NAN), InputError);
  EXPECT_THROW((void)mean_inverse_power(-1, 1), InputError);
}

TEST(RayleighRate, EnvelopeIsTight) {
  for (const double a : {0.3, 0.5, 0.8, 1.5}) {
    const RateTable table(a);
    for (const double r : {0.1, 1.0, 3.0, 8.0, 20.0, 100.0, 1e6}) {
      EXPECT_LE(table.acceptance(r), 1 + 1e-9) << a << " at " << r;
      EXPECT_GT(table.acceptance(r), a < 1 ? 0.5 : 0.25) << a << " at " << r;
    }
    // the mass at a flight's closest point bounds it further out
    const auto& rows = table.envelope();
    for (std::size_t i = RateTable::kEnvelopeWidth; i < rows.size(); i += RateTable::kEnvelopeWidth)
      EXPECT_LE(rows[i + 4], rows[i + 4 - RateTable::kEnvelopeWidth]) << a << " at row " << i;
  }
}

TEST(ShearFlight, PrimitiveIsElementaryWhereItCanBe) {
  for (const double u : {1e-12, 1e-4, 0.3, 2.0, 1e3, 1e12}) {
    EXPECT_NEAR(FlightLaw(0).primitive(u) / u, 1, 1e-13) << u;
    EXPECT_NEAR(FlightLaw(2).primitive(u) / std::atan(u), 1, 1e-13) << u;
    EXPECT_NEAR(FlightLaw(1 - 1e-9).primitive(u) / std::asinh(u), 1, 1e-7) << u;
    EXPECT_EQ(FlightLaw(2).primitive(-u), -FlightLaw(2).primitive(u));
  }
}

TEST(ShearFlight, PrimitiveAgreesWithQuadrature) {
  boost::math::quadrature::tanh_sinh<double> integrate;
  for (const double a : {0.3, 0.5, 0.8, 1.5, 2.7}) {
    const FlightLaw flight(a);
    for (const double u : {0.01, 0.7, 5.0, 80.0}) {
      const double expected = integrate.integrate([a](double x) { return std::pow(1 + x * x, -a / 2); }, 0.0, u);
      EXPECT_NEAR(flight.primitive(u) / expected, 1, 1e-12) << a << " at " << u;
    }
  }
}

TEST(ShearFlight, InverseUndoesThePrimitive) {
  for (const double a : {0.0, 0.3, 0.5, 0.8, 0.95}) {
    const FlightLaw flight(a);
    for (int k = 0; k <= 27; ++k) {
      const double x = 1e-12 * std::pow(7.3, k);
      EXPECT_NEAR(flight.primitive(flight.inverse(x)) / x, 1, 1e-12) << a << " at " << x;
      EXPECT_EQ(flight.inverse(-x), -flight.inverse(x));
    }
  }
  for (const double a : {1.2, 1.5, 2.0, 2.8}) {
    const FlightLaw flight(a);
    for (const double part : {1e-12, 1e-9, 1e-6, 1e-4, 3e-3, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999}) {
      const double x = part * flight.limit();
      EXPECT_NEAR(flight.primitive(flight.inverse(x)) / x, 1, 1e-12) << a << " at " << x;
    }
    EXPECT_TRUE(std::isinf(flight.inverse(flight.limit())));
  }
}

TEST(ShearFlight, FreezesAsTheSheetSays) {
  EXPECT_NEAR(FlightLaw(1.5).limit(), 2.62205755429, 1e-11);
  EXPECT_NEAR(FlightLaw(2).limit(), 1.57079632679, 1e-11);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_NEAR(FlightLaw(1.5).survival({0, 1, 0.5}, infinity, 1), 0.0837609031156, 1e-12);
  EXPECT_NEAR(FlightLaw(2).survival({0, 1, 0.5}, infinity, 1), 0.245376148401, 1e-12);
  EXPECT_TRUE(std::isinf(FlightLaw(0.5).limit()));
}

TEST(ShearFlight, TimeAndExposureBelongTogether) {
  boost::math::quadrature::tanh_sinh<double> integrate;
  const FlightLaw flight(0.5);
  const Vector3d w(2, 0.7, -0.4);  // slows down at first
  const double direct =
      integrate.integrate([&](double s) { return std::pow(Vector3d(2 - 0.7 * s, 0.7, -0.4).norm(), -0.5); }, 0.0, 9.0);
  EXPECT_NEAR(flight.exposure(w, 9), direct, 1e-9);
  EXPECT_NEAR(flight.time_of_exposure(w, direct), 9, 1e-8);
  // the density is the survival's derivative
  const double h = 1e-5;
  EXPECT_NEAR(flight.flight_density(w, 4, 1.3),
              (flight.survival(w, 4 - h, 1.3) - flight.survival(w, 4 + h, 1.3)) / (2 * h), 1e-8);
}

TEST(ShearFlight, RefusesTheBorderline) {
  try {
    const FlightLaw flight(1);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("borderline case between flights that end and flights that freeze"));
  }
  EXPECT_THROW(FlightLaw(3), InputError);
}

TEST(ShearFlight, JumpDensityIsOneOnItsSphere) {
  const Vector3d w(0.3, -1.1, 2);
  for (const auto& law : {AngularLaw::uniform(), AngularLaw::cosine()}) {
    for (const double f : {1.0, 0.6}) {
      Stream random(3, "sphere");
      MeanVariance mean;
      const double radius = f * w.norm() / 2;
      for (int i = 0; i < 40000; ++i) {
        const Vector3d n = Vector3d(random.normal(), random.normal(), random.normal()).normalized();
        mean.add(jump_density(law, w, (1 - f / 2) * w + radius * n, f) * 4 * std::numbers::pi * radius * radius);
      }
      EXPECT_NEAR(mean.mean(), 1, 0.03);
    }
  }
  const FlightLaw flight(0.5);
  EXPECT_DOUBLE_EQ(transition_density(flight, AngularLaw::cosine(), 1, {0, 1, 0}, 2, {-1, 0.5, std::sqrt(1.25)}),
                   flight.flight_density({0, 1, 0}, 2, 1) *
                       jump_density(AngularLaw::cosine(), {-2, 1, 0}, {-1, 0.5, std::sqrt(1.25)}));
}

TEST(RayleighAngles, UniformLawHasTheSheetsMoments) {
  const auto law = AngularLaw::uniform();
  EXPECT_NEAR(law.product_moment(0.7).real(), 0.31686820225, 1e-11);
  EXPECT_EQ(law.mean_log_product(), -2);
  // Var xi at a = 1/2, C = 1
  EXPECT_NEAR(4 * std::numbers::pi * std::numbers::pi / 6 + law.variance_log_product(), 8.11233516712, 1e-8);
  EXPECT_DOUBLE_EQ(law.moment(2), 1.0 / 3);
}

TEST(RayleighAngles, TableOfTheCosineIsTheCosineLaw) {
  std::vector<double> degrees;
  std::vector<double> values;
  for (int i = 0; i <= 900; ++i) {
    degrees.push_back(i / 10.0);
    values.push_back(3 * std::cos(degrees.back() * std::numbers::pi / 180));
  }
  const auto table = AngularLaw::table(degrees, values);
  const auto cosine = AngularLaw::cosine();
  for (const double u : {0.02, 0.3, 0.77, 1.0}) EXPECT_NEAR(table.quantile(u), cosine.quantile(u), 1e-3);
  EXPECT_NEAR(table.moment(4), 1.0 / 3, 1e-5);
  EXPECT_NEAR(table.mean_log_product(), cosine.mean_log_product(), 1e-5);
  EXPECT_NEAR(table.variance_log_product(), cosine.variance_log_product(), 1e-5);
  const std::complex<double> p(0, 1.3);
  EXPECT_NEAR(std::abs(table.product_moment(p) - cosine.product_moment(p)), 0, 1e-5);
}

TEST(RayleighAngles, BadTablesAreRefused) {
  const auto refusal = [](std::vector<double> degrees, std::vector<double> values) -> std::string {
    try {
      (void)AngularLaw::table(degrees, values);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal({0, 90}, {1, -1}), testing::HasSubstr("negative cross-section -1"));
  EXPECT_THAT(refusal({0, 90}, {1, INFINITY}), testing::HasSubstr("integrable"));
  EXPECT_THAT(refusal({0, 0}, {1, 1}), testing::HasSubstr("ascend"));
  EXPECT_THAT(refusal({0, 120}, {1, 1}), testing::HasSubstr("[0, 90]"));
  EXPECT_THAT(refusal({0, 90}, {0, 0}), testing::HasSubstr("zero everywhere"));
  EXPECT_THROW((void)AngularLaw::named("isotropic"), InputError);
}

TEST(RayleighMoments, StationaryStatesOfTheSheet) {
  const auto at = [](double k) { return stationary_second_moments({.shear = k}); };
  const auto slow = at(0.2);
  EXPECT_NEAR(slow.trace(), 3.47682119205, 1e-10);
  EXPECT_NEAR(slow(0, 0), 1.35761589404, 1e-10);
  EXPECT_NEAR(slow(1, 1), 1.05960264901, 1e-10);
  EXPECT_NEAR(slow(2, 2), 1.05960264901, 1e-10);
  EXPECT_NEAR(slow(0, 1), -0.397350993377, 1e-11);
  const auto middle = at(0.4);
  EXPECT_NEAR(middle.trace(), 5.32258064516, 1e-10);
  EXPECT_NEAR(middle(0, 1), -0.967741935484, 1e-11);
  const auto fast = at(0.8);
  EXPECT_NEAR(fast.trace(), 75, 1e-9);
  EXPECT_NEAR(fast(0, 1), -15, 1e-9);
  EXPECT_THROW((void)at(0.9), InputError);
}

TEST(RayleighMoments, ThresholdsOfTheSheet) {
  EXPECT_NEAR(moment_threshold({}, 2), 0.843274042712, 1e-9);
  EXPECT_NEAR(moment_threshold({}, 4), 0.459978285, 1e-8);
  EXPECT_NEAR(moment_threshold({}, 6), 0.311670576, 1e-8);
  EXPECT_NEAR(moment_threshold({}, 8), 0.235574814, 1e-8);
  EXPECT_NEAR(moment_growth_rate({.shear = 1}, 2), 0.053648, 1e-6);
  EXPECT_NEAR(moment_threshold({.rate = 2}, 2), 2 * 0.843274042712, 1e-8);
  EXPECT_THROW((void)moment_threshold({}, 3), InputError);
}

TEST(RayleighMoments, TheEquationReachesItsStationaryStateOrGrows) {
  const auto path = second_moments({.shear = 0.2}, Eigen::Matrix3d::Identity(), {0, 1, 400});
  EXPECT_EQ(path[0], Eigen::Matrix3d::Identity());
  EXPECT_NEAR(path[2].trace(), 3.47682119205, 1e-9);
  const auto heated = second_moments({.shear = 1}, Eigen::Matrix3d::Identity(), {200, 210});
  EXPECT_NEAR(std::log(heated[1].trace() / heated[0].trace()) / 10, 0.053648, 2e-6);
  // without shear a light particle takes on m*/m times the background's temperature: f = 2 m*/(m + m*)
  const double f = 0.5;
  EXPECT_NEAR(stationary_second_moments({.factor = f}).trace(), 3 * f / (2 - f), 1e-12);
}

}  // namespace
}  // namespace offprint::kinetic
