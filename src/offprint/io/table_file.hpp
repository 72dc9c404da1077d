// Numbers from any of the supported files by one call: what `--data FILE` of every paper goes through.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "offprint/io/csv.hpp"
#include "offprint/io/hdf5.hpp"
#include "offprint/io/ndarray.hpp"

namespace offprint::io {

/// What a file gave: the array, and for text tables the names of its columns (otherwise none) and the text columns that
/// were asked for.
struct DataFile {
  NdArray values;
  std::vector<std::string> columns;
  std::vector<TextColumn> text;
};

struct DataOptions {
  CsvOptions csv{};    ///< for text tables
  Hdf5Options hdf5{};  ///< for HDF5 and MATLAB files
};

/// A file, or one array in a file that holds several: "traj.npz:x", "run.h5:/group/velocity".
struct DataAddress {
  std::filesystem::path file;
  std::string array;  ///< empty: none was named
};

/// Splits at the first colon that follows the name of an existing file; without one, all is the file's name.
[[nodiscard]] DataAddress parse_address(std::string_view address);

/// Reads the array at `address`. The content decides the format where it can (NPY, zip, HDF5, gzip), else the
/// extension: .csv .tsv .txt .dat, also with .gz; .npy; .npz; .h5 .hdf5 .he5; .mat (version 7.3). In .npz and HDF5
/// files the array need not be named when there is only one of numbers. Throws InputError: unknown format (naming the
/// known ones), an array that must be named (naming those there are), and what the readers throw.
[[nodiscard]] DataFile read_data(std::string_view address, const DataOptions& options = {});

/// The same for methods that need a real matrix: rows are samples; an array of rank 1 is one column.
/// Throws InputError naming the file when the array is complex or of another rank.
struct MatrixFile {
  Eigen::MatrixXd values;            ///< rows x columns
  std::vector<std::string> columns;  ///< as many names as columns; c1, c2, ... where the file has none
  std::vector<TextColumn> text;
};
[[nodiscard]] MatrixFile read_matrix(std::string_view address, const DataOptions& options = {});

}  // namespace offprint::io
