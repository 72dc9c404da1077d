// The claims of the card, each measured by one function.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::bo_rep {

Measurement b1(const Claim&, Run& run);
Measurement b1u(const Claim&, Run& run);
Measurement b2(const Claim&, Run& run);
Measurement b3(const Claim&, Run& run);
Measurement b4(const Claim&, Run& run);
Measurement b5(const Claim&, Run& run);
Measurement b6(const Claim&, Run& run);
Measurement b7(const Claim&, Run& run);

}  // namespace offprint::papers::bo_rep
