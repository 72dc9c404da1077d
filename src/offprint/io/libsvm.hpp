// The sparse text format of LIBSVM: "label index:value index:value ...", one sample a line, indices from 1.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include <Eigen/SparseCore>

#include "offprint/core/parallel.hpp"

namespace offprint::io {

using SparseRows = Eigen::SparseMatrix<double, Eigen::RowMajor, std::int64_t>;

struct LibsvmFile {
  SparseRows x;            ///< samples x features, indices sorted in each row
  Eigen::VectorXd labels;  ///< as written: -1/+1, 0/1, class numbers or regression targets
};

struct LibsvmOptions {
  /// Number of features; 0: the largest index that occurs. A test file needs its training file's number.
  Eigen::Index features = 0;
  Parallel parallel{};
};

/// Reads a LIBSVM file, plain or gzip-compressed; "# ..." to the end of a line is a comment, blank lines are skipped,
/// as is the query number ("qid:7") that may follow a label. Throws InputError naming file and line: a label or value
/// that is no number or not finite, an index that is not a positive integer below 2^31, does not rise within the line,
/// or exceeds `features`; an empty file. The text is cut at line ends and parsed over `options.parallel` in two passes
/// (count, fill); linear in its size.
[[nodiscard]] LibsvmFile read_libsvm(const std::filesystem::path& path, const LibsvmOptions& options = {});
/// The same for text in memory; `name` is what errors call it.
[[nodiscard]] LibsvmFile parse_libsvm(std::string_view text, const LibsvmOptions& options = {},
                                      std::string_view name = "input");

}  // namespace offprint::io
