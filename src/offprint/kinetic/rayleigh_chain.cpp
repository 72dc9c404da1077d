#include "offprint/kinetic/rayleigh_chain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/fft.hpp"

namespace offprint::kinetic {

namespace {

constexpr double kPi = std::numbers::pi;
using Complex = std::complex<double>;

void cumulate(GridLaw& law) {
  law.cumulated.assign(law.density.size(), 0.0);
  for (std::size_t i = 1; i < law.density.size(); ++i)
    law.cumulated[i] = law.cumulated[i - 1] + 0.5 * law.dx * (law.density[i - 1] + law.density[i]);
}

double at(const GridLaw& law, const std::vector<double>& values, double x, double before, double after) {
  const double place = (x - law.x0) / law.dx;
  if (!(place >= 0)) return before;
  if (place >= static_cast<double>(values.size() - 1)) return after;
  const auto i = static_cast<std::size_t>(place);
  const double v = place - static_cast<double>(i);
  return values[i] + v * (values[i + 1] - values[i]);
}

double log_add(double x, double y) { return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y))); }

// Masses on a grid that grows with what falls on it; conservative linear interpolation.
struct Deposit {
  double x0;
  double dx;
  std::vector<double> mass;
  void add(double x, double m) {
    const double place = std::clamp((x - x0) / dx, 0.0, static_cast<double>(mass.size()) - 1.001);
    const auto i = static_cast<std::size_t>(place);
    const double v = place - static_cast<double>(i);
    mass[i] += m * (1 - v);
    mass[i + 1] += m * v;
  }
};

}  // namespace

double GridLaw::cdf(double x) const { return at(*this, cumulated, x, 0.0, mass()); }
double GridLaw::density_at(double x) const { return at(*this, density, x, 0.0, 0.0); }

double GridLaw::mean() const {
  double sum = 0;
  for (std::size_t i = 0; i < density.size(); ++i) sum += density[i] * (x0 + static_cast<double>(i) * dx);
  return sum * dx / mass();
}

double GridLaw::variance() const {
  const double centre = mean();
  double sum = 0;
  for (std::size_t i = 0; i < density.size(); ++i) {
    const double x = x0 + static_cast<double>(i) * dx - centre;
    sum += density[i] * x * x;
  }
  return sum * dx / mass();
}

SkeletonChain::SkeletonChain(double a, double rate, AngularLaw angular, double factor)
    : a_(a), rate_(rate), angular_(std::move(angular)), factor_(factor) {
  if (!(a > 0) || !(a < 1))
    throw InputError(fmt::format("gamma = {}: the affine chain and its profiles are for gamma in (-1, 0)", -a));
  if (!(rate > 0) || !std::isfinite(rate))
    throw InputError(fmt::format("the collision rate C/K is {}: it must be positive and finite", rate));
  mean_log_ = angular_.mean_log_product() + std::log(factor_);
  variance_log_ = angular_.variance_log_product();
}

double SkeletonChain::period() const { return -std::log1p(-a_); }

// E[Lambda] - X_0 = E[xi] (1-a)/a
double SkeletonChain::lambda_shift() const {
  return (std::log((1 - a_) / rate_) - std::numbers::egamma) / a_ + mean_log_ * (1 - a_) / a_;
}

double SkeletonChain::variance_xi() const { return kPi * kPi / 6 / ((1 - a_) * (1 - a_)) + variance_log_; }

double SkeletonChain::variance_lambda() const {
  const double s = (1 - a_) * (1 - a_);
  return variance_xi() * s / (1 - s);
}

Complex SkeletonChain::characteristic_xi(double k) const {
  const Complex ik(0, k);
  const double scale = 1 / (1 - a_);
  return std::exp(ik * (scale * std::log((1 - a_) / rate_) + std::log(factor_)) + log_gamma(1.0 + ik * scale)) *
         angular_.product_moment(ik);
}

Complex SkeletonChain::characteristic_lambda(double k) const {
  Complex product = 1;
  double part = 1 - a_;
  for (int n = 0; n < 4000 && std::abs(k) * part > 1e-9; ++n) {
    product *= characteristic_xi(k * part);
    if (std::abs(product) < 1e-18) return 0;
    part *= 1 - a_;
  }
  // the remaining terms: their mean alone
  const double rest = (std::log((1 - a_) / rate_) - std::numbers::egamma) / (1 - a_) + mean_log_;
  return product * std::exp(Complex(0, k * part * rest / a_));
}

