// The actions of the card.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::gns {

/// Fits a regression model to the reader's data (or a network, with --model) and reports its certificate.
void fit(Run& run);
/// Applies a fitted model to further data.
void predict_action(Run& run);

}  // namespace offprint::papers::gns
