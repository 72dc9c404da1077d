// Every function takes hostile text and either gives a checked value or throws InputError with one sentence.
#include "page/server/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kMostParameters = 64;
constexpr std::size_t kLongestValue = 4096;
constexpr std::size_t kMostSegments = 16;

bool is_alnum(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `use` with each part of `text` between separators.
template <class Use>
void each_part(std::string_view text, char separator, Use&& use) {
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(separator, from), text.size());
    use(text.substr(from, end - from));
    from = end + 1;
  }
}

/// Length of the valid UTF-8 sequence at the front of `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;
    if (first == 0xF4 && byte(1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

bool is_number(std::string_view text) {
  double x = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), x);
  return error == std::errc() && end == text.data() + text.size();
}

std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 60)) out += c >= ' ' && c < 127 ? c : '?';
  return text.size() > 60 ? out + "..." : out;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool is_clean_text(std::string_view text, bool lines) {
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    if ((c < 0x20 && !(lines && (c == '\n' || c == '\t' || c == '\r'))) || c == 0x7F) return false;
    const auto n = sequence_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

std::vector<std::string> path_segments(std::string_view path) {
  if (path.empty() || path.front() != '/') throw InputError("the address must begin with '/'");
  std::vector<std::string> segments;
  if (path == "/") return segments;
  each_part(path.substr(1), '/', [&](std::string_view part) {
    const auto decoded = percent_decoded(part);
    if (!decoded || !is_clean_text(*decoded))
      throw InputError("the address holds a broken escape or a character that has no place there");
    if (*decoded == "." || *decoded == "..") throw InputError("the address must not hold '.' or '..'");
    if (segments.size() == kMostSegments) throw InputError("the address has too many parts");
    segments.push_back(*decoded);
  });
  return segments;
}

Query Query::parse(std::string_view text) {
  Query query;
  if (text.empty()) return query;
  each_part(text, '&', [&](std::string_view part) {
    if (part.empty()) return;
    if (query.values_.size() == kMostParameters)
      throw InputError(fmt::format("the address has more than {} parameters", kMostParameters));
    const auto equals = part.find('=');
    const auto name = percent_decoded(part.substr(0, equals), true);
    const auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                        : percent_decoded(part.substr(equals + 1), true);
    if (!name || !value || !is_clean_text(*name) || !is_clean_text(*value, true))
      throw InputError(fmt::format("parameter '{}' holds a broken escape or a character that has no place there",
                                   shown(part.substr(0, equals))));
    if (value->size() > kLongestValue)
      throw InputError(fmt::format("parameter '{}' is longer than {} bytes", shown(*name), kLongestValue));
    query.values_.emplace_back(*name, *value);
  });
  return query;
}

std::optional<std::string> Query::find(std::string_view name) const {
  for (auto at = values_.rbegin(); at != values_.rend(); ++at)
    if (at->first == name) return at->second;
  return std::nullopt;
}

std::string Query::text(std::string_view name, std::string fallback) const {
  auto found = find(name);
  return found && !found->empty() ? *found : std::move(fallback);
}

std::int64_t Query::whole(std::string_view name, std::int64_t fallback, std::int64_t lo, std::int64_t hi) const {
  const auto found = find(name);
  if (!found || found->empty()) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(found->data(), found->data() + found->size(), value);
  if (error != std::errc() || end != found->data() + found->size() || value < lo || value > hi)
    throw InputError(
        fmt::format("parameter '{}' is '{}'; it must be a whole number from {} to {}", name, shown(*found), lo, hi));
  return value;
}

std::string Query::choice(std::string_view name, std::string fallback,
                          std::span<const std::string_view> choices) const {
  auto value = text(name, std::move(fallback));
  if (value.empty() || std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  throw InputError(
      fmt::format("parameter '{}' is '{}'; it must be one of {}", name, shown(value), fmt::join(choices, ", ")));
}

void Query::only(std::span<const std::string_view> known) const {
  for (const auto& [name, value] : values_)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw InputError(fmt::format("unknown parameter '{}'{}", shown(name),
                                   suggestion(name.substr(0, 60), {known.begin(), known.end()})));
}

std::string parse_day(std::string_view text) {
  const auto day = parse_date(text);
  const int year = day ? static_cast<int>(std::chrono::year_month_day(*day).year()) : 0;
  if (year < 1900 || year > 2999)
    throw InputError(fmt::format("'{}' is not a day; write YYYY-MM-DD, e.g. 2025-01-31", shown(text)));
  return std::string(text);
}

DayRange day_range(const std::string& day, std::string_view span) {
  const auto at = parse_date(day).value();
  if (span == "week") {
    const auto monday = at - std::chrono::days(std::chrono::weekday(at).iso_encoding() - 1);
    return {format_date(monday), format_date(monday + std::chrono::days(6))};
  }
  if (span == "month") {
    const std::chrono::year_month_day date(at);
    return {format_date(date.year() / date.month() / 1), format_date(date.year() / date.month() / std::chrono::last)};
  }
  return {day, day};
}

std::int64_t parse_id(std::string_view text, std::string_view what) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id <= 0)
    throw InputError(fmt::format("'{}' is not the number of a {}", shown(text), what));
  return id;
}

