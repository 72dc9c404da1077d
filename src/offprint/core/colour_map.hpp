// Colour maps for fields and pictures, the same colours as the Vega schemes that draw their legends.
#pragma once

#include <array>
#include <cstdint>

#include "offprint/core/png.hpp"

namespace offprint {

/// Maps that colour-blind readers can read. kDiverging runs blue - white - orange and is centred on zero by its users.
enum class ColourMap { kViridis, kDiverging, kGrey };

/// Index of the see-through colour in a palette: a value that is missing.
inline constexpr std::uint8_t kNoColour = 255;

/// 255 colours from the low to the high end, then the see-through one.
[[nodiscard]] std::array<Rgba, 256> palette(ColourMap map);

/// The index of `value` when `lo`..`hi` spans the map; values beyond take the end colours, NaN takes kNoColour.
[[nodiscard]] std::uint8_t palette_index(double value, double lo, double hi);

}  // namespace offprint
