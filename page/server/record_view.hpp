// What the page shows of the run record, taken together once per change instead of once per request.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "offprint/core/card.hpp"
#include "offprint/core/store.hpp"
#include "page/verdicts.hpp"

namespace offprint::page {

[[nodiscard]] Json to_json(const VerdictCounts& counts);

/// The record at one moment.
struct RecordSnapshot {
  std::int64_t revision = 0;                                         // counts the changes that this server has seen
  std::vector<RunInfo> runs;                                         // newest first
  std::map<std::int64_t, VerdictCounts> verdicts;                    // of each run that has some
  std::map<std::string, std::map<std::string, DatedResult>> latest;  // paper -> claim -> newest outcome
  std::map<std::string, std::pair<std::int64_t, std::string>> thumbnails;  // paper -> run, figure
  VerdictRecord standing;                                                  // of the cards' claims
};

/// Thread-safe.
class RecordView {
 public:
  /// `cards` must outlive it.
  RecordView(std::filesystem::path store, std::span<const Card> cards);
  /// The record as it was at most 250 ms ago.
  [[nodiscard]] std::shared_ptr<const RecordSnapshot> snapshot();
  /// The next snapshot is of the record as it is then: called after this server changed it.
  void expire();
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  std::span<const Card> cards_;
  std::mutex mutex_;
  std::unique_ptr<Store> store_;
  std::shared_ptr<const RecordSnapshot> snapshot_;
  std::int64_t version_ = -1;
  std::chrono::steady_clock::time_point looked_;
  std::chrono::steady_clock::time_point made_;
  bool expired_ = true;
};

}  // namespace offprint::page
