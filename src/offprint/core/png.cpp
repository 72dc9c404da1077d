#include "offprint/core/png.hpp"

#include <string>
#include <vector>

#include <zlib.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

void append_u32(std::string& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((v >> shift) & 0xff));
}

void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_u32(out, static_cast<std::uint32_t>(data.size()));
  std::string body(type);
  body += data;
  out += body;
  append_u32(out, static_cast<std::uint32_t>(
                      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

std::string deflated(const std::string& raw) {
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string out(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
                               static_cast<uLong>(raw.size()), Z_BEST_COMPRESSION);
  if (status != Z_OK) throw Error("zlib could not compress a picture");
  out.resize(size);
  return out;
}

// PNG colour types 0 (grey), 2 (RGB), 3 (palette), all with 8 bits a sample and no row filter.
std::string encode(std::size_t width, std::size_t height, std::size_t channels, char colour_type,
                   std::span<const std::uint8_t> bytes, std::span<const Rgba> palette) {
  constexpr std::size_t kLargest = 1 << 15;  // keeps width * height * channels + height within zlib's 32-bit lengths
  if (width == 0 || height == 0 || width > kLargest || height > kLargest || bytes.size() != width * height * channels) {
    throw InputError("a picture of " + std::to_string(width) + " x " + std::to_string(height) + " pixels (1 to " +
                     std::to_string(kLargest) + " a side) needs " + std::to_string(width * height * channels) +
                     " bytes, not " + std::to_string(bytes.size()));
  }
  std::string raw;
  raw.reserve((width * channels + 1) * height);
  for (std::size_t row = 0; row < height; ++row) {
    raw.push_back('\0');
    for (const std::uint8_t byte : bytes.subspan(row * width * channels, width * channels)) {
      raw.push_back(static_cast<char>(byte));
    }
  }

  std::string png("\x89PNG\r\n\x1a\n", 8);
  std::string header;
  append_u32(header, static_cast<std::uint32_t>(width));
  append_u32(header, static_cast<std::uint32_t>(height));
  header += {'\x08', colour_type, '\0', '\0', '\0'};
  append_chunk(png, "IHDR", header);
  if (!palette.empty()) {
    std::string rgb;
    std::string alpha;
    for (const Rgba& colour : palette) {
      for (std::size_t c = 0; c < 3; ++c) rgb.push_back(static_cast<char>(colour[c]));
      alpha.push_back(static_cast<char>(colour[3]));
    }
    append_chunk(png, "PLTE", rgb);
    append_chunk(png, "tRNS", alpha);
  }
  append_chunk(png, "IDAT", deflated(raw));
  append_chunk(png, "IEND", "");
  return png;
}

}  // namespace

std::string encode_png_grey(std::size_t width, std::size_t height, std::span<const std::uint8_t> pixels) {
  return encode(width, height, 1, '\0', pixels, {});
}

std::string encode_png_rgb(std::size_t width, std::size_t height, std::span<const std::uint8_t> bytes) {
  return encode(width, height, 3, '\2', bytes, {});
}

std::string encode_png_indexed(std::size_t width, std::size_t height, std::span<const std::uint8_t> indices,
                               std::span<const Rgba> palette) {
  if (palette.empty() || palette.size() > 256) {
    throw InputError("a picture's palette has 1 to 256 colours, not " + std::to_string(palette.size()));
  }
  for (const std::uint8_t index : indices) {
    if (index >= palette.size()) {
      throw InputError("a picture asks for colour " + std::to_string(index) + " of a palette of " +
                       std::to_string(palette.size()));
    }
  }
  return encode(width, height, 1, '\3', indices, palette);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    std::uint32_t word = static_cast<std::uint8_t>(bytes[i]) << 16;
    if (left > 1) word |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(bytes[i + 1])) << 8;
    if (left > 2) word |= static_cast<std::uint8_t>(bytes[i + 2]);
    out.push_back(kDigits[word >> 18]);
    out.push_back(kDigits[(word >> 12) & 63]);
    out.push_back(left > 1 ? kDigits[(word >> 6) & 63] : '=');
    out.push_back(left > 2 ? kDigits[word & 63] : '=');
  }
  return out;
}

std::string png_data_uri(std::string_view png) { return "data:image/png;base64," + base64(png); }

}  // namespace offprint
