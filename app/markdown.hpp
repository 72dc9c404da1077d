// docs/results.md, as `check --markdown` writes it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "offprint/core/card.hpp"
#include "offprint/core/measurement.hpp"

namespace offprint::app {

/// The results table: a section per paper, a row per claim, every criterion below it, and where the numbers come from.
[[nodiscard]] std::string results_markdown(const std::vector<std::pair<const Card*, std::vector<ClaimResult>>>& papers,
                                           const std::string& tier);

}  // namespace offprint::app
