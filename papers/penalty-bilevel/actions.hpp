// The actions of the card: what `offprint run penalty-bilevel ACTION` does.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::penalty_bilevel {

/// Weights of doubtful training rows, and the model trained with them.
void clean(Run& run);
/// L2 penalties per feature or group.
void tune(Run& run);
/// A bilevel problem of the reader's own, by one method or several.
void solve(Run& run);
/// psi and psi_sigma of a small problem side by side, with the error bound's diagnostics.
void landscape(Run& run);

}  // namespace offprint::papers::penalty_bilevel
