// runs: the record, listed, shown, compared, removed, exported.
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/progress.hpp"

namespace offprint::app {
namespace {

std::string cell_text(const Json& cell) {
  if (cell.is_string()) return cell.get<std::string>();
  if (cell.is_number_integer()) return cell.dump();
  if (cell.is_number()) return format_number(cell.get<double>());
  if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
  return cell.is_null() ? "-" : cell.dump();
}

std::string metric_key(const MetricRow& row) { return row.scope.empty() ? row.name : row.scope + "." + row.name; }

Colour status_colour(const std::string& status) {
  if (status == "finished") return Colour::kGreen;
  if (status == "failed") return Colour::kRed;
  return Colour::kYellow;
}

}  // namespace

int Command::runs(const std::string& paper) {
  const Store store(store_folder(), Store::Access::kRead);
  const auto all = store.runs(paper);
  if (settings_.json) {
    Json j = Json::array();
    for (const auto& run : all)
      j.push_back({{"id", run.id},
                   {"paper", run.plan.paper},
                   {"kind", run.plan.kind},
                   {"action", run.plan.action},
                   {"status", run.status},
                   {"started", run.started},
                   {"seconds", run.seconds},
                   {"seed", run.plan.seed}});
    print(j);
    return 0;
  }
  if (all.empty()) {
    print("no runs in " + store.folder().string() + " yet; 'offprint check koopman' makes one\n");
    return 0;
  }
  std::vector<std::vector<Cell>> rows;
  for (const auto& run : all)
    rows.push_back(
        {{std::to_string(run.id), Colour::kBold},
         {run.plan.paper},
         {run.plan.kind == "check" ? fmt::format("check ({})", run.plan.options.value("tier", "")) : run.plan.action},
         {run.status, status_colour(run.status)},
         {run.started, Colour::kDim},
         {human_duration(run.seconds)},
         {std::to_string(run.plan.seed)}});
  print(format_table(console_, {{"run"}, {"paper"}, {"what"}, {"status"}, {"started"}, {"took"}, {"seed"}}, rows));
  return 0;
}

int Command::runs_show(std::int64_t id) {
  const Store store(store_folder(), Store::Access::kRead);
  if (settings_.json) {
    print(store.export_run(id));
    return 0;
  }
  const RunInfo info = store.run(id);
  std::string out = console_.paint(
      fmt::format("run {}: {} {}", id, info.plan.paper, info.plan.kind == "check" ? "check" : info.plan.action),
      Colour::kBold);
  out += fmt::format("  {}, {}, {}, seed {}, commit {}\n", info.status, info.started, human_duration(info.seconds),
                     info.plan.seed, info.build.value("commit", "?"));
  if (!info.error.empty()) out += "error: " + info.error + "\n";
  if (info.status == "interrupted") out += fmt::format("continue with: offprint resume {}\n", id);
  if (!info.plan.options.empty()) {
    std::vector<std::string> options;
    for (const auto& [key, value] : info.plan.options.items()) options.push_back(key + "=" + cell_text(value));
    out += fmt::format("options: {}\n", fmt::join(options, " "));
  }
  for (const auto& note : store.notes(id)) out += console_.paint("note: ", Colour::kYellow) + note + "\n";
  if (const auto results = store.claim_results(id); !results.empty())
    out += "\n" + verdict_table(console_, catalogue().card(info.plan.paper), results, true) + "\n" +
           count_line(results) + "\n";
  if (const auto metrics = store.metrics(id); !metrics.empty() && info.plan.kind == "run") {
    std::vector<std::vector<Cell>> rows;
    for (const auto& m : metrics)
      rows.push_back({{metric_key(m)}, {format_estimate(m.value, 7)}, {m.unit, Colour::kDim}});
    out += "\n" + format_table(console_, {{"metric"}, {"value"}, {"unit"}}, rows);
  }
  for (const auto& [name, table] : store.tables(id)) {
    if (info.plan.kind != "run") continue;
    constexpr std::size_t kShown = 20;
    std::vector<Column> columns;
    for (const auto& head : table.columns) columns.push_back({head, 0});
    std::vector<std::vector<Cell>> rows;
    for (std::size_t i = 0; i < std::min(kShown, table.rows.size()); ++i) {
      std::vector<Cell> cells;
      for (const auto& cell : table.rows[i]) cells.push_back({cell_text(cell)});
      rows.push_back(std::move(cells));
    }
    out += "\n" + console_.paint(table.title, Colour::kBold) + "\n" + format_table(console_, columns, rows);
    if (table.rows.size() > kShown)
      out += fmt::format("... {} rows in all (runs export {} --json)\n", table.rows.size(), id);
  }
  const auto figures = store.figures(id);
  if (!figures.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, json] : figures) names.push_back(name);
    out += fmt::format("\nfigures: {}  (offprint report {}, or offprint figure {} NAME --svg)\n",
                       fmt::join(names, ", "), id, id);
  }
  for (const auto& artifact : store.artifacts(id))
    out += "file: " + artifact.path.string() + fmt::format(" ({} bytes)\n", artifact.bytes);
  print(out);
  return 0;
}

