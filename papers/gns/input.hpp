// The reader's data: LIBSVM files and tables, their targets turned into what a loss needs.
#pragma once

#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/io/libsvm.hpp"

namespace offprint::papers::gns {

/// What the targets are.
enum class Task {
  kBinary,   ///< two labels, numbers or words
  kClasses,  ///< two or more labels
  kNumbers,  ///< regression targets, counts, offsets
  kNone,     ///< none are wanted (a table's columns are all features)
};

struct InputOptions {
  std::string target_column{};         ///< of a table: name or number from 1; empty: the last
  std::vector<std::string> classes{};  ///< labels known from training, in order; empty: those that occur
  std::vector<std::string> columns{};  ///< feature columns known from training, picked from a table by name
};

struct Dataset {
  std::string name;
  bool is_sparse = false;
  io::SparseRows sparse;  ///< of a LIBSVM file
  Eigen::MatrixXd dense;  ///< of a table
  /// Class numbers from 0 (kBinary, kClasses) or the targets themselves; empty for kNone.
  Eigen::VectorXd targets;
  std::vector<std::string> classes;   ///< label of each class number: numbers ascend, words are in alphabetical order
  std::vector<std::string> features;  ///< columns of a table; empty for LIBSVM

  [[nodiscard]] Eigen::Index rows() const { return is_sparse ? sparse.rows() : dense.rows(); }
  [[nodiscard]] Eigen::Index columns() const { return is_sparse ? sparse.cols() : dense.cols(); }
  /// Class 1 as +1, the other as -1.
  [[nodiscard]] Eigen::VectorXd signs() const { return 2 * targets.array() - 1; }
};

/// Reads a file: .csv .tsv .txt .dat (also .gz), .npy .npz .h5 .hdf5 .mat are tables, everything else is LIBSVM. Throws
/// InputError naming the file: what the readers throw, a value that is missing or not finite (row, column), other than
/// two labels for kBinary (listing them), a label that training has not seen.
[[nodiscard]] Dataset read_dataset(const std::string& address, const InputOptions& options, Task task,
                                   const Parallel& parallel);

/// Brings the data to `columns` features: missing ones are zero, further ones are dropped. Returns how many were.
Eigen::Index fit_columns(Dataset& data, Eigen::Index columns);
/// Appends a column of ones.
void add_intercept(Dataset& data);

}  // namespace offprint::papers::gns
