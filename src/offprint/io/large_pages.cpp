// madvise on the part of a range that whole large pages cover.
#include "offprint/io/large_pages.hpp"

#include <cstdint>

#include <sys/mman.h>

namespace offprint::io {

void prefer_large_pages(void* data, std::size_t bytes) {
  constexpr std::uintptr_t kLarge = std::uintptr_t{1} << 21;
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + kLarge - 1) / kLarge * kLarge;
  const std::uintptr_t last = (begin + bytes) / kLarge * kLarge;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace offprint::io
