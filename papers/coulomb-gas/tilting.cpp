#include "tilting.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/coulomb/exact.hpp"
#include "offprint/coulomb/transfer.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::papers::coulomb_gas {

using namespace coulomb;

std::vector<double> transitions(const LargeDeviations& limit) {
  std::vector<double> out;
  for (const int sign : {-1, 1})
    if (const auto s = limit.transition(sign)) out.push_back(*s);
  return out;
}

std::vector<double> read_rungs(const Options& o) {
  const bool spaced = o.has("from") || o.has("to");
  if (!o.has("ladder") && !spaced) return {};
  if (o.has("ladder") && spaced) throw InputError("--ladder lists every s; --from and --to do not go with it");
  std::vector<double> s;
  if (spaced) {
    const double from = o.has("from") ? o.real("from") : 0;
    const double to = o.has("to") ? o.real("to") : 0;
    const auto points = static_cast<int>(o.integer("points"));
    if (!(from < to)) throw InputError(fmt::format("--from {:g} must be below --to {:g}", from, to));
    if (from > 0 || to < 0)
      throw InputError(fmt::format("--from {:g} and --to {:g}: s = 0, the gas itself, must lie between", from, to));
    for (int i = 0; i < points; ++i) {
      const double at = from + (to - from) * i / (points - 1);
      s.push_back(std::abs(at) < 1e-9 * (to - from) ? 0 : at);
    }
  } else {
    s = o.reals("ladder");
  }
  for (const double at : s)
    if (!std::isfinite(at)) throw InputError(fmt::format("--ladder: {} is no tilt", at));
  s.push_back(0);
  std::sort(s.begin(), s.end());
  s.erase(std::unique(s.begin(), s.end()), s.end());
  if (s.size() < 4)
    throw InputError(fmt::format("a ladder needs at least 4 different s, 0 among them, not {}", s.size()));
  return s;
}

ExactTilt::ExactTilt(const Setup& setup, long n) : setup_(setup), n_(n) {
  const int d = setup.trap.dimension;
  if (d == 2 && setup.beta == 2)
    route_ = Route::kRadii;
  else if (d == 2 && setup.trap.potential.name() == "r^2/2" && setup.statistic.name() == "r^2")
    route_ = Route::kGamma;
  else if (d == 1 && n <= 1000)
    route_ = Route::kLine;
}

std::string ExactTilt::route() const {
  return route_ == Route::kRadii   ? "independent radii"
         : route_ == Route::kGamma ? "Gamma law"
         : route_ == Route::kLine  ? "nested integrals on the line"
                                   : "";
}

double ExactTilt::mean(double s, const Parallel& how) const {
  const RadialFunction tilted = RadialFunction::sum(setup_.trap.potential, s, setup_.statistic);
  const auto count = static_cast<double>(n_);
  if (route_ == Route::kRadii) return IndependentRadii(tilted, n_).cumulants(setup_.statistic, 1, how)[1] / count;
  // The tilt by r^2 makes r^2/2 stiffer: the rate of the Gamma law times 1 + 2 s.
  if (route_ == Route::kGamma) return quadratic_cumulants(n_, setup_.beta, 1)[1] / count / (1 + 2 * s);
  return line_cumulants<double>(tilted, setup_.statistic, n_, setup_.beta, 1)[1] / count;
}

double ExactTilt::free_energy(double s, const Parallel& how) const {
  if (s == 0) return 0;
  const auto count = static_cast<double>(n_);
  if (route_ == Route::kRadii) {
    const RadialFunction tilted = RadialFunction::sum(setup_.trap.potential, s, setup_.statistic);
    return -(IndependentRadii(tilted, n_).log_partition(how) -
             IndependentRadii(setup_.trap.potential, n_).log_partition(how)) /
           (2 * count * count);
  }
  if (route_ == Route::kGamma) return quadratic_cumulants(n_, setup_.beta, 1)[1] / count * std::log1p(2 * s) / 2;
  // int_0^s Lambda by 12 Gauss points: Lambda is smooth.
  const linalg::Quadrature rule = linalg::gauss_legendre(12);
  double total = 0;
  for (Eigen::Index i = 0; i < rule.nodes.size(); ++i)
    total += 0.5 * s * rule.weights(i) * mean(0.5 * s * (1 + rule.nodes(i)), how);
  return total;
}

GasResult sample_tilted(Run& run, const Setup& setup, const LargeDeviations& limit, long n, double s, int order) {
  GasRun plan{.name = fmt::format("tilt {:g}", s),
              .trap = {setup.trap.dimension, RadialFunction::sum(setup.trap.potential, s, setup.statistic)},
              .n = n,
              .beta = setup.beta,
              .statistics = {setup.statistic}};
  plan.start_radius = limit.at(s).outer;
  plan.groups = 2;
  plan.order = order;
  plan.samples =
      std::max<std::size_t>(1, static_cast<std::size_t>(run.options().integer("samples")) / (16 * plan.rounds));
  return sample(run, plan);
}

}  // namespace offprint::papers::coulomb_gas
