// Gathering an edition from catalogue and record; calendar by std::chrono, weeks by ISO 8601.
#include "page/digest/edition.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::size_t kTextPoints = 420;
constexpr std::size_t kNamePoints = 60;
constexpr std::size_t kNamed = 4;
constexpr std::size_t kTrending = 30;
constexpr std::size_t kEditionPapers = 5000;  // a week of all of arXiv
constexpr std::size_t kSearched = 5000;

sys_days day_of(const std::string& text) {
  const auto day = parse_date(text);
  if (!day) throw InputError("'" + text + "' is not a day; write it as YYYY-MM-DD");
  return *day;
}

sys_days monday_of(sys_days day) { return day - (std::chrono::weekday(day) - std::chrono::Monday); }

std::string week_name(sys_days monday) {
  // a week belongs to the year of its Thursday
  const auto thursday = monday + days(3);
  const auto year = std::chrono::year_month_day(thursday).year();
  const auto first = sys_days(year / std::chrono::January / 1);
  return fmt::format("{}-W{:02}", static_cast<int>(year), (thursday - first).count() / 7 + 1);
}

std::string authors_of(const catalogue::PaperRow& paper) {
  const auto n = paper.authors.size();
  const auto shown = n <= kNamed + 1 ? n : kNamed;
  std::string text;
  for (std::size_t i = 0; i < shown; ++i)
    text += (i == 0 ? "" : i + 1 == n ? " and " : ", ") + shortened(clean_line(paper.authors[i]), kNamePoints);
  if (shown < n) text += fmt::format(" and {} more", n - shown);
  return text;
}

EditionPaper shown(const catalogue::PaperRow& row, const VerdictRecord& verdicts) {
  EditionPaper paper;
  paper.key = row.key;
  paper.title = shortened(clean_line(row.title), 300);
  paper.authors = authors_of(row);
  paper.text = shortened(clean_line(row.summary.empty() ? row.abstract : row.summary), kTextPoints);
  for (const auto& category : row.categories) paper.categories.push_back(shortened(clean_line(category), 40));
  paper.status = row.status;
  if (const auto counts = verdicts.counts.find(row.slug); row.status == "ready" && counts != verdicts.counts.end())
    paper.verdicts = verdict_sentence(counts->second);
  paper.source = source_url(row);
  paper.upvotes = row.upvotes();
  return paper;
}

Json paper_json(const EditionPaper& p) {
  return {{"key", p.key},           {"title", p.title},           {"authors", p.authors},
          {"text", p.text},         {"categories", p.categories}, {"status", p.status},
          {"verdicts", p.verdicts}, {"source", p.source},         {"upvotes", p.upvotes}};
}

EditionPaper paper_from(const Json& j) {
  return {j.at("key"),
          j.at("title"),
          j.at("authors"),
          j.at("text"),
          j.at("categories").get<std::vector<std::string>>(),
          j.at("status"),
          j.at("verdicts"),
          j.at("source"),
          j.at("upvotes")};
}

}  // namespace

EditionSpan edition_span(Frequency frequency, const std::string& day) {
  const auto date = day_of(day);
  if (frequency == Frequency::kDaily) return {"daily-" + day, day, day};
  const auto monday = monday_of(date);
  return {"weekly-" + week_name(monday), format_date(monday), format_date(monday + days(6))};
}

std::optional<std::string> newest_edition_day(const catalogue::CatalogueStore& catalogue, Frequency frequency,
                                              const std::string& today) {
  const auto last = frequency == Frequency::kDaily ? today : format_date(monday_of(day_of(today)) - days(1));
  for (const auto& day : catalogue.days())
    if (day.name <= last) return frequency == Frequency::kDaily ? day.name : edition_span(frequency, day.name).to;
  return std::nullopt;
}

