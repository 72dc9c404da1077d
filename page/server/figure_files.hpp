// Figures as SVG and PNG files, drawn once by the offprint command and kept beside their run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "page/server/http_message.hpp"

namespace offprint::page {

/// Thread-safe. One drawing at a time (each is a Node.js process of some 150 MB); at most 64 requests wait for theirs.
class FigureFiles {
 public:
  FigureFiles(std::filesystem::path executable, std::filesystem::path store)
      : executable_(std::move(executable)), store_(std::move(store)) {}
  /// The file of a figure that the record has. Throws HttpError 503 when it cannot be drawn here, or too many wait.
  [[nodiscard]] std::filesystem::path file(std::int64_t run, const std::string& name, const std::string& format,
                                           const std::string& theme);

 private:
  std::filesystem::path executable_;
  std::filesystem::path store_;
  std::mutex drawing_;
  std::mutex mutex_;
  int waiting_ = 0;
  std::map<std::string, std::pair<std::string, std::chrono::steady_clock::time_point>> failed_;  // file -> why, when
};

/// The data of a Vega-Lite figure as CSV: the rows of its layers one after the other, with a column `layer` when there
/// are several; pictures are left out.
[[nodiscard]] std::string figure_csv(const Json& spec);
/// A cell of CSV (RFC 4180).
[[nodiscard]] std::string csv_cell(const Json& cell);

}  // namespace offprint::page
