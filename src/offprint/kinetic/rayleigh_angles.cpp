#include "offprint/kinetic/rayleigh_angles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include <boost/math/quadrature/gauss.hpp>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

constexpr double kPi = std::numbers::pi;
constexpr std::size_t kQuantiles = 8193;

using Complex = std::complex<double>;

// Integral over [0, 1] of f(x, 1 - x) with logarithmic or algebraic ends: u^6 at both by substitution, pieces between.
template <class F>
auto unit_integral(const F& f) {
  using Gauss = boost::math::quadrature::gauss<double, 20>;
  constexpr int kPieces = 24;
  auto total = f(0.5, 0.5) * 0.0;
  for (int half = 0; half < 2; ++half) {
    for (int piece = 0; piece < kPieces; ++piece) {
      const double lo = static_cast<double>(piece) / kPieces;
      const double hi = static_cast<double>(piece + 1) / kPieces;
      const auto at = [&](double v) {
        const double s = 0.5 * std::pow(v, 6);
        const double weight = 3 * std::pow(v, 5);
        return (half == 0 ? f(s, 1 - s) : f(1 - s, s)) * weight;
      };
      const auto& nodes = Gauss::abscissa();
      const auto& weights = Gauss::weights();
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        const double mid = 0.5 * (lo + hi);
        const double step = 0.5 * (hi - lo) * nodes[i];
        total += (at(mid + step) + at(mid - step)) * (weights[i] * 0.5 * (hi - lo));
      }
    }
  }
  return total;
}

// ln of x sqrt(1 - x^2), rest = 1 - x
double log_product(double x, double rest) { return std::log(x) + 0.5 * (std::log(rest) + std::log1p(x)); }

}  // namespace

Complex log_gamma(Complex z) {
  constexpr std::array kStirling{1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156};
  Complex shift = 0;
  while (z.real() < 12) {
    shift += std::log(z);
    z += 1.0;
  }
  const Complex inverse = 1.0 / z;
  Complex power = inverse;
  Complex series = 0;
  for (const double c : kStirling) {
    series += c * power;
    power *= inverse * inverse;
  }
  return (z - 0.5) * std::log(z) - z + 0.5 * std::log(2 * kPi) + series - shift;
}

AngularLaw AngularLaw::uniform() { return AngularLaw(Kind::kUniform); }
AngularLaw AngularLaw::cosine() { return AngularLaw(Kind::kCosine); }

AngularLaw AngularLaw::named(std::string_view name) {
  if (name == "uniform") return uniform();
  if (name == "cosine") return cosine();
  throw InputError(fmt::format("'{}' is no angular law: uniform, cosine, or a table of cross-sections", name));
}

AngularLaw AngularLaw::table(std::span<const double> degrees, std::span<const double> cross_section) {
  if (degrees.size() != cross_section.size() || degrees.size() < 2) {
    throw InputError(
        fmt::format("an angular table needs two columns of equal length with at least two rows, not {} and {}",
                    degrees.size(), cross_section.size()));
  }
  for (std::size_t i = 0; i < degrees.size(); ++i) {
    if (!(degrees[i] >= 0) || !(degrees[i] <= 90) || (i > 0 && !(degrees[i] > degrees[i - 1]))) {
      throw InputError(
          fmt::format("row {} of the angular table has the angle {}: angles must ascend within [0, 90] degrees", i + 1,
                      degrees[i]));
    }
    if (!std::isfinite(cross_section[i])) {
      throw InputError(
          fmt::format("row {} of the angular table has the cross-section {}, which is not finite: the "
                      "table must be integrable",
                      i + 1, cross_section[i]));
    }
    if (cross_section[i] < 0) {
      throw InputError(
          fmt::format("row {} of the angular table has the negative cross-section {}: it must be at least 0", i + 1,
                      cross_section[i]));
    }
  }
  AngularLaw law(Kind::kTable);
  for (std::size_t i = degrees.size(); i-- > 0;) {
    law.x_.push_back(std::cos(degrees[i] * kPi / 180));
    law.b_.push_back(cross_section[i]);
  }
  // Cumulated on a fine grid of x, then turned round.
  constexpr std::size_t kGrid = 1 << 16;
  std::vector<double> cumulated(kGrid + 1, 0.0);
  for (std::size_t i = 0; i < kGrid; ++i) {
    const double x = (static_cast<double>(i) + 0.5) / kGrid;
    cumulated[i + 1] = cumulated[i] + law.cross_section(x) / kGrid;
  }
  const double total = cumulated.back();
  if (!(total > 0)) throw InputError("the angular table is zero everywhere: some cross-section must be positive");
  law.norm_ = total;
  law.quantiles_.resize(kQuantiles);
  std::size_t cell = 0;
  for (std::size_t q = 0; q < kQuantiles; ++q) {
    const double wanted = total * static_cast<double>(q) / (kQuantiles - 1);
    while (cell + 1 < kGrid && cumulated[cell + 1] < wanted) ++cell;
    const double mass = cumulated[cell + 1] - cumulated[cell];
    const double part = mass > 0 ? std::clamp((wanted - cumulated[cell]) / mass, 0.0, 1.0) : 0.0;
    law.quantiles_[q] = (static_cast<double>(cell) + part) / kGrid;
  }
  return law;
}

