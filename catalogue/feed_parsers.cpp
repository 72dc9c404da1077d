// Which of the three formats a document is in.
#include "catalogue/feed_parsers.hpp"

namespace offprint::catalogue {

FeedPage parse_feed(std::string_view document, const std::string& day) {
  auto head = document;
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const auto start = head.find_first_not_of(" \t\r\n");
  const char first = start == std::string_view::npos ? ' ' : head[start];
  if (first == '<') return parse_atom(head);
  if (first == '[' || first == '{') return parse_daily_json(head, day);
  return parse_daily_text(head, day);
}

}  // namespace offprint::catalogue
