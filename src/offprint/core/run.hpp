// Run: all that a paper's study sees of the world.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "offprint/core/archive.hpp"
#include "offprint/core/communicator.hpp"
#include "offprint/core/ensemble.hpp"
#include "offprint/core/figure.hpp"
#include "offprint/core/options.hpp"
#include "offprint/core/parallel.hpp"
#include "offprint/core/progress.hpp"
#include "offprint/core/random.hpp"
#include "offprint/core/statistics.hpp"

namespace offprint {

/// A table of results: cells are JSON numbers or strings; numbers keep full precision.
struct Table {
  std::string title;
  std::vector<std::string> columns;
  std::vector<std::vector<Json>> rows;
};

/// Where a run's results go; the store implements it, and tests may. `scope` is the claim being measured, or "".
class RunRecord {
 public:
  RunRecord() = default;
  RunRecord(const RunRecord&) = delete;
  RunRecord& operator=(const RunRecord&) = delete;
  virtual ~RunRecord() = default;
  virtual void metric(const std::string& scope, const std::string& name, const Estimate& value,
                      const std::string& unit) = 0;
  virtual void table(const std::string& scope, const std::string& name, const Table& table) = 0;
  virtual void figure(const std::string& scope, const std::string& name, const Figure& figure) = 0;
  virtual void note(const std::string& scope, const std::string& text) = 0;
  /// Calls `write` with a temporary path and keeps the file under `name` when it returns.
  virtual void artifact(const std::string& name, const std::function<void(const std::filesystem::path&)>& write) = 0;
  virtual void save_checkpoint(const std::string& name, const std::string& bytes) = 0;
  [[nodiscard]] virtual std::optional<std::string> load_checkpoint(const std::string& name) = 0;
};

/// What a run is given by whoever starts it.
struct RunSettings {
  Options options{};
  std::uint64_t seed = 0;
  unsigned threads = 0;        // 0: all
  std::string device = "cpu";  // "cpu", "cuda", "cuda:N"
  CancelToken cancel{};
  ProgressListener progress{};
  /// Folder of a registered data set; throws NotAvailable when it is not here.
  std::function<std::filesystem::path(const std::string&)> data{};
};

/// One run (or one claim of a check). Cheap to copy by reference only; used from the thread that started it, except
/// stream(), parallel_for bodies and ensemble members, which may use the const members from any thread.
class Run {
 public:
  Run(RunSettings settings, RunRecord& record, Communicator& ranks, std::string scope = "");

  [[nodiscard]] const Options& options() const { return settings_.options; }
  [[nodiscard]] std::uint64_t seed() const { return settings_.seed; }
  /// The random stream of this run for a purpose and index: the same on every thread, rank and resumed run.
  [[nodiscard]] Stream stream(std::string_view purpose, std::uint64_t index = 0) const {
    return {settings_.seed, purpose, index};
  }
  [[nodiscard]] const std::string& device() const { return settings_.device; }
  [[nodiscard]] unsigned threads() const;
  /// Threads and cancellation, for library calls that take a Parallel.
  [[nodiscard]] Parallel parallel() const { return {settings_.threads, settings_.cancel, {}}; }

  /// n members over threads and ranks (see offprint::ensemble). Finished members survive a kill under `name`.
  template <class F>
  auto ensemble(const std::string& name, std::size_t n, F&& f) {
    auto progress = this->progress(n, name);
    Parallel how = parallel();
    how.done = [&](std::size_t done) { progress.set(done); };
    EnsembleMemory memory;
    memory.load = [&] { return load_bytes("ensemble-" + name).value_or(""); };
    memory.save = [&](const std::string& bytes) { save_bytes("ensemble-" + name, bytes); };
    return offprint::ensemble(n, how, ranks_, std::forward<F>(f), memory);
  }

  [[nodiscard]] Progress progress(std::size_t total, std::string label) const {
    return {total, std::move(label), ranks_.rank() == 0 ? settings_.progress : ProgressListener{}};
  }
  [[nodiscard]] bool cancelled() const { return settings_.cancel.cancelled(); }
  /// Throws Interrupted when the user asked to stop: call it between steps of long serial work.
  void check_cancelled() const { settings_.cancel.check(); }

  /// Keeps `state` so that a killed run continues from here (archive.hpp says what a state may be).
  template <class State>
  void checkpoint(const std::string& name, const State& state) {
    save_bytes(name, to_bytes(state));
  }
  /// Whether a second has passed since the last checkpoint: steps that take microseconds ask before they save.
  [[nodiscard]] bool checkpoint_due() const;
  /// Fills `state` from the newest undamaged checkpoint of that name; false when there is none.
  template <class State>
  [[nodiscard]] bool restore(const std::string& name, State& state) {
    const auto bytes = load_bytes(name);
    if (!bytes) return false;
    state = from_bytes<State>(*bytes);
    return true;
  }

  void metric(const std::string& name, Estimate value, const std::string& unit = "");
  void table(const std::string& name, const Table& table);
  void figure(const std::string& name, const Figure& figure);
  /// A sentence the reader of the result should see (a warning, an assumption).
  void note(const std::string& text);
  /// A file among the run's results, written by `write` under a temporary path first.
  void artifact(const std::string& name, const std::function<void(const std::filesystem::path&)>& write);
  /// Folder of a registered data set. Throws NotAvailable naming the command that brings it.
  [[nodiscard]] std::filesystem::path data(const std::string& name) const;

 private:
  void save_bytes(const std::string& name, const std::string& bytes);
  [[nodiscard]] std::optional<std::string> load_bytes(const std::string& name);

  RunSettings settings_;
  RunRecord& record_;
  Communicator& ranks_;
  std::string scope_;
  std::chrono::steady_clock::time_point last_checkpoint_;
};

}  // namespace offprint
