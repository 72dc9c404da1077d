// A scanner for parts, then one FTS5 expression from each kind of them.
#include "catalogue/query.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "catalogue/tokenizer.hpp"

namespace offprint::catalogue {
namespace {

struct Part {
  bool excluded = false;
  bool phrase = false;
  std::string field;  // "author", "title", "category" or ""
  std::string text;
  bool open = false;  // the text ended with it
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::vector<Part> scan(std::string_view text) {
  std::vector<Part> parts;
  while (parts.size() < limits::kQueryTerms) {
    const auto start = text.find_first_not_of(' ');
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    Part part;
    if (text.size() > 1 && text[0] == '-' && text[1] != ' ') {
      part.excluded = true;
      text.remove_prefix(1);
    }
    for (const std::string_view field : {"author", "title", "category"})
      if (text.size() > field.size() + 1 && lower(text.substr(0, field.size())) == field && text[field.size()] == ':' &&
          text[field.size() + 1] != ' ') {
        part.field = field;
        text.remove_prefix(field.size() + 1);
        break;
      }
    if (text.starts_with('"')) {
      text.remove_prefix(1);
      const auto end = std::min(text.find('"'), text.size());
      part.phrase = true;
      part.text = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    } else {
      const auto end = std::min(text.find_first_of(" \""), text.size());
      part.text = text.substr(0, end);
      part.open = end == text.size();
      text.remove_prefix(end);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

/// Joins non-empty expressions: (a AND b).
std::string combined(const std::vector<std::string>& list, std::string_view by) {
  if (list.empty()) return "";
  if (list.size() == 1) return list.front();
  return fmt::format("({})", fmt::join(list, fmt::format(" {} ", by)));
}

/// The word being typed: itself, and what it is known to begin. Failing that, any stem of the index that begins with
/// it.
std::string beginning(const std::string& word, const Complete& complete) {
  std::vector<std::string> ways = {quoted(word)};
  if (word.size() < 2) return ways.front();
  for (const auto& longer : complete(lower(word)))
    if (longer != lower(word)) ways.push_back(quoted(longer));
  if (ways.size() == 1) ways.push_back(quoted(word) + " *");
  return combined(ways, "OR");
}

}  // namespace

ParsedQuery parse_query(std::string_view text, const Tokenizer& tokenizer, const Complete& complete) {
  const bool ends_open = !text.empty() && text.back() != ' ';
  const std::string cleaned = clean_text(text.substr(0, limits::kQuery), limits::kQuery);
  ParsedQuery query;
  std::vector<std::string> demanded;
  std::vector<std::string> words;
  std::vector<std::string> common;
  std::vector<std::string> excluded;
  for (const auto& part : scan(cleaned)) {
    if (part.field == "category" && !part.excluded) {
      query.categories.push_back(part.text);
      continue;
    }
    if (!tokenizer.has_token(part.text)) continue;
    std::string expression = quoted(part.text);
    const bool plain = part.field.empty() && !part.phrase && !part.excluded;
    if (plain && part.open && ends_open) expression = beginning(part.text, complete);
    if (part.field == "author") expression = "authors : " + expression;
    if (part.field == "title") expression = "title : " + expression;
    if (part.excluded) {
      excluded.push_back(expression);
      continue;
    }
    if (part.field.empty()) query.meaning += part.text + ' ';
    if (!plain) {
      demanded.push_back(expression);
    } else if (is_stop_word(lower(part.text)) && !(part.open && ends_open)) {
      common.push_back(expression);
    } else {
      words.push_back(expression);
    }
  }
  if (words.empty()) words = common;
  query.demanded = combined(demanded, "AND");
  query.excluded = combined(excluded, "OR");
  const auto without = [&](std::string expression) {
    if (expression.empty() || query.excluded.empty()) return expression;
    return fmt::format("({} NOT {})", expression, query.excluded);
  };
  auto all = demanded;
  all.insert(all.end(), words.begin(), words.end());
  query.all = without(combined(all, "AND"));
  if (words.size() > 1) {
    auto any = demanded;
    any.push_back(combined(words, "OR"));
    query.any = without(combined(any, "AND"));
  }
  return query;
}

}  // namespace offprint::catalogue
