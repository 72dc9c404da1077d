#include "setup.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/cumulants.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/transfer.hpp"
#include "sampling.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

Setup read_setup(const Options& o) {
  const double beta = o.has("beta") ? o.real("beta") : 2;
  if (!(beta > 0) || !std::isfinite(beta)) throw InputError(fmt::format("--beta must be positive, not {}", beta));
  return {{static_cast<int>(o.integer("dim")), RadialFunction(o.text("potential"))},
          RadialFunction(o.text("statistic")),
          beta};
}

Orders read_orders(const std::string& text, int most) {
  const auto number = [&](std::string_view part) {
    int value = 0;
    const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
    if (read.ec != std::errc() || read.ptr != part.data() + part.size())
      throw InputError(fmt::format("--orders {}: orders are written as 2..6 or 3", text));
    return value;
  };
  const std::size_t dots = text.find("..");
  Orders orders;
  orders.first = number(std::string_view(text).substr(0, dots));
  orders.last = dots == std::string::npos ? orders.first : number(std::string_view(text).substr(dots + 2));
  if (orders.first < 1 || orders.last < orders.first || orders.last > most)
    throw InputError(fmt::format("--orders {}: orders go from 1 to {} here, the lower one first", text, most));
  return orders;
}

Theory theory(const Setup& setup, double n, int last, const Run& run) {
  Theory out;
  if (last <= 12) {
    out.leading = leading_cumulants<double>(setup.trap, setup.statistic, last);
  } else {
    for (const long double k : leading_cumulants<long double>(setup.trap, setup.statistic, last))
      out.leading.push_back(static_cast<double>(k));
  }
  auto corrected = out.leading;
  if (setup.trap.dimension <= 3) {
    const int orders = std::min(last, 20);
    const auto correction = finite_n_correction(setup.trap, setup.statistic, orders, n, setup.beta);
    for (std::size_t q = 1; q < correction.size(); ++q) corrected[q] += correction[q];
  }
  out.corrected = from_reduced(corrected, n, setup.beta);
  const auto count = static_cast<long>(n);
  const int d = setup.trap.dimension;
  if (d == 2 && setup.beta == 2 && count <= 1'000'000) {
    out.exact = IndependentRadii(setup.trap.potential, count)
                    .cumulants(setup.statistic, std::min(last, count > 20000 ? 4 : 8), run.parallel());
    out.exact_route = "independent radii";
  } else if (d == 2 && setup.trap.potential.name() == "r^2/2" && setup.statistic.name() == "r^2") {
    out.exact = quadratic_cumulants(count, setup.beta, std::min(last, 20));
    out.exact_route = "Gamma law";
  } else if (d == 1 && count <= 3000) {
    out.exact = line_cumulants<double>(setup.trap.potential, setup.statistic, count, setup.beta,
                                       std::min(last, count > 1000 ? 4 : 6));
    out.exact_route = "nested integrals on the line";
  }
  return out;
}

void warn_of_curvature(Run& run, const Setup& setup, double n) {
  const auto slope = [&](double r) { return std::abs(setup.statistic(Jet<double>::variable(r, 1))[1]); };
  const auto edge = droplet_edge<double>(setup.trap);
  if (setup.trap.dimension == 1 && slope(1e-9 * edge) > 1e-6 * (slope(edge) + slope(0.5 * edge)))
    run.note(
        "On the line f(|x|) has a kink at 0, where its slope does not vanish: it is not smooth, and corrections to the "
        "formula are larger than of order 1/N.");
  const double ratio = curvature_ratio(setup.trap, setup.statistic);
  if (ratio > 1e6)
    run.note(
        "The statistic's slope vanishes at the edge of the droplet: from the third on the leading cumulants vanish.");
  else if (ratio > 20)
    run.note(
        fmt::format("The statistic is strongly curved inside the droplet (max |Lap f| is {:.3g} times |f'| at the "
                    "edge): at N = {:g} "
                    "the leading order can be far off; a doubling test in N tells (run predict).",
                    ratio, n));
}

void report_cumulants(Run& run, const Setup& setup, double n, const Orders& orders,
                      const std::vector<CumulantEstimate>& kappa, const Theory& theory, const Json& more) {
  Table table{"Cumulants",
              {"q", "kappa_q", "error", "k_q*", "error", "k_q* at large N", "predicted kappa_q", "exact kappa_q", "z"},
              {}};
  Json list = Json::array();
  std::string unresolved;
  for (auto q = static_cast<std::size_t>(orders.first); q <= static_cast<std::size_t>(orders.last); ++q) {
    const CumulantEstimate& k = kappa[q];
    const CumulantEstimate star = reduced(k, q, n, setup.beta);
    const bool known = theory.exact && q < theory.exact->size();
    const double reference = known ? (*theory.exact)[q] : theory.corrected[q];
    const double z = (k.value - reference) / k.error;
    table.rows.push_back({q, k.value, k.error, star.value, star.error, theory.leading[q], theory.corrected[q],
                          known ? Json((*theory.exact)[q]) : Json("-"), z});
    list.push_back({{"order", q},
                    {"kappa", k.value},
                    {"error", k.error},
                    {"reduced", star.value},
                    {"reduced_error", star.error},
                    {"leading_reduced", theory.leading[q]},
                    {"predicted", theory.corrected[q]},
                    {"exact", known ? Json((*theory.exact)[q]) : Json()},
                    {"z", z}});
    run.metric(fmt::format("kappa_{}", q), Estimate(k.value, k.value - 1.96 * k.error, k.value + 1.96 * k.error));
    run.metric(fmt::format("z_{}", q), z);
    if (!(k.error <= 0.1 * std::abs(k.value))) unresolved += fmt::format("{}{}", unresolved.empty() ? "" : ", ", q);
  }
  run.table("cumulants", table);
  if (!unresolved.empty())
    run.note(
        fmt::format("Cannot tell: the samples do not resolve order {} to 10 % (the samples needed grow as N^2 for the "
                    "third and N^4 for the fourth cumulant).",
                    unresolved));
  if (theory.exact)
    run.note(fmt::format("z compares with the exact value ({}).", theory.exact_route));
  else
    run.note("z compares with the leading order and its first correction in 1/N, whose own error is not in z.");
  Json json{{"dimension", setup.trap.dimension},
            {"potential", setup.trap.potential.name()},
            {"statistic", setup.statistic.name()},
            {"beta", setup.beta},
            {"n", n},
            {"cumulants", list}};
  json.update(more);
  run.artifact("cumulants.json",
               [&](const std::filesystem::path& path) { std::ofstream(path) << json.dump(1) << '\n'; });
}

}  // namespace offprint::papers::coulomb_gas
