// The idx format of MNIST and its relatives: a magic number, a shape, and the values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "offprint/io/ndarray.hpp"

namespace offprint::io {

/// Bytes with a shape, as image files hold them: element order as in NdArray, an eighth of its memory.
struct ByteArray {
  std::vector<std::size_t> shape;
  std::vector<std::uint8_t> values;
};

/// Whether the bytes begin as an idx file of any type does.
[[nodiscard]] bool is_idx(std::string_view bytes);

/// Reads an idx file of unsigned bytes (type 0x08), plain or gzip-compressed. Throws InputError: not idx, another type
/// (read_idx takes those), or cut off or too long ("expected N bytes, found M").
[[nodiscard]] ByteArray read_idx_bytes(const std::filesystem::path& path);

/// Reads an idx file of any of the six types (signed and unsigned bytes, 2- and 4-byte integers, 4- and 8-byte floats).
/// Throws InputError as read_idx_bytes does.
[[nodiscard]] NdArray read_idx(const std::filesystem::path& path);

}  // namespace offprint::io
