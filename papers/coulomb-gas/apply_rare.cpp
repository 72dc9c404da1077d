// The action rate-function.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/coulomb/large_deviations.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "setup.hpp"
#include "tilting.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

// The mean under the largest tilt of this sign that still holds the charges, up to |s| = 1.
double reach(const LargeDeviations& ldf, int sign) {
  for (double s = 1; s > 1e-4; s *= 0.5) {
    try {
      return ldf.at(sign * s).mean;
    } catch (const InputError&) {
      continue;
    }
  }
  return ldf.at(0).mean;
}

}  // namespace

void rate_function(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const LargeDeviations ldf(setup.trap, setup.statistic, static_cast<int>(o.integer("cells")));
  const double typical = ldf.at(0).mean;
  double from = o.has("from") ? o.real("from") : reach(ldf, +1);
  double to = o.has("to") ? o.real("to") : reach(ldf, -1);
  if (!o.has("to") && !(std::abs(to - typical) > 1e-9 * (1 + std::abs(typical)))) {
    to = typical;
    run.note("Above the typical value single charges escape: there is no large deviation at speed N^2 on that side.");
  }
  if (!(from < to)) throw InputError(fmt::format("--from {:g} must be below --to {:g}", from, to));
  const auto points = ldf.rates(from, to, static_cast<int>(o.integer("points")), run.parallel());
  Table table{"Psi(Lambda)", {"Lambda", "Psi", "s", "phase", "inner radius", "outer radius"}, {}};
  for (const auto& p : points)
    table.rows.push_back({p.lambda, p.psi, p.gas.s, to_string(p.gas.phase), p.gas.inner, p.gas.outer});
  run.table("rate", table);
  std::vector<double> at;
  for (const double s : transitions(ldf)) {
    const double mean = ldf.at(s).mean;
    run.metric(s > 0 ? "transition_s" : "transition_s_negative", s);
    run.metric(s > 0 ? "transition_lambda" : "transition_lambda_negative", mean);
    if (mean >= from && mean <= to) at.push_back(mean);
  }
  run.metric("typical", typical);
  run.figure("rate",
             rate_figure(fmt::format("Rate function of {}, d = {}", setup.statistic.name(), setup.trap.dimension),
                         points, at));
  run.artifact("rate.csv", [&](const std::filesystem::path& path) {
    io::Table csv;
    csv.names = {"lambda", "psi", "s", "inner", "outer"};
    csv.values.resize(static_cast<Eigen::Index>(points.size()), 5);
    io::TextColumn phase{"phase", {}};
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto& p = points[i];
      csv.values.row(static_cast<Eigen::Index>(i)) << p.lambda, p.psi, p.gas.s, p.gas.inner, p.gas.outer;
      phase.values.push_back(to_string(p.gas.phase));
    }
    csv.text.push_back(std::move(phase));
    io::write_csv(path, csv);
  });
}

}  // namespace offprint::papers::coulomb_gas
