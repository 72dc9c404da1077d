// Inner products of one vector with the rows of a matrix, in single precision, by the widest instructions at hand.
#pragma once

#include <cstddef>
#include <span>

namespace offprint::catalogue {

/// out[i] = rows[i * dimension ...] . query, i < out.size(). `dimension` is query.size(). Sums run over vector lanes,
/// so the last digits depend on the machine's vector width. O(out.size() * dimension), bound by memory.
void inner_products(std::span<const float> rows, std::span<const float> query, std::span<float> out);

}  // namespace offprint::catalogue
