// Foreign text made fit for XML, JSON and mail: the last line of defence, whatever the catalogue let through.
#pragma once

#include <string>
#include <string_view>

namespace offprint::page {

/// Foreign text on one line: catalogue::clean_text without a limit. Valid UTF-8, no control or bidirectional
/// characters, white space folded.
[[nodiscard]] std::string clean_line(std::string_view text);

/// The same for each line of a text, the line breaks kept. O(bytes).
[[nodiscard]] std::string clean_text(std::string_view text);

/// At most `limit` code points of valid UTF-8, cut at a word's end when one is near, with an ellipsis when cut.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t limit);

/// Percent-encodes everything but RFC 3986's unreserved characters, for one segment or query value of an address.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace offprint::page
