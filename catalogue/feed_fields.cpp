// See the header.
#include "catalogue/feed_fields.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {

void check_size(std::string_view document, std::string_view what) {
  if (document.size() > limits::kDocument)
    throw InputError(fmt::format("{} has {} bytes; at most {} are read", what, document.size(), limits::kDocument));
}

void add_author(FeedItem& item, std::string_view name) {
  if (item.authors.size() >= limits::kAuthors) return;
  if (auto cleaned = clean_text(name, limits::kName); !cleaned.empty()) item.authors.push_back(std::move(cleaned));
}

void add_category(FeedItem& item, std::string_view category) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  };
  if (item.categories.size() >= limits::kCategories || category.empty() || category.size() > limits::kCategory ||
      !std::all_of(category.begin(), category.end(), fits) ||
      std::find(item.categories.begin(), item.categories.end(), category) != item.categories.end())
    return;
  item.categories.emplace_back(category);
}

std::string clean_doi(std::string_view doi) {
  for (const std::string_view prefix : {"https://", "http://", "dx.", "doi.org/", "doi:"})
    if (doi.starts_with(prefix)) doi.remove_prefix(prefix.size());
  auto cleaned = clean_text(doi.substr(0, doi.find_first_of(" \t\r\n")), limits::kDoi);
  return cleaned.starts_with("10.") && cleaned.find('/') != std::string::npos ? cleaned : "";
}

std::string day_of(std::string_view time) {
  const auto parsed = parse_time(time);
  return parsed ? format_date(std::chrono::floor<std::chrono::days>(*parsed)) : "";
}

}  // namespace offprint::catalogue
