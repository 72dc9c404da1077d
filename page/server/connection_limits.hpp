// How long a client may take, and how much the head of its request may hold.
#pragma once

#include <chrono>
#include <cstddef>

namespace offprint::page {

struct ConnectionLimits {
  std::chrono::milliseconds idle{15000};     // between requests
  std::chrono::milliseconds head{10000};     // from a request's first byte to the end of its head
  std::chrono::milliseconds silence{15000};  // without a byte in either direction within a request
  std::size_t head_bytes = 32U << 10U;
};

}  // namespace offprint::page
