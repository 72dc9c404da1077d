// Foreign text made harmless to store, compare and show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace offprint::catalogue {

/// Valid UTF-8 in one paragraph: malformed sequences become U+FFFD; white space and line separators fold into single
/// spaces, none at the ends; control characters, bidirectional controls, zero-width spaces, byte-order marks,
/// non-characters and tag characters are dropped; what is beyond `limit` code points is cut off. O(bytes read).
/// Markup is kept as text: whoever shows it escapes it.
[[nodiscard]] std::string clean_text(std::string_view foreign, std::size_t limit);

/// Lower case, letters and digits only, single spaces: how titles are compared. Dashes and quotation marks count as
/// spaces whichever of Unicode's they are.
[[nodiscard]] std::string normalised_title(std::string_view title);

/// Malformed sequences become U+FFFD, all else stays.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

/// The next code point of `text`, which is consumed; U+FFFD for a malformed sequence (one for each maximal part, as
/// Unicode recommends). `text` must not be empty.
[[nodiscard]] char32_t next_code_point(std::string_view& text);
void append_utf8(std::string& out, char32_t code_point);

}  // namespace offprint::catalogue
