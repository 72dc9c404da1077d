// The actions of the card.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::coulomb_gas {

/// Cumulants by the formula, with the finite-N correction and exact values where they are known.
void predict(Run& run);
/// Samples the gas and compares its cumulants with the prediction.
void sample_action(Run& run);
/// The cumulants of the reader's configurations against the prediction.
void measure(Run& run);
/// Psi(Lambda).
void rate_function(Run& run);
/// The gas in U + s f: density, mean, phase; sampled on request.
void tilt(Run& run);

}  // namespace offprint::papers::coulomb_gas
