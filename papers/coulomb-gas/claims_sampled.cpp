// C3q and C3: the sampler where nothing else is exact, and in the plane against the Gamma law.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/exact.hpp"
#include "sampling.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

const std::vector<RadialFunction>& statistics() {
  static const std::vector<RadialFunction> both{RadialFunction("r^2"), RadialFunction("r^3")};
  return both;
}
constexpr const char* kNames[] = {"r2", "r3"};

GasRun gas(int d, long n, double beta, int burn_in, std::size_t samples, int order) {
  GasRun run{.name = fmt::format("d={} N={} beta={:g}", d, n, beta),
             .trap = {d, RadialFunction("r^2/2")},
             .n = n,
             .beta = beta,
             .statistics = statistics()};
  run.options.burn_in = burn_in;
  run.samples = samples;
  run.order = order;
  return run;
}

Table& table_head(Table& table) {
  table.columns = {"d",           "N",     "beta", "f",     "mean/N", "error", "k2*",   "error",
                   "k3*",         "error", "k4*",  "error", "tau",    "n_eff", "R-hat", "least acceptance",
                   "virial from", "to"};
  return table;
}

void add_rows(Table& table, const GasRun& gas, const GasResult& result) {
  for (std::size_t f = 0; f < 2; ++f) {
    const StatisticResult& s = result.statistics[f];
    std::vector<Json> row{gas.trap.dimension, gas.n, gas.beta, gas.statistics[f].name()};
    for (std::size_t q = 1; q <= 4; ++q) {
      const auto k = reduced(s.cumulants[q], q, static_cast<double>(gas.n), gas.beta);
      row.emplace_back(k.value);
      row.emplace_back(k.error);
    }
    for (const double x :
         {s.tau, s.n_eff, s.r_hat, result.least_acceptance, result.least_virial, result.largest_virial})
      row.emplace_back(x);
    table.rows.push_back(std::move(row));
  }
}

// The plane at beta = 1 and 4, N = 20, f = r^2 against the Gamma law.
void measure_plane(Run& run, Measurement& measured, Table& table, const SampledSizes& sizes) {
  double health = 0;
  for (const double beta : {1.0, 4.0}) {
    const GasRun plan = gas(2, 20, beta, sizes.burn_in, sizes.plane, 4);
    const GasResult result = sample(run, plan);
    add_rows(table, plan, result);
    const auto exact = to_reduced(quadratic_cumulants(20, beta, 3), 20, beta);
    for (std::size_t q = 2; q <= 3; ++q) {
      const auto k = reduced(result.statistics[0].cumulants[q], q, 20, beta);
      measured.set(fmt::format("z_k{}_beta{:g}", q, beta), (k.value - exact[q]) / k.error);
      if (q == 3) measured.set(fmt::format("sigma_k3_beta{:g}", beta), k.error);
    }
    for (const auto& s : result.statistics) health = std::max(health, s.r_hat);
  }
  measured.set("r_hat", health);
}

}  // namespace

Measurement c3q(const Claim&, Run& run) { return measure_c3q(run, {.plane = 12000}); }

Measurement measure_c3q(Run& run, const SampledSizes& sizes) {
  Measurement measured;
  Table table{"Sampled cumulants", {}, {}};
  measure_plane(run, measured, table_head(table), sizes);
  run.table("sampled", table);
  return measured;
}

Measurement c3(const Claim&, Run& run) { return measure_c3(run, {}); }

Measurement measure_c3(Run& run, const SampledSizes& sizes) {
  Measurement measured;
  Table table{"Sampled cumulants", {}, {}};
  measure_plane(run, measured, table_head(table), sizes);
  const Trap trap{3, RadialFunction("r^2/2")};
  struct Space {
    long n;
    std::size_t samples;
    GasResult result;
  };
  std::vector<Space> space{{10, sizes.space[0], {}}, {20, sizes.space[1], {}}, {40, sizes.space[2], {}}};
  Table remainders{"d = 3, beta = 2: what the corrected formula leaves",
                   {"f", "q", "k*", "k* + correction, N = 20", "N = 40", "sampled, N = 20", "N = 40", "delta(20)",
                    "delta(40)", "2 delta(40) - delta(20)", "error", "2 k(40) - k(20)"},
                   {}};
  for (auto& s : space) {
    GasRun plan = gas(3, s.n, 2, sizes.burn_in, s.samples, 4);
    plan.groups = 8;
    s.result = sample(run, plan);
    add_rows(table, plan, s.result);
  }
  for (std::size_t f = 0; f < 2; ++f) {
    const auto leading = leading_cumulants<double>(trap, statistics()[f], 3);
    const auto c20 = finite_n_correction(trap, statistics()[f], 3, 20, 2);
    const auto c40 = finite_n_correction(trap, statistics()[f], 3, 40, 2);
    for (std::size_t q = 2; q <= 3; ++q) {
      const auto k20 = reduced(space[1].result.statistics[f].cumulants[q], q, 20, 2);
      const auto k40 = reduced(space[2].result.statistics[f].cumulants[q], q, 40, 2);
      const double d20 = k20.value - leading[q] - c20[q];
      const double d40 = k40.value - leading[q] - c40[q];
      const double error = std::hypot(2 * k40.error, k20.error);
      const double extrapolated = 2 * d40 - d20;
      const double plain = 2 * k40.value - k20.value;
      const std::string key = fmt::format("k{}_{}", q, kNames[f]);
      measured.set("sigma_" + key, k40.error);
      measured.set("excess_" + key, std::abs(extrapolated) - 3 * error - (q == 2 ? 0.005 * leading[q] : 0));
      if (q == 3) measured.set("ratio_" + key, k40.value / (leading[q] + c40[q]));
      if ((q == 2) == (f == 0)) measured.set("plain_" + key, std::abs(plain - leading[q]) / error);
      remainders.rows.push_back({statistics()[f].name(), q, leading[q], leading[q] + c20[q], leading[q] + c40[q],
                                 k20.value, k40.value, d20, d40, extrapolated, error, plain});
    }
    const auto k4 = reduced(space[0].result.statistics[f].cumulants[4], 4, 10, 2);
    const double known = f == 0 ? 17.66 : 181.2;
    const double known_error = f == 0 ? 0.28 : 1.4;
    measured.set(fmt::format("z_k4_{}", kNames[f]), (k4.value - known) / std::hypot(k4.error, known_error));
  }
  run.table("sampled", table);
  run.table("remainders", remainders);
  return measured;
}

}  // namespace offprint::papers::coulomb_gas
