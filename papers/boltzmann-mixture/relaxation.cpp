#include "relaxation.hpp"

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>
#include <fmt/format.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/hdf5.hpp"
#include "offprint/kinetic/exact_cross.hpp"
#include "picture.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

// What a checkpoint keeps.
struct Kept {
  std::size_t done = 0;
  double time = 0.0;
  Eigen::VectorXd light;
  Eigen::VectorXd heavy;
  kinetic::PairMoments stepped;
  std::vector<Instant> path;
  std::vector<Snapshot> snapshots;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(done, time, light, heavy, stepped, path, snapshots);
  }
};

// Says so when a spacing is too wide for the narrowest direction of either species at the start.
void note_coarse_grid(Run& run, const kinetic::VelocityGrid& grid, const Instant& start) {
  const auto narrowest = [](const kinetic::Moments& m) {
    return std::sqrt(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(m.pressure()).eigenvalues().minCoeff());
  };
  const double width = std::min(narrowest(start.light), narrowest(start.heavy));
  if (grid.spacing() <= 0.9 * width) return;
  const int needed = 2 * static_cast<int>(std::ceil(grid.half_width / (0.8 * width)));
  run.note(
      fmt::format("The grid is too coarse: its spacing is {:.2f} thermal widths of the narrower species, collisions "
                  "need at most 0.9; "
                  "use --grid {} or a smaller half_width in the card.",
                  grid.spacing() / width, needed));
}

// Which steps are followed by a snapshot: `count` of them, as even on a logarithmic clock as the steps allow.
std::vector<bool> snapshot_steps(const std::vector<double>& steps, int count) {
  std::vector<bool> wanted(steps.size(), false);
  if (steps.empty()) return wanted;
  std::vector<double> ends;
  double t = 0;
  for (const double dt : steps) ends.push_back(t += dt);
  for (int i = 0; i < count; ++i) {
    const double at = ends.front() * std::pow(ends.back() / ends.front(), count > 1 ? double(i) / (count - 1) : 1.0);
    const auto found = std::lower_bound(ends.begin(), ends.end(), at * (1 - 1e-9));
    wanted[static_cast<std::size_t>(std::min(found, ends.end() - 1) - ends.begin())] = true;
  }
  return wanted;
}

Eigen::MatrixXd moment_rows(const Relaxation& r, const kinetic::MixtureModel& model, std::vector<std::string>& names) {
  const int d = model.light_grid.dimension;
  names = {"t", "t_light", "n_L", "n_H", "T_L", "T_H"};
  for (const char* s : {"L", "H"})
    for (int i = 1; i <= d; ++i) names.push_back(fmt::format("u_{}{}", s, i));
  for (const char* s : {"L", "H"})
    for (int i = 1; i <= d; ++i)
      for (int j = i; j <= d; ++j) names.push_back(fmt::format("P_{}{}{}", s, i, j));
  names.insert(names.end(), {"entropy", "energy_drift", "mismatch_L", "mismatch_H"});
  Eigen::MatrixXd rows(static_cast<Eigen::Index>(r.path.size()), static_cast<Eigen::Index>(names.size()));
  const auto energy = [](const Instant& i) {
    return i.light.density * i.light.energy() + i.heavy.density * i.heavy.energy();
  };
  for (std::size_t k = 0; k < r.path.size(); ++k) {
    const Instant& now = r.path[k];
    std::vector<double> row{now.time,
                            now.time / (model.eps * model.eps),
                            now.light.density,
                            now.heavy.density,
                            now.light.temperature,
                            now.heavy.temperature};
    for (const auto* m : {&now.light, &now.heavy})
      for (int i = 0; i < d; ++i) row.push_back(m->mean[i]);
    for (const auto* m : {&now.light, &now.heavy}) {
      const Eigen::MatrixXd p = m->density * m->pressure();
      for (int i = 0; i < d; ++i)
        for (int j = i; j < d; ++j) row.push_back(p(i, j));
    }
    row.insert(row.end(), {now.entropy, energy(now) - energy(r.path.front()), now.mismatch.light_temperature,
                           now.mismatch.heavy_temperature});
    rows.row(static_cast<Eigen::Index>(k)) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), rows.cols());
  }
  return rows;
}