template <class F>
GridLaw SkeletonChain::invert(const F& characteristic, double centre, double deviation) const {
  constexpr std::size_t kPoints = 1 << 14;
  GridLaw law;
  law.dx = deviation / 200;
  law.x0 = centre - law.dx * kPoints / 2;
  const double dk = 2 * kPi / (law.dx * kPoints);
  std::vector<Complex> values(kPoints);
  bool alive = true;
  for (std::size_t j = 0; j <= kPoints / 2; ++j) {
    // density(x0 + i dx) = (dk/2 pi) sum_j phi(k_j) e^(-i k_j x0) e^(-2 pi i ij/n)
    const double k = dk * static_cast<double>(j);
    const Complex v = alive ? characteristic(k) * std::exp(Complex(0, -k * law.x0)) : Complex(0);
    if (std::abs(v) < 1e-17) alive = false;
    values[j] = v;
    if (j > 0 && j < kPoints / 2) values[kPoints - j] = std::conj(v);
  }
  linalg::ComplexFft(kPoints).forward(values);
  law.density.resize(kPoints);
  for (std::size_t i = 0; i < kPoints; ++i) law.density[i] = std::max(0.0, values[i].real() * dk / (2 * kPi));
  cumulate(law);
  return law;
}

GridLaw SkeletonChain::lambda_law() const {
  return invert([this](double k) { return characteristic_lambda(k); }, lambda_shift(), std::sqrt(variance_lambda()));
}

GridLaw SkeletonChain::collision_law(int n) const {
  if (n < 1) throw InputError(fmt::format("collision {}: collisions are counted from 1", n));
  const double c = std::log((1 - a_) / rate_);
  const double last = std::pow(1 - a_, n - 1);
  double mean = last * (c - std::numbers::egamma);
  double variance = last * last * kPi * kPi / 6;
  const double mean_xi = (c - std::numbers::egamma) / (1 - a_) + mean_log_;
  double part = 1 - a_;
  for (int j = 1; j < n; ++j, part *= 1 - a_) {
    mean += a_ * part * mean_xi;
    variance += a_ * a_ * part * part * variance_xi();
  }
  return invert(
      [&](double k) {
        Complex product = std::exp(Complex(0, k * last * c) + log_gamma(Complex(1, k * last)));
        double scale = a_ * (1 - a_);
        for (int j = 1; j < n && std::abs(product) > 1e-18; ++j, scale *= 1 - a_)
          product *= characteristic_xi(k * scale);
        return product;
      },
      mean, std::sqrt(variance));
}

double SkeletonChain::collision_density(const GridLaw& lambda, double start, double z) const {
  // Lambda = e^(z + n P)/a for the n-th collision, in either direction of n
  double sum = 0;
  for (int n = -60; n <= 60; ++n) {
    const double tau = std::exp(z + n * period());
    sum += lambda.density_at(tau / a_ - start) * tau / a_;
  }
  return sum;
}

