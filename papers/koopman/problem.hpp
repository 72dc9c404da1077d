// From the reader's options to a Koopman problem: training and held-out pairs, POD, delays, dictionary, compression.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "input.hpp"
#include "offprint/core/run.hpp"
#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/dictionary.hpp"
#include "offprint/koopman/kernel_resdmd.hpp"
#include "offprint/koopman/pair_source.hpp"
#include "offprint/koopman/pod.hpp"

namespace offprint::papers::koopman {

struct Problem {
  bool kernel = false;             ///< the kernel dictionary: pairs only, no compression by a dictionary
  double dt = 1.0;                 ///< time between snapshots
  std::vector<std::string> names;  ///< of the state columns, before POD
  std::optional<lib::Pod> pod;     ///< --rank
  Index delays = 1;
  Index stride = 1;
  lib::SnapshotPairs train;  ///< states as the dictionary sees them: after POD and delays
  lib::SnapshotPairs test;   ///< held out; no pairs with --test 0
  /// The held-out trajectories after POD and delays; empty with --pairs.
  lib::Trajectories test_states;
  lib::Trajectories train_states;
  std::unique_ptr<lib::Dictionary> dictionary;  ///< null for the kernel
  lib::KernelOptions kernel_options;

  [[nodiscard]] bool has_test() const { return test.count() > 0; }
  /// The state itself (after POD) at rows that the dictionary sees: without the later delays.
  [[nodiscard]] Eigen::MatrixXd state_of(const Eigen::Ref<const Eigen::MatrixXd>& rows) const;
  /// The newest sample that each row holds: what a forecast goes on from. state_of, without delays.
  [[nodiscard]] Eigen::MatrixXd newest_of(const Eigen::Ref<const Eigen::MatrixXd>& rows) const;
  /// Modes of the state (rows: modes, columns: what state_of gives) in the reader's own coordinates.
  [[nodiscard]] Eigen::MatrixXcd lift(const Eigen::MatrixXcd& modes) const;
  [[nodiscard]] lib::PairSource<double> train_source() const { return lib::pair_source(*dictionary, train); }
  [[nodiscard]] lib::PairSource<double> test_source() const;
};

/// Whether the mean over the training data of every state column is removed first.
enum class Mean { keep, remove };

/// Reads, splits, projects, embeds and builds; says in notes what it decided. Throws InputError for everything the
/// reader got wrong, before large memory is taken.
[[nodiscard]] Problem prepare(Run& run, Mean mean = Mean::keep);

/// The dictionary's compression, with its numbers as metrics and its warnings as notes.
[[nodiscard]] lib::Compression<double> compress_problem(Run& run, const Problem& problem);

/// --measure-preserving against the data; what was decided and why, and warnings, become notes.
[[nodiscard]] bool isometry(Run& run, const Problem& problem, const lib::Compression<double>& compression);

}  // namespace offprint::papers::koopman
