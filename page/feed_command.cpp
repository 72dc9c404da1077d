// offprint feed: pulls feeds into the catalogue and tells what was pulled.
#include <algorithm>

#include <fmt/format.h>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/pull.hpp"
#include "catalogue/search.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/interrupt.hpp"
#include "page/call.hpp"

namespace offprint::page {
namespace {

using namespace offprint::catalogue;

catalogue::PullOptions pull_options(const Call& call) {
  const auto& given = call.options;
  catalogue::PullOptions options;
  options.categories = given.value("category", std::vector<std::string>{});
  options.from = given.value("from", "");
  options.to = given.value("to", "");
  options.max = static_cast<std::size_t>(given.value("max", 2000));
  options.url = given.value("url", "");
  options.fetch.courtesy = std::chrono::duration<double>(given.value("courtesy", 3.0));
  options.fetch.cancel = InterruptGuard::token();
  options.fetch.say = call.say;
  options.say = call.say;
  return options;
}

Json to_json(const catalogue::PullResult& r) {
  return {{"added", r.papers.added},
          {"updated", r.papers.updated},
          {"unchanged", r.papers.unchanged},
          {"skipped", r.skipped},
          {"from", r.from},
          {"to", r.to},
          {"resumed", r.resumed},
          {"complete", r.complete}};
}

int pull(const Call& call, CatalogueStore& store) {
  const auto source = call.options.at("source").get<std::string>();
  const auto files = call.options.value("files", std::vector<std::string>{});
  if (source != "file" && !files.empty())
    throw InputError(fmt::format("'{}' is fetched and takes no files; read '{}' with 'offprint feed pull file {}'",
                                 source, files.front(), files.front()));
  const InterruptGuard guard([&] { call.say("interrupted; the same command goes on where it stopped"); });
  catalogue::PullResult result;
  if (source == "arxiv") {
    result = pull_arxiv(store, pull_options(call));
  } else if (source == "huggingface") {
    result = pull_huggingface(store, pull_options(call));
  } else {
    result = pull_files(store, {files.begin(), files.end()}, call.options.value("date", ""));
  }
  SearchIndex(store).refresh();
  if (call.json) {
    call.print(to_json(result).dump(2) + "\n");
    return 0;
  }
  auto text = fmt::format("{} added, {} updated, {} unchanged", result.papers.added, result.papers.updated,
                          result.papers.unchanged);
  if (result.skipped > 0) text += fmt::format(", {} entries could not be used", result.skipped);
  if (source != "file") text += fmt::format("; days {} to {}", result.from, result.to);
  call.print(text + "\n");
  if (!result.complete) call.say("--max was reached; the same command without --from and --to goes on from here");
  return 0;
}

int status(const Call& call, CatalogueStore& store) {
  const auto log = catalogue::pull_log(store, 20);
  if (call.json) {
    Json list = Json::array();
    for (const auto& r : log)
      list.push_back({{"id", r.id},
                      {"source", r.source},
                      {"query", r.query},
                      {"from", r.from},
                      {"to", r.to},
                      {"status", r.status},
                      {"started", r.started},
                      {"ended", r.ended},
                      {"added", r.added},
                      {"updated", r.updated},
                      {"unchanged", r.unchanged},
                      {"skipped", r.skipped},
                      {"error", r.error}});
    call.print(list.dump(2) + "\n");
    return 0;
  }
  if (log.empty()) {
    call.print("nothing was pulled yet; 'offprint feed pull arxiv' fetches the last week's papers\n");
    return 0;
  }
  std::size_t width = 0;
  for (const auto& r : log) width = std::max(width, std::min<std::size_t>(r.query.size(), 40));
  for (const auto& r : log) {
    call.print(fmt::format("{}  {:<11}  {:<{}}  {} to {}  {:<11}  {:>6} added {:>6} updated\n", r.started, r.source,
                           r.query.substr(0, 40), width, r.from, r.to, r.status, r.added, r.updated));
    if (!r.error.empty()) call.print("    " + r.error + "\n");
  }
  return 0;
}

}  // namespace

int feed(const Call& call) {
  CatalogueStore store(call.store);
  store.sync_cards(Catalogue(call.paper_folders).cards());
  return call.command == "feed status" ? status(call, store) : pull(call, store);
}

}  // namespace offprint::page
