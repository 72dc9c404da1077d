// HMAC-SHA256 (RFC 2104 over FIPS 180-4): how the page signs the links and cookies that it gives out.
#pragma once

#include <string>
#include <string_view>

namespace offprint {

/// The 32 bytes of HMAC-SHA256 of `message` under `key` (any length; 32 random bytes are right).
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view message);

/// Whether two byte strings are equal, in a time that depends on their lengths only: for codes and tokens, where the
/// time of an ordinary comparison would tell an attacker how many bytes were right.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace offprint
