// The action of the paper: what `offprint run sgd-stability` does with the reader's model or gradients.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::sgd_stability {

/// Exact and bounding stability thresholds for every batch size, the verdict on a learning rate, figures.
void stability(Run& run);

}  // namespace offprint::papers::sgd_stability
