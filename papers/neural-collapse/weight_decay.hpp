// The paper's weight-decay experiment (Fig. 3): five settings, compared with the baseline by their collapse.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"
#include "offprint/landscape/collapse_metrics.hpp"
#include "offprint/nn/loss.hpp"

namespace offprint::papers::neural_collapse {

struct DecaySetting {
  const char* name;
  double features, classifier;  ///< times the baseline decay
};
inline constexpr std::array<DecaySetting, 5> kDecaySettings{{{"baseline", 1, 1},
                                                             {"twice on the last layer", 1, 2},
                                                             {"twice on the features", 2, 1},
                                                             {"none on the last layer", 1, 0},
                                                             {"none on the features", 0, 1}}};
inline constexpr std::array<nn::Loss, 2> kDecayLosses{nn::Loss::kMse, nn::Loss::kCrossEntropy};

/// Member i of the experiment's ensemble over losses, seeds and settings.
struct DecayMember {
  nn::Loss loss;
  std::size_t seed;
  DecaySetting setting;
};
[[nodiscard]] DecayMember decay_member(std::size_t i, std::size_t seeds);

/// What one trained network shows.
struct DecayResult {
  double nc1_trace = 0, nc1 = 0, nc2 = 0, accuracy = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(nc1_trace, nc1, nc2, accuracy);
  }
};
[[nodiscard]] DecayResult decay_result(const landscape::CollapseMetrics& metrics, double accuracy);

/// The criteria mse_* and ce_* (each the worst over seeds) and accuracy, the table `settings` and the figure `decay`.
[[nodiscard]] Measurement compare_decays(Run& run, const std::vector<DecayResult>& results, std::size_t seeds);

}  // namespace offprint::papers::neural_collapse
