// UTF-8 by the table of well-formed sequences (Unicode, table 3-7).
#include "catalogue/text.hpp"

#include <cctype>

namespace offprint::catalogue {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_space(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// What nobody sees but which changes what others see. The joiners U+200C and U+200D stay: scripts need them.
bool is_unwanted(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E || c == 0x200B || c == 0x200E ||
         c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFDD0 && c <= 0xFDEF) || (c >= 0xFFF9 && c <= 0xFFFB) || (c & 0xFFFE) == 0xFFFE ||
         (c >= 0xE0000 && c <= 0xE0FFF);
}

}  // namespace

char32_t next_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  char32_t value = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
    value = first & 0x1FU;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    value = first & 0x0FU;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    value = first & 0x07U;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  }
  std::size_t used = 1;
  for (; used < length; ++used) {
    if (used >= text.size() || byte(used) < low || byte(used) > high) break;
    value = value << 6 | (byte(used) & 0x3FU);
    low = 0x80;
    high = 0xBF;
  }
  text.remove_prefix(used);
  return used == length ? value : kReplacement;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

std::string clean_text(std::string_view foreign, std::size_t limit) {
  std::string out;
  std::size_t length = 0;
  bool space = false;
  while (!foreign.empty()) {
    const char32_t c = next_code_point(foreign);
    if (is_space(c)) {
      space = length > 0;
      continue;
    }
    if (is_unwanted(c)) continue;
    if (length + (space ? 1 : 0) >= limit) break;
    if (space) {
      out += ' ';
      ++length;
      space = false;
    }
    append_utf8(out, c);
    ++length;
  }
  return out;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto before = text;
    const char32_t c = next_code_point(text);
    if (c == kReplacement) {
      append_utf8(out, c);
    } else {
      out += before.substr(0, before.size() - text.size());
    }
  }
  return out;
}

std::string normalised_title(std::string_view title) {
  std::string out;
  while (!title.empty()) {
    const char32_t c = next_code_point(title);
    if (c < 0x80 ? std::isalnum(static_cast<int>(c)) != 0 : c > 0xBF && (c < 0x2000 || c > 0x206F)) {
      append_utf8(out, c < 0x80 ? static_cast<char32_t>(std::tolower(static_cast<int>(c))) : c);
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace offprint::catalogue
