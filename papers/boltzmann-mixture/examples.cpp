#include "examples.hpp"

#include <cmath>

namespace offprint::papers::boltzmann_mixture {

using Eigen::Matrix2d;
using Eigen::Vector2d;
using kinetic::Gaussian;

std::vector<Gaussian> light_example() {
  return {{0.6, Vector2d(0.7, 0.2), (Matrix2d() << 1, 0.2, 0.2, 0.6).finished()},
          {0.4, Vector2d(-0.9, 0.3), (Matrix2d() << 0.5, 0, 0, 1.2).finished()}};
}

std::vector<Gaussian> heavy_example() {
  return {{1.0, Vector2d(0.4, -0.3), (Matrix2d() << 0.9, 0.1, 0.1, 0.5).finished()}};
}

std::vector<Gaussian> scaled(std::vector<Gaussian> parts, double eps) {
  for (auto& part : parts) {
    part.mean *= eps;
    part.covariance *= eps * eps;
  }
  return parts;
}

kinetic::DisparateMixture isotropic_mixture(double eps, int points, const kinetic::SchemeOptions& options,
                                            const Parallel& parallel) {
  kinetic::MixtureModel model{.eps = eps};
  model.light_grid = model.heavy_grid = {2, points, 9 * std::sqrt(1.5)};
  model.collisions.parallel = parallel;
  Eigen::VectorXd light = kinetic::bkw(model.light_grid, 1, 1.5, 0.4);
  Eigen::VectorXd heavy = kinetic::bkw(model.heavy_grid, 1, 0.5, 0.4);
  kinetic::project(model.light_grid, {1, Vector2d::Zero(), 1.5}, light);
  kinetic::project(model.heavy_grid, {1, Vector2d::Zero(), 0.5}, heavy);
  return {model, options, std::move(light), std::move(heavy)};
}

double temperature_difference(const kinetic::DisparateMixture& mixture) {
  return mixture.light_moments().temperature - mixture.heavy_moments().temperature;
}

}  // namespace offprint::papers::boltzmann_mixture
