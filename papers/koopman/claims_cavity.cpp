// K4: the RAGE averages of the lid-driven cavity's kinetic energy.
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/koopman/rage.hpp"

namespace offprint::papers::koopman {
namespace {

constexpr std::array<int, 4> kReynolds{13000, 16000, 19000, 30000};
constexpr Eigen::Index kRows = 10000;
constexpr int kPointsADecade = 60;  // of the drawn curves

// A_n(L) at about evenly spaced log(L + 1).
Series curve(const std::string& name, const Eigen::Ref<const Eigen::VectorXd>& average) {
  Series series{name};
  Eigen::Index next = 0;
  for (Eigen::Index j = 0; j < average.size(); ++j) {
    if (j < next && j + 1 < average.size()) continue;
    series.x.push_back(static_cast<double>(j + 1));
    series.y.push_back(average(j));
    next = static_cast<Eigen::Index>(std::ceil(static_cast<double>(j + 1) * std::pow(10.0, 1.0 / kPointsADecade))) - 1;
    next = std::max(next, j + 1);
  }
  return series;
}

}  // namespace

Measurement k4(const Claim&, Run& run) {
  const auto file = offprint::io::read_matrix((run.data("cavity-ke") / "cavity_ke.npy").string());
  const Eigen::MatrixXd& signals = file.values;
  if (signals.cols() != static_cast<Eigen::Index>(kReynolds.size()) || signals.rows() < 2 * kRows)
    throw InputError(fmt::format("cavity_ke.npy is {} x {}, not 20000 x 4: see 'offprint data show cavity-ke'",
                                 signals.rows(), signals.cols()));
  offprint::koopman::RageOptions options;  // 20 delays of stride 10; n = 1, 10, 20
  options.rows = kRows;
  options.horizon = kRows;

  Measurement measured;
  Table table{"RAGE averages over L = 10 000 lags; drift in standard deviations of the first 10 000 samples",
              {"Re", "A_1", "A_10", "A_20", "drift", "A_20 with the first half's mean removed", "dropped delays"},
              {}};
  LinePlot plot;
  plot.title = "RAGE: periodic, quasi-periodic, mixed and mixing cavity flows";
  plot.caption =
      "A_20(L) of the kinetic energy: the share of it that 20 delays still explain L samples later. It tends to the "
      "energy in the point spectrum.";
  plot.x = {.title = "L + 1", .unit = "samples", .log = true, .lo = 10.0, .hi = static_cast<double>(kRows + 1)};
  plot.y = {.title = "A_20(L)", .log = true, .lo = 0.1, .hi = 1.1};
  auto progress = run.progress(kReynolds.size(), "Reynolds numbers");
  for (std::size_t r = 0; r < kReynolds.size(); ++r) {
    const Eigen::VectorXd signal = signals.col(static_cast<Eigen::Index>(r));
    const std::span<const double> samples(signal.data(), static_cast<std::size_t>(signal.size()));
    options.removed_mean.reset();
    const auto rage = offprint::koopman::rage(samples, options, run.parallel());
    options.removed_mean = signal.head(kRows).mean();
    const auto first = offprint::koopman::rage(samples, options, run.parallel());
    const auto last = [](const auto& a, Eigen::Index n) { return a.average(kRows, n); };
    const std::string re = fmt::format("_re{}", kReynolds[r]);
    measured.set("a1" + re, last(rage, 0));
    measured.set("a10" + re, last(rage, 1));
    measured.set("a20" + re, last(rage, 2));
    measured.set("drift" + re, rage.drift);
    if (kReynolds[r] == 30000) measured.set("a20_re30000_first_half_mean", last(first, 2));
    if (!rage.warning.empty()) run.note(fmt::format("Re {}: {}", kReynolds[r], rage.warning));
    table.rows.push_back({kReynolds[r], last(rage, 0), last(rage, 1), last(rage, 2), rage.drift, last(first, 2),
                          static_cast<std::int64_t>(rage.dropped)});
    plot.series.push_back(curve(fmt::format("Re {}", kReynolds[r]), rage.average.col(2)));
    progress.set(r + 1);
  }
  run.table("rage", table);
  run.figure("rage", Figure::line(plot));
  return measured;
}

}  // namespace offprint::papers::koopman
