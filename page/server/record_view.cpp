// A snapshot is made anew when SQLite says that somebody has written, or, while a run is going, after a second: whether
// its process still lives is not in the database.
#include "page/server/record_view.hpp"

#include <algorithm>

namespace offprint::page {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kFresh{250};
constexpr std::chrono::seconds kAlive{1};

std::shared_ptr<RecordSnapshot> make_snapshot(const Store& store, std::span<const Card> cards) {
  auto snapshot = std::make_shared<RecordSnapshot>();
  snapshot->standing = read_verdicts(store, cards);
  snapshot->runs = store.runs();
  auto results = store.results();  // newest run first
  std::reverse(results.begin(), results.end());
  for (auto& d : results) {
    snapshot->verdicts[d.run].count(d.result.verdict);
    auto& standing = snapshot->latest[d.paper][d.result.id];
    // an outcome that was `not run` does not displace one that was measured
    if (standing.run == 0 || d.result.verdict != Verdict::kNotRun || standing.result.verdict == Verdict::kNotRun)
      standing = std::move(d);
  }
  std::map<std::int64_t, std::string> first_figure;
  for (auto& f : store.figure_titles()) first_figure.try_emplace(f.run, std::move(f.name));
  for (const auto& run : snapshot->runs)
    if (const auto at = first_figure.find(run.id); at != first_figure.end())
      snapshot->thumbnails.try_emplace(run.plan.paper, run.id, at->second);
  return snapshot;
}

}  // namespace

Json to_json(const VerdictCounts& counts) {
  return {{"total", counts.total},
          {"holds", counts.holds},
          {"falls_short", counts.falls_short},
          {"inconclusive", counts.inconclusive},
          {"not_run", counts.not_run}};
}

RecordView::RecordView(std::filesystem::path store, std::span<const Card> cards)
    : folder_(std::move(store)), cards_(cards) {
  const Store create(folder_, Store::Access::kWrite);  // so that there is a record to read
  store_ = std::make_unique<Store>(folder_, Store::Access::kRead);
}

std::shared_ptr<const RecordSnapshot> RecordView::snapshot() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  if (snapshot_ && !expired_ && now - looked_ < kFresh) return snapshot_;
  looked_ = now;
  const auto version = store_->data_version();
  const bool running = snapshot_ && std::any_of(snapshot_->runs.begin(), snapshot_->runs.end(),
                                                [](const RunInfo& r) { return r.status == "running"; });
  if (snapshot_ && !expired_ && version == version_ && !(running && now - made_ > kAlive)) return snapshot_;
  auto fresh = make_snapshot(*store_, cards_);
  fresh->revision = snapshot_ ? snapshot_->revision + 1 : 1;
  snapshot_ = std::move(fresh);
  version_ = version;
  made_ = now;
  expired_ = false;
  return snapshot_;
}

void RecordView::expire() {
  const std::lock_guard lock(mutex_);
  expired_ = true;
}

}  // namespace offprint::page