double AngularLaw::cross_section(double x) const {
  const auto above = std::upper_bound(x_.begin(), x_.end(), x) - x_.begin();
  if (above == 0) return b_.front();
  if (above == static_cast<std::ptrdiff_t>(x_.size())) return b_.back();
  const auto i = static_cast<std::size_t>(above);
  // linear in the angle, as the user's table is
  const double lo = std::acos(x_[i - 1]);
  const double hi = std::acos(x_[i]);
  const double part = (std::acos(x) - lo) / (hi - lo);
  return b_[i - 1] + part * (b_[i] - b_[i - 1]);
}

double AngularLaw::quantile(double u) const {
  if (kind_ == Kind::kUniform) return u;
  if (kind_ == Kind::kCosine) return std::sqrt(u);
  const double place = std::clamp(u, 0.0, 1.0) * static_cast<double>(kQuantiles - 1);
  const auto i = std::min(static_cast<std::size_t>(place), kQuantiles - 2);
  return quantiles_[i] + (place - static_cast<double>(i)) * (quantiles_[i + 1] - quantiles_[i]);
}

double AngularLaw::density(double x) const {
  if (!(x >= 0) || !(x <= 1)) return 0;
  if (kind_ == Kind::kUniform) return 1;
  if (kind_ == Kind::kCosine) return 2 * x;
  return cross_section(x) / norm_;
}

double AngularLaw::moment(int power) const {
  if (kind_ == Kind::kUniform) return 1.0 / (power + 1);
  if (kind_ == Kind::kCosine) return 2.0 / (power + 2);
  return unit_integral([&](double x, double) { return density(x) * std::pow(x, power); });
}

Complex AngularLaw::product_moment(Complex p) const {
  // x = |omega_1|, omega_2 = sqrt(1 - x^2) cos(phi)
  const Complex azimuth = std::exp(log_gamma((1.0 + p) / 2.0) - log_gamma(1.0 + p / 2.0)) / std::sqrt(kPi);
  if (kind_ == Kind::kUniform) {  // B((1 + p)/2, 1 + p/2)/2
    return azimuth * 0.5 * std::exp(log_gamma((1.0 + p) / 2.0) + log_gamma(1.0 + p / 2.0) - log_gamma(1.5 + p));
  }
  if (kind_ == Kind::kCosine) {
    return azimuth * std::exp(2.0 * log_gamma(1.0 + p / 2.0) - log_gamma(2.0 + p));
  }
  return azimuth * unit_integral([&](double x, double rest) -> Complex {
           return density(x) * std::exp(p * log_product(x, rest));
         });
}

double AngularLaw::mean_log_product() const {
  if (kind_ == Kind::kUniform) return -2;
  if (kind_ == Kind::kCosine) return -1 - std::numbers::ln2;
  return unit_integral([&](double x, double rest) { return density(x) * log_product(x, rest); }) - std::numbers::ln2;
}

double AngularLaw::variance_log_product() const {
  const double mean = mean_log_product() + std::numbers::ln2;
  const double inner = unit_integral([&](double x, double rest) {
    const double l = log_product(x, rest) - mean;
    return density(x) * l * l;
  });
  return inner + kPi * kPi / 12;  // Var ln|cos phi| = pi^2/12
}

}  // namespace offprint::kinetic
