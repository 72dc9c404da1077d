// The run record: runs, their figures, tables and files, two runs compared.
#include <array>

#include <fmt/format.h>

#include "page/server/compare.hpp"
#include "page/server/describe.hpp"
#include "page/server/routes.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

/// A run of the record and the record it is in.
struct KnownRun {
  std::shared_ptr<const RecordSnapshot> record;
  RunInfo info;
};

KnownRun known_run(Services& s, std::int64_t id) {
  auto record = s.record.snapshot();
  for (const auto& run : record->runs)
    if (run.id == id) return {record, run};
  throw HttpError(404, fmt::format("there is no run {}", id));
}

Store open_record(Services& s) { return {s.settings.store, Store::Access::kRead}; }

std::string run_url(std::int64_t id) { return fmt::format("/api/v1/runs/{}", id); }

/// What a finished run holds never changes.
std::string cache_of(const RunInfo& run) {
  return run.status == "finished" ? "private, max-age=86400" : "private, no-cache";
}

HttpReply runs(Services& s, HttpRequest& q) {
  constexpr std::array<std::string_view, 4> kKnown = {"paper", "status", "offset", "limit"};
  constexpr std::array<std::string_view, 4> kStatuses = {"running", "finished", "failed", "interrupted"};
  q.query.only(kKnown);
  const auto paper = q.query.text("paper");
  const auto status = q.query.choice("status", "", kStatuses);
  const auto offset = static_cast<std::size_t>(q.query.whole("offset", 0, 0, 100'000'000));
  const auto limit = static_cast<std::size_t>(q.query.whole("limit", 50, 1, 500));
  const auto record = s.record.snapshot();
  Json list = Json::array();
  std::size_t total = 0;
  for (const auto& run : record->runs) {
    if ((!paper.empty() && run.plan.paper != paper) || (!status.empty() && run.status != status)) continue;
    if (total >= offset && list.size() < limit) list.push_back(run_summary(*record, run));
    ++total;
  }
  return json_reply({{"runs", std::move(list)}, {"total", total}});
}

HttpReply whole_run(Services& s, HttpRequest& q) {
  const auto id = parse_id(q.arguments.at(0), "run");
  const auto known = known_run(s, id);
  Json j = open_record(s).export_run(id);
  std::vector<std::string> scopes = known.info.plan.claims;
  Json figures = Json::array();
  for (const auto& f : j.at("figures")) {
    const auto name = f.at("name").get<std::string>();
    Json claim;
    for (const auto& scope : scopes)
      if (name.starts_with(scope + ".")) claim = scope;
    const auto url = run_url(id) + "/figures/" + percent_encoded(name);
    figures.push_back({{"name", name},
                       {"claim", claim},
                       {"title", f.value("title", "")},
                       {"description", f.value("description", "")},
                       {"caption", f.value("caption", "")},
                       {"spec_url", url + ".vl.json"},
                       {"svg_url", url + ".svg"},
                       {"csv_url", url + ".csv"}});
  }
  j["figures"] = std::move(figures);
  Json artifacts = Json::array();
  for (const auto& a : j.at("artifacts"))
    artifacts.push_back({{"name", a.at("name")},
                         {"bytes", a.at("bytes")},
                         {"url", run_url(id) + "/artifacts/" + percent_encoded(a.at("name").get<std::string>())}});
  j["artifacts"] = std::move(artifacts);
  const auto job = s.jobs.job_of_run(id);
  j["job"] = job ? *job : Json(nullptr);
  auto reply = json_reply(j);
  return reply.with("Cache-Control", "private, no-cache");
}

Json figure_of(Services& s, std::int64_t run, const std::string& name) {
  auto figure = open_record(s).figure(run, name);
  if (!figure) throw HttpError(404, fmt::format("run {} has no figure of that name", run));
  return std::move(*figure);
}

std::string attachment(const std::string& name) {
  return fmt::format("attachment; filename=\"{}\"", safe_file_name(name));
}

HttpReply drawn_figure(Services& s, HttpRequest& q, const std::string& format) {
  constexpr std::array<std::string_view, 1> kKnown = {"theme"};
  constexpr std::array<std::string_view, 2> kThemes = {"light", "dark"};
  q.query.only(kKnown);
  const auto id = parse_id(q.arguments.at(0), "run");
  const auto theme = q.query.choice("theme", "light", kThemes);
  const auto known = known_run(s, id);
  static_cast<void>(figure_of(s, id, q.arguments.at(1)));
  return file_reply(q, s.figures.file(id, q.arguments.at(1), format, theme),
                    format == "svg" ? "image/svg+xml" : "image/png", cache_of(known.info));
}

