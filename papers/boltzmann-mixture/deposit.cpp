// Distributions of a run card on a grid.
#include <array>
#include <cmath>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/velocities.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using kinetic::VelocityGrid;

// A gridded distribution as the file has it: first coordinate and spacing of each axis.
struct Gridded {
  io::NdArray f;
  std::vector<double> first;
  std::vector<double> spacing;
};

Gridded read_gridded(const Species& species, int dimension) {
  const auto address = io::parse_address(species.file);
  Gridded g{io::read_data(species.file).values, {}, {}};
  if (static_cast<int>(g.f.rank()) != dimension) {
    throw InputError(
        fmt::format("{} is an array of shape {}, but f needs {} axes", species.file, g.f.shape_text(), dimension));
  }
  for (const double x : g.f.real()) {
    if (!std::isfinite(x)) throw InputError(fmt::format("{} holds a value that is not a finite number", species.file));
  }
  for (int axis = 0; axis < dimension; ++axis) {
    const std::size_t n = g.f.shape()[static_cast<std::size_t>(axis)];
    if (n < 2) throw InputError(fmt::format("{}: axis {} has fewer than two points", species.file, axis + 1));
    if (species.file_half_width > 0) {
      g.first.push_back(-species.file_half_width);
      g.spacing.push_back(2 * species.file_half_width / static_cast<double>(n));
      continue;
    }
    const std::string name = fmt::format("v{}", axis + 1);
    io::NdArray v;
    try {
      v = io::read_data(address.file.string() + ":" + name).values;
    } catch (const InputError& error) {
      throw InputError(
          fmt::format("{}: the axes v1, v2{} of f must stand in the same file, or half_width in the card ({})",
                      address.file.string(), dimension == 3 ? ", v3" : "", error.what()));
    }
    if (v.size() != n) {
      throw InputError(fmt::format("{}: axis {} has {} points, f has {}", species.file, name, v.size(), n));
    }
    const double step = (v.real()[v.real().size() - 1] - v.real()[0]) / static_cast<double>(n - 1);
    for (Index i = 0; i < v.real().size(); ++i) {
      if (!(step > 0) || std::abs(v.real()[i] - v.real()[0] - static_cast<double>(i) * step) > 1e-6 * step) {
        throw InputError(fmt::format("{}: axis {} is not uniform and ascending", species.file, name));
      }
    }
    g.first.push_back(v.real()[0]);
    g.spacing.push_back(step);
  }
  for (double& x : g.first) x *= species.velocity_scale;
  for (double& x : g.spacing) x *= species.velocity_scale;
  return g;
}

// Refuses a distribution that is cut off by its own grid.
void check_border(const Gridded& g, const std::string& name) {
  double border = 0;
  double all = 0;
  for (Index i = 0; i < g.f.real().size(); ++i) {
    bool outside = false;
    Index rest = i;
    for (std::size_t axis = g.f.rank(); axis-- > 0;) {
      const auto n = static_cast<Index>(g.f.shape()[axis]);
      outside = outside || rest % n == 0 || rest % n == n - 1;
      rest /= n;
    }
    all += std::abs(g.f.real()[i]);
    if (outside) border += std::abs(g.f.real()[i]);
  }
  if (border > 1e-6 * all) {
    throw InputError(fmt::format("{}: {:.2g} of the mass lies at the border of the grid (at most 1e-6): it is cut off",
                                 name, border / all));
  }
}

VectorXd interpolate(const Gridded& g, const VelocityGrid& grid) {
  const int d = grid.dimension;
  VectorXd f = VectorXd::Zero(grid.size());
  std::vector<Index> stride(static_cast<std::size_t>(d), 1);
  for (int a = d - 2; a >= 0; --a) {
    const auto i = static_cast<std::size_t>(a);
    stride[i] = stride[i + 1] * static_cast<Index>(g.f.shape()[i + 1]);
  }
  for (Index p = 0; p < f.size(); ++p) {
    Index base = 0;
    std::array<double, 3> share{};
    bool inside = true;
    Index rest = p;
    for (int a = d - 1; a >= 0; --a, rest /= grid.points) {
      const auto i = static_cast<std::size_t>(a);
      const double x = (grid.coordinate(rest % grid.points) - g.first[i]) / g.spacing[i];
      const double cell = std::min(std::floor(x + 1e-9), static_cast<double>(g.f.shape()[i]) - 2);
      inside = inside && x >= -1e-9 && x <= static_cast<double>(g.f.shape()[i] - 1) + 1e-9;
      share.at(i) = x - cell;
      base += static_cast<Index>(cell) * stride[i];
    }
    if (!inside) continue;
    for (int corner = 0; corner < (1 << d); ++corner) {
      double weight = 1;
      Index at = base;
      for (int a = 0; a < d; ++a) {
        const auto i = static_cast<std::size_t>(a);
        const bool up = (corner >> a & 1) != 0;
        weight *= up ? share.at(i) : 1 - share.at(i);
        if (up) at += stride[i];
      }
      f[p] += weight * g.f.real()[at];
    }
  }
  return f;
}

