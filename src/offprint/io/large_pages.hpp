// Large results ask for 2 MiB pages: first touches of small ones cost more than parsing does on virtual machines.
#pragma once

#include <cstddef>

namespace offprint::io {

/// Advises the system to back [data, data + bytes) by large pages where they fit; call it before the first write.
/// Advice only: it changes no content and never fails.
void prefer_large_pages(void* data, std::size_t bytes);

}  // namespace offprint::io
