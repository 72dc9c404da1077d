// The action predict: cumulants by the formula, with correction and exact values.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/exact.hpp"
#include "picture.hpp"
#include "setup.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

namespace {

void count_within(Run& run, const Setup& setup, long n, const Orders& orders) {
  const double a = run.options().real("count-radius");
  if (setup.trap.dimension != 2 || setup.beta != 2)
    throw InputError("--count-radius: charges within a radius are counted for --dim 2 --beta 2 only");
  const auto k =
      IndependentRadii(setup.trap.potential, n).counting_cumulants(a, std::min(orders.last, 12), run.parallel());
  Table table{fmt::format("Charges within r < {:g}, exact", a), {"q", "kappa_q", "kappa_q/sqrt(N)"}, {}};
  for (auto q = static_cast<std::size_t>(orders.first); q < k.size(); ++q) {
    table.rows.push_back({q, k[q], k[q] / std::sqrt(static_cast<double>(n))});
    run.metric(fmt::format("kappa_{}", q), k[q]);
  }
  run.table("counting", table);
}

// k_q*(N) over its limit by exact values on a ladder of sizes.
void ladder(Run& run, const Setup& setup, const Orders& orders, const Theory& at_n) {
  if (!at_n.exact) return;
  std::vector<ConvergenceCurve> curves;
  std::vector<std::size_t> kept;
  const int last = std::min(orders.last, 4);
  for (auto q = static_cast<std::size_t>(std::max(2, orders.first)); q <= static_cast<std::size_t>(std::max(last, 0));
       ++q)
    if (std::abs(at_n.leading[q]) > 1e-9) {
      kept.push_back(q);
      curves.push_back({fmt::format("q = {} (limit {:.5g})", q, at_n.leading[q]), {}, {}, 1});
    }
  if (curves.empty()) return;
  for (const double n : {25.0, 50.0, 100.0, 200.0, 400.0}) {
    const Theory t = theory(setup, n, last, run);
    const auto reduced = to_reduced(*t.exact, n, setup.beta);
    for (std::size_t i = 0; i < curves.size(); ++i) {
      curves[i].n.push_back(n);
      curves[i].k.push_back(reduced[kept[i]] / at_n.leading[kept[i]]);
    }
  }
  run.figure("cumulants",
             value_figure(fmt::format("Exact cumulants of {} over the formula's, against 1/N", setup.statistic.name()),
                          curves, "k_q*(N)/limit"));
}

// Whether k_q*, q = 3 and 4, comes nearer to the formula as N doubles, by exact values; where there are none, by the
// size of the first correction.
void doubling(Run& run, const Setup& setup, long n, const Theory& at_n) {
  constexpr int kLast = 4;
  const auto count = static_cast<double>(n);
  if (!at_n.exact) {
    if (setup.trap.dimension > 3) return;
    const auto correction = finite_n_correction(setup.trap, setup.statistic, kLast, count, setup.beta);
    const auto limit = leading_cumulants<double>(setup.trap, setup.statistic, kLast);
    for (std::size_t q = 3; q <= kLast; ++q)
      if (std::abs(limit[q]) > 1e-9 && std::abs(correction[q]) > 0.2 * std::abs(limit[q]))
        run.note(
            fmt::format("At N = {} the first correction to k_{}* is {:.0f} % of the leading order: terms beyond it "
                        "may matter as much. Sampling tells (run sample, or a ladder of tilts).",
                        n, q, 100 * std::abs(correction[q] / limit[q])));
    return;
  }
  // Large gases against half their size.
  const long small = n <= 20000 && (setup.trap.dimension != 1 || n <= 1500) ? n : n / 2;
  const auto at = [&](long charges) {
    return charges == n && at_n.exact->size() > kLast ? at_n : theory(setup, static_cast<double>(charges), kLast, run);
  };
  const Theory half = at(small);
  const Theory twice = at(2 * small);
  if (!half.exact || !twice.exact) return;
  const auto limit = leading_cumulants<double>(setup.trap, setup.statistic, kLast);
  const auto at_small = to_reduced(*half.exact, static_cast<double>(small), setup.beta);
  const auto at_twice = to_reduced(*twice.exact, 2.0 * static_cast<double>(small), setup.beta);
  Table table{"Doubling N", {"q", "N", "k_q*(N)", "k_q*(2N)", "k_q* at large N", "distance at 2N over that at N"}, {}};
  for (std::size_t q = 3; q < std::min(at_small.size(), at_twice.size()); ++q) {
    const double before = std::abs(at_small[q] - limit[q]);
    const double after = std::abs(at_twice[q] - limit[q]);
    table.rows.push_back({q, small, at_small[q], at_twice[q], limit[q], before > 0 ? Json(after / before) : Json("-")});
    if (std::abs(limit[q]) < 1e-9 || after <= 0.02 * std::abs(limit[q]) || after <= 0.75 * before) continue;
    run.note(
        fmt::format("Doubling test: k_{}* is {:.4g} at N = {} and {:.4g} at {}, the formula's limit is {:.4g}: at such "
                    "N the statistic is too rough for it. Use the exact values.",
                    q, at_small[q], small, at_twice[q], 2 * small, limit[q]));
  }
  if (!table.rows.empty()) run.table("doubling", table);
}

}  // namespace

void predict(Run& run) {
  const Options& o = run.options();
  const Setup setup = read_setup(o);
  const long n = o.integer("n");
  const Orders orders = read_orders(o.text("orders"), 30);
  if (o.has("count-radius")) {
    count_within(run, setup, n, orders);
    return;
  }
  const auto count = static_cast<double>(n);
  const Theory t = theory(setup, count, orders.last, run);
  warn_of_curvature(run, setup, count);
  doubling(run, setup, n, t);
  const auto leading = from_reduced(t.leading, count, setup.beta);
  Table table{fmt::format("Cumulants of sum f, f = {}, N = {}, beta = {:g}", setup.statistic.name(), n, setup.beta),
              {"q", "k_q* at large N", "kappa_q, leading", "with correction", "exact"},
              {}};
  Json list = Json::array();
  for (auto q = static_cast<std::size_t>(orders.first); q <= static_cast<std::size_t>(orders.last); ++q) {
    const bool known = t.exact && q < t.exact->size();
    const Json exact = known ? Json((*t.exact)[q]) : Json();
    table.rows.push_back({q, t.leading[q], leading[q], t.corrected[q], known ? exact : Json("-")});
    list.push_back({{"order", q},
                    {"leading_reduced", t.leading[q]},
                    {"leading", leading[q]},
                    {"corrected", t.corrected[q]},
                    {"exact", exact}});
    run.metric(fmt::format("kappa_{}", q), known ? (*t.exact)[q] : t.corrected[q]);
  }
  run.metric("edge", droplet_edge<double>(setup.trap));
  run.table("cumulants", table);
  if (t.exact) run.note(fmt::format("Exact values: {}.", t.exact_route));
  if (setup.trap.dimension > 3)
    run.note("Beyond three dimensions no finite-N correction is known: leading order alone.");
  run.artifact("cumulants.json", [&](const std::filesystem::path& path) {
    std::ofstream(path) << Json{{"dimension", setup.trap.dimension},
                                {"potential", setup.trap.potential.name()},
                                {"statistic", setup.statistic.name()},
                                {"beta", setup.beta},
                                {"n", n},
                                {"cumulants", list}}
                               .dump(1)
                        << '\n';
  });
  ladder(run, setup, orders, t);
}

}  // namespace offprint::papers::coulomb_gas
