// Small fixed hashes for keys and checksums; the results are part of file formats, so they never change.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace offprint {

/// 64-bit FNV-1a of the bytes of `text`.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

/// SplitMix64's finaliser: a bijection of the 64-bit words in which every input bit moves every output bit.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace offprint
