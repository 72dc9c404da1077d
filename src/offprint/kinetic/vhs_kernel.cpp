#include "offprint/kinetic/vhs_kernel.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

void VhsKernel::check() const {
  if (!(strength > 0) || !std::isfinite(strength)) {
    throw InputError(fmt::format("collision kernel: the rate's factor is {}, but must be positive", strength));
  }
  if (!(exponent >= 0 && exponent <= 1)) {
    throw InputError(fmt::format(
        "collision kernel: the exponent gamma = {} is outside [0, 1] (0: Maxwell molecules, 1: hard spheres)",
        exponent));
  }
}

double VhsKernel::exchange_rate(double temperature, int dimension) const {
  const double d = dimension;
  return strength * std::pow(2 * temperature, exponent / 2) *
         std::exp(std::lgamma((d + 2 + exponent) / 2) - std::lgamma((d + 2) / 2));
}

}  // namespace offprint::kinetic
