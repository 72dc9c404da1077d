#include "offprint/kinetic/shear_flight.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <boost/math/quadrature/gauss.hpp>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Gauss = boost::math::quadrature::gauss<double, 15>;

// The quintic with value, first and second derivative (per piece, not per unit) at both ends.
std::array<double, 6> hermite(double f0, double d0, double s0, double f1, double d1, double s1) {
  const double f = f1 - f0 - d0 - s0 / 2;
  const double d = d1 - d0 - s0;
  const double s = s1 - s0;
  return {f0, d0, s0 / 2, 10 * f - 4 * d + s / 2, -15 * f + 7 * d - s, 6 * f - 3 * d + s / 2};
}

double evaluate(const std::vector<double>& pieces, double place) {
  const auto last = pieces.size() / 6 - 1;
  const auto i = std::min(static_cast<std::size_t>(place), last);
  const double v = place - static_cast<double>(i);
  const double* c = &pieces[6 * i];
  return c[0] + v * (c[1] + v * (c[2] + v * (c[3] + v * (c[4] + v * c[5]))));
}

double rho_of(const Eigen::Vector3d& w) { return std::hypot(w(1), w(2)); }

double start_of(const Eigen::Vector3d& w) { return -w(0) * std::copysign(1.0, w(1)) / rho_of(w); }

}  // namespace

FlightLaw::FlightLaw(double a) : a_(a), limit_(kInfinity) {
  if (!(a >= 0) || !(a < 3)) {
    throw InputError(fmt::format("gamma = {}: flights need a rate |w|^gamma with gamma in (-3, 0]", -a));
  }
  if (a == 1) {
    throw InputError(
        "gamma = -1 is the borderline case between flights that end and flights that freeze: it is not covered, take "
        "gamma on either side");
  }
  if (a > 1) limit_ = std::sqrt(std::numbers::pi) * std::tgamma((a - 1) / 2) / (2 * std::tgamma(a / 2));
  tabulate_forward();
  scale_ = std::exp2(a - 1) / (1 - a);
  offset_ = a > 1 ? limit_ : j_.back() - scale_ * std::exp((1 - a) * kYEnd);
  tabulate_inverse();
}

void FlightLaw::tabulate_forward() {
  const auto pieces = static_cast<std::size_t>(kYEnd * kCells);
  const auto slope = [this](double y) { return std::pow(std::cosh(y), 1 - a_); };
  const auto bend = [this](double y) { return (1 - a_) * std::pow(std::cosh(y), -a_) * std::sinh(y); };
  const double h = 1 / kCells;
  std::vector<double> part(pieces);
  for (std::size_t i = 0; i < pieces; ++i) {
    const double mid = (static_cast<double>(i) + 0.5) * h;
    part[i] = Gauss::integrate([&](double v) { return slope(mid + v * h / 2); }, -1.0, 1.0) * h / 2;
  }
  j_.assign(pieces + 1, 0.0);
  for (std::size_t i = 0; i < pieces; ++i) j_[i + 1] = j_[i] + part[i];
  if (a_ > 1) {  // from the far end, where it is small
    complement_.assign(pieces + 1, 0.0);
    complement_[pieces] = std::exp2(a_ - 1) * std::exp((1 - a_) * kYEnd) / (a_ - 1);
    for (std::size_t i = pieces; i-- > 0;) complement_[i] = complement_[i + 1] + part[i];
  }
  forward_.reserve(6 * pieces);
  for (std::size_t i = 0; i < pieces; ++i) {
    const double y = static_cast<double>(i) * h;
    const auto c = hermite(j_[i], slope(y) * h, bend(y) * h * h, j_[i + 1], slope(y + h) * h, bend(y + h) * h * h);
    forward_.insert(forward_.end(), c.begin(), c.end());
  }
}

