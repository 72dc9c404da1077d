// The claims of the card, each measured by one function.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::coulomb_gas {

Measurement c1(const Claim&, Run& run);
Measurement c2(const Claim&, Run& run);
Measurement c3q(const Claim&, Run& run);
Measurement c3(const Claim&, Run& run);
Measurement c4(const Claim&, Run& run);
Measurement c5(const Claim&, Run& run);
Measurement c6(const Claim&, Run& run);
Measurement c6s(const Claim&, Run& run);
Measurement c7(const Claim&, Run& run);

// The same at sizes of one's own: tests run small ones.

/// C1 at numbers of charges that double, three or more.
Measurement measure_c1(Run& run, const std::vector<double>& charges);
/// C2 likewise; its fifth and sixth cumulants leave the largest out.
Measurement measure_c2(Run& run, const std::vector<double>& charges);
/// Samples of a chain in a round.
struct SampledSizes {
  int burn_in = 2000;
  std::size_t plane = 40000;
  std::array<std::size_t, 3> space{40000, 60000, 60000};  ///< N = 10, 20, 40
};
Measurement measure_c3q(Run& run, const SampledSizes& sizes);
Measurement measure_c3(Run& run, const SampledSizes& sizes);
struct TiltedSizes {
  int burn_in = 2000;
  long charges = 100;
  std::size_t samples = 2500;
};
Measurement measure_c6s(Run& run, const TiltedSizes& sizes);

}  // namespace offprint::papers::coulomb_gas
