#include "offprint/kinetic/mixture_slab.hpp"

#include <cmath>
#include <complex>
#include <mutex>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
using Eigen::Index;

// Lines along x: one column of the matrix after the other, every row a line.
linalg::BatchLayout along_x(const SlabModel& model, const VelocityGrid& grid) {
  if (model.cells < 4) throw InputError(fmt::format("a slab of {} cells: at least 4 are needed", model.cells));
  if (!(model.length > 0) || !std::isfinite(model.length)) {
    throw InputError(fmt::format("the length of the slab is {}, but must be positive", model.length));
  }
  grid.check();
  const auto size = static_cast<std::size_t>(grid.size());
  return {.shape = {static_cast<std::size_t>(model.cells)}, .count = size, .stride = size, .distance = 1};
}

void check(const SlabModel& model, const VelocityGrid& grid, const Eigen::MatrixXd& f, const char* name) {
  if (f.rows() != grid.size() || f.cols() != model.cells) {
    throw InputError(fmt::format("a slab of {} cells and {} velocities cannot take a {} distribution of {} x {} values",
                                 model.cells, grid.size(), name, f.rows(), f.cols()));
  }
}

}  // namespace

MixtureSlab::MixtureSlab(const SlabModel& model, const SchemeOptions& options, Eigen::MatrixXd light,
                         Eigen::MatrixXd heavy)
    : model_(model),
      options_(options),
      light_fft_(along_x(model, model.mixture.light_grid)),
      heavy_fft_(along_x(model, model.mixture.heavy_grid)) {
  restore(0, std::move(light), std::move(heavy));
  MixtureModel alone = model_.mixture;
  alone.collisions.parallel.threads = 1;
  // Every cell has to be one that the collisions accept; penalties follow its density.
  auto first = std::make_unique<DisparateMixture>(alone, options_, light_.col(0), heavy_.col(0));
  for (int cell = 1; cell < model_.cells; ++cell) first->reset(0, light_.col(cell), heavy_.col(cell));
  idle_.push_back(std::move(first));
}

void MixtureSlab::restore(double time, Eigen::MatrixXd light, Eigen::MatrixXd heavy) {
  check(model_, model_.mixture.light_grid, light, "light");
  check(model_, model_.mixture.heavy_grid, heavy, "heavy");
  time_ = time;
  light_ = std::move(light);
  heavy_ = std::move(heavy);
}

void MixtureSlab::step(double dt) {
  if (!(dt > 0) || !std::isfinite(dt)) throw InputError(fmt::format("a time step of {}: it must be positive", dt));
  fly(dt / 2);
  collide(dt);
  fly(dt / 2);
  time_ += dt;
}

void MixtureSlab::fly(double dt) {
  const double eps = model_.mixture.eps;
  shift(light_fft_, model_.mixture.light_grid, dt / (eps * eps), light_);
  shift(heavy_fft_, model_.mixture.heavy_grid, dt / eps, heavy_);
}

void MixtureSlab::shift(const linalg::BatchFft& fft, const VelocityGrid& grid, double time, Eigen::MatrixXd& f) const {
  const Index cells = model_.cells;
  const Index rest = grid.size() / grid.points;  // velocities with the same v_1 lie together
  Eigen::MatrixXcd modes = f.cast<Complex>();
  fft.forward({modes.data(), static_cast<std::size_t>(modes.size())});
  parallel_for(static_cast<std::size_t>(cells), model_.mixture.collisions.parallel, [&](std::size_t column) {
    const auto m = static_cast<Index>(column);
    const double wave = 2 * std::numbers::pi / model_.length * static_cast<double>(2 * m > cells ? m - cells : m);
    for (Index j = 0; j < grid.points; ++j) {
      const double angle = -wave * grid.coordinate(j) * time;
      // The sign of a Nyquist mode is not determined: the mean of both.
      const Complex phase = 2 * m == cells ? Complex(std::cos(angle)) : std::polar(1.0, angle);
      modes.col(m).segment(j * rest, rest) *= phase / static_cast<double>(cells);
    }
  });
  fft.backward({modes.data(), static_cast<std::size_t>(modes.size())});
  f = modes.real();
}

void MixtureSlab::collide(double dt) {
  std::mutex mutex;
  const auto take = [&]() -> std::unique_ptr<DisparateMixture> {
    const std::lock_guard lock(mutex);
    if (idle_.empty()) return nullptr;
    auto mixture = std::move(idle_.back());
    idle_.pop_back();
    return mixture;
  };
  parallel_for(static_cast<std::size_t>(model_.cells), model_.mixture.collisions.parallel, [&](std::size_t i) {
    const auto cell = static_cast<Index>(i);
    auto mixture = take();
    try {
      if (mixture) {
        mixture->reset(time_, light_.col(cell), heavy_.col(cell));
      } else {
        MixtureModel alone = model_.mixture;
        alone.collisions.parallel.threads = 1;
        mixture = std::make_unique<DisparateMixture>(alone, options_, light_.col(cell), heavy_.col(cell));
      }
    } catch (const InputError& error) {
      throw Error(fmt::format("cell {} at t = {}: {}", i, time_, error.what()));
    }
    mixture->step(dt);
    light_.col(cell) = mixture->light();
    heavy_.col(cell) = mixture->heavy();
    const std::lock_guard lock(mutex);
    idle_.push_back(std::move(mixture));
  });
}

Moments MixtureSlab::light_moments(int cell) const { return moments(model_.mixture.light_grid, light_.col(cell)); }
Moments MixtureSlab::heavy_moments(int cell) const { return moments(model_.mixture.heavy_grid, heavy_.col(cell)); }

SlabTotals totals(const MixtureSlab& slab) {
  const double eps = slab.model().mixture.eps;
  SlabTotals sum;
  sum.momentum = Eigen::VectorXd::Zero(slab.model().mixture.light_grid.dimension);
  const double share = 1.0 / slab.model().cells;
  for (int cell = 0; cell < slab.model().cells; ++cell) {
    const Moments l = slab.light_moments(cell);
    const Moments h = slab.heavy_moments(cell);
    sum.light_mass += share * l.density;
    sum.heavy_mass += share * h.density;
    sum.momentum += share * (eps * eps * l.density * l.mean + eps * h.density * h.mean);
    sum.energy += share * (l.density * l.energy() + h.density * h.energy());
  }
  return sum;
}

}  // namespace offprint::kinetic
