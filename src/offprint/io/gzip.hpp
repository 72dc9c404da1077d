// Gzip, whole buffers at a time: compressed inputs are read as if they were plain.
#pragma once

#include <string>
#include <string_view>

namespace offprint::io {

/// Whether the bytes begin as a gzip stream does.
[[nodiscard]] bool is_gzip(std::string_view bytes);

/// The decompressed content of a gzip file (all of its members). `name` is what errors call the file.
/// Throws InputError when the stream is damaged or cut off.
[[nodiscard]] std::string gunzip(std::string_view bytes, std::string_view name);

}  // namespace offprint::io
