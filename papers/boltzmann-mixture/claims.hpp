// The claims of the card, each measured by one function.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::boltzmann_mixture {

Measurement m1(const Claim&, Run& run);
Measurement m2(const Claim&, Run& run);
Measurement m3(const Claim&, Run& run);
Measurement m4(const Claim&, Run& run);
Measurement m4f(const Claim&, Run& run);
Measurement m5(const Claim&, Run& run);
Measurement m6(const Claim&, Run& run);
Measurement m7(const Claim&, Run& run);

}  // namespace offprint::papers::boltzmann_mixture
