// rage: how much of each signal is (quasi-)periodic and how much is chaotic.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/koopman/rage.hpp"

namespace offprint::papers::koopman {
namespace {

// Lags 0..horizon, about `most` of them evenly on a log scale, the last included.
std::vector<Index> log_lags(Index horizon, int most) {
  std::vector<Index> lags{0};
  const double end = std::log1p(static_cast<double>(horizon));
  for (int i = 1; i <= most; ++i) {
    const auto lag = std::min(horizon, static_cast<Index>(std::llround(std::expm1(end * i / most))));
    if (lag > lags.back()) lags.push_back(lag);
  }
  return lags;
}

}  // namespace

void rage(Run& run) {
  const Options& o = run.options();
  const Input input = read_input(o);
  if (input.states.parts.size() != 1)
    throw InputError(fmt::format("RAGE needs one trajectory, --data holds {}: give one file of rows = times",
                                 input.states.parts.size()));
  const auto& signals = input.states.parts.front();
  lib::RageOptions options;
  options.delays = o.integer("delays");
  options.stride = o.integer("stride");
  if (o.has("rows")) options.rows = o.integer("rows");
  if (o.has("rows")) options.horizon = std::min<Index>(options.rows, signals.rows() - options.rows);
  options.projections.clear();
  for (const Index n : {Index{1}, Index{10}, options.delays})
    if (n <= options.delays && (options.projections.empty() || n > options.projections.back()))
      options.projections.push_back(n);

  Table table;
  table.title = "RAGE averages: share of the signal's energy in the point spectrum as L and n grow";
  table.columns = {"column"};
  for (const Index n : options.projections) table.columns.push_back(fmt::format("A_{}(L)", n));
  for (const char* name : {"L", "drift (std)", "reading"}) table.columns.emplace_back(name);
  std::vector<LinePlot> plots(options.projections.size());
  for (std::size_t p = 0; p < plots.size(); ++p) {
    plots[p].title = fmt::format("RAGE average, projection onto {} delay{}", options.projections[p],
                                 options.projections[p] == 1 ? "" : "s");
    plots[p].caption = "Flat: (quasi-)periodic. Falling: mixing; what it falls to is the point spectrum's share.";
    plots[p].x = {.title = "L + 1", .unit = "samples", .log = true, .lo = 1.0};
    plots[p].y = {.title = fmt::format("A_{}(L)", options.projections[p]), .log = true};
  }
  std::vector<std::string> names{"L"};
  std::vector<Eigen::VectorXd> curves;
  for (Index c = 0; c < signals.cols(); ++c) {
    const std::string& name = input.states.columns[static_cast<std::size_t>(c)];
    const Eigen::VectorXd signal = signals.col(c);
    lib::Rage result;
    try {
      result = lib::rage({signal.data(), static_cast<std::size_t>(signal.size())}, options, run.parallel());
    } catch (const InputError& error) {
      throw InputError(fmt::format("{}: {}", input.states.column_label(c), error.what()));
    }
    const Index last = result.average.rows() - 1;
    std::vector<Json> row{name};
    for (Index p = 0; p < result.average.cols(); ++p) {
      const double value = result.average(last, p);
      row.emplace_back(value);
      run.metric(fmt::format("a{}_{}", options.projections[static_cast<std::size_t>(p)], name), value);
      Series series;
      series.name = name;
      for (const Index lag : log_lags(last, 400)) {
        series.x.push_back(static_cast<double>(lag + 1));
        series.y.push_back(result.average(lag, p));
      }
      plots[static_cast<std::size_t>(p)].series.push_back(std::move(series));
      if (curves.empty()) curves.emplace_back(Eigen::VectorXd::LinSpaced(last + 1, 0.0, static_cast<double>(last)));
      curves.emplace_back(result.average.col(p));
      names.push_back(fmt::format("A_{} {}", options.projections[static_cast<std::size_t>(p)], name));
    }
    const double share = result.average(last, result.average.cols() - 1);
    // Thresholds are for words only: the numbers stand beside them.
    row.emplace_back(last);
    row.emplace_back(result.drift);
    row.emplace_back(share > 0.95  ? "(quasi-)periodic"
                     : share > 0.5 ? "mostly (quasi-)periodic"
                     : share > 0.2 ? "mixed"
                                   : "mixing");
    table.rows.push_back(std::move(row));
    if (!result.warning.empty()) run.note(fmt::format("{}: {}", name, result.warning));
    if (result.dropped > 0)
      run.note(
          fmt::format("{}: {} of {} delay columns are linear combinations of others and were left out (as for a "
                      "periodic signal)",
                      name, result.dropped, options.delays));
  }
  run.table("rage", table);
  for (auto& plot : plots) plot.x.hi = static_cast<double>(curves.front().size());
  for (std::size_t p = 0; p < plots.size(); ++p)
    run.figure(fmt::format("rage_n{}", options.projections[p]), Figure::line(plots[p]));
  run.artifact("rage.csv", [&](const std::filesystem::path& path) {
    Eigen::MatrixXd all(curves.front().size(), static_cast<Index>(curves.size()));
    for (std::size_t k = 0; k < curves.size(); ++k) all.col(static_cast<Index>(k)) = curves[k];
    io::write_csv(path, names, all);
  });
}

}  // namespace offprint::papers::koopman
