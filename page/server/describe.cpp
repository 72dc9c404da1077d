// Shapes of the API; page/server/openapi.json describes them.
#include "page/server/describe.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kAbstractShown = 400;
constexpr std::size_t kRunsShown = 50;
constexpr std::size_t kLongestReadme = 1U << 20U;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
Json number_or_null(std::optional<double> x) { return x && std::isfinite(*x) ? Json(*x) : Json(nullptr); }

bool is_web_address(const std::string& text) { return text.starts_with("https://") || text.starts_with("http://"); }

std::string read_text(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error) || std::filesystem::file_size(file, error) > kLongestReadme)
    return "";
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The first C++ example of a Markdown text.
std::string first_cpp_block(const std::string& markdown) {
  const auto fence = markdown.find("```cpp\n");
  if (fence == std::string::npos) return "";
  const auto from = fence + 7;
  const auto end = markdown.find("```", from);
  return end == std::string::npos ? "" : markdown.substr(from, end - from);
}

Json links(const catalogue::PaperRow& row) {
  Json list = Json::array();
  const auto add = [&](const char* label, std::string url) {
    list.push_back({{"label", label}, {"url", std::move(url)}});
  };
  if (!row.arxiv.empty()) {
    add("arXiv", "https://arxiv.org/abs/" + row.arxiv);
    add("PDF", "https://arxiv.org/pdf/" + row.arxiv);
  }
  if (!row.doi.empty()) {
    std::string doi = percent_encoded(row.doi);
    for (auto at = doi.find("%2F"); at != std::string::npos; at = doi.find("%2F", at)) doi.replace(at, 3, "/");
    add("DOI", "https://doi.org/" + doi);
  }
  if (is_web_address(row.code)) add("Code", row.code);
  return list;
}

Json option_json(const OptionSpec& option) {
  return {{"name", option.name},
          {"type", option.type},
          {"help", option.help},
          {"unit", option.unit},
          {"default", option.fallback},
          {"min", number_or_null(option.min)},
          {"max", number_or_null(option.max)},
          {"choices", option.choices},
          {"required", option.required}};
}

Json actions(const Card& card) {
  Json list = Json::array();
  const auto* usual = card.default_action();
  for (const auto& action : card.actions) {
    Json options = Json::array();
    for (const auto& option : action.options) options.push_back(option_json(option));
    list.push_back({{"name", action.name},
                    {"help", action.help},
                    {"default", &action == usual},
                    {"examples", action.examples},
                    {"options", std::move(options)}});
  }
  return list;
}

Json claims(const Services& services, const RecordSnapshot& record, const Card& card) {
  Json list = Json::array();
  const auto paper = record.latest.find(card.slug);
  for (const auto& claim : card.claims) {
    Json criteria = Json::array();
    for (const auto& c : claim.criteria)
      criteria.push_back({{"name", c.name}, {"says", c.says}, {"rule", c.rule.text()}});
    const bool here = std::all_of(claim.data.begin(), claim.data.end(), [&](const std::string& name) {
      try {
        return services.datasets.find(name).has_value();
      } catch (const InputError&) {
        return false;
      }
    });
    Json result;
    if (paper != record.latest.end())
      if (const auto at = paper->second.find(claim.id); at != paper->second.end()) {
        const auto& d = at->second;
        result = to_json(d.result);
        result["run"] = d.run;
        result["when"] = d.started;
        result["commit"] = d.commit;
        result["seed"] = d.seed;
      }
    list.push_back({{"id", claim.id},
                    {"says", claim.says},
                    {"paper", claim.paper},
                    {"tier", to_string(claim.tier)},
                    {"data", claim.data},
                    {"data_here", here},
                    {"seconds", claim.seconds},
                    {"criteria", std::move(criteria)},
                    {"headline", claim.headline},
                    {"result", std::move(result)}});
  }
  return list;
}

std::string bibtex_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
      case '%':
      case '#':
      case '_':
        out += '\\';
        out += c;
        break;
      case '{':
      case '}':
      case '\\':
        break;  // unbalanced braces would end the entry
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string bibtex(const catalogue::PaperRow& row) {
  std::string key;
  for (const char c : row.key) key += c == '/' ? '-' : c;
  std::string authors;
  for (const auto& author : row.authors) authors += (authors.empty() ? "" : " and ") + bibtex_text(author);
  std::string text =
      fmt::format("@article{{{},\n  title = {{{{{}}}}},\n  author = {{{}}}", key, bibtex_text(row.title), authors);
  if (row.year > 0) text += fmt::format(",\n  year = {{{}}}", row.year);
  if (!row.venue.empty()) text += fmt::format(",\n  note = {{{}}}", bibtex_text(row.venue));
  if (!row.doi.empty()) text += fmt::format(",\n  doi = {{{}}}", bibtex_text(row.doi));
  if (!row.arxiv.empty()) {
    text += fmt::format(",\n  eprint = {{{}}},\n  archivePrefix = {{arXiv}}", row.arxiv);
    if (!row.categories.empty()) text += fmt::format(",\n  primaryClass = {{{}}}", bibtex_text(row.categories.front()));
  }
  return text + "\n}\n";
}

