#include "sampling.hpp"

#include <cmath>

namespace offprint::papers::rayleigh {

std::vector<double> joined(const std::vector<std::vector<double>>& parts) {
  std::vector<double> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<double> summed(const std::vector<std::vector<double>>& parts) {
  std::vector<double> sum;
  for (const auto& part : parts) {
    sum.resize(std::max(sum.size(), part.size()), 0.0);
    for (std::size_t i = 0; i < part.size(); ++i) sum[i] += part[i];
  }
  return sum;
}

double distance_from_uniform(std::vector<double> values, double lo, double hi) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double cdf = std::clamp((values[i] - lo) / (hi - lo), 0.0, 1.0);
    distance = std::max({distance, cdf - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - cdf});
  }
  return distance;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace offprint::papers::rayleigh
