// The tilted estimator: what a ladder of s tells of cumulants, free energy and rate function.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/tilt_ladder.hpp"
#include "offprint/io/csv.hpp"
#include "picture.hpp"
#include "tilting.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

// All that was measured, rung by rung.
struct Climb {
  long n = 0;
  std::vector<Rung> rungs;
  std::vector<TiltedGas> limit;
  std::vector<GasResult> gases;
  LadderBaseline baseline;
  std::vector<LadderPotential> potentials;
  std::vector<double> exact_mean;  // empty where the tilted gas is not solvable
  std::vector<double> exact_free_energy;
};

double z(double value, double known, double error) { return (value - known) / error; }

Climb measure(Run& run, const Setup& setup, const LargeDeviations& limit, const std::vector<double>& tilts, int order) {
  Climb c;
  c.n = run.options().integer("n");
  const auto count = static_cast<double>(c.n);
  for (const double s : tilts) c.limit.push_back(limit.at(s));  // complains before anything is sampled
  for (const double s : tilts) {
    c.gases.push_back(sample_tilted(run, setup, limit, c.n, s, s == 0 ? order : 1));
    const auto& mean = c.gases.back().statistics[0].cumulants[1];
    c.rungs.push_back({s, mean.value / count, mean.error / count});
  }
  c.baseline = large_n_baseline(limit, c.rungs, order);
  c.potentials = ladder_potentials(c.rungs, c.baseline);
  if (const ExactTilt exact(setup, c.n); exact.known()) {
    for (const double s : tilts) {
      c.exact_mean.push_back(exact.mean(s, run.parallel()));
      c.exact_free_energy.push_back(exact.free_energy(s, run.parallel()));
    }
    run.note(fmt::format("Exact values at N = {}: {}.", c.n, exact.route()));
  }
  return c;
}

void show_rungs(Run& run, const Climb& c) {
  Table table{fmt::format("Lambda(s) = <L>/N and F(s) - F(0) of {} charges", c.n),
              {"s", "phase", "Lambda", "error", "N to infinity", "exact", "z", "F(s) - F(0)", "error", "N to infinity",
               "exact", "z", "Psi", "error", "tau", "R-hat", "least acceptance"},
              {}};
  const bool known = !c.exact_mean.empty();
  double worst = 0;
  double worst_free_energy = 0;
  double health = 0;
  for (std::size_t i = 0; i < c.rungs.size(); ++i) {
    const Rung& rung = c.rungs[i];
    const LadderPotential& p = c.potentials[i];
    const StatisticResult& s = c.gases[i].statistics[0];
    std::vector<Json> row{rung.s, to_string(c.limit[i].phase), rung.mean, rung.error, c.baseline.mean[i]};
    const double z_mean = known ? z(rung.mean, c.exact_mean[i], rung.error) : 0;
    const double z_free =
        known && rung.s != 0 ? z(p.free_energy.value, c.exact_free_energy[i], p.free_energy.error) : 0;
    worst = std::max(worst, std::abs(z_mean));
    worst_free_energy = std::max(worst_free_energy, std::abs(z_free));
    health = std::max(health, s.r_hat);
    row.emplace_back(known ? Json(c.exact_mean[i]) : Json("-"));
    row.emplace_back(known ? Json(z_mean) : Json("-"));
    row.emplace_back(p.free_energy.value);
    row.emplace_back(p.free_energy.error);
    row.emplace_back(c.baseline.free_energy[i]);
    row.emplace_back(known ? Json(c.exact_free_energy[i]) : Json("-"));
    row.emplace_back(known && rung.s != 0 ? Json(z_free) : Json("-"));
    for (const double x : {p.psi.value, p.psi.error, s.tau, s.r_hat, c.gases[i].least_acceptance}) row.emplace_back(x);
    table.rows.push_back(std::move(row));
  }
  run.table("ladder", table);
  if (known) {
    run.metric("largest_z_lambda", worst);
    run.metric("largest_z_free_energy", worst_free_energy);
  }
  run.metric("r_hat", health);
  if (health > 1.05)
    run.note(fmt::format("The chains of a rung disagree (R-hat {:.3f}): take more --samples.", health));
}