// y as a function of s: solved at the nodes by Newton's method on the nearest node's J, with its two derivatives.
void FlightLaw::tabulate_inverse() {
  const bool frozen = a_ > 1;
  const double h = 1 / kCells;
  const auto slope = [this](double y) { return std::pow(std::cosh(y), 1 - a_); };
  // What J (or its complement) must be at s, and how it changes with s.
  const double last = frozen ? limit_ * std::min(34.0, -std::log(complement_.back() / limit_)) : std::asinh(j_.back());
  const auto pieces = static_cast<std::size_t>(last * kCells);
  std::vector<std::array<double, 3>> nodes;
  for (std::size_t i = 0; i <= pieces; ++i) {
    const double s = static_cast<double>(i) * h;
    const double target = frozen ? limit_ * std::exp(-s / limit_) : std::sinh(s);
    const auto& table = frozen ? complement_ : j_;
    const auto above = frozen ? std::lower_bound(table.begin(), table.end(), target, std::greater<>())
                              : std::lower_bound(table.begin(), table.end(), target);
    const auto node = std::min(static_cast<std::size_t>(above - table.begin()), table.size() - 1);
    const double y0 = static_cast<double>(node) * h;
    double y = y0;
    if (i == 0) {
      y = 0;
    } else {
      for (int k = 0; k < 8; ++k) {
        const double step =
            Gauss::integrate([&](double v) { return slope(y0 + (y - y0) * (v + 1) / 2); }, -1.0, 1.0) * (y - y0) / 2;
        const double excess = frozen ? -(table[node] - step - target) : table[node] + step - target;
        const double change = excess / slope(y);
        y -= change;
        if (std::abs(change) < 1e-16 * std::max(1.0, y)) break;
      }
    }
    // dJ/dy dy/ds = dJ/ds =: g, and once more
    const double g = frozen ? std::exp(-s / limit_) : std::cosh(s);
    const double dg = frozen ? -g / limit_ : std::sinh(s);
    const double dy = g / slope(y);
    const double bend = (1 - a_) * std::tanh(y);  // slope'/slope
    nodes.push_back({y, dy * h, (dg / slope(y) - bend * dy * dy) * h * h});
  }
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto& l = nodes[i];
    const auto& r = nodes[i + 1];
    const auto c = hermite(l[0], l[1], l[2], r[0], r[1], r[2]);
    inverse_.insert(inverse_.end(), c.begin(), c.end());
  }
  s_end_ = static_cast<double>(pieces) * h;
}

double FlightLaw::primitive(double u) const {
  const double y = std::asinh(std::abs(u));
  double j = 0;
  if (std::abs(u) < 0.02) {  // the pieces hold the absolute error, the series the relative one
    const double x2 = u * u;
    j = std::abs(u) * (1 - a_ / 6 * x2 * (1 - 3 * (a_ + 2) / 20 * x2 * (1 - 5 * (a_ + 4) / 42 * x2)));
  } else if (y < kYEnd) {
    j = evaluate(forward_, y * kCells);
  } else {
    j = offset_ + scale_ * std::exp((1 - a_) * y);
  }
  return std::copysign(j, u);
}

double FlightLaw::inverse(double x) const {
  const double target = std::abs(x);
  if (target >= limit_) return std::copysign(kInfinity, x);
  const double s = a_ > 1 ? -limit_ * std::log1p(-target / limit_) : std::asinh(target);
  const double y = s < s_end_ ? evaluate(inverse_, s * kCells) : std::log((target - offset_) / scale_) / (1 - a_);
  double u = std::sinh(y);
  // One step of Newton's method on the forward side, where the table's absolute error would show.
  if (target < 0.05) u -= (primitive(u) - target) * std::pow(1 + u * u, a_ / 2);
  return std::copysign(u, x);
}

double FlightLaw::exposure(const Eigen::Vector3d& w, double time) const {
  const double rho = rho_of(w);
  const double speed = std::abs(w(1));
  const double u0 = start_of(w);
  return std::pow(rho, 1 - a_) / speed * (primitive(u0 + speed * time / rho) - primitive(u0));
}

double FlightLaw::time_of_exposure(const Eigen::Vector3d& w, double x) const {
  const double rho = rho_of(w);
  const double speed = std::abs(w(1));
  const double u0 = start_of(w);
  return (inverse(x * speed * std::pow(rho, a_ - 1) + primitive(u0)) - u0) * rho / speed;
}

double FlightLaw::survival(const Eigen::Vector3d& w, double time, double rate) const {
  return std::exp(-rate * exposure(w, time));
}

double FlightLaw::flight_density(const Eigen::Vector3d& w, double time, double rate) const {
  const Eigen::Vector3d there(w(0) - time * w(1), w(1), w(2));
  return rate * std::pow(there.norm(), -a_) * survival(w, time, rate);
}

double jump_density(const AngularLaw& angular, const Eigen::Vector3d& from, const Eigen::Vector3d& to, double factor) {
  const double speed = from.norm();
  if (!(speed > 0)) throw InputError("jump_density: the velocity before the jump is zero, which no collision changes");
  // w . (w - w') = f x^2 |w|^2; z = 1 - 2 x^2 is the cosine seen from the sphere's centre.
  const double x = std::sqrt(std::clamp(from.dot(from - to) / (factor * speed * speed), 0.0, 1.0));
  const double radius = factor * speed / 2;
  return angular.density(x) / (4 * x) / (2 * std::numbers::pi * radius * radius);
}

double transition_density(const FlightLaw& flight, const AngularLaw& angular, double rate, const Eigen::Vector3d& from,
                          double time, const Eigen::Vector3d& to, double factor) {
  const Eigen::Vector3d there(from(0) - time * from(1), from(1), from(2));
  return flight.flight_density(from, time, rate) * jump_density(angular, there, to, factor);
}

}  // namespace offprint::kinetic
