#include "offprint/koopman/modulus.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {

EntryErrors lipschitz_entry_errors(const QuadratureSetting& setting, double lipschitz, double mesh) {
  if (!(lipschitz > 0) || !std::isfinite(lipschitz))
    throw InputError(fmt::format("the Lipschitz constant is {}: give a positive number", lipschitz));
  if (!(mesh > 0) || !std::isfinite(mesh))
    throw InputError(fmt::format("the mesh is {}: give the largest distance from a point of X to its node", mesh));
  const double here = setting.dictionary_modulus(mesh);
  const double there = setting.dictionary_modulus(lipschitz * mesh);
  const double factor = setting.mass * setting.bound;
  return {2 * factor * here, factor * (there + here), 2 * factor * there};
}

QuadratureBound quadrature_bound(const EntryErrors& errors, Eigen::Index functions, double modulus_of_z,
                                 double sigma_min) {
  const double factor = static_cast<double>(functions) / (sigma_min * sigma_min);
  return {factor * (errors.l + 2 * modulus_of_z * errors.a + modulus_of_z * modulus_of_z * errors.g),
          factor * errors.g};
}

QuadratureBound lipschitz_bound(const QuadratureSetting& setting, double lipschitz, double mesh, double modulus_of_z) {
  const EntryErrors errors = lipschitz_entry_errors(setting, lipschitz, mesh);
  const double worst = std::max({errors.g, errors.a, errors.l});
  const double delta_q =
      quadrature_bound({worst, worst, worst}, setting.functions, modulus_of_z, setting.sigma_min).delta_q;
  return {delta_q, quadrature_bound(errors, setting.functions, modulus_of_z, setting.sigma_min).delta_g};
}

std::optional<double> certified_residual(double residual, const QuadratureBound& bound) {
  if (!(bound.delta_g < 1)) return std::nullopt;
  return std::sqrt((residual * residual + bound.delta_q) / (1 - bound.delta_g));
}

double nodes_needed(const QuadratureBound& bound, double nodes, double epsilon, int dimension) {
  return nodes * std::pow(std::max(1.0, bound.delta_q / (epsilon * epsilon / 4)), dimension);
}

ModulusVerdict modulus_verdict(const ModulusQuestion& question) {
  if (question.residuals_void)
    return {false, "not certified: as many functions as pairs, so every residual is 0 by interpolation"};
  if (!question.lipschitz) return {false, "not certified: no modulus given"};
  if (!question.mesh || !question.bound) return {false, "not certified: mesh unknown"};
  const QuadratureBound& bound = *question.bound;
  if (bound.delta_g < 1 && bound.delta_q <= question.epsilon * question.epsilon / 4)
    return {true, fmt::format("certified with L = {:g}: delta_q = {:.3g} at mesh h = {:.3g}, within epsilon^2/4 for "
                              "epsilon = {:g}",
                              *question.lipschitz, bound.delta_q, *question.mesh, question.epsilon)};
  std::string text =
      fmt::format("not certified: with L = {:g} and mesh h = {:.6g} the quadrature error bound is delta_q = {:.5g}",
                  *question.lipschitz, *question.mesh, bound.delta_q);
  if (!(bound.delta_g < 1)) text += fmt::format(" (void: delta_G = {:.3g} >= 1)", bound.delta_g);
  if (question.nodes > 0)
    text += fmt::format("; epsilon = {:g} would take about {:.2g} nodes", question.epsilon,
                        nodes_needed(bound, question.nodes, question.epsilon, question.dimension));
  return {false, text};
}

}  // namespace offprint::koopman
