// The claims of the card, each measured by one function.
#pragma once

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

}  // namespace offprint::papers::coulomb_gas
