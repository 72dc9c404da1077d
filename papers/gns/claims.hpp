// The claims of the card, each measured by one function.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::gns {

Measurement g1(const Claim&, Run& run);
Measurement g1f(const Claim&, Run& run);
Measurement g2(const Claim&, Run& run);
Measurement g3(const Claim&, Run& run);
Measurement g4(const Claim&, Run& run);
Measurement g5(const Claim&, Run& run);
Measurement g6(const Claim&, Run& run);
Measurement g7(const Claim&, Run& run);

}  // namespace offprint::papers::gns
