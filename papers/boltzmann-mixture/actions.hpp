// What `offprint run boltzmann-mixture` can do.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::boltzmann_mixture {

void relax(Run& run);
void evaluate_operator(Run& run);
void epochs(Run& run);
/// epochs with --mass-ratios: one member of an ensemble each.
void epochs_of_many(Run& run);
void compare(Run& run);
void transport(Run& run);

}  // namespace offprint::papers::boltzmann_mixture
