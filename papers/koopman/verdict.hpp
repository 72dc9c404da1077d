// The sentence at the end: certified with a modulus of continuity, or not certified and why.
#pragma once

#include "problem.hpp"

namespace offprint::papers::koopman {

/// Notes the verdict by --modulus and --mesh. `compression` is null for the kernel dictionary.
void report_verdict(Run& run, const Problem& problem, const lib::Compression<double>* compression, double epsilon);

}  // namespace offprint::papers::koopman
