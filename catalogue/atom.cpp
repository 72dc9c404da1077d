// Atom by pugixml, which reads no external entity and expands none that a document declares.
#include <charconv>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "catalogue/arxiv_id.hpp"
#include "catalogue/feed_fields.hpp"
#include "catalogue/feed_parsers.hpp"
#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

/// A name without its namespace prefix, which is the document's choice.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  for (const auto& node : parent.children())
    if (local_name(node) == name) return node;
  return {};
}

/// The text directly in an element. What nested elements hold is not taken: arXiv sends none.
std::string text_in(const pugi::xml_node& node, std::size_t limit) {
  std::string text;
  for (const auto& part : node.children()) {
    if (part.type() != pugi::node_pcdata && part.type() != pugi::node_cdata) continue;
    text += part.value();
    if (text.size() > 4 * limit + 4096) break;  // four bytes a code point, and white space to fold
  }
  return clean_text(text, limit);
}

std::string text_of(const pugi::xml_node& parent, std::string_view name, std::size_t limit) {
  return text_in(child(parent, name), limit);
}

FeedItem read_entry(const pugi::xml_node& entry) {
  FeedItem item;
  item.source = "arxiv";
  if (const auto id = parse_arxiv_id(text_of(entry, "id", 200))) {
    item.arxiv = id->id;
    item.version = id->version;
  }
  item.title = text_of(entry, "title", limits::kTitle);
  item.abstract = text_of(entry, "summary", limits::kAbstract);
  item.published = day_of(text_of(entry, "published", 40));
  item.updated = day_of(text_of(entry, "updated", 40));
  item.doi = clean_doi(text_of(entry, "doi", limits::kDoi + 30));
  item.venue = text_of(entry, "journal_ref", limits::kVenue);
  if (item.venue.empty()) item.venue = text_of(entry, "comment", limits::kVenue);
  add_category(item, child(entry, "primary_category").attribute("term").value());
  for (const auto& node : entry.children()) {
    const auto name = local_name(node);
    if (name == "author") add_author(item, text_of(node, "name", limits::kName));
    if (name == "category") add_category(item, node.attribute("term").value());
  }
  return item;
}

}  // namespace

FeedPage parse_atom(std::string_view document) {
  check_size(document, "the Atom feed");
  pugi::xml_document xml;
  const auto parsed = xml.load_buffer(document.data(), document.size());
  if (!parsed)
    throw InputError(fmt::format("the Atom feed is not well-formed XML at byte {} of {} ({}); was it cut short?",
                                 parsed.offset, document.size(), parsed.description()));
  const auto feed = child(xml, "feed");
  if (!feed)
    throw InputError(fmt::format("the document is XML with the root <{}>, not an Atom <feed>",
                                 clean_text(xml.document_element().name(), 40)));
  FeedPage page;
  const std::string total = text_of(feed, "totalResults", 20);
  std::size_t number = 0;
  if (std::from_chars(total.data(), total.data() + total.size(), number).ec == std::errc() && !total.empty())
    page.total = number;
  for (const auto& entry : feed.children()) {
    if (local_name(entry) != "entry") continue;
    if (text_of(entry, "id", 200).find("/api/errors") != std::string::npos)
      throw InputError("arXiv refuses the query: " + text_of(entry, "summary", 300));
    if (page.items.size() >= limits::kItems) {
      ++page.skipped;
      continue;
    }
    if (FeedItem item = read_entry(entry); item.title.empty() || item.arxiv.empty()) {
      ++page.skipped;
    } else {
      page.items.push_back(std::move(item));
    }
  }
  return page;
}

}  // namespace offprint::catalogue
