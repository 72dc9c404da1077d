// Days and instants as text, in UTC: YYYY-MM-DD and YYYY-MM-DDTHH:MM:SSZ.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace offprint {

/// A day written YYYY-MM-DD, all of the text and a day of the calendar; nothing otherwise.
[[nodiscard]] std::optional<std::chrono::sys_days> parse_date(std::string_view text);
/// An instant in RFC 3339 (2024-07-08T17:59:59Z, fractions of seconds dropped, offsets +02:00 applied), or a day alone,
/// which is its midnight; nothing otherwise.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_time(std::string_view text);

[[nodiscard]] std::string format_date(std::chrono::sys_days day);
[[nodiscard]] std::string format_time(std::chrono::sys_seconds time);
/// The present instant, to the second.
[[nodiscard]] std::chrono::sys_seconds utc_now();

}  // namespace offprint
