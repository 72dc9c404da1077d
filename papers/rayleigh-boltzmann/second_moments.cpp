#include "second_moments.hpp"

#include <algorithm>
#include <cmath>

namespace offprint::papers::rayleigh {

void SecondMoments::add(const kinetic::RayleighObservations& seen, std::size_t first, std::size_t last) {
  const auto times = static_cast<double>(last - first + 1);
  for (std::size_t i = 0; i < seen.particles; ++i) {
    std::array<double, 5> mine{};
    for (std::size_t k = first; k <= last; ++k) {
      const std::size_t at = k * seen.particles + i;
      const double w1 = std::exp(2 * seen.log_w1[at]);
      const double w2 = std::exp(2 * seen.log_w2[at]);
      const double w3 = std::exp(2 * seen.log_w3[at]);
      const bool opposite = (seen.signs[at] & 1) != ((seen.signs[at] >> 1) & 1);
      const double w12 = std::exp(seen.log_w1[at] + seen.log_w2[at]);
      mine[0] += w1 / times;
      mine[1] += w2 / times;
      mine[2] += w3 / times;
      mine[3] += (opposite ? -w12 : w12) / times;
      mine[4] += (w1 + w2 + w3) / times;
    }
    for (std::size_t e = 0; e < mine.size(); ++e) {
      sum.at(e) += mine.at(e);
      square.at(e) += mine.at(e) * mine.at(e);
    }
  }
  particles += static_cast<double>(seen.particles);
}

void SecondMoments::merge(const SecondMoments& other) {
  particles += other.particles;
  for (std::size_t e = 0; e < sum.size(); ++e) {
    sum.at(e) += other.sum.at(e);
    square.at(e) += other.square.at(e);
  }
}

double SecondMoments::standard_error(std::size_t i) const {
  return std::sqrt(std::max(0.0, square.at(i) / particles - mean(i) * mean(i)) / particles);
}

Estimate SecondMoments::estimate(std::size_t i, double scale) const {
  const double half = 1.96 * standard_error(i);
  return {scale * mean(i), scale * (mean(i) - half), scale * (mean(i) + half)};
}

}  // namespace offprint::papers::rayleigh