Edition gather_edition(Frequency frequency, const std::string& day, const EditionSources& sources,
                       const std::optional<std::vector<std::string>>& covered, const std::string& changes_since) {
  const auto span = edition_span(frequency, day);
  Edition edition{span.name, frequency, span.from, span.to, {}, {}, {}};

  catalogue::ListQuery query;
  const auto back = frequency == Frequency::kDaily ? days(6) : days(13);
  query.from = covered ? format_date(day_of(span.to) - back) : span.from;
  query.to = span.to;
  query.limit = 500;
  const std::set<std::string> known(covered ? covered->begin() : std::vector<std::string>::const_iterator(),
                                    covered ? covered->end() : std::vector<std::string>::const_iterator());
  for (;;) {
    const auto page = sources.catalogue.list(query);
    for (const auto& row : page.papers)
      if (!known.contains(row.key)) edition.papers.push_back(shown(row, sources.verdicts));
    query.offset += page.papers.size();
    if (page.papers.empty() || query.offset >= page.total || edition.papers.size() >= kEditionPapers) break;
  }
  std::stable_sort(edition.papers.begin(), edition.papers.end(), [](const EditionPaper& a, const EditionPaper& b) {
    if ((a.status == "ready") != (b.status == "ready")) return a.status == "ready";
    return a.upvotes > b.upvotes;
  });

  for (const auto& trending : sources.trending) {
    if (edition.trending.size() == kTrending) break;
    edition.trending.push_back(shown(trending.paper, sources.verdicts));
  }
  for (const auto& change : sources.verdicts.changes) {
    if (change.when < changes_since) continue;
    const auto row = sources.catalogue.find(change.slug);
    if (!row) continue;
    const auto paper = shown(*row, sources.verdicts);
    edition.changes.push_back({paper.key, paper.title, paper.categories,
                               fmt::format("{} {}{}: {}", clean_line(change.claim), change.after,
                                           change.before.empty() ? " (first time)" : " (before: " + change.before + ")",
                                           shortened(clean_line(change.says), 200))});
  }
  return edition;
}

bool asked_for(const std::vector<std::string>& wanted, const std::vector<std::string>& categories) {
  if (wanted.empty()) return true;
  return std::any_of(categories.begin(), categories.end(), [&](const std::string& category) {
    return std::any_of(wanted.begin(), wanted.end(),
                       [&](const std::string& w) { return category == w || category.starts_with(w + "."); });
  });
}

Selection select(const Edition& edition, const Wish& wish, const Searcher& search) {
  std::optional<std::set<std::string>> matches;
  if (!wish.search.empty()) {
    matches.emplace();
    catalogue::SearchQuery query;
    query.text = wish.search;
    query.limit = 200;
    for (; query.offset < kSearched; query.offset += query.limit) {
      const auto result = search(query);
      for (const auto& hit : result.hits)
        if (hit.by_keyword) matches->insert(hit.key);
      if (result.hits.size() < query.limit) break;
    }
  }
  const auto wanted = [&](const std::string& key, const std::vector<std::string>& categories) {
    return asked_for(wish.categories, categories) && (!matches || matches->contains(key));
  };
  Selection selection;
  for (const auto& paper : edition.papers)
    if (wanted(paper.key, paper.categories)) selection.papers.push_back(paper.key);
  for (const auto& change : edition.changes)
    if (wanted(change.key, change.categories) &&
        std::find(selection.changes.begin(), selection.changes.end(), change.key) == selection.changes.end())
      selection.changes.push_back(change.key);
  return selection;
}

Json to_json(const Edition& edition) {
  Json j{
      {"name", edition.name}, {"frequency", to_string(edition.frequency)}, {"from", edition.from}, {"to", edition.to}};
  for (const auto* list : {&edition.papers, &edition.trending}) {
    auto& target = j[list == &edition.papers ? "papers" : "trending"] = Json::array();
    for (const auto& paper : *list) target.push_back(paper_json(paper));
  }
  j["changes"] = Json::array();
  for (const auto& c : edition.changes)
    j["changes"].push_back({{"key", c.key}, {"title", c.title}, {"categories", c.categories}, {"text", c.text}});
  return j;
}

Edition edition_from_json(const Json& j) {
  Edition edition{
      j.at("name"), parse_frequency(j.at("frequency").get<std::string>()), j.at("from"), j.at("to"), {}, {}, {}};
  for (const auto& paper : j.at("papers")) edition.papers.push_back(paper_from(paper));
  for (const auto& paper : j.at("trending")) edition.trending.push_back(paper_from(paper));
  for (const auto& c : j.at("changes"))
    edition.changes.push_back(
        {c.at("key"), c.at("title"), c.at("categories").get<std::vector<std::string>>(), c.at("text")});
  return edition;
}

}  // namespace offprint::page
