// A mail as text: headers, a plain part and an HTML part (RFC 5322, 2045-2047). Written here rather than by libcurl's
// MIME interface, which neither encodes headers nor gives the text back for previews and tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "page/digest/address.hpp"

namespace offprint::page {

struct Message {
  Sender from;
  std::string to;                                            // a normalised address
  std::string subject;                                       // UTF-8
  std::int64_t date = 0;                                     // seconds since 1970
  std::string message_id;                                    // without angle brackets
  std::vector<std::pair<std::string, std::string>> headers;  // further ones: ASCII, without line breaks
  std::string text;                                          // UTF-8, lines end in \n
  std::string html;
};

/// The message as it goes over the wire: CRLF line ends, multipart/alternative, both parts quoted-printable, no line
/// longer than 76 characters but for addresses in headers (never over 998), everything ASCII. The same message gives
/// the same bytes. Throws Error for a header with a line break or beyond ASCII: ours, and a defect.
[[nodiscard]] std::string to_mime(const Message& message);

/// An RFC 2047 text for a header such as Subject: as it is when that is safe, otherwise in encoded words.
[[nodiscard]] std::string encoded_header(std::string_view text);
/// Quoted-printable (RFC 2045 section 6.7) of text whose lines end in \n.
[[nodiscard]] std::string quoted_printable(std::string_view text);

}  // namespace offprint::page
