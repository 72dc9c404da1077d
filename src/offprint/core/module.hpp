// Loading a paper's module: only when the paper runs.
#pragma once

#include <filesystem>

#include "offprint/core/card.hpp"
#include "offprint/core/paper.hpp"

namespace offprint {

/// Opens libofp_<slug>.so beside the card and returns its study. Throws Error when the module is missing, built for
/// another Offprint version, or its claims and actions are not those of the card (both directions). The library stays
/// loaded until the process ends: numeric libraries do not survive being unloaded.
[[nodiscard]] Paper load_paper(const Card& card);

}  // namespace offprint
