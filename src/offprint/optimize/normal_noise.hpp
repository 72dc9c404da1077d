// Normal noise for stochastic oracles whose own work takes less time than drawing it.
#pragma once

#include <span>

#include "offprint/core/random.hpp"

namespace offprint::optimize {

/// Adds scale * N(0, 1) to every entry, by Box-Muller on the stream's next 2 ceil(n/2) results, with the widest
/// instructions of the machine: a third of the time of Stream::normal, other numbers. Instruction sets may differ in
/// the last digits.
void add_normal(Stream& random, double scale, std::span<double> x);

}  // namespace offprint::optimize
