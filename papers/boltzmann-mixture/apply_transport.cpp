// transport: a wave along one periodic direction, which flies, collides and decays.
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/hdf5.hpp"
#include "offprint/kinetic/mixture_slab.hpp"
#include "picture.hpp"
#include "relaxation.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using kinetic::MixtureSlab;
using std::numbers::pi;

// Density, temperature and mean along x of both species in every cell: what is kept of an instant.
struct Profile {
  double time = 0.0;           // light collision times
  Eigen::MatrixXd quantities;  // cells x 6: n_L, T_L, u_L1, n_H, T_H, u_H1
  template <class Archive>
  void serialize(Archive& archive) {
    archive(time, quantities);
  }
};
const std::vector<std::string> kQuantities{"n_L", "T_L", "u_L1", "n_H", "T_H", "u_H1"};

Profile profile_of(const MixtureSlab& slab) {
  const double eps = slab.model().mixture.eps;
  Profile p{slab.time() / (eps * eps), Eigen::MatrixXd(slab.model().cells, 6)};
  for (int cell = 0; cell < slab.model().cells; ++cell) {
    const auto l = slab.light_moments(cell);
    const auto h = slab.heavy_moments(cell);
    p.quantities.row(cell) << l.density, l.temperature, l.mean[0], h.density, h.temperature, h.mean[0];
  }
  return p;
}

// First Fourier mode of a profile: q(x) = mean + re (mode exp(2 pi i x/length)).
std::complex<double> first_mode(const Eigen::VectorXd& q) {
  std::complex<double> sum = 0;
  for (Eigen::Index i = 0; i < q.size(); ++i)
    sum += q[i] * std::polar(2.0 / static_cast<double>(q.size()),
                             -2 * pi * static_cast<double>(i) / static_cast<double>(q.size()));
  return sum;
}

// The species' distribution in every cell, its density or temperature multiplied with 1 + amplitude cos.
Eigen::MatrixXd waved(const Species& species, const kinetic::VelocityGrid& grid, int cells, const std::string& wave,
                      double amplitude) {
  const Eigen::VectorXd f = deposit(species, grid);
  const auto m = target_of(moments(grid, f));
  Eigen::MatrixXd columns(f.size(), cells);
  for (int i = 0; i < cells; ++i) {
    const double factor = 1 + amplitude * std::cos(2 * pi * i / cells);
    Eigen::VectorXd here = wave == species.name + "-density" ? Eigen::VectorXd(factor * f) : f;
    if (wave == species.name + "-temperature") project(grid, {m.density, m.mean, factor * m.temperature}, here);
    columns.col(i) = here;
  }
  return columns;
}

// What a checkpoint keeps.
struct Kept {
  std::size_t done = 0;
  double time = 0.0;
  Eigen::MatrixXd light;
  Eigen::MatrixXd heavy;
  std::vector<Profile> path;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(done, time, light, heavy, path);
  }
};

std::vector<Profile> advance(Run& run, MixtureSlab& slab, std::size_t steps, double dt) {
  Kept kept;
  if (run.restore("transport", kept) && kept.light.size() == slab.light().size()) {
    slab.restore(kept.time, kept.light, kept.heavy);
  } else {
    kept = {};
    kept.path.push_back(profile_of(slab));
  }
  auto progress = run.progress(steps, "transport");
  for (std::size_t i = kept.done; i < steps; ++i) {
    run.check_cancelled();
    slab.step(dt);
    kept.path.push_back(profile_of(slab));
    progress.set(i + 1);
    if (run.checkpoint_due()) {
      kept.done = i + 1;
      kept.time = slab.time();
      kept.light = slab.light();
      kept.heavy = slab.heavy();
      run.checkpoint("transport", kept);
    }
  }
  return std::move(kept.path);
}

