// The text of a saved Daily Papers page: paragraphs, of which pairs are papers.
#include <algorithm>

#include "catalogue/feed_fields.hpp"
#include "catalogue/feed_parsers.hpp"
#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

constexpr std::size_t kLong = 250;     // bytes: no title is so long, hardly an abstract shorter
constexpr std::size_t kSentence = 80;  // bytes of a short abstract, which ends like a sentence

/// The next paragraph (lines without a blank one between them), consumed together with the blank lines around it.
std::string_view next_paragraph(std::string_view& text) {
  const auto next_line = [](std::string_view rest) {
    const auto end = rest.find('\n');
    return rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
  };
  const auto blank = [](std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; };
  while (!text.empty() && blank(next_line(text))) text.remove_prefix(next_line(text).size());
  std::size_t length = 0;
  while (length < text.size() && !blank(next_line(text.substr(length))))
    length += next_line(text.substr(length)).size();
  const auto paragraph = text.substr(0, length);
  text.remove_prefix(length);
  return paragraph;
}

bool is_abstract(const std::string& paragraph) {
  return paragraph.size() >= kLong ||
         (paragraph.size() >= kSentence && std::string_view(".!?").find(paragraph.back()) != std::string_view::npos);
}

}  // namespace

FeedPage parse_daily_text(std::string_view document, const std::string& day) {
  check_size(document, "the text of the page");
  FeedPage page;
  std::string before;  // the paragraph before this one
  bool before_was_abstract = false;
  const auto begin_paper = [&](const std::string& title, const std::string& abstract) {
    if (page.items.size() >= limits::kItems) {
      ++page.skipped;
      return;
    }
    FeedItem item;
    item.source = "text";
    item.title = clean_text(title, limits::kTitle);
    item.abstract = abstract;
    item.listed = day;
    page.items.push_back(std::move(item));
  };
  while (!document.empty()) {
    const std::string paragraph = clean_text(next_paragraph(document), limits::kAbstract);
    if (paragraph.empty()) continue;
    const bool abstract = is_abstract(paragraph);
    if (abstract && !before.empty()) {
      if (!before_was_abstract) {
        begin_paper(before, paragraph);
      } else if (before.size() < kLong && paragraph.size() >= kLong && !page.items.empty() &&
                 page.items.back().abstract == before) {
        // what looked like a short abstract was a title that ends like a sentence
        page.items.pop_back();
        begin_paper(before, paragraph);
      } else if (!page.items.empty() && page.items.back().abstract.size() < limits::kAbstract) {
        page.items.back().abstract = clean_text(page.items.back().abstract + " " + paragraph, limits::kAbstract);
      }
    }
    before = paragraph;
    before_was_abstract = abstract;
  }
  if (page.items.empty())
    throw InputError(
        "the text has no paper: expected titles, each followed by a blank line and its abstract in one paragraph");
  return page;
}

}  // namespace offprint::catalogue