int Command::runs_compare(std::int64_t a, std::int64_t b) {
  const Store store(store_folder(), Store::Access::kRead);
  const RunInfo run_a = store.run(a);
  const RunInfo run_b = store.run(b);
  std::map<std::string, std::pair<std::optional<Estimate>, std::optional<Estimate>>> rows;
  for (const auto& m : store.metrics(a)) rows[metric_key(m)].first = m.value;
  for (const auto& m : store.metrics(b)) rows[metric_key(m)].second = m.value;
  const auto add_claims = [&](std::int64_t id, auto member) {
    for (const auto& result : store.claim_results(id))
      for (const auto& c : result.criteria) rows[result.id + "." + c.name].*member = c.measured;
  };
  using Pair = std::pair<std::optional<Estimate>, std::optional<Estimate>>;
  add_claims(a, &Pair::first);
  add_claims(b, &Pair::second);
  std::vector<std::vector<Cell>> cells;
  Json json{{"a", a}, {"b", b}, {"options", Json::array()}, {"values", Json::array()}};
  std::string head;
  for (const auto& key : {"seed", "commit", "cpu"}) {
    const auto value = [&](const RunInfo& r) {
      return std::string(key) == "seed"     ? std::to_string(r.plan.seed)
             : std::string(key) == "commit" ? r.build.value("commit", "")
                                            : r.machine.value("cpu", "");
    };
    if (value(run_a) == value(run_b)) continue;
    head += fmt::format("{}: {} | {}\n", key, value(run_a), value(run_b));
    json["options"].push_back({{"name", key}, {"a", value(run_a)}, {"b", value(run_b)}});
  }
  Json names = run_a.plan.options;
  names.update(run_b.plan.options);
  for (const auto& [key, value] : names.items()) {
    const Json va = run_a.plan.options.value(key, Json(nullptr));
    const Json vb = run_b.plan.options.value(key, Json(nullptr));
    if (va == vb) continue;
    head += fmt::format("{}: {} | {}\n", key, cell_text(va), cell_text(vb));
    json["options"].push_back({{"name", key}, {"a", va}, {"b", vb}});
  }
  std::size_t same = 0;
  for (const auto& [key, pair] : rows) {
    const auto& [x, y] = pair;
    const auto number = [](const std::optional<Estimate>& e) {
      return e && std::isfinite(e->value) ? Json(e->value) : Json(nullptr);
    };
    const bool equal = x && y && (x->value == y->value || (std::isnan(x->value) && std::isnan(y->value)));
    same += equal ? 1 : 0;
    json["values"].push_back({{"name", key}, {"a", number(x)}, {"b", number(y)}, {"identical", equal}});
    const std::string difference = equal ? "identical" : x && y ? format_number(y->value - x->value, 3) : "";
    cells.push_back({{key},
                     {x ? format_estimate(*x, 7) : "-"},
                     {y ? format_estimate(*y, 7) : "-"},
                     {difference, equal ? Colour::kDim : Colour::kYellow}});
  }
  json["identical"] = same == rows.size();
  if (settings_.json) {
    print(json);
    return 0;
  }
  print(head +
        format_table(console_,
                     {{"quantity", 20}, {fmt::format("run {}", a)}, {fmt::format("run {}", b)}, {"difference"}},
                     cells) +
        fmt::format("\n{} of {} numbers identical\n", same, rows.size()));
  return 0;
}

int Command::runs_remove(const std::vector<std::int64_t>& ids) {
  Store store(store_folder(), Store::Access::kWrite);
  for (const auto id : ids) static_cast<void>(store.run(id));  // all or none
  for (const auto id : ids) {
    store.remove(id);
    say(fmt::format("removed run {}", id));
  }
  return 0;
}

int Command::runs_export(std::int64_t id, const std::string& out) {
  const Json json = Store(store_folder(), Store::Access::kRead).export_run(id);
  if (out.empty()) {
    print(json);
  } else {
    write_atomically(out, json.dump(2) + "\n");
    say("wrote " + out);
  }
  return 0;
}

}  // namespace offprint::app
