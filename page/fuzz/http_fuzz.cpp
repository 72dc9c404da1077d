// libFuzzer over the pure parsing of what arrives by HTTP. Whatever comes in, it either gives a checked value or throws
// InputError; values that were accepted keep the promises that the rest of the server relies on.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "offprint/core/error.hpp"
#include "page/server/job_request.hpp"
#include "page/server/query.hpp"

namespace {

using namespace offprint;
using namespace offprint::page;

void require(bool promise) {
  if (!promise) std::abort();
}

void addresses(std::string_view text) {
  for (const auto& segment : path_segments(text)) {
    require(segment != "." && segment != ".." && is_clean_text(segment));
    require(segment.find('\0') == std::string::npos);
  }
}

void queries(std::string_view text) {
  const auto query = Query::parse(text);
  static_cast<void>(query.text("q"));
  const auto limit = query.whole("limit", 5, 1, 500);
  require(limit >= 1 && limit <= 500);
  constexpr std::array<std::string_view, 2> kChoices = {"day", "week"};
  const auto span = query.choice("span", "day", kChoices);
  require(span == "day" || span == "week");
  query.only(kChoices);
}

void days(std::string_view text) {
  const auto day = parse_day(text);
  for (const char* span : {"day", "week", "month"}) {
    const auto range = day_range(day, span);
    require(range.from <= day && day <= range.to && range.from.size() == 10 && range.to.size() == 10);
  }
}

void words(std::string_view text) {
  const auto name = safe_file_name(text);
  require(!name.empty() && name.size() <= 100 && name.front() != '.' && name.find('/') == std::string::npos &&
          name == safe_file_name(name));
  const auto host = host_name(text);
  require(host.find_first_of("/@ \r\n") == std::string::npos);
  static_cast<void>(cookie(text, "offprint_session"));
  static_cast<void>(etag_matches(text, "\"x\""));
  static_cast<void>(accepts_gzip(text));
  static_cast<void>(csv_columns(text));
  static_cast<void>(percent_decoded(text, true));
  require(parse_id(text, "run") > 0);
  static_cast<void>(parse_key(text));
}

void jobs(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  const auto request = parse_job_request(json);
  for (const auto& word : command_words(request)) require(is_clean_text(word));
  require(command_words(job_request_from_json(to_json(request))) == command_words(request));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    switch (data[0] % 5) {
      case 0:
        addresses(text);
        break;
      case 1:
        queries(text);
        break;
      case 2:
        days(text);
        break;
      case 3:
        words(text);
        break;
      default:
        jobs(text);
    }
  } catch (const InputError&) {  // the one answer to bad input
  }
  return 0;
}