std::vector<ChainState> SkeletonChain::propagate(std::span<const Start> starts, const std::vector<double>& log_times,
                                                 double step) const {
  if (starts.empty()) throw InputError("no starts to propagate: at least one is needed");
  if (!(step > 0)) throw InputError(fmt::format("the grid's step is {}: it must be positive", step));
  const double c = std::log((1 - a_) / rate_);
  const double latest = *std::max_element(log_times.begin(), log_times.end());
  double lowest = std::numeric_limits<double>::infinity();
  double highest = 0;
  for (const auto& s : starts) {
    lowest = std::min(lowest, s.log_w2);
    highest = std::max(highest, s.log_w2);
  }
  // ln|w_2| of what can still collide before the last time, and of what that jumps to
  const double least = lowest - 60;
  const double most = std::max(highest, latest * (1 - a_) / a_ + 40 / a_) + latest + 20;
  const std::size_t n = linalg::fast_length(2 * static_cast<std::size_t>((most - least) / step));
  const auto grid = [&] { return Deposit{least, step, std::vector<double>(n / 2, 0.0)}; };

  // The law of ln E on midpoints of probability, with the tails resolved; of Y on the grid of X.
  std::vector<std::pair<double, double>> exponential;
  constexpr double kWidth = 0.04;
  for (int i = 0; i < 850; ++i) {
    const double l = -30 + kWidth * i;
    const double mass = std::exp(-std::exp(l)) - std::exp(-std::exp(l + kWidth));
    if (mass > 1e-14) exponential.emplace_back(l + kWidth / 2, mass);
  }
  Deposit y{-60, step, std::vector<double>(static_cast<std::size_t>(64 / step), 0.0)};
  constexpr int kSide = 700;
  for (int i = 0; i < kSide; ++i) {
    const double x = angular_.quantile((i + 0.5) / kSide);
    for (int j = 0; j < kSide; ++j) {
      const double cosine = std::cos(kPi / 2 * (j + 0.5) / kSide);
      y.add(std::log(factor_ * x * std::sqrt(1 - x * x) * cosine), 1.0 / kSide / kSide);
    }
  }
  const linalg::RealFft fft(n);
  std::vector<double> padded(n, 0.0);
  std::copy(y.mass.begin(), y.mass.end(), padded.begin());
  const auto y_spectrum = fft.forward(padded);
  const auto shift = static_cast<std::ptrdiff_t>(std::llround(60 / step));
  const auto with_y = [&](const Deposit& s) {
    std::vector<double> in(n, 0.0);
    std::copy(s.mass.begin(), s.mass.end(), in.begin());
    auto spectrum = fft.forward(in);
    for (std::size_t i = 0; i < spectrum.size(); ++i) spectrum[i] *= y_spectrum[i];
    const auto out = fft.inverse(spectrum);
    Deposit result = grid();
    for (std::size_t i = 0; i < result.mass.size(); ++i) {
      const auto from = static_cast<std::ptrdiff_t>(i) + shift;
      if (from < static_cast<std::ptrdiff_t>(n)) result.mass[i] = std::max(0.0, out[static_cast<std::size_t>(from)]);
    }
    return result;
  };

  std::vector<Deposit> state(log_times.size(), grid());
  std::vector<ChainState> out(log_times.size());
  // Every flight: from x at (dropped, or kept for the first) time s; ends at tau', goes to x + tau' + Y.
  // Once per generation and observation time the part with tau' <= tau joins that time's states; what flies on at tau
  // has survived with exp(-C e^(-a x) t^(1-a)/(1-a)), the flight's beginning being negligible there.
  std::vector<std::pair<Start, double>> flights;
  for (const auto& s : starts) flights.push_back({s, 1.0 / static_cast<double>(starts.size())});
  for (std::size_t k = 0; k < log_times.size(); ++k) {
    for (const auto& [s, mass] : flights) {
      if (s.log_time > log_times[k]) continue;
      const double age = log_times[k] + std::log(-std::expm1(std::min(-1e-12, s.log_time - log_times[k])));
      state[k].add(s.log_w2, mass * std::exp(-std::exp((1 - a_) * age - a_ * s.log_w2 - c)));
    }
  }
  bool first = true;
  for (int generation = 0; generation < 4000 && !flights.empty(); ++generation) {
    std::vector<Deposit> ended(log_times.size(), grid());
    std::vector<double> counted(log_times.size(), 0.0);
    Deposit all = grid();
    for (const auto& [s, mass] : flights) {
      for (const auto& [log_e, part] : exponential) {
        const double flown = (c + log_e + a_ * s.log_w2) / (1 - a_);
        const double end = first ? log_add(s.log_time, flown) : flown;
        if (end > latest) break;
        const double m = mass * part;
        all.add(s.log_w2 + flown, m);
        for (std::size_t k = 0; k < log_times.size(); ++k) {
          if (end > log_times[k]) continue;
          counted[k] += m;
          ended[k].add(s.log_w2 + flown, m);
        }
      }
    }
    for (std::size_t k = 0; k < log_times.size(); ++k) {
      out[k].collisions += counted[k];
      if (counted[k] < 1e-12) continue;
      const Deposit arrived = with_y(ended[k]);
      for (std::size_t i = 0; i < arrived.mass.size(); ++i) {
        const double x = least + static_cast<double>(i) * step;
        state[k].mass[i] += arrived.mass[i] * std::exp(-std::exp((1 - a_) * log_times[k] - a_ * x - c));
      }
    }
    const Deposit next = with_y(all);
    flights.clear();
    for (std::size_t i = 0; i < next.mass.size(); ++i)
      if (next.mass[i] > 1e-13) flights.push_back({{least + static_cast<double>(i) * step, 0}, next.mass[i]});
    first = false;
  }
  for (std::size_t k = 0; k < log_times.size(); ++k) {
    GridLaw& law = out[k].log_w2;
    law.x0 = least;
    law.dx = step;
    law.density = state[k].mass;
    for (double& d : law.density) d /= step;
    cumulate(law);
    double started = 0;
    for (const auto& s : starts) started += s.log_time <= log_times[k] ? 1.0 / static_cast<double>(starts.size()) : 0.0;
    out[k].mass_defect = std::abs(started - law.mass());
  }
  return out;
}

double SkeletonChain::expected_collisions(double tau1, double tau2) const {
  return std::log((tau2 + mean_log_) / (tau1 + mean_log_)) / period();
}

double SkeletonChain::profile_density(double x, double tau) const {
  const double scale = tau * (1 / a_ - 1) + x + lambda_shift();
  return scale > 0 ? std::exp(-rate_ * std::exp(-a_ * x) / (1 - a_)) / (period() * scale) : 0.0;
}

double SkeletonChain::leading_profile(double x, double tau) const {
  return a_ / ((1 - a_) * period() * tau) * std::exp(-rate_ * std::exp(-a_ * x) / (1 - a_));
}

}  // namespace offprint::kinetic
