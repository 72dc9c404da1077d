// A mixture in time for the actions: steps that can be interrupted and resumed, and what is written of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epochs.hpp"
#include "input.hpp"
#include "offprint/core/run.hpp"

namespace offprint::papers::boltzmann_mixture {

struct Snapshot {
  double time = 0.0;
  Eigen::VectorXd light;
  Eigen::VectorXd heavy;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(time, light, heavy);
  }
};

struct Relaxation {
  std::vector<Instant> path;
  std::vector<Snapshot> snapshots;
};

[[nodiscard]] kinetic::Truncation truncation_of(const std::string& name);
[[nodiscard]] kinetic::Scheme scheme_of(const std::string& name);

/// The card named by the options (or the example), with `mass_ratio`, or else --mass-ratio, in the place of the card's.
[[nodiscard]] RunCard card_of(const Run& run, std::optional<double> mass_ratio = {});
/// The model that --grid, --truncation and --directions ask for.
[[nodiscard]] kinetic::MixtureModel model_of_options(const Run& run, const RunCard& card, const Parallel& parallel);
/// The mixture that --grid, --truncation, --scheme and the penalties ask for, checked.
[[nodiscard]] kinetic::DisparateMixture mixture_of(const Run& run, const RunCard& card, const Parallel& parallel);

/// Says how large the common grid of exact operators is, where they need one.
void note_common_grid(Run& run, const kinetic::MixtureModel& model);

/// Runs the steps, keeping every instant and `snapshots` logarithmically spaced distributions; a killed run goes on
/// where its checkpoint stands.
[[nodiscard]] Relaxation relax_steps(Run& run, kinetic::DisparateMixture& mixture, const std::vector<double>& steps,
                                     int snapshots);

/// moments.csv, snapshots.h5, verdict.json, the figures, and the table of the end state.
void report_relaxation(Run& run, const kinetic::DisparateMixture& mixture, const Relaxation& relaxation);

}  // namespace offprint::papers::boltzmann_mixture
