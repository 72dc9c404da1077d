// The old scheme (until March 2007) is archive/YYMMNNN, the new one YYMM.NNNN, with five digits since 2015.
#include "catalogue/arxiv_id.hpp"

#include <algorithm>

namespace offprint::catalogue {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

std::size_t leading_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

bool is_month(std::string_view digits) { return digits >= "01" && digits <= "12"; }

void drop_prefix(std::string_view& text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
}

}  // namespace

std::optional<ArxivId> parse_arxiv_id(std::string_view text) {
  if (text.starts_with("http")) {
    drop_prefix(text, "http");
    drop_prefix(text, "s");
    if (!text.starts_with("://")) return std::nullopt;
    text.remove_prefix(3);
    drop_prefix(text, "www.");
    drop_prefix(text, "export.");
    if (!text.starts_with("arxiv.org/abs/") && !text.starts_with("arxiv.org/pdf/")) return std::nullopt;
    text.remove_prefix(14);
    if (text.ends_with(".pdf")) text.remove_suffix(4);
  } else {
    drop_prefix(text, "arXiv:");
    drop_prefix(text, "arxiv:");
  }
  ArxivId result;
  if (leading_digits(text) == 4 && text.size() > 4 && text[4] == '.') {
    const auto number = leading_digits(text.substr(5));
    if ((number != 4 && number != 5) || !is_month(text.substr(2, 2))) return std::nullopt;
    result.id = text.substr(0, 5 + number);
    text.remove_prefix(5 + number);
  } else {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash > 20) return std::nullopt;
    auto archive = text.substr(0, slash);
    if (const auto dot = archive.find('.'); dot != std::string_view::npos) {
      const auto subject = archive.substr(dot + 1);
      if (subject.size() != 2 || !std::all_of(subject.begin(), subject.end(), is_upper)) return std::nullopt;
      archive = archive.substr(0, dot);
    }
    if (archive.empty() || !is_lower(archive.front()) ||
        !std::all_of(archive.begin(), archive.end(), [](char c) { return is_lower(c) || c == '-'; }))
      return std::nullopt;
    const auto number = text.substr(slash + 1);
    if (leading_digits(number) != 7 || !is_month(number.substr(2, 2))) return std::nullopt;
    result.id = std::string(archive) + "/" + std::string(number.substr(0, 7));
    text = number.substr(7);
  }
  if (text.empty()) return result;
  if (text.front() != 'v') return std::nullopt;
  text.remove_prefix(1);
  if (text.empty() || text.size() > 4 || leading_digits(text) != text.size()) return std::nullopt;
  for (const char c : text) result.version = result.version * 10 + (c - '0');
  if (result.version == 0) return std::nullopt;
  return result;
}

std::string month_of_arxiv_id(std::string_view id) {
  if (const auto slash = id.find('/'); slash != std::string_view::npos) id.remove_prefix(slash + 1);
  const std::string year(id.substr(0, 2));
  return (year >= "91" ? "19" : "20") + year + "-" + std::string(id.substr(2, 2)) + "-01";
}

}  // namespace offprint::catalogue
