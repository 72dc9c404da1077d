#include "offprint/core/colour_map.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace offprint {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

// viridis (matplotlib, CC0) at 33 equal steps, as Vega's scheme "viridis" gives them.
constexpr std::array<Rgb, 33> kViridis{
    {{68, 1, 84},    {71, 13, 96},   {72, 25, 107},  {72, 35, 115},  {71, 45, 123},  {69, 55, 129},  {66, 64, 134},
     {63, 74, 137},  {59, 82, 139},  {55, 90, 140},  {52, 99, 141},  {48, 107, 142}, {44, 114, 142}, {41, 122, 142},
     {39, 130, 142}, {35, 137, 142}, {33, 145, 141}, {31, 152, 139}, {31, 159, 136}, {33, 167, 133}, {40, 174, 128},
     {50, 181, 123}, {62, 188, 116}, {77, 194, 108}, {93, 201, 99},  {111, 206, 88}, {130, 211, 76}, {150, 216, 64},
     {171, 220, 50}, {192, 224, 37}, {213, 226, 27}, {234, 229, 27}, {253, 231, 37}}};

// Vega's scheme "blueorange": its 11 stops.
constexpr std::array<Rgb, 11> kBlueOrange{{{19, 75, 133},
                                           {47, 120, 179},
                                           {93, 162, 203},
                                           {157, 202, 225},
                                           {210, 229, 239},
                                           {242, 240, 235},
                                           {252, 224, 186},
                                           {251, 191, 116},
                                           {232, 147, 47},
                                           {197, 105, 13},
                                           {153, 74, 7}}};

constexpr std::array<Rgb, 2> kBlackWhite{{{0, 0, 0}, {255, 255, 255}}};

std::span<const Rgb> stops(ColourMap map) {
  switch (map) {
    case ColourMap::kViridis:
      return kViridis;
    case ColourMap::kDiverging:
      return kBlueOrange;
    case ColourMap::kGrey:
      break;
  }
  return kBlackWhite;
}

}  // namespace

std::array<Rgba, 256> palette(ColourMap map) {
  const std::span<const Rgb> table = stops(map);
  std::array<Rgba, 256> out{};
  for (std::size_t i = 0; i < kNoColour; ++i) {
    const double at = static_cast<double>(i) / (kNoColour - 1) * static_cast<double>(table.size() - 1);
    const auto k = std::min(static_cast<std::size_t>(at), table.size() - 2);
    const double t = at - static_cast<double>(k);
    for (std::size_t c = 0; c < 3; ++c) {
      out[i][c] = static_cast<std::uint8_t>(std::lround((1 - t) * table[k][c] + t * table[k + 1][c]));
    }
    out[i][3] = 255;
  }
  out[kNoColour] = {0, 0, 0, 0};
  return out;
}

std::uint8_t palette_index(double value, double lo, double hi) {
  if (std::isnan(value)) return kNoColour;
  const double t = hi > lo ? std::clamp((value - lo) / (hi - lo), 0.0, 1.0) : 0.5;
  return static_cast<std::uint8_t>(std::lround(t * (kNoColour - 1)));
}

}  // namespace offprint
