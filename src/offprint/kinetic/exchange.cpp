#include "offprint/kinetic/exchange.hpp"

#include <cmath>

namespace offprint::kinetic {

namespace {

// m and c of the energy law.
struct EnergyFactors {
  double m;
  double c;
};
EnergyFactors factors(const ExchangeLaw& law) {
  const double square = law.eps * law.eps;
  if (law.truncation == Truncation::kExact) return {(1 + square) * (1 + square), 1 - square};
  return {1, 1};
}

}  // namespace

PairMoments implicit_exchange(const ExchangeLaw& law, const PairMoments& now, double dt) {
  const double eps = law.eps;
  const double nl = law.light_density;
  const double nh = law.heavy_density;
  const double step = law.rate * dt;
  PairMoments next = now;
  if (law.truncation == Truncation::kOrder0) {
    next.light_mean /= 1 + step * nh / (eps * eps);
    return next;
  }
  if (law.truncation == Truncation::kOrder1) {
    // Q1 alone: the drift of f_L towards eps uhat_H, the force on f_H without its friction.
    next.light_mean = (now.light_mean + step * nh / eps * now.heavy_mean) /
                      (1 + step * nh / (eps * eps) - step * step * nl * nh / (eps * eps));
    next.heavy_mean = now.heavy_mean + step * nl / eps * next.light_mean;
    const double x = -2 * step / eps * next.light_mean.dot(next.heavy_mean);
    next.light_energy += nh * x;
    next.heavy_energy -= nl * x;
    return next;
  }
  const double mass = 1 + eps * eps;
  const Eigen::VectorXd slip = (now.light_mean - eps * now.heavy_mean) / (1 + step * (nh / (eps * eps) + nl) / mass);
  next.light_mean -= step * nh / (eps * eps * mass) * slip;
  next.heavy_mean += step * nl / (eps * mass) * slip;
  const auto [m, c] = factors(law);
  const double s = -2 * c / eps * next.light_mean.dot(next.heavy_mean);
  const double difference =
      (now.heavy_energy - now.light_energy - step / m * (nl + nh) * s) / (1 + 2 * step / m * (nl + nh));
  const double x = step / m * (2 * difference + s);
  next.light_energy += nh * x;
  next.heavy_energy -= nl * x;
  return next;
}

PairMoments exchange_rates(const ExchangeLaw& law, const PairMoments& now) {
  const double mass = 1 + law.eps * law.eps;
  const auto [m, c] = factors(law);
  const Eigen::VectorXd slip = now.light_mean - law.eps * now.heavy_mean;
  const double x =
      law.rate / m * (2 * (now.heavy_energy - now.light_energy) - 2 * c / law.eps * now.light_mean.dot(now.heavy_mean));
  return {-law.rate * law.heavy_density / (law.eps * law.eps * mass) * slip,
          law.rate * law.light_density / (law.eps * mass) * slip, law.heavy_density * x, -law.light_density * x};
}

double temperature_difference_factor(const ExchangeLaw& law, double t) {
  if (law.truncation == Truncation::kOrder0 || law.truncation == Truncation::kOrder1) return 1;
  return std::exp(-2 * law.rate * (law.light_density + law.heavy_density) * t / factors(law).m);
}

}  // namespace offprint::kinetic
