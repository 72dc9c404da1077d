// report: one self-contained HTML file, of runs or of everything checked here (the edition); figure: one figure as SVG
// or PNG; the files of `run --out`.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/atomic_file.hpp"
#include "offprint/core/build_info.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "process.hpp"

namespace offprint::app {
namespace {

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return in ? text.str() : "";
}

/// `text` with every key of `values` replaced in one pass, so that what is put in is not searched again.
std::string filled(const std::string& text, const std::vector<std::pair<std::string, std::string>>& values) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    std::size_t nearest_at = std::string::npos;
    const std::pair<std::string, std::string>* next = nullptr;
    for (const auto& value : values) {
      const auto found = text.find(value.first, at);
      if (found < nearest_at) {
        nearest_at = found;
        next = &value;
      }
    }
    if (next == nullptr) return out + text.substr(at);
    out += text.substr(at, nearest_at - at) + next->second;
    at = nearest_at + next->first.size();
  }
}

/// JSON inside a <script>: no "<" may end it early.
std::string script_json(const Json& json) { return filled(json.dump(), {{"<", "\\u003c"}}); }

Json paper_json(const Card& card) {
  return {{"slug", card.slug}, {"title", card.title}, {"authors", card.authors},
          {"year", card.year}, {"arxiv", card.arxiv}, {"summary", card.summary}};
}

Json report_run(const Store& store, const Catalogue& catalogue, std::int64_t id) {
  Json j = store.export_run(id);
  const Card& card = catalogue.card(j.at("paper").get<std::string>());
  j["paper"] = paper_json(card);
  for (auto& result : j["claims"]) {
    const Claim& claim = card.claim(result.at("id").get<std::string>());
    result["says"] = claim.says;
    result["paper"] = claim.paper;
    result["tier"] = to_string(claim.tier);
    result["headline"] = claim.headline;
  }
  return j;
}

/// The whole HTML page: the template with its styles, scripts, themes and data put in. Throws Error when it is missing.
std::string report_page(const std::filesystem::path& share, const Json& data) {
  const auto assets = share / "report";
  const auto figures = share / "figures";
  std::string html = read_text(assets / "report.html");
  if (html.empty())
    throw Error("the report's template is missing (" + (assets / "report.html").string() +
                "); rebuild with ./offprint");
  const auto script = [](const std::string& text) {
    return filled(text, {{"</script", "<\\/script"}, {"<!--", "<\\!--"}});
  };
  const Json themes{{"light", Json::parse(read_text(figures / "themes/light.json"))},
                    {"dark", Json::parse(read_text(figures / "themes/dark.json"))}};
  const auto vega = [&](const char* package) {
    return script(read_text(figures / "node_modules" / package / "build" / (std::string(package) + ".min.js")));
  };
  return filled(html, {{"@@CSS@@", read_text(assets / "report.css")},
                       {"@@THEMES@@", script_json(themes)},
                       {"@@DATA@@", script_json(data)},
                       {"@@JS@@", script(read_text(assets / "report.js"))},
                       {"@@VEGA@@", vega("vega")},
                       {"@@VEGA_LITE@@", vega("vega-lite")},
                       {"@@VEGA_EMBED@@", vega("vega-embed")}});
}

std::string csv_cell(const Json& cell) {
  if (cell.is_null()) return "";
  if (!cell.is_string()) return cell.dump();
  auto text = cell.get<std::string>();
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  return "\"" + filled(text, {{"\"", "\"\""}}) + "\"";
}

}  // namespace

