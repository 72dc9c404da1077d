// M3: what one evaluation costs.
#include <algorithm>
#include <chrono>
#include <vector>

#include "claims.hpp"
#include "examples.hpp"
#include "offprint/kinetic/collision_operator.hpp"
#include "offprint/kinetic/disparate_operators.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Seconds of one evaluation on one thread, medians.
struct Cost {
  double coarse = 0.0;  // all four truncated operators, eps = 0.2
  double fine = 0.0;    // eps = 1e-4
  double direct_200 = 0.0;
  double direct_100 = 0.0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(coarse, fine, direct_200, direct_100);
  }
};

double direct_cost(double eps, int points, const Parallel& one) {
  const kinetic::VelocityGrid whole{2, points, 9};
  kinetic::CollisionOperator q(whole, {1, 1}, eps * eps, 1.0, {.directions = 24, .radii = 32, .parallel = one});
  const Eigen::VectorXd l = gaussian_mixture(whole, light_example());
  const Eigen::VectorXd h = gaussian_mixture(whole, scaled(heavy_example(), eps));
  std::vector<double> times;
  for (int i = 0; i < 6; ++i) {
    const double t = seconds([&] { return q(l, h)[0]; });
    if (i > 0) times.push_back(t);  // the first one fills caches and memory
  }
  return median(times);
}

Cost cost(const Parallel& one) {
  const kinetic::VelocityGrid grid{2, 64, 9};
  const kinetic::SpectralGrid modes(grid);
  kinetic::CollisionOperator light_q(grid, {}, {.parallel = one});
  kinetic::CollisionOperator heavy_q(grid, {}, {.parallel = one});
  const Eigen::VectorXd light = gaussian_mixture(grid, light_example());
  const Eigen::VectorXd heavy = gaussian_mixture(grid, heavy_example());
  const kinetic::LightOperator coarse(grid, {}, 0.2);
  const kinetic::LightOperator fine(grid, {}, 1e-4);
  // One right-hand side of the mixture: all four operators.
  const auto side = [&](const kinetic::LightOperator& cross, double eps) {
    return seconds([&] {
      Eigen::VectorXd a = light_q(light) + cross(light, moments(grid, heavy));
      const Eigen::VectorXd b = eps * heavy_q(heavy) + modes.inverse(heavy_operator_transform(
                                                           modes, heavy, light_forces(modes, {}, light), eps));
      a += b;
      return a[0];
    });
  };
  std::vector<double> at_02;
  std::vector<double> at_1e4;
  for (int i = 0; i < 101; ++i) {
    one.cancel.check();
    at_02.push_back(side(coarse, 0.2));
    at_1e4.push_back(side(fine, 1e-4));
  }
  return {median(at_02), median(at_1e4), direct_cost(0.2, 256, one), direct_cost(0.1, 512, one)};
}

}  // namespace

Measurement m3(const Claim&, Run& run) {
  // One member: under mpirun one rank measures while the others wait.
  const Cost c = run.ensemble(
      "cost", 1, [&](std::size_t) { return cost({.threads = 1, .cancel = run.parallel().cancel, .done = {}}); })[0];
  Table table{"Seconds of one evaluation, one thread (median)", {"operator", "eps", "N an axis", "seconds"}, {}};
  table.rows.push_back({"all four, truncated", 0.2, 64, c.coarse});
  table.rows.push_back({"all four, truncated", 1e-4, 64, c.fine});
  table.rows.push_back({"Q_LH, direct", 0.2, 256, c.direct_200});
  table.rows.push_back({"Q_LH, direct", 0.1, 512, c.direct_100});
  run.table("cost", table);
  run.metric("truncated", c.coarse, "s");
  run.metric("direct_100", c.direct_100, "s");
  Measurement measured;
  measured.set("flat", c.fine / c.coarse);
  measured.set("direct", c.direct_100 / c.direct_200);
  return measured;
}

}  // namespace offprint::papers::boltzmann_mixture
