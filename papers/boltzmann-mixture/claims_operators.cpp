// M1, M2 and M7: the operators by themselves.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "examples.hpp"
#include "offprint/kinetic/collision_operator.hpp"
#include "offprint/kinetic/disparate_operators.hpp"
#include "offprint/kinetic/exact_maxwell.hpp"
#include "offprint/kinetic/gaussian_pairs.hpp"
#include "picture.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using kinetic::CollisionOperator;
using kinetic::LightOperator;
using kinetic::SpectralGrid;
using kinetic::VelocityGrid;

// The five truncations: of Q_LH to order 0, 1, 2, of Q_HL to order 1, 2.
struct Truncated {
  const char* name;
  const char* label;
  double order;
};
constexpr Truncated kTruncations[]{{"light_0", "Q_LH, order 0", 1},
                                   {"light_1", "Q_LH, order 1", 2},
                                   {"light_2", "Q_LH, order 2", 3},
                                   {"heavy_1", "Q_HL, order 1", 2},
                                   {"heavy_2", "Q_HL, order 2", 3}};

// Errors of the five truncations at each eps: one row an eps.
struct ErrorTable {
  std::vector<double> eps;
  std::vector<std::vector<double>> errors;

  [[nodiscard]] double slope(std::size_t truncation, std::size_t i) const {
    return std::log(errors[i][truncation] / errors[i + 1][truncation]) / std::log(eps[i] / eps[i + 1]);
  }
  [[nodiscard]] Table table(const std::string& title) const {
    Table t{title, {"eps"}, {}};
    for (const auto& c : kTruncations) t.columns.emplace_back(c.label);
    for (std::size_t i = 0; i < eps.size(); ++i) {
      std::vector<Json> row{eps[i]};
      for (const double e : errors[i]) row.emplace_back(e);
      t.rows.push_back(std::move(row));
    }
    return t;
  }
  [[nodiscard]] Figure figure(const std::string& title) const {
    std::vector<Series> series;
    for (std::size_t k = 0; k < std::size(kTruncations); ++k) {
      Series s{.name = kTruncations[k].label, .x = eps, .dashed = k >= 3};
      for (const auto& row : errors) s.y.push_back(row[k]);
      series.push_back(std::move(s));
    }
    return error_figure(title, std::move(series));
  }
};

double largest(const Eigen::VectorXcd& a) { return a.cwiseAbs().maxCoeff(); }

}  // namespace

Measurement m1(const Claim&, Run& run) {
  const VelocityGrid grid{2, 64, 9};
  const SpectralGrid modes(grid);
  const Eigen::VectorXd light = gaussian_mixture(grid, light_example());
  const Eigen::VectorXd heavy = gaussian_mixture(grid, heavy_example());
  const auto heavy_moments = moments(grid, heavy);
  const auto forces = light_forces(modes, {}, light);
  ErrorTable table{.eps = {0.2, 0.1, 0.05, 0.025, 0.0125}, .errors = {}};
  table.errors = run.ensemble("mass-ratios", table.eps.size(), [&](std::size_t i) {
    const double eps = table.eps[i];
    const Parallel alone{.threads = 1, .cancel = run.parallel().cancel, .done = {}};
    kinetic::ExactMaxwellOperators exact(grid, grid, 1, eps, 96, alone);
    exact.set(light, heavy);
    const Eigen::VectorXcd light_q = exact.light_transform();
    const Eigen::VectorXcd heavy_q = exact.heavy_transform();
    std::vector<double> row;
    for (int order = 0; order <= 2; ++order) {
      row.push_back(largest(LightOperator(grid, {}, eps, order).transform(light, heavy_moments) - light_q));
    }
    for (int order = 1; order <= 2; ++order) {
      row.push_back(largest(heavy_operator_transform(modes, heavy, forces, eps, order) - heavy_q));
    }
    return row;
  });
  run.table("errors", table.table("Largest error of the transform against the exact operator, Maxwell molecules"));
  run.figure("errors", table.figure("Error of the truncated operators, Maxwell molecules"));
  Measurement measured;
  for (std::size_t k = 0; k < std::size(kTruncations); ++k) {
    // Of the last two halvings the one farther from the order.
    const double a = table.slope(k, 2);
    const double b = table.slope(k, 3);
    const double order = kTruncations[k].order;
    measured.set(kTruncations[k].name, std::abs(a - order) > std::abs(b - order) ? a : b);
  }
  return measured;
}

