// Editions: self-contained pages of everything checked on this machine, made by the offprint command.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>

#include "page/server/http_message.hpp"

namespace offprint::page {

/// Thread-safe. One is made at a time; today's is made anew when the record has changed, earlier days' stay as they
/// were last served.
class EditionFiles {
 public:
  EditionFiles(std::filesystem::path executable, std::filesystem::path store)
      : executable_(std::move(executable)), store_(std::move(store)) {}
  /// Today's, of the record at `revision`. Throws HttpError 503 when it cannot be made.
  [[nodiscard]] std::filesystem::path today(std::int64_t revision);
  /// That day's. Throws HttpError 404 when none was kept.
  [[nodiscard]] std::filesystem::path of_day(const std::string& day, std::int64_t revision);

 private:
  std::filesystem::path executable_;
  std::filesystem::path store_;
  std::mutex mutex_;
  std::int64_t made_ = -1;
  std::string made_on_;
};

/// Today, UTC, as YYYY-MM-DD.
[[nodiscard]] std::string today_utc();

}  // namespace offprint::page
