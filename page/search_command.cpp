// offprint search: the catalogue's search on a terminal.
#include <chrono>

#include <fmt/format.h>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/search.hpp"
#include "offprint/core/error.hpp"
#include "page/call.hpp"

namespace offprint::page {
namespace {

using catalogue::Fragment;
using catalogue::PaperRow;

std::string painted(const std::vector<Fragment>& text, bool coloured, const char* plain_code, const char* hit_code) {
  std::string out;
  for (const auto& piece : text)
    out += coloured ? fmt::format("\033[{}m{}\033[0m", piece.hit ? hit_code : plain_code, piece.text) : piece.text;
  return out;
}

Json to_json(const std::vector<Fragment>& text) {
  Json list = Json::array();
  for (const auto& piece : text) list.push_back({{"text", piece.text}, {"hit", piece.hit}});
  return list;
}

Json to_json(const PaperRow& p) {
  return {{"key", p.key},
          {"slug", p.slug.empty() ? Json(nullptr) : Json(p.slug)},
          {"status", p.status},
          {"title", p.title},
          {"authors", p.authors},
          {"year", p.year},
          {"listed", p.listed},
          {"arxiv", p.arxiv.empty() ? Json(nullptr) : Json(p.arxiv)},
          {"categories", p.categories},
          {"upvotes", p.upvotes()}};
}

std::string byline(const PaperRow& p) {
  std::string line = p.authors.empty() ? "" : p.authors.front();
  if (p.authors.size() == 2) line += " and " + p.authors.back();
  if (p.authors.size() > 2) line += " et al.";
  line += fmt::format("{}{}", line.empty() ? "" : ", ", p.year);
  if (!p.arxiv.empty()) line += ", arXiv:" + p.arxiv;
  return line + (p.status == "ready"     ? ", runs here: offprint check " + p.slug
                 : p.status == "planned" ? ", planned"
                                         : "");
}

}  // namespace

int search(const Call& call) {
  catalogue::CatalogueStore store(call.store);
  store.sync_cards(Catalogue(call.paper_folders).cards());
  catalogue::SearchIndex index(store);
  index.refresh();
  catalogue::SearchQuery query;
  for (const auto& word : call.options.at("words")) query.text += word.get<std::string>() + ' ';
  query.category = call.options.value("category", "");
  query.status = call.options.value("status", "");
  query.limit = static_cast<std::size_t>(call.options.value("limit", 10));
  const auto start = std::chrono::steady_clock::now();
  const auto result = index.search(query);
  const double milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (call.json) {
    Json hits = Json::array();
    for (const auto& hit : result.hits)
      if (const auto paper = store.find(hit.key))
        hits.push_back({{"paper", to_json(*paper)},
                        {"title", to_json(hit.title)},
                        {"snippet", to_json(hit.snippet)},
                        {"by_keyword", hit.by_keyword},
                        {"by_meaning", hit.by_meaning}});
    const Json json = {{"query", query.text.substr(0, query.text.size() - 1)},
                       {"total", result.total},
                       {"milliseconds", milliseconds},
                       {"hits", hits}};
    call.print(json.dump(2) + "\n");
    return 0;
  }
  for (const auto& hit : result.hits) {
    const auto paper = store.find(hit.key);
    if (!paper) continue;
    call.print(fmt::format("{}  [{}]\n", painted(hit.title, call.coloured, "1", "1;33"), hit.key));
    call.print("  " + byline(*paper) + (hit.by_keyword ? "" : " (related by meaning)") + "\n");
    if (!hit.snippet.empty()) call.print("  " + painted(hit.snippet, call.coloured, "0", "33") + "\n");
    call.print("\n");
  }
  call.print(fmt::format("{} of {} papers, {:.1f} ms\n", result.hits.size(), result.total, milliseconds));
  return 0;
}

}  // namespace offprint::page