Measurement m2(const Claim&, Run& run) {
  const kinetic::VhsKernel hard{1, 1};
  const VelocityGrid grid{2, 128, 9};
  const SpectralGrid modes(grid);
  const Eigen::VectorXd light = gaussian_mixture(grid, light_example());
  const Eigen::VectorXd heavy = gaussian_mixture(grid, heavy_example());
  const auto heavy_moments = moments(grid, heavy);
  const auto forces = light_forces(modes, hard, light);
  const Eigen::VectorXd lattice = Eigen::VectorXd::LinSpaced(9, -4, 4);
  ErrorTable table{.eps = {0.4, 0.2, 0.1}, .errors = {}};
  // The five errors of each mass ratio, and the largest difference of the direct operator from quadrature.
  auto rows = run.ensemble("mass-ratios", table.eps.size(), [&](std::size_t member) {
    const double eps = table.eps[member];
    const VelocityGrid fine{2, 128 << member, 9};
    const kinetic::CollisionOptions options{.directions = 24, .radii = 32, .parallel = run.parallel()};
    const Eigen::VectorXd light_fine = gaussian_mixture(fine, light_example());
    const Eigen::VectorXd heavy_fine = gaussian_mixture(fine, scaled(heavy_example(), eps));
    // Masses eps^2 and 1, both velocities on one grid; xi of vhat is xi/eps of V = eps vhat.
    const Eigen::VectorXcd light_q = lattice_transform(
        fine, CollisionOperator(fine, hard, eps * eps, 1.0, options)(light_fine, heavy_fine), lattice);
    const Eigen::VectorXcd heavy_q = lattice_transform(
        fine, CollisionOperator(fine, hard, 1.0, eps * eps, options)(heavy_fine, light_fine), lattice / eps);
    std::vector<double> row;
    for (int order = 0; order <= 2; ++order) {
      const Eigen::VectorXd q = LightOperator(grid, hard, eps, order)(light, heavy_moments);
      row.push_back(largest(lattice_transform(grid, q, lattice) - light_q));
    }
    for (int order = 1; order <= 2; ++order) {
      const Eigen::VectorXd q = modes.inverse(heavy_operator_transform(modes, heavy, forces, eps, order));
      row.push_back(largest(lattice_transform(grid, q, lattice) - heavy_q));
    }
    double disagreement = 0;
    for (const auto& [i, j] : {std::pair{5, 4}, std::pair{6, 5}, std::pair{4, 7}, std::pair{2, 6}, std::pair{8, 8}}) {
      const auto exact = gaussian_pair_transforms(light_example(), heavy_example(), hard, eps,
                                                  Eigen::Vector2d(lattice[i], lattice[j]));
      disagreement = std::max(disagreement, std::abs(light_q[9 * i + j] - exact.light));
      disagreement = std::max(disagreement, std::abs(heavy_q[9 * i + j] - exact.heavy));
    }
    row.push_back(disagreement);
    return row;
  });
  double disagreement = 0;
  for (auto& row : rows) {
    disagreement = std::max(disagreement, row.back());
    row.pop_back();
  }
  table.errors = std::move(rows);
  run.table("errors",
            table.table("Largest error of the transform at |xi_i| <= 4 against the direct operator, B = |g|"));
  run.figure("errors", table.figure("Error of the truncated operators, hard spheres"));
  Measurement measured;
  const char* names[]{"400", "200", "100"};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < std::size(kTruncations); ++k) {
      measured.set(fmt::format("{}_{}", kTruncations[k].name, names[i]), table.errors[i][k]);
    }
  }
  for (const std::size_t k : {std::size_t{2}, std::size_t{4}}) {
    measured.set(fmt::format("{}_slope_a", kTruncations[k].name), table.slope(k, 0));
    measured.set(fmt::format("{}_slope_b", kTruncations[k].name), table.slope(k, 1));
  }
  measured.set("direct", disagreement);
  return measured;
}

namespace {

double bkw_error(int points, const Parallel& parallel) {
  const VelocityGrid grid{2, points, 9};
  CollisionOperator q(grid, {}, {.parallel = parallel});
  return (q(kinetic::bkw(grid, 1, 1, 0.25)) - kinetic::bkw_collision_term(grid, 1, 1, 0.25)).cwiseAbs().maxCoeff();
}

// Runge-Kutta of order 4, dt = 0.02, to t = 4.
double evolved_bkw_error(const Parallel& parallel) {
  const VelocityGrid grid{2, 64, 9};
  CollisionOperator q(grid, {}, {.parallel = parallel});
  Eigen::VectorXd f = kinetic::bkw(grid, 1, 1, 0.4);
  const double dt = 0.02;
  for (int i = 0; i < 200; ++i) {
    parallel.cancel.check();
    const Eigen::VectorXd k1 = q(f);
    const Eigen::VectorXd k2 = q(f + dt / 2 * k1);
    const Eigen::VectorXd k3 = q(f + dt / 2 * k2);
    f += dt / 6 * (k1 + 2 * k2 + 2 * k3 + q(f + dt * k3));
  }
  return (f - kinetic::bkw(grid, 1, 1, 0.4 * std::exp(-4 * kinetic::bkw_rate(2)))).cwiseAbs().maxCoeff();
}

}  // namespace

Measurement m7(const Claim&, Run& run) {
  Measurement measured;
  Table table{
      "Largest error of Q(f, f) on the BKW solution, S = 0.75, half width 9, 8 angles", {"N an axis", "error"}, {}};
  const std::vector<int> points{16, 32, 64};
  const auto errors = run.ensemble("grids", points.size() + 1, [&](std::size_t i) {
    return i < points.size() ? bkw_error(points[i], run.parallel()) : evolved_bkw_error(run.parallel());
  });
  for (std::size_t i = 0; i < points.size(); ++i) {
    measured.set(fmt::format("error_{}", points[i]), errors[i]);
    table.rows.push_back({points[i], errors[i]});
  }
  run.table("errors", table);
  measured.set("evolved", errors.back());
  return measured;
}

}  // namespace offprint::papers::boltzmann_mixture
