// The actions of the paper: what `offprint run hessian-spectrum ACTION` does with the reader's files.
#pragma once

#include "offprint/core/run.hpp"
#include "subject.hpp"

namespace offprint::papers::hessian_spectrum {

/// Density, extreme eigenpairs, trace, outliers, split of a model's Hessian.
void spectrum(Run& run);
/// Loss and accuracy between two checkpoints.
void path(Run& run);

/// What `spectrum` tells about a subject, given its options.
void report_spectrum(Run& run, const Subject& subject);

}  // namespace offprint::papers::hessian_spectrum
