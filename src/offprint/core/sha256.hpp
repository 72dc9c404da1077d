// SHA-256 (FIPS 180-4), for the checksums of data sets, checkpoints and builds. Small enough to own: linking a
// cryptography library would slow the start of the command.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace offprint {

/// A running SHA-256.
class Sha256 {
 public:
  void update(std::string_view bytes);
  /// The digest's 32 bytes. The object is spent afterwards.
  [[nodiscard]] std::string digest();
  /// The digest in 64 lower-case hexadecimal digits. The object is spent afterwards.
  [[nodiscard]] std::string hex_digest();

 private:
  void compress(const unsigned char* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_{};
  std::uint64_t length_ = 0;  // bytes so far
};

/// Of bytes in memory.
[[nodiscard]] std::string sha256(std::string_view bytes);
/// Of a file, read in pieces. Throws InputError when it cannot be read.
[[nodiscard]] std::string sha256_file(const std::filesystem::path& path);

}  // namespace offprint