std::vector<std::int64_t> Command::write_report(const std::vector<std::int64_t>& ids, const std::string& out) {
  const Store store(store_folder(), Store::Access::kRead);
  std::vector<std::int64_t> chosen = ids;
  if (chosen.empty()) {  // the newest finished check of each paper
    std::set<std::string> seen;
    for (const auto& run : store.runs())
      if (run.plan.kind == "check" && run.status == "finished" && seen.insert(run.plan.paper).second)
        chosen.push_back(run.id);
    if (chosen.empty())
      throw InputError("there is no finished check to report on; run 'offprint check' first, or name a run");
  }
  const BuildInfo build = build_info();
  Json data{{"title", "Offprint report"},
            {"version", build.version},
            {"commit", build.commit},
            {"machine", machine_info()},
            {"runs", Json::array()}};
  for (const auto id : chosen) data["runs"].push_back(report_run(store, catalogue(), id));
  data["generated"] = data["runs"].back().at("started");

  write_atomically(out, report_page(places_.share_folder, data));
  say("report: " + std::filesystem::absolute(out).lexically_normal().string());
  return chosen;
}

namespace {

/// What the edition shows of one paper: every claim of its card with the newest outcome on record, the figures behind
/// those outcomes, and the runs they come from.
Json edition_paper(const Store& store, const Card& card, const std::vector<DatedResult>& latest) {
  Json claims = Json::array();
  std::map<std::int64_t, std::vector<std::string>> shown;  // run -> its claims
  for (const auto& claim : card.claims) {
    const auto found = std::find_if(latest.begin(), latest.end(), [&](const DatedResult& d) {
      return d.paper == card.slug && d.result.id == claim.id;
    });
    ClaimResult none;
    none.id = claim.id;
    none.reason = fmt::format("not checked on this machine yet: offprint check {} --claim {} --tier {}", card.slug,
                              claim.id, to_string(claim.tier));
    Json j = to_json(found != latest.end() ? found->result : none);
    j["says"] = claim.says;
    j["paper"] = claim.paper;
    j["tier"] = to_string(claim.tier);
    j["headline"] = claim.headline;
    if (found != latest.end()) {
      j["run"] = found->run;
      shown[found->run].push_back(claim.id);
    }
    claims.push_back(std::move(j));
  }
  Json figures = Json::array();
  Json sources = Json::array();
  for (const auto& [run, ids] : shown) {
    const RunInfo info = store.run(run);
    sources.push_back({{"run", run},
                       {"claims", ids},
                       {"started", info.started},
                       {"seed", info.plan.seed},
                       {"version", info.build.value("version", "")},
                       {"commit", info.build.value("commit", "")},
                       {"cpu", info.machine.value("cpu", "")},
                       {"device", info.plan.device}});
    for (auto& [name, figure] : store.figures(run))
      if (std::any_of(ids.begin(), ids.end(), [&](const std::string& id) { return name.starts_with(id + "."); })) {
        Json f{{"name", name}};
        f.update(figure);
        figures.push_back(std::move(f));
      }
  }
  return {{"id", card.slug},
          {"kind", "edition"},
          {"status", "finished"},
          {"paper", paper_json(card)},
          {"claims", std::move(claims)},
          {"figures", std::move(figures)},
          {"sources", std::move(sources)}};
}

}  // namespace

int Command::edition(const std::string& out) {
  const Store store(store_folder(), Store::Access::kRead);
  const auto latest = store.latest_results();
  const auto checked = [&](const Card* card) {
    return std::any_of(latest.begin(), latest.end(), [&](const DatedResult& d) {
      return d.paper == card->slug && d.result.verdict != Verdict::kNotRun;
    });
  };
  std::vector<const Card*> runnable;
  Json planned = Json::array();
  for (const auto& card : catalogue().cards()) {
    if (card.runnable) {
      runnable.push_back(&card);
    } else {
      planned.push_back(paper_json(card));
    }
  }
  std::stable_partition(runnable.begin(), runnable.end(), checked);
  const BuildInfo build = build_info();
  const std::string now = format_time(utc_now());
  Json data{{"title", "Offprint, edition of " + now.substr(0, 10)},
            {"generated", now},
            {"version", build.version},
            {"commit", build.commit},
            {"machine", machine_info()},
            {"runs", Json::array()},
            {"planned", std::move(planned)}};
  for (const auto* card : runnable) data["runs"].push_back(edition_paper(store, *card, latest));
  const std::string target = out.empty() ? "offprint-edition-" + now.substr(0, 10) + ".html" : out;
  write_atomically(target, report_page(places_.share_folder, data));
  say("edition: " + std::filesystem::absolute(target).lexically_normal().string());
  if (settings_.json) print(Json{{"edition", std::filesystem::absolute(target).string()}});
  return 0;
}