// The moments of the array on its own grid.
kinetic::MomentTarget moments_of(const Gridded& g) {
  const auto d = static_cast<Index>(g.f.rank());
  double mass = 0;
  double square = 0;
  VectorXd mean = VectorXd::Zero(d);
  for (Index i = 0; i < g.f.real().size(); ++i) {
    Index rest = i;
    const double w = g.f.real()[i];
    mass += w;
    for (Index a = d - 1; a >= 0; --a) {
      const auto k = static_cast<std::size_t>(a);
      const auto n = static_cast<Index>(g.f.shape()[k]);
      const double v = g.first[k] + static_cast<double>(rest % n) * g.spacing[k];
      rest /= n;
      mean[a] += w * v;
      square += w * v * v;
    }
  }
  mean /= mass;
  double cell = 1;
  for (const double s : g.spacing) cell *= s;
  return {mass * cell, mean, (square / mass - mean.squaredNorm()) / static_cast<double>(d)};
}

VectorXd from_particles(const Eigen::MatrixXd& v, const VelocityGrid& grid, double temperature) {
  const int d = grid.dimension;
  const auto count = static_cast<double>(v.rows());
  const double width = std::max(0.7 * grid.spacing(), std::sqrt(temperature) * std::pow(4.0 / (d + 2), 1.0 / (d + 4)) *
                                                          std::pow(count, -1.0 / (d + 4)));
  const auto reach = static_cast<Index>(std::ceil(5 * width / grid.spacing()));
  VectorXd f = VectorXd::Zero(grid.size());
  const Index n = grid.points;
  for (Index p = 0; p < v.rows(); ++p) {
    std::array<std::vector<double>, 3> weight;
    std::array<Index, 3> first{};
    for (int a = 0; a < d; ++a) {
      const auto k = static_cast<std::size_t>(a);
      first.at(k) = static_cast<Index>(std::lround((v(p, a) + grid.half_width) / grid.spacing())) - reach;
      if (first.at(k) < 0 || first.at(k) + 2 * reach >= n) {
        throw InputError(
            fmt::format("row {}: a velocity of {} lies outside (or at the border of) the grid of half width {}: "
                        "set half_width in the card",
                        p + 1, v(p, a), grid.half_width));
      }
      for (Index j = 0; j <= 2 * reach; ++j) {
        const double z = (grid.coordinate(first.at(k) + j) - v(p, a)) / width;
        weight.at(k).push_back(std::exp(-0.5 * z * z));
      }
    }
    const Index side = 2 * reach + 1;
    const Index cells = d == 2 ? side * side : side * side * side;
    for (Index c = 0; c < cells; ++c) {
      Index rest = c;
      Index at = 0;
      Index step = 1;
      double w = 1;
      for (int a = d - 1; a >= 0; --a, rest /= side) {
        const auto k = static_cast<std::size_t>(a);
        w *= weight.at(k)[static_cast<std::size_t>(rest % side)];
        at += (first.at(k) + rest % side) * step;
        step *= n;
      }
      f[at] += w;
    }
  }
  return f;
}

}  // namespace

VectorXd deposit(const Species& species, const VelocityGrid& grid) {
  const int d = grid.dimension;
  kinetic::MomentTarget target{species.density, species.mean, species.temperature};
  VectorXd f;
  if (species.initial == "maxwellian") {
    f = kinetic::maxwellian(grid, species.density, species.mean, species.temperature);
  } else if (species.initial == "bi-maxwellian") {
    f = kinetic::gaussian_mixture(grid, {{species.density, species.mean, species.temperatures.asDiagonal()}});
  } else if (species.initial == "bkw") {
    f = kinetic::bkw(grid, species.density, species.temperature, species.amplitude);
  } else if (species.initial == "grid") {
    const auto g = read_gridded(species, d);
    check_border(g, species.file);
    target = moments_of(g);
    if (!(target.density > 0) || !(target.temperature > 0)) {
      throw InputError(fmt::format("{}: the density is {} and the temperature {}, both must be positive", species.file,
                                   target.density, target.temperature));
    }
    f = interpolate(g, grid);
  } else {
    const auto table = kinetic::read_velocities(species.file, {.dimension = d});
    const Eigen::MatrixXd v = species.velocity_scale * table.velocities;
    const auto sample = kinetic::velocity_moments(v);
    if (!(sample.temperature > 0)) throw InputError(fmt::format("{}: all velocities are the same", species.file));
    target = {species.density, sample.mean, sample.temperature};
    f = from_particles(v, grid, sample.temperature);
    f *= species.density / (f.sum() * grid.cell());
  }
  const double share = kinetic::border_share(grid, f);
  if (share > 1e-6) {
    throw InputError(
        fmt::format("the {} distribution has {:.2g} of its mass at the border of the grid (at most 1e-6): set a "
                    "larger half_width than {:.4g}",
                    species.name, share, grid.half_width));
  }
  kinetic::project(grid, target, f);
  return f;
}

}  // namespace offprint::papers::boltzmann_mixture
