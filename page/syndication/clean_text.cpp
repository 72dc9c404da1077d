// Decoding as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#include "page/syndication/clean_text.hpp"

#include <cstdint>

namespace offprint::page {
namespace {

/// The code point at `at`, which is moved behind it; U+FFFD for a byte that starts none.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 && first <= 0xf4  ? 3
                   : first >= 0xe0 && first < 0xf0 ? 2
                   : first >= 0xc2 && first < 0xe0 ? 1
                                                   : 0;
  if (more == 0) return 0xfffd;
  char32_t code = first & (0x3f >> more);
  std::size_t end = at;
  for (int i = 0; i < more; ++i, ++end) {
    if (end >= text.size() || (byte(end) & 0xc0) != 0x80) return 0xfffd;
    code = code << 6 | (byte(end) & 0x3f);
  }
  constexpr char32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
  if (code < kLeast[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0xfffd;
  at = end;
  return code;
}

bool unwanted(char32_t c) {
  if (c < 0x20) return c != '\t' && c != '\n';
  if (c >= 0x7f && c < 0xa0) return true;
  if (c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
    return true;
  return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) || c == 0xfeff;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t code = next_code_point(text, at);
    if (unwanted(code)) continue;
    // U+FFFD is also what the text itself may hold
    if (code == 0xfffd) {
      out += "\xef\xbf\xbd";
    } else {
      out += text.substr(start, at - start);
    }
  }
  return out;
}

std::string clean_line(std::string_view text) {
  std::string out;
  for (const char c : clean_text(text)) {
    const bool space = c == ' ' || c == '\t' || c == '\n';
    if (!space) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string shortened(std::string_view text, std::size_t limit) {
  std::size_t points = 0;
  std::size_t at = 0;
  while (at < text.size() && points < limit) {
    (void)next_code_point(text, at);
    ++points;
  }
  if (at >= text.size()) return std::string(text);
  auto kept = text.substr(0, at);
  const auto space = kept.rfind(' ');
  if (space != std::string_view::npos && kept.size() - space < 40 && space > 0) kept = kept.substr(0, space);
  return std::string(kept) + "…";
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += "0123456789ABCDEF"[u >> 4];
      out += "0123456789ABCDEF"[u & 15];
    }
  }
  return out;
}

}  // namespace offprint::page
