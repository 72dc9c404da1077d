// Fields, quotes, blank lines and numbers of text tables.
#include "offprint/io/csv_fields.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace offprint::io::csv {
namespace {

bool at_line_end(const char* p, const char* end) {
  return p == end || *p == '\n' || (*p == '\r' && (p + 1 == end || p[1] == '\n'));
}

const char* after_line_end(const char* p, const char* end) {
  if (p != end && *p == '\r') ++p;
  return p == end ? p : p + 1;
}

bool equal_ignoring_case(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

}  // namespace

Field next_field(const char* p, const char* end, const Dialect& dialect, std::string& scratch) {
  while (p != end && dialect.is_blank(*p)) ++p;
  Field field;
  field.begin = p;
  const char* after = p;
  if (p != end && *p == '"') {
    field.quoted = true;
    const char* open = p + 1;
    const char* close = open;
    bool doubled = false;
    for (;;) {
      close = static_cast<const char*>(std::memchr(close, '"', static_cast<std::size_t>(end - close)));
      if (close == nullptr) {
        field.problem = Field::Problem::never_closed;
        field.next = end;
        field.last = true;
        return field;
      }
      if (close + 1 == end || close[1] != '"') break;
      doubled = true;
      close += 2;
    }
    field.text = std::string_view(open, static_cast<std::size_t>(close - open));
    if (doubled) {
      scratch.clear();
      for (std::size_t i = 0; i < field.text.size(); ++i) {
        scratch += field.text[i];
        if (field.text[i] == '"') ++i;
      }
      field.text = scratch;
    }
    after = close + 1;
  } else {
    while (after != end && *after != '\n' && *after != dialect.delimiter &&
           !(dialect.blanks() && dialect.is_blank(*after)))
      ++after;
    const char* text_end = after;
    if (text_end != p && text_end[-1] == '\r' && (text_end == end || *text_end == '\n')) after = --text_end;
    while (text_end != p && dialect.is_blank(text_end[-1])) --text_end;
    field.text = std::string_view(p, static_cast<std::size_t>(text_end - p));
  }

  const char* rest = after;
  while (rest != end && dialect.is_blank(*rest)) ++rest;
  if (at_line_end(rest, end)) {
    field.last = true;
    field.next = after_line_end(rest, end);
  } else if (dialect.blanks() && rest != after) {
    field.next = rest;
  } else if (!dialect.blanks() && *rest == dialect.delimiter) {
    field.next = rest + 1;
  } else {
    field.problem = Field::Problem::text_after_quote;
    field.next = rest;
    field.last = true;
  }
  return field;
}

const char* record_end(const char* p, const char* end, const Dialect& dialect, bool quotes) {
  const auto* line_end = static_cast<const char*>(std::memchr(p, '\n', static_cast<std::size_t>(end - p)));
  if (line_end == nullptr) line_end = end;
  if (!quotes || std::memchr(p, '"', static_cast<std::size_t>(line_end - p)) == nullptr) return line_end;
  std::string scratch;
  Field field;
  field.next = p;
  do field = next_field(field.next, end, dialect, scratch);
  while (!field.last);
  if (field.problem == Field::Problem::text_after_quote) return line_end;  // reported when the record is parsed
  return field.next != p && field.next[-1] == '\n' ? field.next - 1 : field.next;
}

bool is_skipped(const char* p, const char* end, const Dialect& dialect) {
  while (p != end && dialect.is_blank(*p)) ++p;
  return at_line_end(p, end) || (dialect.comment != 0 && *p == dialect.comment);
}

Kind classify(std::string_view text, double& value) {
  value = std::numeric_limits<double>::quiet_NaN();
  if (text.empty()) return Kind::missing;
  for (const std::string_view name : {"na", "nan", "n/a", "null", "-nan", "+nan"})
    if (equal_ignoring_case(text, name)) return Kind::missing;
  const char* end = text.data() + text.size();
  double number = 0.0;
  if (parse_number(text.data(), end, number) != end) return Kind::text;
  value = number;
  return Kind::number;
}

}  // namespace offprint::io::csv
