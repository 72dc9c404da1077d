// Intervals from Boost.Math's quantiles.
#include "offprint/core/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

void require_level(double confidence) {
  if (!(confidence > 0.0 && confidence < 1.0))
    throw InputError("confidence level " + std::to_string(confidence) + " must lie strictly between 0 and 1");
}

double student_quantile(double dof, double confidence) {
  return boost::math::quantile(boost::math::students_t(dof), 0.5 + confidence / 2.0);
}

void require_proportion(std::size_t k, std::size_t n) {
  if (n == 0 || k > n)
    throw InputError("proportion " + std::to_string(k) + "/" + std::to_string(n) + ": need 0 <= k <= n and n > 0");
}

}  // namespace

void MeanVariance::add(double x) {
  ++count_;
  const double delta = x - mean_;
  mean_ += delta / static_cast<double>(count_);
  sum_squares_ += delta * (x - mean_);
}

void MeanVariance::merge(const MeanVariance& other) {
  if (other.count_ == 0) return;
  const double n1 = static_cast<double>(count_);
  const double n2 = static_cast<double>(other.count_);
  const double delta = other.mean_ - mean_;
  count_ += other.count_;
  mean_ += delta * n2 / (n1 + n2);
  sum_squares_ += other.sum_squares_ + delta * delta * n1 * n2 / (n1 + n2);
}

double MeanVariance::variance() const {
  return count_ < 2 ? std::numeric_limits<double>::quiet_NaN() : sum_squares_ / static_cast<double>(count_ - 1);
}

double MeanVariance::standard_deviation() const { return std::sqrt(variance()); }

Estimate MeanVariance::mean_estimate(double confidence) const {
  require_level(confidence);
  if (count_ < 2)
    throw InputError("an interval for a mean needs at least 2 values, there are " + std::to_string(count_));
  const double half = student_quantile(static_cast<double>(count_ - 1), confidence) * standard_deviation() /
                      std::sqrt(static_cast<double>(count_));
  return {mean_, mean_ - half, mean_ + half, confidence};
}

Estimate mean_estimate(std::span<const double> values, double confidence) {
  MeanVariance sum;
  for (const double x : values) sum.add(x);
  return sum.mean_estimate(confidence);
}

Estimate wilson(std::size_t k, std::size_t n, double confidence) {
  require_proportion(k, n);
  require_level(confidence);
  const double z = boost::math::quantile(boost::math::normal(), 0.5 + confidence / 2.0);
  const double nn = static_cast<double>(n);
  const double p = static_cast<double>(k) / nn;
  const double scale = 1.0 / (1.0 + z * z / nn);
  const double centre = scale * (p + z * z / (2.0 * nn));
  const double half = scale * z * std::sqrt(p * (1.0 - p) / nn + z * z / (4.0 * nn * nn));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half), confidence};
}

Estimate clopper_pearson(std::size_t k, std::size_t n, double confidence) {
  require_proportion(k, n);
  require_level(confidence);
  const double alpha = 1.0 - confidence;
  const double kk = static_cast<double>(k);
  const double nn = static_cast<double>(n);
  const double lo =
      k == 0 ? 0.0 : boost::math::quantile(boost::math::beta_distribution<>(kk, nn - kk + 1.0), alpha / 2.0);
  const double hi =
      k == n ? 1.0 : boost::math::quantile(boost::math::beta_distribution<>(kk + 1.0, nn - kk), 1.0 - alpha / 2.0);
  return {kk / nn, lo, hi, confidence};
}

Estimate bootstrap(std::span<const double> values, const std::function<double(std::span<const double>)>& statistic,
                   Stream stream, std::size_t resamples, double confidence) {
  require_level(confidence);
  if (values.empty()) throw InputError("bootstrap of an empty sample: give at least one value");
  if (resamples < 2) throw InputError("bootstrap with fewer than 2 resamples has no interval");
  std::vector<double> sample(values.size());
  std::vector<double> results(resamples);
  for (double& result : results) {
    for (double& x : sample) x = values[stream.below(values.size())];
    result = statistic(sample);
  }
  std::sort(results.begin(), results.end());
  const auto at = [&](double q) {
    const double position = q * static_cast<double>(resamples - 1);
    const auto below = static_cast<std::size_t>(position);
    const double part = position - static_cast<double>(below);
    return below + 1 < resamples ? (1.0 - part) * results[below] + part * results[below + 1] : results.back();
  };
  return {statistic(values), at((1.0 - confidence) / 2.0), at((1.0 + confidence) / 2.0), confidence};
}

LinearFit linear_fit(std::span<const double> x, std::span<const double> y, double confidence) {
  require_level(confidence);
  if (x.size() != y.size())
    throw InputError("linear fit: " + std::to_string(x.size()) + " abscissae but " + std::to_string(y.size()) +
                     " ordinates");
  if (x.size() < 3)
    throw InputError("linear fit with intervals needs at least 3 points, there are " + std::to_string(x.size()));
  const double n = static_cast<double>(x.size());
  double mx = 0.0;
  double my = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) mx += x[i] / n, my += y[i] / n;
  double sxx = 0.0;
  double sxy = 0.0;
  double syy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sxx += (x[i] - mx) * (x[i] - mx);
    sxy += (x[i] - mx) * (y[i] - my);
    syy += (y[i] - my) * (y[i] - my);
  }
  if (sxx == 0.0) throw InputError("linear fit: all abscissae are equal, the slope is not determined");
  const double slope = sxy / sxx;
  const double intercept = my - slope * mx;
  double rss = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double r = y[i] - intercept - slope * x[i];
    rss += r * r;
  }
  const double t = student_quantile(n - 2.0, confidence);
  const double sigma = std::sqrt(rss / (n - 2.0));
  const double half_slope = t * sigma / std::sqrt(sxx);
  const double half_intercept = t * sigma * std::sqrt(1.0 / n + mx * mx / sxx);
  LinearFit fit;
  fit.slope = {slope, slope - half_slope, slope + half_slope, confidence};
  fit.intercept = {intercept, intercept - half_intercept, intercept + half_intercept, confidence};
  fit.r_squared = syy > 0.0 ? 1.0 - rss / syy : 1.0;
  return fit;
}

}  // namespace offprint