HttpReply table_csv(Services& s, HttpRequest& q) {
  const auto id = parse_id(q.arguments.at(0), "run");
  static_cast<void>(known_run(s, id));
  for (const auto& [name, table] : open_record(s).tables(id)) {
    if (name != q.arguments.at(1)) continue;
    std::string csv;
    for (std::size_t j = 0; j < table.columns.size(); ++j) csv += (j > 0 ? "," : "") + csv_cell(table.columns[j]);
    csv += "\r\n";
    for (const auto& row : table.rows) {
      for (std::size_t j = 0; j < row.size(); ++j) csv += (j > 0 ? "," : "") + csv_cell(row[j]);
      csv += "\r\n";
    }
    auto reply = text_reply(std::move(csv), "text/csv; charset=utf-8");
    return reply.with("Content-Disposition", attachment(fmt::format("run-{}-{}.csv", id, name)));
  }
  throw HttpError(404, fmt::format("run {} has no table of that name", id));
}

HttpReply artifact(Services& s, HttpRequest& q) {
  const auto id = parse_id(q.arguments.at(0), "run");
  const auto known = known_run(s, id);
  for (const auto& a : open_record(s).artifacts(id)) {
    if (a.name != q.arguments.at(1)) continue;
    // whatever it holds, a browser shall store it and not show it
    auto reply = file_reply(q, a.path, "application/octet-stream", cache_of(known.info));
    return reply.with("Content-Disposition", attachment(a.name));
  }
  throw HttpError(404, fmt::format("run {} has no file of that name", id));
}

HttpReply compare(Services& s, HttpRequest& q) {
  constexpr std::array<std::string_view, 2> kKnown = {"a", "b"};
  q.query.only(kKnown);
  const auto a = known_run(s, parse_id(q.query.text("a"), "run"));
  const auto b = known_run(s, parse_id(q.query.text("b"), "run"));
  const auto record = open_record(s);
  Json j{{"a", run_summary(*a.record, a.info)}, {"b", run_summary(*b.record, b.info)}};
  j.update(compare_runs(record.export_run(a.info.id), record.export_run(b.info.id), s.card(a.info.plan.paper)));
  return json_reply(j);
}

}  // namespace

void add_run_routes(Router& router, Services& s) {
  router.add("GET", "/api/v1/runs", Guard::kToken, [&s](HttpRequest& q) { return runs(s, q); });
  router.add("GET", "/api/v1/runs/compare", Guard::kToken, [&s](HttpRequest& q) { return compare(s, q); });
  router.add("GET", "/api/v1/runs/{id}", Guard::kToken, [&s](HttpRequest& q) { return whole_run(s, q); });
  router.add("DELETE", "/api/v1/runs/{id}", Guard::kToken, [&s](HttpRequest& q) {
    const auto id = parse_id(q.arguments.at(0), "run");
    s.record.expire();
    if (known_run(s, id).info.status == "running")
      throw HttpError(409, fmt::format("run {} is being computed; cancel it before removing it", id));
    Store(s.settings.store, Store::Access::kWrite).remove(id);
    s.record.expire();
    return text_reply("", "", 204);
  });
  router.add("GET", "/api/v1/runs/{id}/export.json", Guard::kToken, [&s](HttpRequest& q) {
    const auto id = parse_id(q.arguments.at(0), "run");
    static_cast<void>(known_run(s, id));
    auto reply = json_reply(open_record(s).export_run(id));
    return reply.with("Content-Disposition", attachment(fmt::format("run-{}.json", id)));
  });
  router.add("GET", "/api/v1/runs/{id}/figures/{name}.vl.json", Guard::kToken, [&s](HttpRequest& q) {
    const auto id = parse_id(q.arguments.at(0), "run");
    const auto known = known_run(s, id);
    auto reply = json_reply(figure_of(s, id, q.arguments.at(1)).at("spec"));
    return reply.with("Cache-Control", cache_of(known.info));
  });
  router.add("GET", "/api/v1/runs/{id}/figures/{name}.svg", Guard::kToken,
             [&s](HttpRequest& q) { return drawn_figure(s, q, "svg"); });
  router.add("GET", "/api/v1/runs/{id}/figures/{name}.png", Guard::kToken,
             [&s](HttpRequest& q) { return drawn_figure(s, q, "png"); });
  router.add("GET", "/api/v1/runs/{id}/figures/{name}.csv", Guard::kToken, [&s](HttpRequest& q) {
    const auto id = parse_id(q.arguments.at(0), "run");
    static_cast<void>(known_run(s, id));
    auto reply = text_reply(figure_csv(figure_of(s, id, q.arguments.at(1)).at("spec")), "text/csv; charset=utf-8");
    return reply.with("Content-Disposition", attachment(fmt::format("run-{}-{}.csv", id, q.arguments.at(1))));
  });
  router.add("GET", "/api/v1/runs/{id}/tables/{name}.csv", Guard::kToken,
             [&s](HttpRequest& q) { return table_csv(s, q); });
  router.add("GET", "/api/v1/runs/{id}/artifacts/{name}", Guard::kToken,
             [&s](HttpRequest& q) { return artifact(s, q); });
}

}  // namespace offprint::page
