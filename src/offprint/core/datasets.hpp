// The registry of public data sets: where each comes from, under which licence, and where it lies on this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "offprint/core/parallel.hpp"

namespace offprint {

/// One file of a data set.
struct DatasetFile {
  /// A state in which the file is known to circulate.
  struct Version {
    std::string sha256;
    std::uint64_t bytes = 0;
  };
  std::string path;  ///< below the set's folder
  std::string url;   ///< of the first version; empty: it cannot be fetched
  std::vector<Version> versions;
};

struct Dataset {
  std::string name;
  std::string title;
  std::string licence;
  std::string source;  ///< who made it, where it comes from
  std::string how;     ///< how to get by hand what has no URL
  std::vector<DatasetFile> files;
  [[nodiscard]] std::uint64_t bytes() const;
  /// Whether every file has a URL.
  [[nodiscard]] bool fetchable() const;
};

/// The data sets of a registry file and their copies on this machine: first in the folders of OFFPRINT_DATA (separated
/// by ':'), each holding NAME/FILE, then in the cache, $XDG_CACHE_HOME/offprint/data or ~/.cache/offprint/data.
class Datasets {
 public:
  /// Reads the registry; `folders` and `cache` come from the environment unless given. Throws InputError
  /// "FILE:LINE:COLUMN: ..." for mistakes in it.
  explicit Datasets(const std::filesystem::path& registry);
  Datasets(const std::filesystem::path& registry, std::vector<std::filesystem::path> folders,
           std::filesystem::path cache);

  /// All names, in registry order.
  [[nodiscard]] std::vector<std::string> list() const;
  /// Throws InputError with the nearest name.
  [[nodiscard]] const Dataset& entry(std::string_view name) const;
  /// The first folder that has all files of the set (their content is not checked: see verify), or nothing.
  [[nodiscard]] std::optional<std::filesystem::path> find(std::string_view name) const;

  /// What is wrong with the copy that `find` gives: one sentence a file, empty when all checksums are known ones.
  /// Throws InputError when there is no copy.
  [[nodiscard]] std::vector<std::string> verify(std::string_view name) const;

  /// Downloads into the cache those files that are not there, by the curl command, and returns the set's folder (at
  /// once when `find` has one). A file appears only after its size and checksum were found right.
  /// Throws InputError when a file has no URL (saying how to get it by hand), IoError when curl is missing, the
  /// download fails or brings something else; Interrupted on cancellation.
  std::filesystem::path fetch(std::string_view name, const CancelToken& cancel = {}) const;

  [[nodiscard]] const std::filesystem::path& cache() const { return cache_; }

 private:
  std::vector<Dataset> sets_;
  std::vector<std::filesystem::path> folders_;
  std::filesystem::path cache_;
};

}  // namespace offprint