std::string parse_key(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '_' || c == '/';
  });
  if (!good) throw InputError(fmt::format("'{}' is not the key of a paper", shown(text)));
  return std::string(text);
}

std::string cookie(std::string_view header, std::string_view name) {
  std::string found;
  each_part(header.substr(0, 8192), ';', [&](std::string_view part) {
    part = trimmed(part);
    const auto equals = part.find('=');
    if (equals != std::string_view::npos && part.substr(0, equals) == name && found.empty())
      found = std::string(part.substr(equals + 1));
  });
  return found;
}

std::string host_name(std::string_view host) {
  std::string_view name = host;
  std::string_view port;
  if (name.starts_with('[')) {
    const auto close = name.find(']');
    if (close == std::string_view::npos) return "";
    port = name.substr(close + 1);
    name = name.substr(0, close + 1);
  } else if (const auto colon = name.find(':'); colon != std::string_view::npos) {
    port = name.substr(colon);
    name = name.substr(0, colon);
  }
  const bool port_good =
      port.empty() || (port.front() == ':' && port.size() <= 6 &&
                       std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; }));
  const bool name_good = !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || c == '.' || c == '-' || c == '[' || c == ']' || c == ':';
  });
  if (!port_good || !name_good) return "";
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  bool found = false;
  each_part(if_none_match, ',', [&](std::string_view part) {
    part = trimmed(part);
    if (part.starts_with("W/")) part.remove_prefix(2);
    found = found || part == "*" || part == etag;
  });
  return found;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool found = false;
  each_part(accept_encoding, ',', [&](std::string_view part) {
    const auto semicolon = part.find(';');
    const auto name = trimmed(part.substr(0, semicolon));
    const auto weight = semicolon == std::string_view::npos ? "" : trimmed(part.substr(semicolon + 1));
    const bool refused = weight == "q=0" || weight == "q=0.0" || weight == "q=0.00" || weight == "q=0.000";
    found = found || ((name == "gzip" || name == "*") && !refused);
  });
  return found;
}

std::string safe_file_name(std::string_view name) {
  const auto slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos) name.remove_prefix(slash + 1);
  std::string out;
  for (const char c : name) out += is_alnum(c) || c == '.' || c == '-' || c == '_' || c == ' ' ? c : '_';
  while (!out.empty() && (out.front() == '.' || out.front() == ' ' || out.front() == '-')) out.erase(out.begin());
  if (out.size() > 100) {  // the end says what kind of file it is
    const auto dot = out.rfind('.');
    const std::string extension = dot != std::string::npos && out.size() - dot <= 12 ? out.substr(dot) : "";
    out = out.substr(0, 100 - extension.size()) + extension;
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '.')) out.pop_back();
  return out.empty() ? "upload" : out;
}

std::vector<std::string> csv_columns(std::string_view line) {
  if (line.empty() || !is_clean_text(line, true)) return {};
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  char separator = ',';
  for (const char c : {',', ';', '\t'})
    if (std::count(line.begin(), line.end(), c) > std::count(line.begin(), line.end(), separator)) separator = c;
  std::vector<std::string> names(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      names.emplace_back();
    } else {
      names.back() += c;
    }
    if (names.size() > 10000) return {};
  }
  for (auto& name : names) {
    while (!name.empty() && name.front() == ' ') name.erase(name.begin());
    while (!name.empty() && name.back() == ' ') name.pop_back();
  }
  const bool numbers = std::all_of(names.begin(), names.end(), [](const std::string& n) { return is_number(n); });
  return numbers ? std::vector<std::string>{} : names;
}

}  // namespace offprint::page