void write_snapshots(Run& run, const kinetic::MixtureModel& model, const Relaxation& r) {
  run.artifact("snapshots.h5", [&](const std::filesystem::path& path) {
    const auto n = static_cast<std::size_t>(model.light_grid.points);
    std::vector<std::size_t> shape{r.snapshots.size()};
    shape.resize(1 + static_cast<std::size_t>(model.light_grid.dimension), n);
    Eigen::VectorXd times(static_cast<Eigen::Index>(r.snapshots.size()));
    const Eigen::Index size = model.light_grid.size();
    Eigen::VectorXd light(times.size() * size);
    Eigen::VectorXd heavy(times.size() * size);
    for (Eigen::Index i = 0; i < times.size(); ++i) {
      const auto& s = r.snapshots[static_cast<std::size_t>(i)];
      times[i] = s.time;
      light.segment(i * size, size) = s.light;
      heavy.segment(i * size, size) = s.heavy;
    }
    Eigen::VectorXd v(model.light_grid.points);
    for (Eigen::Index j = 0; j < v.size(); ++j) v[j] = model.light_grid.coordinate(j);
    std::vector<std::pair<std::string, io::NdArray>> arrays;
    arrays.emplace_back("time", io::NdArray::from_vector(times));
    arrays.emplace_back("f_L", io::NdArray(shape, light));
    arrays.emplace_back("f_H", io::NdArray(shape, heavy));
    for (int i = 1; i <= model.light_grid.dimension; ++i) {
      arrays.emplace_back(fmt::format("v{}", i), io::NdArray::from_vector(v));
    }
    io::write_hdf5(path, arrays, {.compression = 4});
  });
}

}  // namespace

kinetic::Truncation truncation_of(const std::string& name) {
  if (name == "0") return kinetic::Truncation::kOrder0;
  if (name == "1") return kinetic::Truncation::kOrder1;
  return name == "exact" ? kinetic::Truncation::kExact : kinetic::Truncation::kOrder2;
}

kinetic::Scheme scheme_of(const std::string& name) {
  return name == "ars222"      ? kinetic::Scheme::kArs222
         : name == "explicit"  ? kinetic::Scheme::kExplicit
         : name == "reference" ? kinetic::Scheme::kReference
                               : kinetic::Scheme::kImex1;
}

RunCard card_of(const Run& run, std::optional<double> mass_ratio) {
  const auto& o = run.options();
  CardOverrides overrides{.mass_ratio = mass_ratio};
  if (!mass_ratio && o.has("mass-ratio")) overrides.mass_ratio = o.real("mass-ratio");
  return read_run_card(o.has("card") ? std::optional(o.path("card")) : std::nullopt, overrides);
}

kinetic::MixtureModel model_of_options(const Run& run, const RunCard& card, const Parallel& parallel) {
  const auto& o = run.options();
  auto model = model_of(card, static_cast<int>(o.integer("grid")), truncation_of(o.text("truncation")), parallel);
  if (o.has("directions")) model.collisions.directions = static_cast<int>(o.integer("directions"));
  return model;
}

kinetic::DisparateMixture mixture_of(const Run& run, const RunCard& card, const Parallel& parallel) {
  const auto& o = run.options();
  const auto model = model_of_options(run, card, parallel);
  kinetic::SchemeOptions scheme{.scheme = scheme_of(o.text("scheme"))};
  if (o.has("light-penalty")) scheme.light_penalty = o.real("light-penalty");
  if (o.has("heavy-penalty")) scheme.heavy_penalty = o.real("heavy-penalty");
  kinetic::DisparateMixture mixture(model, scheme, deposit(card.light, model.light_grid),
                                    deposit(card.heavy, model.heavy_grid));
  require_valid_truncation(card, model, mixture);
  return mixture;
}

void note_common_grid(Run& run, const kinetic::MixtureModel& model) {
  if (model.truncation != kinetic::Truncation::kExact || model.cross_kernel.maxwell()) return;
  run.note(fmt::format(
      "Exact collisions between the species: the direct operator with both on one grid of {} points an axis.",
      kinetic::ExactCrossOperators::points_needed(model.light_grid, model.heavy_grid, model.eps)));
}

Relaxation relax_steps(Run& run, kinetic::DisparateMixture& mixture, const std::vector<double>& steps, int snapshots) {
  Kept kept;
  if (run.restore("relaxation", kept) && kept.done <= steps.size() && kept.light.size() == mixture.light().size()) {
    mixture.restore(kept.time, kept.light, kept.heavy, kept.stepped);
  } else {
    kept = {};
    kept.path.push_back(instant_of(mixture));
    kept.snapshots.push_back({mixture.time(), mixture.light(), mixture.heavy()});
  }
  note_coarse_grid(run, mixture.model().light_grid, kept.path.front());
  const auto wanted = snapshot_steps(steps, snapshots);
  auto progress = run.progress(steps.size(), "relaxation");
  for (std::size_t i = kept.done; i < steps.size(); ++i) {
    run.check_cancelled();
    mixture.step(steps[i]);
    kept.path.push_back(instant_of(mixture));
    if (wanted[i]) kept.snapshots.push_back({mixture.time(), mixture.light(), mixture.heavy()});
    progress.set(i + 1);
    if (run.checkpoint_due()) {
      kept.done = i + 1;
      kept.time = mixture.time();
      kept.light = mixture.light();
      kept.heavy = mixture.heavy();
      kept.stepped = mixture.stepped_moments();
      run.checkpoint("relaxation", kept);
    }
  }
  return {std::move(kept.path), std::move(kept.snapshots)};
}

