// E-mail addresses and phrases as the digest accepts them.
#pragma once

#include <string>
#include <string_view>

namespace offprint::page {

/// The address in the form in which it is stored, compared and handed to the mail server: white space around it
/// removed, the domain in lower case. Accepts RFC 5321's dot-strings ("ada.lovelace+papers@example.org") of at most 254
/// bytes, the local part of at most 64, with a domain of at least two labels; `localhost` too, for mail on one machine.
/// Refuses quoted local parts, address literals, comments, control characters and everything beyond ASCII: throws
/// InputError with a sentence fit for the reader (for an internationalised domain it names the xn-- form as the
/// remedy).
[[nodiscard]] std::string normalised_address(std::string_view text);

/// A sender: "Offprint <papers@example.org>" or a bare address.
struct Sender {
  std::string name;  // "" : none; UTF-8, one line
  std::string address;
};
/// Throws InputError when it is neither form.
[[nodiscard]] Sender parse_sender(std::string_view text);

}  // namespace offprint::page
