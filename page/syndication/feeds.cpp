// Atom through pugixml and JSON Feed through nlohmann-json: neither is ever pasted together.
#include "page/syndication/feeds.hpp"

#include <algorithm>
#include <sstream>

#include <pugixml.hpp>

#include "offprint/core/error.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kSearchBytes = 500;
constexpr std::size_t kSearched = 2000;  // keyword matches looked through for the newest
constexpr std::size_t kTextPoints = 5000;
constexpr std::size_t kNames = 200;

bool is_day(const std::string& text) {
  if (text.size() < 10) return false;
  for (std::size_t i = 0; i < 10; ++i)
    if (i == 4 || i == 7 ? text[i] != '-' : text[i] < '0' || text[i] > '9') return false;
  return true;
}

/// A day as the RFC 3339 time of its beginning; "" for what is not one.
std::string time_of(const std::string& day) { return is_day(day) ? day.substr(0, 10) + "T00:00:00Z" : ""; }

std::string published(const catalogue::PaperRow& paper) {
  const auto time = time_of(paper.published);
  return time.empty() ? time_of(paper.listed) : time;
}

std::string updated(const FeedEntry& entry) {
  std::string newest =
      std::max({time_of(entry.paper.listed), time_of(entry.paper.published), time_of(entry.paper.updated)});
  if (entry.verdicts && is_day(entry.verdicts->when)) newest = std::max(newest, entry.verdicts->when);
  return newest.empty() ? "1970-01-01T00:00:00Z" : newest;
}

std::string newest(std::span<const FeedEntry> entries) {
  std::string time = "1970-01-01T00:00:00Z";  // of an empty feed
  for (const auto& entry : entries) time = std::max(time, updated(entry));
  return time;
}

/// The authority of tag: addresses: the host, without scheme and port.
std::string host_of(const std::string& base_url) {
  const auto scheme = base_url.find("://");
  auto host = scheme == std::string::npos ? base_url : base_url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (!host.empty() && host.front() == '[') return "localhost";  // an address in brackets cannot be a tag's authority
  return host.substr(0, host.find(':'));
}

std::string tag(const FeedPlace& place, const std::string& what) {
  return "tag:" + host_of(place.base_url) + ",2026:" + what;
}

std::string query_string(const FeedQuery& query) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "?" : "&") + std::string(name) + "=" + percent_encoded(value);
  };
  add("category", query.category);
  add("status", query.status);
  add("q", query.search);
  return text;
}

std::string title_of(const FeedQuery& query) {
  std::string title = "Offprint";
  if (query.status == "ready" || query.status == "runs") title += ": papers that run here";
  if (query.status == "planned") title += ": planned papers";
  if (query.status == "feed") title += ": papers from feeds";
  if (!query.category.empty()) title += ": " + clean_line(query.category);
  if (!query.search.empty()) title += ": \"" + clean_line(query.search) + "\"";
  if (title == "Offprint") title += ": the daily papers";
  return title;
}

/// The page that shows the same papers.
std::string page_url(const FeedPlace& place) {
  if (place.query.search.empty())
    return place.base_url + "/" + query_string({place.query.category, place.query.status, ""});
  return place.base_url + "/search" + query_string(place.query);
}

std::string self_url(const FeedPlace& place, const char* file) {
  return place.base_url + "/feeds/" + file + query_string(place.query);
}

std::string text_of(const catalogue::PaperRow& paper) {
  return shortened(clean_text(paper.summary.empty() ? paper.abstract : paper.summary), kTextPoints);
}

std::vector<std::string> lines_of(const std::vector<std::string>& names) {
  std::vector<std::string> kept;
  for (const auto& name : names) {
    auto line = shortened(clean_line(name), kNames);
    if (!line.empty()) kept.push_back(std::move(line));
    if (kept.size() == kNames) break;
  }
  return kept;
}

std::string title_of(const catalogue::PaperRow& paper) {
  auto title = shortened(clean_line(paper.title), 1000);
  return title.empty() ? "(untitled)" : title;
}

/// The paragraphs of an entry: the verdicts, the text.
std::vector<std::string> paragraphs(const FeedEntry& entry) {
  std::vector<std::string> list;
  if (entry.verdicts) list.push_back(verdict_sentence(*entry.verdicts));
  std::string text = text_of(entry.paper);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find("\n\n", at), text.size());
    auto paragraph = clean_line(std::string_view(text).substr(at, end - at));
    if (!paragraph.empty()) list.push_back(std::move(paragraph));
    at = end + 2;
  }
  return list;
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const auto& paragraph : list) text += (text.empty() ? "" : "\n\n") + paragraph;
  return text;
}

/// The paragraphs as HTML: a tree that pugixml writes, so that everything in it is escaped.
std::string html(const std::vector<std::string>& list) {
  pugi::xml_document document;
  for (const auto& paragraph : list) document.append_child("p").text().set(paragraph.c_str());
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return out.str();
}

void child(pugi::xml_node parent, const char* name, const std::string& text) {
  parent.append_child(name).text().set(text.c_str());
}

void link(pugi::xml_node parent, const char* rel, const char* type, const std::string& href) {
  auto node = parent.append_child("link");
  node.append_attribute("rel").set_value(rel);
  if (type != nullptr) node.append_attribute("type").set_value(type);
  node.append_attribute("href").set_value(href.c_str());
}

}  // namespace

std::string paper_url(const std::string& base_url, const std::string& key) {
  return base_url + "/papers/" + percent_encoded(key);
}

