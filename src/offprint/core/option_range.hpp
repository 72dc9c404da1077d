// How a card's bounds on an option read, for error messages and listings.
#pragma once

#include <string>

#include "offprint/core/card.hpp"

namespace offprint {

/// "from 1 to 10", "at least 1", "at most 10"; "above 0" where the least value is below 1e-200, which is how a card says
/// positive; empty without bounds.
[[nodiscard]] std::string range_text(const OptionSpec& option);

}  // namespace offprint
