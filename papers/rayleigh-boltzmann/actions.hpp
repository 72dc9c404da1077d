// The actions of the card.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::rayleigh {

/// Simulates an ensemble to the times asked for and tells its laws.
void simulate(Run& run);
/// The histogram of ln|xi_2| beside the explicit profile, with fits and intervals.
void profile(Run& run);
/// The reader's velocities against the laws.
void analyse(Run& run);
/// Deterministic laws of the far field, beside a simulation.
void deterministic(Run& run);
/// Second moments of Maxwell molecules and the thresholds of higher ones.
void moments(Run& run);

}  // namespace offprint::papers::rayleigh
