// The claims of the card, each measured by one function.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::penalty_bilevel {

Measurement p1(const Claim&, Run& run);
Measurement p2(const Claim&, Run& run);
Measurement p3(const Claim&, Run& run);
Measurement p4(const Claim&, Run& run);
Measurement p5(const Claim&, Run& run);
Measurement p6(const Claim&, Run& run);
Measurement p7(const Claim&, Run& run);

}  // namespace offprint::papers::penalty_bilevel
