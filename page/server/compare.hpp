// Two runs side by side.
#pragma once

#include "offprint/core/card.hpp"
#include "offprint/core/store.hpp"

namespace offprint::page {

/// {"claims", "metrics", "options", "origin"} of two runs as Store::export_run gives them; options and origin only
/// where they differ. `card` (of either run's paper, may be null) says what the claims are.
[[nodiscard]] Json compare_runs(const Json& a, const Json& b, const Card* card);

}  // namespace offprint::page