void report(Run& run, const MixtureSlab& slab, const std::vector<Profile>& path, const kinetic::SlabTotals& start) {
  const auto end = totals(slab);
  run.metric("mass_drift",
             std::max(std::abs(end.light_mass - start.light_mass), std::abs(end.heavy_mass - start.heavy_mass)));
  run.metric("momentum_drift", (end.momentum - start.momentum).norm());
  run.metric("energy_drift", std::abs(end.energy - start.energy));
  std::vector<std::string> columns{"t_light"};
  for (const auto& name : kQuantities) {
    columns.push_back(name + "_cos");
    columns.push_back(name + "_sin");
  }
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(path.size()), static_cast<Eigen::Index>(columns.size()));
  std::vector<Series> series;
  for (const auto& name : kQuantities) series.push_back({.name = name});
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    rows(row, 0) = path[i].time;
    for (Eigen::Index k = 0; k < 6; ++k) {
      const auto mode = first_mode(path[i].quantities.col(k));
      rows(row, 2 * k + 1) = mode.real();
      rows(row, 2 * k + 2) = -mode.imag();
      series[static_cast<std::size_t>(k)].x.push_back(path[i].time);
      series[static_cast<std::size_t>(k)].y.push_back(mode.real());
    }
  }
  run.artifact("waves.csv", [&](const std::filesystem::path& file) { io::write_csv(file, columns, rows); });
  run.artifact("profiles.h5", [&](const std::filesystem::path& file) {
    const auto cells = static_cast<std::size_t>(slab.model().cells);
    Eigen::VectorXd times(static_cast<Eigen::Index>(path.size()));
    Eigen::MatrixXd all(static_cast<Eigen::Index>(cells), times.size());
    std::vector<std::pair<std::string, io::NdArray>> arrays;
    for (Eigen::Index k = 0; k < 6; ++k) {
      for (Eigen::Index i = 0; i < times.size(); ++i) {
        times[i] = path[static_cast<std::size_t>(i)].time;
        all.col(i) = path[static_cast<std::size_t>(i)].quantities.col(k);
      }
      arrays.emplace_back(kQuantities[static_cast<std::size_t>(k)],
                          io::NdArray({path.size(), cells}, Eigen::VectorXd(all.reshaped())));
    }
    arrays.emplace_back("t_light", io::NdArray::from_vector(times));
    io::write_hdf5(file, arrays);
  });
  Table table{"First mode along x (cosine part)", {"quantity", "start", "end"}, {}};
  for (Eigen::Index k = 0; k < 6; ++k) {
    const std::string& name = kQuantities[static_cast<std::size_t>(k)];
    table.rows.push_back({name, rows(0, 2 * k + 1), rows(rows.rows() - 1, 2 * k + 1)});
    run.metric(name + "_cos", rows(rows.rows() - 1, 2 * k + 1));
  }
  run.table("waves", table);
  // Currents stand in the sine parts of a wave that starts as a cosine.
  run.figure("waves", wave_figure({series[0], series[1], series[3], series[4]}));
  std::vector<Series> profiles;
  for (const std::size_t i : {std::size_t{0}, path.size() / 4, path.size() - 1}) {
    Series s{.name = fmt::format("t = {:.3g}", path[i].time), .points = true};
    for (Eigen::Index cell = 0; cell < slab.model().cells; ++cell) {
      s.x.push_back(slab.model().length * static_cast<double>(cell) / slab.model().cells);
      s.y.push_back(path[i].quantities(cell, 1));
    }
    profiles.push_back(std::move(s));
  }
  run.figure("profiles", profile_figure(std::move(profiles)));
}

}  // namespace

void transport(Run& run) {
  const auto& o = run.options();
  const RunCard card = card_of(run);
  const kinetic::SlabModel model{.mixture = model_of_options(run, card, run.parallel()),
                                 .cells = static_cast<int>(o.integer("cells")),
                                 .length = o.real("length")};
  const double amplitude = o.real("amplitude");
  const std::string wave = o.text("wave");
  const auto& grid = model.mixture.light_grid;
  Eigen::MatrixXd light = waved(card.light, grid, model.cells, wave, amplitude);
  Eigen::MatrixXd heavy = waved(card.heavy, grid, model.cells, wave, amplitude);
  const kinetic::SchemeOptions scheme{.scheme = scheme_of(o.text("scheme"))};
  require_valid_truncation(card, model.mixture, {model.mixture, scheme, light.col(0), heavy.col(0)});
  MixtureSlab slab(model, scheme, std::move(light), std::move(heavy));
  const double square = model.mixture.eps * model.mixture.eps;
  const auto steps = static_cast<std::size_t>(std::ceil(o.real("t-end") / o.real("dt") * (1 - 1e-12)));
  run.note(
      fmt::format("eps = {:.6g}; {} steps of {} light collision times in {} cells of {:.4g} mean free paths (light "
                  "thermal speed times light collision time).",
                  model.mixture.eps, steps, o.real("dt"), model.cells, model.length / model.cells));
  const auto start = totals(slab);
  const auto path = advance(run, slab, steps, o.real("dt") * square);
  report(run, slab, path, start);
}

}  // namespace offprint::papers::boltzmann_mixture
