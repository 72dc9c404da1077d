// K6 and K7: spectral measures of a process whose density is known in closed form, xi = (1 + .8 cos + .3 cos 2)/2 pi.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/measure.hpp"
#include "offprint/koopman/mpedmd.hpp"
#include "offprint/koopman/rational_kernel.hpp"
#include "offprint/koopman/systems.hpp"

namespace offprint::papers::koopman {
namespace {

using offprint::koopman::AtomicMeasure;
using offprint::koopman::Complex;
using offprint::koopman::Matrix;
using offprint::koopman::ToeplitzProcess;
using offprint::koopman::Vector;

constexpr double kPi = std::numbers::pi;

Series steps_of(const std::string& name, const AtomicMeasure& measure) {
  Series series{name};
  double sum = 0.0;
  const auto add = [&](double x) {
    series.x.push_back(x);
    series.y.push_back(sum);
  };
  add(-kPi);
  for (std::size_t k = 0; k < measure.angles().size(); ++k) {
    add(measure.angles()[k]);
    sum += measure.masses()[k];
    add(measure.angles()[k]);
  }
  add(kPi);
  return series;
}

}  // namespace

Measurement k6(const Claim&, Run& run) {
  const ToeplitzProcess process;
  const std::array<Eigen::Index, 4> sizes{10, 20, 40, 80};
  Measurement measured;
  double unitarity = 0.0;
  double edmd_largest = 0.0;
  Table table{"mpEDMD's spectral measure and EDMD's eigenvalues on exact Toeplitz data",
              {"N", "circle W1 (rad)", "W1 N", "smallest singular value of A", "largest |lambda| of EDMD"},
              {}};
  LinePlot cdf;
  cdf.title = "mpEDMD's spectral measure converges";
  cdf.x = {.title = "angle", .unit = "rad", .lo = -kPi, .hi = kPi};
  cdf.y = {.title = "measure of [-π, θ]", .lo = 0.0, .hi = 1.0};
  Series distance{.name = "mpEDMD", .points = true};
  Series half{.name = "π/(2N)", .dashed = true};
  for (const Eigen::Index n : sizes) {
    run.check_cancelled();
    const Matrix<double> gram = process.gram(n);
    const auto c = offprint::koopman::compress_gram<double>(gram, process.shift(n), gram);
    const auto unitary = offprint::koopman::mpedmd(c);
    const Vector<Complex> observable = c.from_raw.col(0).template cast<Complex>();  // g = psi_0
    const auto atoms = offprint::koopman::spectral_measure(unitary, observable);
    const AtomicMeasure measure(atoms.angles, atoms.masses);
    const double w1 = offprint::koopman::circle_wasserstein(measure, [&](double theta) { return process.cdf(theta); });
    const double polluted = offprint::koopman::edmd(c).values.cwiseAbs().maxCoeff();
    unitarity = std::max(unitarity, (unitary.values.cwiseAbs().array() - 1.0).abs().maxCoeff());
    edmd_largest = std::max(edmd_largest, polluted);
    measured.set(fmt::format("w1_n{}", n), w1);
    const auto count = static_cast<double>(n);
    table.rows.push_back({static_cast<std::int64_t>(n), w1, w1 * count, unitary.smallest_singular_value, polluted});
    distance.x.push_back(count);
    distance.y.push_back(w1);
    half.x.push_back(count);
    half.y.push_back(kPi / (2 * count));
    if (n != 40) cdf.series.push_back(steps_of(fmt::format("mpEDMD, N = {}", n), measure));
  }
  measured.set("unitarity", unitarity);
  measured.set("edmd_largest", edmd_largest);

  Series exact{.name = "exact", .dashed = true};
  constexpr int kDrawn = 400;
  for (int k = 0; k <= kDrawn; ++k) {
    exact.x.push_back(-kPi + 2 * kPi * k / kDrawn);
    exact.y.push_back(process.cdf(exact.x.back()));
  }
  cdf.series.push_back(exact);
  run.figure("distribution", Figure::line(cdf));
  LinePlot convergence;
  convergence.title = "Distance to the true spectral measure";
  convergence.x = {.title = "N", .log = true, .lo = 9.0, .hi = 90.0};
  convergence.y = {.title = "circle W1", .unit = "rad", .log = true};
  convergence.series = {distance, half};
  run.figure("distance", Figure::line(convergence));
  run.table("convergence", table);
  run.note(
      "The smallest singular value of A vanishes to rounding from N = 40 on: the phase of one eigenvalue is free "
      "there");
  return measured;
}

Measurement k7(const Claim&, Run& run) {
  const ToeplitzProcess process;
  const std::array<Complex, 3> moments{process.autocorrelation(0), process.autocorrelation(1),
                                       process.autocorrelation(2)};
  const std::array<double, 3> epsilons{0.1, 0.05, 0.025};
  std::vector<double> angles;
  constexpr int kAngles = 1000;
  for (int k = 0; k < kAngles; ++k) angles.push_back(-kPi + 2 * kPi * k / kAngles);

  Measurement measured;
  Table table{"sup over 1000 angles of the error of the smoothed density",
              {"m", "epsilon = 0.1", "epsilon = 0.05", "epsilon = 0.025", "order 0.1/0.05", "order 0.05/0.025"},
              {}};
  LinePlot plot;
  plot.title = "A kernel of order m converges with order m";
  plot.x = {.title = "ε", .log = true, .lo = 0.02, .hi = 0.12};
  plot.y = {.title = "largest error of the density", .unit = "1/rad", .log = true};
  for (const int order : {1, 2, 4, 6}) {
    run.check_cancelled();
    const auto kernel = offprint::koopman::rational_kernel(order);
    Series series{.name = fmt::format("m = {}", order), .points = true};
    for (const double epsilon : epsilons) {
      const auto density = offprint::koopman::smoothed_density_of_moments(moments, angles, epsilon, kernel);
      double error = 0.0;
      for (std::size_t k = 0; k < angles.size(); ++k)
        error = std::max(error, std::abs(density[k] - process.density(angles[k])));
      series.x.push_back(epsilon);
      series.y.push_back(error);
    }
    const double coarse = std::log2(series.y[0] / series.y[1]);
    const double fine = std::log2(series.y[1] / series.y[2]);
    measured.set(fmt::format("order_m{}_coarse", order), coarse);
    measured.set(fmt::format("order_m{}", order), fine);
    table.rows.push_back({order, series.y[0], series.y[1], series.y[2], coarse, fine});
    plot.series.push_back(series);
  }
  run.table("orders", table);
  run.figure("orders", Figure::line(plot));
  return measured;
}

}  // namespace offprint::papers::koopman
