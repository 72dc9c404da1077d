// libFuzzer: whatever comes as the JSON of daily papers is refused in a sentence or gives clean items.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "catalogue/fuzz/expectations.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace offprint::catalogue;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  fuzz::check([&] { return parse_daily_json(text, text.size() % 2 == 0 ? "" : "2025-07-31"); });
  return 0;
}
