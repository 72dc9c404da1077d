// NumPy's files: .npy (one array) and .npz (a zip archive of them), read and written without Python.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "offprint/io/mapped_file.hpp"
#include "offprint/io/ndarray.hpp"

namespace offprint::io {

/// Reads an array of any rank. Formats 1 to 3; bool, integers and unsigned integers of 1 to 8 bytes, floats of 2, 4
/// and 8, complex of 8 and 16; both byte orders; C and Fortran order. The file is mapped, never copied whole.
/// Throws InputError: not an NPY file, cut off, or holding what is no number (object arrays are refused: loading them
/// means running what they contain).
[[nodiscard]] NdArray read_npy(const std::filesystem::path& path);
/// The same for bytes in memory; `name` is what errors call them.
[[nodiscard]] NdArray parse_npy(std::string_view bytes, std::string_view name = "input");

/// The rows of an array of real numbers, read piece by piece from the mapped file: for data larger than memory. Axes
/// after the first are taken together as columns (an (N, C, H, W) array has N rows of C H W numbers).
class NpyRows {
 public:
  /// Throws InputError: what read_npy throws, a complex array, rank 0 or 1, or rank 3 and more in Fortran order.
  explicit NpyRows(const std::filesystem::path& path);

  [[nodiscard]] Eigen::Index rows() const { return rows_; }
  [[nodiscard]] Eigen::Index columns() const { return columns_; }
  /// Rows first, first + 1, ... as the columns of `block` (columns() x number of rows). May be called from several
  /// threads at once. Throws Error when the rows do not exist or the block has another height.
  void read(Eigen::Index first, Eigen::Ref<Eigen::MatrixXd> block) const;
  /// The columns first, first + 1, ... of the given rows, as rows.size() x any width. May be called from several
  /// threads at once. Throws Error when they do not exist or the block has another number of rows.
  void read_columns(std::span<const Eigen::Index> rows, Eigen::Index first, Eigen::Ref<Eigen::MatrixXd> block) const;
  /// Number of axes of the array in the file.
  [[nodiscard]] std::size_t rank() const { return rank_; }

 private:
  std::size_t rank_ = 0;
  std::shared_ptr<const MappedFile> file_;
  std::size_t data_offset_ = 0;
  std::string dtype_;
  bool fortran_order_ = false;
  Eigen::Index rows_ = 0;
  Eigen::Index columns_ = 0;
};

struct NpyOptions {
  /// NumPy's name of the type: a byte order '<' or '>' ('|' for single bytes) and b1, i1..i8, u1..u8, f2, f4, f8, c8
  /// or c16. Empty: <f8, or <c16 for complex arrays, which lose nothing.
  std::string dtype{};
  /// Store column-major, as MATLAB and Fortran expect.
  bool fortran_order = false;
};

/// Writes an array, atomically. Floats are rounded to nearest. Throws InputError for an unknown type, a value that an
/// integer type cannot hold exactly, or complex values in a real type; IoError when the file cannot be written.
void write_npy(const std::filesystem::path& path, const NdArray& array, const NpyOptions& options = {});
/// The bytes of the .npy file.
[[nodiscard]] std::string npy_bytes(const NdArray& array, const NpyOptions& options = {});

/// The names of the arrays in an .npz file, in file order.
[[nodiscard]] std::vector<std::string> npz_names(const std::filesystem::path& path);
/// Reads one array of an .npz file (stored or deflated, zip64 included; its checksum is verified).
/// Throws InputError: no zip file, damaged, no such array (naming those there are).
[[nodiscard]] NdArray read_npz(const std::filesystem::path& path, std::string_view name);
/// Writes an .npz file, atomically; `compress` deflates (slower, smaller), as numpy.savez_compressed does.
void write_npz(const std::filesystem::path& path, std::span<const std::pair<std::string, NdArray>> arrays,
               bool compress = false);

}  // namespace offprint::io
