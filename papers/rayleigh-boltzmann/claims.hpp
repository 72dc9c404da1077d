// The claims of the card, each measured by one function.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::rayleigh {

Measurement r1(const Claim&, Run& run);
Measurement r2(const Claim&, Run& run);
Measurement r3(const Claim&, Run& run);
Measurement r4(const Claim&, Run& run);
Measurement r4f(const Claim&, Run& run);
Measurement r5(const Claim&, Run& run);
Measurement r6(const Claim&, Run& run);
Measurement r7(const Claim&, Run& run);
Measurement r8(const Claim&, Run& run);

}  // namespace offprint::papers::rayleigh
