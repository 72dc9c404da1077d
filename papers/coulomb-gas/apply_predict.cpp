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