Json run_summary(const RecordSnapshot& record, const RunInfo& run) {
  const bool check = run.plan.kind == "check";
  const auto counts = record.verdicts.find(run.id);
  return {{"id", run.id},
          {"paper", run.plan.paper},
          {"kind", run.plan.kind},
          {"action", text_or_null(run.plan.action)},
          {"claims", run.plan.claims},
          {"status", run.status},
          {"started", run.started},
          {"seconds", run.seconds},
          {"seed", run.plan.seed},
          {"tier", check ? run.plan.options.value("tier", Json(nullptr)) : Json(nullptr)},
          {"verdicts", to_json(counts != record.verdicts.end() ? counts->second : VerdictCounts{})},
          {"error", text_or_null(run.error)},
          {"commit", run.build.value("commit", "")}};
}

Json paper_summary(Services& services, const RecordSnapshot& record, const catalogue::PaperRow& row,
                   catalogue::CatalogueStore& store, const std::string& reader) {
  const Card* card = row.slug.empty() ? nullptr : services.card(row.slug);
  Json verdicts;
  Json thumbnail;
  if (card != nullptr && card->runnable) {
    if (const auto at = record.standing.counts.find(card->slug); at != record.standing.counts.end())
      verdicts = to_json(at->second);
    if (const auto at = record.thumbnails.find(card->slug); at != record.thumbnails.end())
      thumbnail = fmt::format("/api/v1/runs/{}/figures/{}.svg", at->second.first, percent_encoded(at->second.second));
  }
  return {{"key", row.key},
          {"slug", text_or_null(row.slug)},
          {"status", row.status},
          {"title", row.title},
          {"authors", row.authors},
          {"year", row.year},
          {"listed", row.listed},
          {"published", text_or_null(row.published)},
          {"arxiv", text_or_null(row.arxiv)},
          {"version", row.version},
          {"venue", text_or_null(row.venue)},
          {"categories", row.categories},
          {"keywords", row.keywords},
          {"code", is_web_address(row.code) ? Json(row.code) : Json(nullptr)},
          {"summary", row.summary.empty() ? shortened(row.abstract, kAbstractShown) : row.summary},
          {"upvotes", row.upvotes()},
          {"voted", !reader.empty() && store.voted(row.key, reader)},
          {"verdicts", std::move(verdicts)},
          {"thumbnail", std::move(thumbnail)}};
}

Json whole_paper(Services& services, const RecordSnapshot& record, const catalogue::PaperRow& row,
                 catalogue::CatalogueStore& store, const std::string& reader) {
  Json j = paper_summary(services, record, row, store, reader);
  const Card* card = row.slug.empty() ? nullptr : services.card(row.slug);
  j["summary_markdown"] = row.summary;
  j["abstract"] = text_or_null(row.abstract);
  j["doi"] = text_or_null(row.doi);
  j["bibtex"] = bibtex(row);
  j["links"] = links(row);
  j["claims"] = card != nullptr ? claims(services, record, *card) : Json::array();
  j["actions"] = card != nullptr ? actions(*card) : Json::array();
  std::string readme;
  if (card != nullptr) {
    std::error_code error;
    const auto real =
        std::filesystem::canonical(card->path, error);  // in a build tree the card is a link into the room
    if (!error) readme = read_text(real.parent_path() / "README.md");
  }
  j["cpp"] = text_or_null(first_cpp_block(readme));
  j["install"] = card != nullptr && card->runnable && !card->component.empty()
                     ? Json(fmt::format("find_package(offprint COMPONENTS {0})\n"
                                        "target_link_libraries(your_program PRIVATE offprint::{0})\n",
                                        card->component))
                     : Json(nullptr);
  j["readme"] = text_or_null(readme);
  j["runs"] = Json::array();
  if (card != nullptr)
    for (const auto& run : record.runs)
      if (run.plan.paper == card->slug && j["runs"].size() < kRunsShown) j["runs"].push_back(run_summary(record, run));
  return j;
}

}  // namespace offprint::page