std::string source_url(const catalogue::PaperRow& paper) {
  // identifiers are foreign text: encoded but for the slash that old arXiv ids and DOIs have
  const auto encoded = [](const std::string& id) {
    std::string out;
    for (std::size_t at = 0; at <= id.size();) {
      const auto end = std::min(id.find('/', at), id.size());
      out += (at > 0 ? "/" : "") + percent_encoded(std::string_view(id).substr(at, end - at));
      at = end + 1;
    }
    return out;
  };
  if (!paper.arxiv.empty()) return "https://arxiv.org/abs/" + encoded(paper.arxiv);
  if (!paper.doi.empty()) return "https://doi.org/" + encoded(paper.doi);
  // an address from a card or a feed: only what a browser may safely be given
  const auto code = clean_line(paper.code);
  if (code.starts_with("https://") || code.starts_with("http://")) return code;
  return "";
}

std::vector<catalogue::PaperRow> feed_papers(const catalogue::CatalogueStore& store, const FeedQuery& query,
                                             const Searcher& search, std::size_t limit) {
  limit = std::min(limit, kFeedEntries);
  if (query.search.empty()) {
    catalogue::ListQuery list;
    list.category = query.category;
    list.status = query.status;
    list.limit = limit;
    return store.list(list).papers;
  }
  if (query.search.size() > kSearchBytes)
    throw InputError("the search of a feed may have " + std::to_string(kSearchBytes) + " bytes, not " +
                     std::to_string(query.search.size()));
  std::vector<catalogue::PaperRow> papers;
  catalogue::SearchQuery asked;
  asked.text = query.search;
  asked.category = query.category;
  asked.status = query.status;
  asked.limit = 200;
  for (; asked.offset < kSearched; asked.offset += asked.limit) {
    const auto result = search(asked);
    for (const auto& hit : result.hits)
      if (hit.by_keyword)
        if (auto row = store.find(hit.key)) papers.push_back(std::move(*row));
    if (result.hits.size() < asked.limit) break;
  }
  std::stable_sort(papers.begin(), papers.end(), [](const auto& a, const auto& b) { return a.listed > b.listed; });
  if (papers.size() > limit) papers.resize(limit);
  return papers;
}

std::string atom_feed(const FeedPlace& place, std::span<const FeedEntry> entries) {
  entries = entries.first(std::min(entries.size(), kFeedEntries));
  pugi::xml_document document;
  auto declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version").set_value("1.0");
  declaration.append_attribute("encoding").set_value("utf-8");
  auto feed = document.append_child("feed");
  feed.append_attribute("xmlns").set_value("http://www.w3.org/2005/Atom");
  feed.append_attribute("xml:lang").set_value("en");
  child(feed, "id", tag(place, "feed" + query_string(place.query)));
  child(feed, "title", title_of(place.query));
  child(feed, "updated", newest(entries));
  link(feed, "self", "application/atom+xml", self_url(place, "papers.atom"));
  link(feed, "alternate", "text/html", page_url(place));
  auto generator = feed.append_child("generator");
  generator.append_attribute("version").set_value(OFFPRINT_VERSION);
  generator.text().set("Offprint");

  for (const auto& item : entries) {
    auto entry = feed.append_child("entry");
    child(entry, "id", tag(place, "papers/" + percent_encoded(item.paper.key)));
    child(entry, "title", title_of(item.paper));
    child(entry, "updated", updated(item));
    if (const auto time = published(item.paper); !time.empty()) child(entry, "published", time);
    const auto authors = lines_of(item.paper.authors);
    for (const auto& author : authors) child(entry.append_child("author"), "name", author);
    // RFC 4287 section 4.1.2: an entry has an author
    if (authors.empty()) child(entry.append_child("author"), "name", "unknown");
    link(entry, "alternate", "text/html", paper_url(place.base_url, item.paper.key));
    if (const auto source = source_url(item.paper); !source.empty()) link(entry, "related", nullptr, source);
    for (const auto& category : lines_of(item.paper.categories))
      entry.append_child("category").append_attribute("term").set_value(category.c_str());
    const auto text = paragraphs(item);
    child(entry, "summary", shortened(joined(text), 600));
    auto content = entry.append_child("content");
    content.append_attribute("type").set_value("html");
    content.text().set(html(text).c_str());
  }
  std::ostringstream out;
  document.save(out, " ", pugi::format_indent, pugi::encoding_utf8);
  return out.str();
}

std::string json_feed(const FeedPlace& place, std::span<const FeedEntry> entries) {
  entries = entries.first(std::min(entries.size(), kFeedEntries));
  Json feed{{"version", "https://jsonfeed.org/version/1.1"},
            {"title", title_of(place.query)},
            {"home_page_url", page_url(place)},
            {"feed_url", self_url(place, "papers.json")},
            {"language", "en"},
            {"items", Json::array()}};
  for (const auto& item : entries) {
    Json entry{{"id", tag(place, "papers/" + percent_encoded(item.paper.key))},
               {"url", paper_url(place.base_url, item.paper.key)},
               {"title", title_of(item.paper)}};
    if (const auto source = source_url(item.paper); !source.empty()) entry["external_url"] = source;
    const auto text = paragraphs(item);
    entry["content_html"] = html(text);
    entry["content_text"] = joined(text);
    entry["summary"] = shortened(joined(text), 600);
    if (const auto time = published(item.paper); !time.empty()) entry["date_published"] = time;
    entry["date_modified"] = updated(item);
    entry["authors"] = Json::array();
    for (const auto& author : lines_of(item.paper.authors)) entry["authors"].push_back({{"name", author}});
    if (entry["authors"].empty()) entry.erase("authors");
    const auto categories = lines_of(item.paper.categories);
    if (!categories.empty()) entry["tags"] = categories;
    feed["items"].push_back(std::move(entry));
  }
  return feed.dump(1);
}

}  // namespace offprint::page
