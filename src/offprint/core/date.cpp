// Read by position: the forms are fixed, and <chrono>'s own parse is not in GCC 12.
#include "offprint/core/date.hpp"

#include <fmt/format.h>

namespace offprint {
namespace {

namespace ch = std::chrono;

/// The number in `count` digits at the head of `text`, which is consumed.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<ch::sys_days> take_date(std::string_view& text) {
  const auto year = digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = digits(text, 2);
  if (!day) return std::nullopt;
  const ch::year_month_day date{ch::year(*year), ch::month(static_cast<unsigned>(*month)),
                                ch::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return ch::sys_days(date);
}

/// Z, or an offset of hours and minutes, which is what the clock there is ahead of UTC.
std::optional<ch::minutes> take_zone(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return ch::minutes(0);
  const int sign = take(text, '+') ? 1 : take(text, '-') ? -1 : 0;
  if (sign == 0) return std::nullopt;
  const auto hours = digits(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return sign * (ch::hours(*hours) + ch::minutes(*minutes));
}

}  // namespace

std::optional<ch::sys_days> parse_date(std::string_view text) {
  const auto day = take_date(text);
  return text.empty() ? day : std::nullopt;
}

std::optional<ch::sys_seconds> parse_time(std::string_view text) {
  const auto day = take_date(text);
  if (!day || text.empty()) return day;
  if (!take(text, 'T') && !take(text, 't') && !take(text, ' ')) return std::nullopt;
  const auto hour = digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = digits(text, 2);
  if (!minute || *minute > 59 || !take(text, ':')) return std::nullopt;
  const auto second = digits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  if (take(text, '.'))
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return std::nullopt;
  return *day + ch::hours(*hour) + ch::minutes(*minute) + ch::seconds(*second) - *zone;
}

std::string format_date(ch::sys_days day) {
  const ch::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

std::string format_time(ch::sys_seconds time) {
  const auto day = ch::floor<ch::days>(time);
  const ch::hh_mm_ss clock(time - day);
  return fmt::format("{}T{:02}:{:02}:{:02}Z", format_date(day), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

ch::sys_seconds utc_now() { return ch::floor<ch::seconds>(ch::system_clock::now()); }

}  // namespace offprint
