// The seven claims of the paper, each measured as the card names it; rules and verdicts are the card's business.
#pragma once

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::koopman {

/// Duffing oscillator, 10 000 pairs, four independent data sets (each number is the worst of them): EDMD's residuals
/// stay, the certified set of Algorithm 3 grows along the circle. One ensemble member a data set and N.
[[nodiscard]] Measurement k1(const Claim& claim, Run& run);
/// The same with 20 000 pairs and N up to 800: sup of res_N over the whole circle against EDMD.
[[nodiscard]] Measurement k2(const Claim& claim, Run& run);
/// Lorenz delays, four orbits: the certified error falls as 1/N.
[[nodiscard]] Measurement k3(const Claim& claim, Run& run);
/// RAGE on the lid-driven cavity's kinetic energy at four Reynolds numbers. Needs the data set cavity-ke.
[[nodiscard]] Measurement k4(const Claim& claim, Run& run);
/// The adversarial disc maps: a bump between the data points, and the modulus of continuity that answers it.
[[nodiscard]] Measurement k5(const Claim& claim, Run& run);
/// mpEDMD's spectral measure of exact Toeplitz data in the circle's Wasserstein distance.
[[nodiscard]] Measurement k6(const Claim& claim, Run& run);
/// Orders of convergence of the rational kernels on the same density, in closed form.
[[nodiscard]] Measurement k7(const Claim& claim, Run& run);

}  // namespace offprint::papers::koopman