void report_relaxation(Run& run, const kinetic::DisparateMixture& mixture, const Relaxation& r) {
  const auto& model = mixture.model();
  std::vector<std::string> names;
  const Eigen::MatrixXd rows = moment_rows(r, model, names);
  run.artifact("moments.csv", [&](const std::filesystem::path& path) { io::write_csv(path, names, rows); });
  write_snapshots(run, model, r);

  double entropy_rise = 0;
  double drift = 0;
  double border = 0;
  double least = 0;
  for (std::size_t i = 0; i < r.path.size(); ++i) {
    if (i > 0) entropy_rise = std::max(entropy_rise, r.path[i].entropy - r.path[i - 1].entropy);
    drift = std::max(drift, std::abs(rows(static_cast<Eigen::Index>(i), rows.cols() - 3)));
  }
  for (const Snapshot& s : r.snapshots) {
    border = std::max({border, border_share(model.light_grid, s.light), border_share(model.heavy_grid, s.heavy)});
    least = std::min({least, s.light.minCoeff() / s.light.maxCoeff(), s.heavy.minCoeff() / s.heavy.maxCoeff()});
  }
  const Instant& end = r.path.back();
  const double light_distance = distance_to_maxwellian(model.light_grid, mixture.light());
  const double heavy_distance = distance_to_maxwellian(model.heavy_grid, mixture.heavy());
  run.metric("T_L", end.light.temperature);
  run.metric("T_H", end.heavy.temperature);
  run.metric("energy_drift", drift);
  run.metric("largest_entropy_rise", entropy_rise);
  run.metric("border_share", border);
  run.metric("least_f_over_largest", least);
  run.metric("light_distance_to_maxwellian", light_distance);
  run.metric("heavy_distance_to_maxwellian", heavy_distance);
  run.artifact("verdict.json", [&](const std::filesystem::path& path) {
    Json verdict;
    verdict["t"] = end.time;
    verdict["steps"] = r.path.size() - 1;
    verdict["T_L"] = end.light.temperature;
    verdict["T_H"] = end.heavy.temperature;
    verdict["energy_drift"] = drift;
    verdict["entropy_never_rises"] = entropy_rise <= 1e-8;
    verdict["tails_inside_the_grid"] = border <= 1e-6;
    verdict["light_distance_to_maxwellian"] = light_distance;
    verdict["heavy_distance_to_maxwellian"] = heavy_distance;
    write_atomically(path, verdict.dump(2) + "\n");
  });
  if (entropy_rise > 1e-8)
    run.note(
        fmt::format("The entropy functional rises by {:.2g} in a step: a smaller step or a finer grid.", entropy_rise));
  if (border > 1e-6) {
    run.note(
        fmt::format("{:.2g} of the mass came to the border of the grid: set a larger half_width in the card.", border));
  }
  Table table{"End state", {"species", "density", "temperature", "distance to its Maxwellian"}, {}};
  table.rows.push_back({"light", end.light.density, end.light.temperature, light_distance});
  table.rows.push_back({"heavy", end.heavy.density, end.heavy.temperature, heavy_distance});
  run.table("end", table);
  run.figure("temperatures", temperature_figure(fmt::format("Temperatures, mass ratio {:.3g}", model.eps * model.eps),
                                                r.path, model.eps));
  run.figure("clocks", clock_figure(fmt::format("Distance from equilibrium, mass ratio {:.3g}", model.eps * model.eps),
                                    r.path, model.eps));
  for (const bool heavy : {false, true}) {
    std::vector<Slice> slices;
    for (const std::size_t i : {std::size_t{0}, r.snapshots.size() / 2, r.snapshots.size() - 1}) {
      const Snapshot& s = r.snapshots[i];
      if (!slices.empty() && i == 0) continue;
      slices.push_back({fmt::format("t = {:.3g}", s.time), heavy ? s.heavy : s.light});
    }
    run.figure(heavy ? "heavy" : "light", slice_figure(heavy ? "Heavy distribution" : "Light distribution",
                                                       heavy ? model.heavy_grid : model.light_grid, slices, heavy));
  }
}

}  // namespace offprint::papers::boltzmann_mixture
