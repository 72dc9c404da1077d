// HDF5 files, which are also what h5py, Julia's HDF5.jl and MATLAB's save -v7.3 write.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "offprint/io/ndarray.hpp"

namespace offprint::io {

/// One data set of a file.
struct Hdf5Info {
  std::string path;                ///< "/group/name"
  std::vector<std::size_t> shape;  ///< as read_hdf5 returns it (MATLAB's own shape for MATLAB's arrays)
  bool numeric = false;            ///< whether read_hdf5 can read it
  bool complex = false;
  bool matlab = false;  ///< written by MATLAB, that is with its axes in reverse order
};

/// All data sets below the root, in alphabetic order. Throws InputError when the file is unreadable or not HDF5.
[[nodiscard]] std::vector<Hdf5Info> list_hdf5(const std::filesystem::path& path);

/// MATLAB stores arrays column-major and HDF5 row-major, so that a 3 x 5 matrix saved by MATLAB is a 5 x 3 data set.
enum class AxisOrder {
  automatic,  ///< reversed for data sets that carry MATLAB's MATLAB_class attribute, otherwise as stored
  stored,
  reversed,
};

struct Hdf5Options {
  AxisOrder axes = AxisOrder::automatic;
  /// Only `count` rows (entries of the first axis of the result) from row `first`: nothing else is read from the disk.
  std::optional<std::pair<std::size_t, std::size_t>> rows{};
};

/// Reads a numeric data set of any rank: integers, floats, booleans as h5py stores them (enumerations), and complex
/// numbers stored as compounds of two floats {r, i} (h5py) or {real, imag} (MATLAB). Groups in `dataset` are separated
/// by '/'; the leading one may be left out. HDF5 itself is not thread-safe: calls take turns.
/// Throws InputError: unreadable or damaged file, no such data set (naming those there are, the nearest first),
/// no numbers, rows beyond the end, a compression filter that this HDF5 lacks.
[[nodiscard]] NdArray read_hdf5(const std::filesystem::path& path, std::string_view dataset,
                                const Hdf5Options& options = {});

struct Hdf5WriteOptions {
  /// Deflate level 1 to 9, applied in chunks of about 1 MiB of whole rows; 0 stores the data contiguously.
  int compression = 0;
};

/// Writes a new file holding the named arrays (double precision; complex as h5py's compound {r, i}); groups in the
/// names are made. Atomic: the file appears whole or not at all. Throws IoError, InputError for an unusable name.
void write_hdf5(const std::filesystem::path& path, std::span<const std::pair<std::string, NdArray>> datasets,
                const Hdf5WriteOptions& options = {});

}  // namespace offprint::io
