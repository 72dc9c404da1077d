// operator: one evaluation of the collision terms between the species, and how far each truncation is from the exact
// one.
#include <cmath>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/hdf5.hpp"
#include "offprint/kinetic/disparate_operators.hpp"
#include "offprint/kinetic/exact_maxwell.hpp"
#include "picture.hpp"
#include "relaxation.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using kinetic::CollisionOperator;
using kinetic::VelocityGrid;

// Exact transforms of Q_LH and Q_HL on the lattice.
struct Exact {
  Eigen::VectorXcd light;
  Eigen::VectorXcd heavy;
  std::string how;
};

Exact exact_maxwell(const kinetic::MixtureModel& model, const Eigen::VectorXd& light, const Eigen::VectorXd& heavy,
                    const Eigen::VectorXd& lattice) {
  kinetic::ExactMaxwellOperators q(model.light_grid, model.heavy_grid, model.cross_kernel.strength, model.eps, 0,
                                   model.collisions.parallel);
  q.set(light, heavy);
  const Eigen::Index n = lattice.size();
  const bool space = model.light_grid.dimension == 3;
  const Eigen::Index count = space ? n * n * n : n * n;
  Exact e{Eigen::VectorXcd(count), Eigen::VectorXcd(count), "Bobylev's form, exact for Maxwell molecules"};
  for (Eigen::Index at = 0; at < count; ++at) {
    const double last = lattice[at % n];
    const double middle = lattice[at / n % n];
    const double first = space ? lattice[at / (n * n)] : middle;
    const double second = space ? middle : last;
    e.light[at] = q.light_at(first, second, space ? last : 0);
    e.heavy[at] = q.heavy_at(first, second, space ? last : 0);
  }
  return e;
}

// Both species on one unscaled grid of dx = 0.35 eps: V = eps vhat there.
Exact direct(const RunCard& card, const kinetic::MixtureModel& model, const Eigen::VectorXd& lattice) {
  const double eps = model.eps;
  const double width = model.light_grid.half_width;
  const VelocityGrid fine{model.light_grid.dimension, 2 * static_cast<int>(std::ceil(width / (0.3516 * eps))), width};
  const kinetic::CollisionOptions options{.radii = 32, .parallel = model.collisions.parallel};
  CollisionOperator light_q(fine, model.cross_kernel, eps * eps, 1.0, options);
  const Eigen::VectorXd light = deposit(card.light, fine);
  const VelocityGrid stretched{fine.dimension, fine.points, width / eps};
  const Eigen::VectorXd heavy = deposit(card.heavy, stretched) / std::pow(eps, fine.dimension);
  Exact e;
  e.light = lattice_transform(fine, light_q(light, heavy), lattice);
  CollisionOperator heavy_q(fine, model.cross_kernel, 1.0, eps * eps, options);
  e.heavy = lattice_transform(fine, heavy_q(heavy, light), lattice / eps);
  e.how = fmt::format("the direct spectral operator on one grid of {} points an axis", fine.points);
  return e;
}

double largest(const Eigen::VectorXcd& a) { return a.cwiseAbs().maxCoeff(); }

}  // namespace

void evaluate_operator(Run& run) {
  const RunCard card = card_of(run);
  const auto model =
      model_of(card, static_cast<int>(run.options().integer("grid")), kinetic::Truncation::kOrder2, run.parallel());
  const VelocityGrid& grid = model.light_grid;
  const Eigen::VectorXd light = deposit(card.light, grid);
  const Eigen::VectorXd heavy = deposit(card.heavy, grid);
  const auto heavy_moments = moments(grid, heavy);
  const kinetic::SpectralGrid modes(grid);
  const auto forces = light_forces(modes, model.cross_kernel, light);
  const Eigen::VectorXd lattice = Eigen::VectorXd::LinSpaced(9, -4, 4);
  const Exact exact =
      model.cross_kernel.maxwell() ? exact_maxwell(model, light, heavy, lattice) : direct(card, model, lattice);
  Table table{"Largest error of the transform at |xi_i| <= 4", {"operator", "order", "error", "relative"}, {}};
  std::vector<std::pair<std::string, io::NdArray>> arrays;
  const std::vector<std::size_t> shape(static_cast<std::size_t>(grid.dimension), static_cast<std::size_t>(grid.points));
  for (int order = 0; order <= 2; ++order) {
    const Eigen::VectorXd q = kinetic::LightOperator(grid, model.cross_kernel, model.eps, order)(light, heavy_moments);
    const double error = largest(lattice_transform(grid, q, lattice) - exact.light);
    table.rows.push_back({"Q_LH", order, error, error / largest(exact.light)});
    run.metric(fmt::format("light_error_{}", order), error);
    if (order == 2) arrays.emplace_back("Q_LH", io::NdArray(shape, q));
  }
  for (int order = 1; order <= 2; ++order) {
    const Eigen::VectorXd q = modes.inverse(heavy_operator_transform(modes, heavy, forces, model.eps, order));
    const double error = largest(lattice_transform(grid, q, lattice) - exact.heavy);
    table.rows.push_back({"Q_HL", order, error, error / largest(exact.heavy)});
    run.metric(fmt::format("heavy_error_{}", order), error);
    if (order == 2) arrays.emplace_back("Q_HL", io::NdArray(shape, q));
  }
  arrays.emplace_back("Q_LL", io::NdArray(shape, CollisionOperator(grid, model.light_kernel, model.collisions)(light)));
  arrays.emplace_back("Q_HH", io::NdArray(shape, CollisionOperator(grid, model.heavy_kernel, model.collisions)(heavy)));
  run.note(fmt::format("eps = {:.6g}; errors against {}.", model.eps, exact.how));
  run.table("errors", table);
  run.artifact("operators.h5", [&](const std::filesystem::path& path) { io::write_hdf5(path, arrays); });
}

}  // namespace offprint::papers::boltzmann_mixture
