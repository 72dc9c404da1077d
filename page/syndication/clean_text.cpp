// Line by line through the catalogue's clean_text, so that foreign text has one definition of harmless.
#include "page/syndication/clean_text.hpp"

#include <algorithm>
#include <limits>

#include "catalogue/text.hpp"

namespace offprint::page {

std::string clean_line(std::string_view text) {
  return catalogue::clean_text(text, std::numeric_limits<std::size_t>::max());
}

std::string clean_text(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (at > 0) out += '\n';
    out += clean_line(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t limit) {
  auto rest = text;
  for (std::size_t points = 0; !rest.empty() && points < limit; ++points) (void)catalogue::next_code_point(rest);
  if (rest.empty()) return std::string(text);
  auto kept = text.substr(0, text.size() - rest.size());
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
