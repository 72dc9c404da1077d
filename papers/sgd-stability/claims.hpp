// The claims of the card, each measured by one function.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::sgd_stability {

Measurement s1(const Claim&, Run& run);
Measurement s2(const Claim&, Run& run);
Measurement s3(const Claim&, Run& run);
Measurement s4(const Claim&, Run& run);
Measurement s5(const Claim&, Run& run);
Measurement s6(const Claim&, Run& run);
Measurement s7(const Claim&, Run& run);
Measurement s8(const Claim&, Run& run);

}  // namespace offprint::papers::sgd_stability
