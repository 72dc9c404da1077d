// The JSON of Hugging Face's daily papers.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "catalogue/arxiv_id.hpp"
#include "catalogue/feed_fields.hpp"
#include "catalogue/feed_parsers.hpp"
#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

using Value = nlohmann::json;

/// Refuses deep nesting before anything is built. Brackets in strings do not count.
void check_depth(std::string_view document) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < document.size(); ++i) {
    const char c = document[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limits::kJsonDepth)
        throw InputError(
            fmt::format("the JSON of the daily papers nests deeper than {} levels at byte {}", limits::kJsonDepth, i));
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

/// The string at a key, "" when there is none.
std::string_view text_at(const Value& object, const char* key) {
  if (!object.is_object()) return {};
  const auto at = object.find(key);
  if (at == object.end() || !at->is_string()) return {};
  return at->get_ref<const std::string&>();
}

int upvotes_of(const Value& paper) {
  const auto at = paper.find("upvotes");
  if (at == paper.end() || !at->is_number_integer()) return -1;
  const auto votes =
      at->is_number_unsigned() ? std::min<std::uint64_t>(at->get<std::uint64_t>(), 10'000'000) : std::uint64_t{0};
  return static_cast<int>(votes);
}

FeedItem read_entry(const Value& entry, const std::string& day) {
  FeedItem item;
  item.source = "huggingface";
  const auto at = entry.is_object() ? entry.find("paper") : entry.end();
  const Value& paper = entry.is_object() && at != entry.end() && at->is_object() ? *at : entry;
  if (!paper.is_object()) return item;
  if (const auto id = parse_arxiv_id(text_at(paper, "id"))) {
    item.arxiv = id->id;
    item.version = id->version;
  }
  item.title = clean_text(text_at(paper, "title"), limits::kTitle);
  if (item.title.empty()) item.title = clean_text(text_at(entry, "title"), limits::kTitle);
  item.abstract = clean_text(text_at(paper, "summary"), limits::kAbstract);
  if (const auto authors = paper.find("authors"); authors != paper.end() && authors->is_array())
    for (const auto& author : *authors) add_author(item, text_at(author, "name"));
  item.published = day_of(text_at(paper, "publishedAt"));
  item.listed = day.empty() ? day_of(text_at(paper, "submittedOnDailyAt")) : day;
  if (item.listed.empty()) item.listed = day_of(text_at(entry, "publishedAt"));
  item.upvotes = upvotes_of(paper);
  return item;
}

}  // namespace

FeedPage parse_daily_json(std::string_view document, const std::string& day) {
  check_size(document, "the JSON of the daily papers");
  check_depth(document);
  Value json;
  try {
    json = Value::parse(repaired_utf8(document));
  } catch (const Value::parse_error& e) {
    throw InputError(fmt::format("the daily papers are not JSON at byte {} of {}; was the document cut short?", e.byte,
                                 document.size()));
  }
  if (const auto error = text_at(json, "error"); !error.empty())
    throw InputError("Hugging Face refuses the query: " + clean_text(error, 300));
  if (!json.is_array()) throw InputError("the daily papers must be a JSON list of papers, but this is no list");
  FeedPage page;
  for (const auto& entry : json) {
    FeedItem item;
    if (page.items.size() < limits::kItems) item = read_entry(entry, day);
    if (item.title.empty()) {
      ++page.skipped;
    } else {
      page.items.push_back(std::move(item));
    }
  }
  return page;
}

}  // namespace offprint::catalogue
