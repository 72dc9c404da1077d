// Foreign text made fit for XML, JSON and mail: the last line of defence, whatever the catalogue let through.
#pragma once

#include <string>
#include <string_view>

namespace offprint::page {

/// Valid UTF-8 that XML 1.0 may hold and that shows in the order it is stored in: malformed bytes become U+FFFD;
/// control characters other than tab and line feed, non-characters and the bidirectional controls (U+202A to U+202E,
/// U+2066 to U+2069, U+200E, U+200F, U+061C) are dropped. O(bytes).
[[nodiscard]] std::string clean_text(std::string_view text);

/// clean_text on one line: white space runs become one space, none at the ends.
[[nodiscard]] std::string clean_line(std::string_view text);

/// At most `limit` code points of valid UTF-8, cut at a word's end when one is near, with an ellipsis when cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// Percent-encodes everything but RFC 3986's unreserved characters, for one segment or query value of an address.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace offprint::page
