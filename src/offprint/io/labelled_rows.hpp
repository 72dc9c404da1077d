// Labelled rows on their way to a fit: classes of labels that were read as text, and a constant feature.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "offprint/io/libsvm.hpp"

namespace offprint::io {

/// The distinct labels in the order of their class numbers: numbers first, by value ("-1" before "+1" before "10"),
/// then words by the alphabet. O(n log n).
[[nodiscard]] std::vector<std::string> class_names(std::span<const std::string> labels);

/// Each label's place in `classes`, -1 for one that is not there. O((n + k) log k).
[[nodiscard]] std::vector<int> class_numbers(std::span<const std::string> labels, std::span<const std::string> classes);

/// The rows with a last column of ones, so that a linear model has an intercept. O(nonzeros).
[[nodiscard]] SparseRows with_ones(const SparseRows& rows);

}  // namespace offprint::io