void show_cumulants(Run& run, const Setup& setup, const Climb& c, const Orders& orders) {
  const auto count = static_cast<double>(c.n);
  const Theory t = theory(setup, count, orders.last, run);
  const auto corrected = to_reduced(t.corrected, count, setup.beta);
  const auto about = ladder_cumulants(c.rungs, orders.last, c.baseline);
  const auto zero = std::find_if(c.rungs.begin(), c.rungs.end(), [](const Rung& r) { return r.s == 0; });
  const auto& direct = c.gases[static_cast<std::size_t>(zero - c.rungs.begin())].statistics[0].cumulants;
  Table table{fmt::format("k_q* = kappa_q N^(q-2) beta^(q-1) of {} charges from derivatives of Lambda at s = 0", c.n),
              {"q", "k_q*", "error", "degree", "rungs", "samples at s = 0 alone", "error", "N to infinity",
               "with correction", "exact", "z"},
              {}};
  Json list = Json::array();
  std::string unresolved;
  for (auto q = static_cast<std::size_t>(std::max(2, orders.first)); q <= static_cast<std::size_t>(orders.last); ++q) {
    const LadderCumulant& k = about[q];
    const CumulantEstimate at_zero = reduced(direct[q], q, count, setup.beta);
    const bool known = t.exact && q < t.exact->size();
    const double exact = known ? to_reduced(*t.exact, count, setup.beta)[q] : corrected[q];
    const double miss = z(k.value, exact, k.error);
    table.rows.push_back({q, k.value, k.error, k.degree, k.rungs, at_zero.value, at_zero.error, t.leading[q],
                          corrected[q], known ? Json(exact) : Json("-"), miss});
    list.push_back({{"order", q},
                    {"reduced", k.value},
                    {"error", k.error},
                    {"degree", k.degree},
                    {"rungs", k.rungs},
                    {"chi_squared", k.chi_squared},
                    {"direct", at_zero.value},
                    {"direct_error", at_zero.error},
                    {"leading_reduced", t.leading[q]},
                    {"corrected_reduced", corrected[q]},
                    {"exact_reduced", known ? Json(exact) : Json()},
                    {"z", miss}});
    run.metric(fmt::format("k_{}", q), Estimate(k.value, k.value - 1.96 * k.error, k.value + 1.96 * k.error));
    run.metric(fmt::format("z_{}", q), miss);
    if (!(k.error <= 0.1 * std::abs(k.value))) unresolved += fmt::format("{}{}", unresolved.empty() ? "" : ", ", q);
  }
  run.table("cumulants", table);
  if (!unresolved.empty())
    run.note(
        fmt::format("Cannot tell: this ladder does not resolve order {} to 10 %. Rungs on both sides of 0 help most, "
                    "then samples; the cost does not grow with N.",
                    unresolved));
  run.note(fmt::format("z compares with {}; errors hold the choice of the polynomial.",
                       t.exact
                           ? "the exact value (" + t.exact_route + ")"
                           : std::string("the leading order and its first correction, whose own error is not in z")));
  run.artifact("cumulants.json", [&](const std::filesystem::path& path) {
    std::ofstream(path) << Json{{"dimension", setup.trap.dimension},
                                {"potential", setup.trap.potential.name()},
                                {"statistic", setup.statistic.name()},
                                {"beta", setup.beta},
                                {"n", c.n},
                                {"cumulants", list}}
                               .dump(1)
                        << '\n';
  });
}

// Lambda(s) with theory, and N times what is left of it.
void show_figures(Run& run, const Setup& setup, const LargeDeviations& limit, const Climb& c,
                  const std::vector<double>& at) {
  const double lo = c.rungs.front().s;
  const double hi = c.rungs.back().s;
  const auto count = static_cast<double>(c.n);
  LadderPicture picture;
  picture.n = c.n;
  constexpr int kPoints = 160;
  for (int i = 0; i <= kPoints; ++i) {
    const double s = lo + (hi - lo) * i / kPoints;
    picture.curve_s.push_back(s);
    picture.curve.push_back(limit.at(s).mean);
  }
  for (std::size_t i = 0; i < c.rungs.size(); ++i) {
    const Rung& rung = c.rungs[i];
    picture.s.push_back(rung.s);
    picture.mean.push_back(rung.mean);
    picture.rest.push_back(count * (rung.mean - c.baseline.mean[i]));
    picture.rest_error.push_back(count * rung.error);
    if (!c.exact_mean.empty()) picture.exact_rest.push_back(count * (c.exact_mean[i] - c.baseline.mean[i]));
    if (setup.trap.dimension > 3 || c.limit[i].phase != Phase::kBall) continue;
    const Trap tilted{setup.trap.dimension, RadialFunction::sum(setup.trap.potential, rung.s, setup.statistic)};
    if (negative_density(tilted, droplet_edge<double>(tilted))) continue;
    picture.corrected_s.push_back(rung.s);
    picture.corrected_rest.push_back(count * finite_n_correction(tilted, setup.statistic, 1, count, setup.beta)[1]);
  }
  for (const double s : at)
    if (s >= lo && s <= hi) picture.transitions.push_back(s);
  run.figure("ladder", ladder_figure(setup.statistic.name(), picture));
  run.figure("remainder", remainder_figure(setup.statistic.name(), picture));
}

}  // namespace

void climb(Run& run, const Setup& setup, const LargeDeviations& limit, const std::vector<double>& tilts) {
  const Options& o = run.options();
  if (!o.has("n")) throw InputError("a ladder is sampled: --n, the number of charges, is missing");
  const Orders orders = read_orders(o.text("orders"), 6);
  if (tilts.size() < static_cast<std::size_t>(orders.last) + 2)
    throw InputError(fmt::format("--orders {}: order {} needs a ladder of at least {} tilts, 0 among them, not {}",
                                 o.text("orders"), orders.last, orders.last + 2, tilts.size()));
  const std::vector<double> at = transitions(limit);
  const Climb c = measure(run, setup, limit, tilts, std::max(orders.last, 2));
  for (const double s : at) run.metric(s > 0 ? "transition_s" : "transition_s_negative", s);
  show_rungs(run, c);
  show_cumulants(run, setup, c, orders);
  show_figures(run, setup, limit, c, at);
  run.artifact("ladder.csv", [&](const std::filesystem::path& path) {
    Eigen::MatrixXd rows(static_cast<Eigen::Index>(c.rungs.size()), 9);
    for (std::size_t i = 0; i < c.rungs.size(); ++i)
      rows.row(static_cast<Eigen::Index>(i)) << c.rungs[i].s, c.rungs[i].mean, c.rungs[i].error, c.baseline.mean[i],
          c.potentials[i].free_energy.value, c.potentials[i].free_energy.error, c.baseline.free_energy[i],
          c.potentials[i].psi.value, c.potentials[i].psi.error;
    io::write_csv(path,
                  {"s", "lambda", "lambda_error", "lambda_limit", "free_energy", "free_energy_error",
                   "free_energy_limit", "psi", "psi_error"},
                  rows);
  });
}

}  // namespace offprint::papers::coulomb_gas
