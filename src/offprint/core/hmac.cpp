// HMAC as RFC 2104 section 2 writes it.
#include "offprint/core/hmac.hpp"

#include "offprint/core/sha256.hpp"

namespace offprint {
namespace {

constexpr std::size_t kBlock = 64;

std::string digest_of(std::string_view first, std::string_view second) {
  Sha256 hash;
  hash.update(first);
  hash.update(second);
  return hash.digest();
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string block(key.size() > kBlock ? digest_of(key, {}) : std::string(key));
  block.resize(kBlock, '\0');
  std::string inner = block;
  std::string outer = block;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return digest_of(outer, digest_of(inner, message));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference =
        static_cast<unsigned char>(difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  return difference == 0;
}

}  // namespace offprint
