// The run record: one SQLite database and a folder per run, under XDG data. Several processes may use one store at
// once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace SQLite {
class Database;
}

namespace offprint {

/// What is known of a run before it starts.
struct RunPlan {
  std::string paper;
  std::string kind;                 // "check" or "run"
  std::string action;               // of a "run"
  std::vector<std::string> claims;  // of a "check": the claims asked for, in order
  Json options = Json::object();
  std::uint64_t seed = 0;
  unsigned threads = 0;
  std::string device = "cpu";
  Json inputs = Json::array();  // [{path, bytes, modified}]: resume refuses when they changed
  Json libraries = Json::object();
  int ranks = 1;
};

/// A run as the record holds it. `status`: "running", "finished", "failed", "interrupted"; a run whose process is gone
/// without having said so counts as interrupted.
struct RunInfo {
  std::int64_t id = 0;
  RunPlan plan;
  std::string status;
  std::string started;   // ISO 8601, UTC
  double seconds = 0.0;  // over all attempts
  int attempts = 1;
  std::string error;
  Json build;
  Json machine;
};

struct MetricRow {
  std::string scope;
  std::string name;
  Estimate value;
  std::string unit;
};

/// A claim's outcome and the run it comes from.
struct DatedResult {
  std::string paper;
  ClaimResult result;
  std::int64_t run = 0;
  std::string started;  // of that run: ISO 8601, UTC
  std::string commit;   // of the build that measured it
  std::uint64_t seed = 0;
};

/// A run being computed: its record, its lock. Destroyed without finish(), it counts as interrupted.
class OpenRun : public RunRecord {
 public:
  [[nodiscard]] virtual std::int64_t id() const = 0;
  [[nodiscard]] virtual std::filesystem::path folder() const = 0;
  virtual void claim_result(const ClaimResult& result) = 0;
  /// Forgets what a claim (or, with "", the run itself) recorded before it is measured again.
  virtual void clear_scope(const std::string& scope) = 0;
  virtual void finish(const std::string& status, const std::string& error = "") = 0;
};

/// The store. All members may throw IoError (disk full, damaged database).
class Store {
 public:
  enum class Access { kRead, kWrite };

  /// OFFPRINT_STORE, else $XDG_DATA_HOME/offprint, else ~/.local/share/offprint.
  [[nodiscard]] static std::filesystem::path default_folder();

  /// Opens (kWrite: creates) the store in `folder`. Throws InputError when it cannot be written (kWrite), or was
  /// written by a newer Offprint; reading a store that does not exist gives an empty one.
  Store(const std::filesystem::path& folder, Access access);
  Store(Store&&) noexcept;
  ~Store();

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  [[nodiscard]] std::unique_ptr<OpenRun> begin(const RunPlan& plan);
  /// Takes up an interrupted or failed run. Throws InputError when it is finished or running elsewhere.
  [[nodiscard]] std::unique_ptr<OpenRun> reopen(std::int64_t id);

  /// Newest first; `paper` empty: of all papers.
  [[nodiscard]] std::vector<RunInfo> runs(const std::string& paper = "") const;
  /// Throws InputError "there is no run 7".
  [[nodiscard]] RunInfo run(std::int64_t id) const;
  [[nodiscard]] std::vector<MetricRow> metrics(std::int64_t id) const;
  [[nodiscard]] std::vector<ClaimResult> claim_results(std::int64_t id) const;
  /// Every outcome on record, newest run first; `paper` empty: of all papers.
  [[nodiscard]] std::vector<DatedResult> results(const std::string& paper = "") const;
  /// The newest outcome of each claim; one that was `not run` counts only where there is no other. By paper and claim.
  [[nodiscard]] std::vector<DatedResult> latest_results(const std::string& paper = "") const;
  [[nodiscard]] std::vector<std::pair<std::string, Table>> tables(std::int64_t id) const;
  /// Names and {"title", "caption", "spec", ...} of the figures.
  [[nodiscard]] std::vector<std::pair<std::string, Json>> figures(std::int64_t id) const;
  /// Names and titles of the figures of all runs, by run and name; their files are not read.
  struct FigureTitle {
    std::int64_t run = 0;
    std::string name;
    std::string title;
  };
  [[nodiscard]] std::vector<FigureTitle> figure_titles() const;
  /// One figure, as `figures` gives it; nothing when the run has none of that name. Throws IoError when its file is
  /// missing.
  [[nodiscard]] std::optional<Json> figure(std::int64_t id, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> notes(std::int64_t id) const;
  /// Name, path and size of the artefacts.
  struct Artifact {
    std::string name;
    std::filesystem::path path;
    std::uintmax_t bytes = 0;
  };
  [[nodiscard]] std::vector<Artifact> artifacts(std::int64_t id) const;
  [[nodiscard]] std::filesystem::path run_folder(std::int64_t id) const;
  /// Changes when another connection or process has written to the record; only compared with earlier values of this
  /// same Store. Costs microseconds.
  [[nodiscard]] std::int64_t data_version() const;
  /// Everything about a run in one JSON document.
  [[nodiscard]] Json export_run(std::int64_t id) const;
  /// Removes runs and their folders. Throws InputError for a run that is running.
  void remove(std::int64_t id);

 private:
  std::filesystem::path folder_;
  std::unique_ptr<SQLite::Database> db_;  // null: reading a store that does not exist
};

/// {"path", "bytes", "modified"} of an input file, for RunPlan::inputs.
[[nodiscard]] Json input_fingerprint(const std::filesystem::path& file);

}  // namespace offprint
