// Signed tokens: what the page puts into confirmation and unsubscribe links and into session cookies, so that it need
// not remember them. One secret per store, in <store>/page.secret.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace offprint::page {

/// What a token is good for. A token of one purpose never passes as another's.
enum class Purpose { kConfirm, kUnsubscribe, kSession };

/// How long confirmation links work, in seconds: two days, so that a weekend does not lose a subscription.
inline constexpr std::int64_t kConfirmSeconds = 48 * 3600;

/// Makes and checks tokens "payload.expiry.code": the payload in base64url, the expiry in seconds since 1970 (0:
/// never), and HMAC-SHA256 over purpose, payload and expiry in base64url. Tokens hold no secrets: whoever has one can
/// read its payload. Immutable, so usable from any thread.
class Signer {
 public:
  /// The signer of a store. The first caller makes <folder>/page.secret, 32 random bytes that only the owner may read;
  /// of several processes at once, all get the same. Throws IoError when it cannot be read or made, and InputError when
  /// the file is of another size or others may read it.
  [[nodiscard]] static Signer open(const std::filesystem::path& folder);
  /// With a given secret (tests).
  explicit Signer(std::string secret) : secret_(std::move(secret)) {}

  /// `expires`: seconds since 1970, 0 for never.
  [[nodiscard]] std::string sign(Purpose purpose, std::string_view payload, std::int64_t expires = 0) const;
  /// The payload of a token that is genuine, of this purpose and not expired at `now`; nothing otherwise. Codes are
  /// compared in constant time.
  [[nodiscard]] std::optional<std::string> verify(Purpose purpose, std::string_view token, std::int64_t now) const;

 private:
  [[nodiscard]] std::string code(Purpose purpose, std::string_view signed_part) const;
  std::string secret_;
};

/// base64url without padding (RFC 4648 section 5).
[[nodiscard]] std::string base64url(std::string_view bytes);
/// Nothing when it is not base64url (padding and stray bits included).
[[nodiscard]] std::optional<std::string> from_base64url(std::string_view text);

}  // namespace offprint::page
