// Normals by the thousand: the numbers of a Stream, computed a vector at a time.
#pragma once

#include <span>

#include "offprint/core/random.hpp"

namespace offprint {

/// Fills `out` with independent standard normals from the stream's next numbers, starting at an even position, one
/// number each (an odd count uses one more). Philox4x32-10 and Box-Muller on 52-bit uniforms in SIMD: 2 to 4 ns a
/// normal, against some 25 of Stream::normal, whose values differ. The same bits for the same state on one machine; the
/// last digit may differ between instruction sets.
void fill_normal_bulk(Stream& stream, std::span<double> out);

}  // namespace offprint