int Command::report(const std::vector<std::int64_t>& ids, const std::string& out) {
  const auto chosen = write_report(ids, out);
  if (settings_.json) print(Json{{"report", std::filesystem::absolute(out).string()}, {"runs", chosen}});
  return 0;
}

int Command::figure(std::int64_t id, const std::string& name, const std::string& format, const std::string& theme,
                    const std::string& out) {
  const Store store(store_folder(), Store::Access::kRead);
  static_cast<void>(store.run(id));
  std::vector<std::string> names;
  std::optional<Json> found;
  for (const auto& [figure_name, json] : store.figures(id)) {
    names.push_back(figure_name);
    if (figure_name == name) found = json;
  }
  if (!found) throw InputError(fmt::format("run {} has no figure '{}'{}", id, name, suggestion(name, names)));
  const std::string target = out.empty() ? fmt::format("{}-{}.{}", id, name, format) : out;
  if (format == "json") {
    write_atomically(target, found->at("spec").dump(1) + "\n");
    say("wrote " + target);
    return 0;
  }
  const auto renderer = places_.share_folder / "figures/render-figure.mjs";
  if (!on_path("node"))
    throw Error("drawing SVG and PNG needs Node.js: apt-get install nodejs (the report draws figures without it)");
  if (!std::filesystem::exists(places_.share_folder / "figures/node_modules/vega"))
    throw Error("drawing SVG and PNG needs Vega: run 'npm ci' in " + (places_.share_folder / "figures").string() +
                ", or rebuild with ./offprint");
  auto drawn = run_process({"node", renderer.string(), "--theme", theme}, found->at("spec").dump());
  if (drawn.exit_code != 0)
    throw Error("the figure could not be drawn: " + drawn.errors.substr(0, drawn.errors.find('\n')));
  std::string bytes = std::move(drawn.output);
  if (format == "png") {
    if (!on_path("rsvg-convert")) throw Error("PNG needs rsvg-convert: apt-get install librsvg2-bin (or use --svg)");
    auto converted = run_process({"rsvg-convert", "--zoom", "2", "--format", "png"}, bytes);
    if (converted.exit_code != 0) throw Error("the figure could not be converted to PNG: " + converted.errors);
    bytes = std::move(converted.output);
  }
  write_atomically(target, bytes);
  say("wrote " + target);
  return 0;
}

void Command::export_outputs(std::int64_t id, const std::filesystem::path& folder) {
  const Store store(store_folder(), Store::Access::kRead);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw InputError("cannot create --out " + folder.string() + ": " + error.message());
  for (const auto& [name, table] : store.tables(id)) {
    std::string csv;
    for (std::size_t j = 0; j < table.columns.size(); ++j) csv += (j ? "," : "") + csv_cell(table.columns[j]);
    csv += "\n";
    for (const auto& row : table.rows) {
      for (std::size_t j = 0; j < row.size(); ++j) csv += (j ? "," : "") + csv_cell(row[j]);
      csv += "\n";
    }
    write_atomically(folder / (name + ".csv"), csv);
  }
  for (const auto& [name, figure] : store.figures(id))
    write_atomically(folder / (name + ".vl.json"), figure.at("spec").dump());
  for (const auto& artifact : store.artifacts(id))
    std::filesystem::copy_file(artifact.path, folder / artifact.name,
                               std::filesystem::copy_options::overwrite_existing);
  write_atomically(folder / "summary.json", store.export_run(id).dump(2) + "\n");
  write_report({id}, (folder / "report.html").string());
  say("results in " + folder.string());
}

}  // namespace offprint::app
