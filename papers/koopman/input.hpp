// The reader's files as trajectories or snapshot pairs: formats, columns, ids, times, gaps and weights.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/options.hpp"
#include "offprint/koopman/trajectories.hpp"

namespace offprint::papers::koopman {

namespace lib = ::offprint::koopman;
using lib::Index;

/// What the options of the group "data" name, read and checked: finite, with at least two consecutive snapshots.
struct Input {
  lib::Trajectories states;  ///< with --pairs: the rows x_m, one part a file
  bool pairs = false;
  std::vector<Eigen::MatrixXd> images;   ///< with --pairs: the rows y_m, as the parts of `states`
  std::vector<Eigen::VectorXd> weights;  ///< of the rows of each part, from --weights FILE; otherwise empty
  std::vector<std::string> notes;        ///< what was changed on the way in
};

/// Reads --data (and --pairs, --columns, --id, --time, --dt, --drop-gaps, --weights, where the action has them). Throws
/// InputError for everything the reader got wrong: files, columns, shapes, gaps, times, weights.
[[nodiscard]] Input read_input(const Options& options);

/// The index of a column given by name or by number from 1; a name wins. Throws InputError with the nearest name.
[[nodiscard]] Index find_column(const std::vector<std::string>& names, std::string_view word);

/// The comma-separated words of --columns; empty when it is not given.
[[nodiscard]] std::vector<std::string> words_of(const Options& options, std::string_view name);

}  // namespace offprint::papers::koopman
