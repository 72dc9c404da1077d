// PNG pictures in memory, and as data URIs for figures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace offprint {

using Rgba = std::array<std::uint8_t, 4>;

/// A PNG file of 8-bit grey values, row by row from the top. Throws InputError unless pixels = width * height > 0.
[[nodiscard]] std::string encode_png_grey(std::size_t width, std::size_t height, std::span<const std::uint8_t> pixels);

/// A PNG file of 8-bit RGB pixels: three bytes each. Throws InputError unless bytes = 3 * width * height > 0.
[[nodiscard]] std::string encode_png_rgb(std::size_t width, std::size_t height, std::span<const std::uint8_t> bytes);

/// A PNG file of pixels that index a palette of 1..256 colours, the smallest form of a colour-mapped field. Throws
/// InputError for a wrong size or an index beyond the palette.
[[nodiscard]] std::string encode_png_indexed(std::size_t width, std::size_t height,
                                             std::span<const std::uint8_t> indices, std::span<const Rgba> palette);

/// Base64 (RFC 4648, padded).
[[nodiscard]] std::string base64(std::string_view bytes);

/// "data:image/png;base64,..." of an encoded PNG file.
[[nodiscard]] std::string png_data_uri(std::string_view png);

}  // namespace offprint
