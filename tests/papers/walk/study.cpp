// The test paper: exercises everything a study may do with its Run.
#include <chrono>
#include <fstream>
#include <thread>

#include "offprint/core/error.hpp"
#include "offprint/core/paper.hpp"

namespace {

using offprint::Claim;
using offprint::Estimate;
using offprint::Measurement;
using offprint::Run;

struct WalkState {
  std::uint64_t step = 0;
  double position = 0.0;
  offprint::Stream stream;
  std::vector<double> path;
  std::vector<double> ballast;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(step, position, stream, path, ballast);
  }
};

WalkState walk(Run& run, std::uint64_t steps, double scale, bool wait, bool ignore_cancel, std::size_t ballast = 0) {
  WalkState state;
  state.ballast.resize(ballast);
  state.stream = run.stream("walk");
  if (!run.restore("walk", state)) run.note("started from the beginning");
  auto progress = run.progress(steps, "walk");
  while (state.step < steps) {
    if (!ignore_cancel) run.check_cancelled();
    state.position += scale * state.stream.normal();
    state.path.push_back(state.position);
    ++state.step;
    run.checkpoint("walk", state);
    if (wait) std::this_thread::sleep_for(std::chrono::milliseconds(3));
    progress.set(state.step);
  }
  return state;
}

Measurement w1(const Claim&, Run& run) {
  const auto state = walk(run, 300, 1.0, true, false);
  double sum = 0.0;
  for (const double x : state.path) sum += x;
  run.metric("path_mean", sum / static_cast<double>(state.path.size()), "m");
  return Measurement().set("end", state.position).set("steps", static_cast<double>(state.step));
}

Measurement w2(const Claim&, Run& run) {
  const auto ends = run.ensemble("ends", 64, [&](std::size_t i) {
    auto stream = run.stream("member", i);
    double position = 0.0;
    for (int k = 0; k < 10; ++k) position += 0.1 * stream.normal();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return position;
  });
  return Measurement().set("mean", offprint::mean_estimate(ends));
}

void apply(Run& run) {
  const auto& o = run.options();
  for (const auto& path : o.paths("data"))
    if (!std::ifstream(path)) throw offprint::InputError("cannot read " + path.string() + ": no such file");
  const auto state = walk(run, static_cast<std::uint64_t>(o.integer("steps")), o.real("scale"), !o.flag("fast"),
                          o.flag("ignore-cancel"), static_cast<std::size_t>(o.integer("ballast")));
  run.metric("end", state.position, "m");
  offprint::Table table{"Path", {"step", "position", "kind"}, {}};
  for (std::size_t i = 0; i < state.path.size(); ++i) table.rows.push_back({i + 1, state.path[i], o.text("kind")});
  run.table("path", table);
  offprint::LinePlot plot;
  plot.title = "A walk";
  plot.x.title = "step";
  plot.y = {"position", "m"};
  offprint::Series series{"walk"};
  for (std::size_t i = 0; i < state.path.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(state.path[i]);
  }
  plot.series = {series};
  run.figure("path", offprint::Figure::line(plot));
  run.artifact("path.txt", [&](const std::filesystem::path& path) {
    std::ofstream out(path);
    for (const double x : state.path) out << x << '\n';
  });
}

offprint::Paper make() {
  offprint::Paper paper;
  paper.claim("W1", w1);
  paper.claim("W2", w2);
  paper.claim("W3", [](const Claim&, Run&) { return Measurement().set("length", 1.5); });
  paper.claim("W4", [](const Claim&, Run&) { return Measurement().set_flag("found", true); });
  paper.claim("W5", [](const Claim&, Run&) { return Measurement().set_flag("found", true); });
  paper.action("walk", apply);
  paper.library("walklib", "1.0");
  return paper;
}

}  // namespace

OFFPRINT_PAPER(make);
