// Files editions/YYYY-MM-DD.html in the store's folder.
#include "page/server/edition_files.hpp"

#include <fmt/format.h>

#include "offprint/core/date.hpp"
#include "page/server/child_process.hpp"

namespace offprint::page {

std::string today_utc() { return format_date(std::chrono::floor<std::chrono::days>(utc_now())); }

std::filesystem::path EditionFiles::today(std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  const auto day = today_utc();
  const auto file = store_ / "editions" / (day + ".html");
  if (made_ == revision && made_on_ == day && std::filesystem::exists(file)) return file;
  std::filesystem::create_directories(store_ / "editions");
  std::string failure;
  try {
    auto made = run_program(
        {executable_.string(), "report", "--edition", "--out", file.string(), "--store", store_.string(), "--quiet"},
        "/", std::chrono::seconds(120));
    while (!made.errors.empty() && made.errors.back() == '\n') made.errors.pop_back();
    if (made.exit_code != 0)
      failure = made.errors.starts_with("offprint: ") ? made.errors.substr(10) : "the edition could not be made";
  } catch (const Error& e) {
    failure = e.what();
  }
  if (!failure.empty()) throw HttpError(503, failure, 60);
  made_ = revision;
  made_on_ = day;
  return file;
}

std::filesystem::path EditionFiles::of_day(const std::string& day, std::int64_t revision) {
  if (day == today_utc()) return today(revision);
  const auto file = store_ / "editions" / (day + ".html");
  if (!std::filesystem::exists(file))
    throw HttpError(404, fmt::format("there is no edition of {}: one is kept of every day on which it was read", day));
  return file;
}

}  // namespace offprint::page
