// Runs started from the page: a queue on disk, workers that are processes of their own, what each told.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "page/server/child_process.hpp"
#include "page/server/event_hub.hpp"
#include "page/server/job_request.hpp"

namespace SQLite {
class Database;
}

namespace offprint::page {

/// The queue and its workers. Jobs are kept in page.sqlite in the store's folder: after a restart those that waited go
/// on, and those that were running are `interrupted`, to be resumed. Thread-safe.
class Jobs {
 public:
  struct Settings {
    std::filesystem::path store;
    std::filesystem::path executable;  // the offprint command
    int at_once = 1;
    int queue = 100;                 // jobs that may wait
    std::uint64_t memory_limit = 0;  // bytes of one job's processes; 0: three quarters of the machine's
    std::chrono::milliseconds cancel_patience{5000};  // from SIGINT to SIGKILL
    std::function<void()> record_changed;             // called when a job's run began, reached a verdict, ended
  };
  /// Takes up what page.sqlite holds and starts the workers. Throws IoError when it is damaged.
  Jobs(Settings settings, EventHub& hub);
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  ~Jobs();

  /// Puts a checked request into the queue. Throws HttpError 503 when it is full.
  [[nodiscard]] Json add(const JobRequest& request);
  /// Newest first; `state` "" : all.
  [[nodiscard]] Json list(const std::string& state) const;
  /// Throws HttpError 404.
  [[nodiscard]] Json job(std::int64_t id) const;
  /// The job that computed a run, if any.
  [[nodiscard]] std::optional<Json> job_of_run(std::int64_t run) const;
  /// A job that waits is cancelled at once; a running one is interrupted, and after a while killed. Throws HttpError
  /// 404, 409 when it has ended.
  [[nodiscard]] Json cancel(std::int64_t id);
  /// Queues an interrupted, cancelled or failed job again, to go on where its run stopped. Throws HttpError 404, 409,
  /// 503.
  [[nodiscard]] Json resume(std::int64_t id);
  /// What the job wrote to standard error.
  [[nodiscard]] std::filesystem::path log_file(std::int64_t id) const;
  /// The job's events. Throws HttpError 404.
  [[nodiscard]] std::shared_ptr<EventChannel> events(std::int64_t id);
  /// Changes of all jobs, `event: job`; others may publish here too.
  [[nodiscard]] std::shared_ptr<EventChannel> site_events() const { return site_; }
  /// Whether a job is running or waits that reads the file: it must not be deleted.
  [[nodiscard]] bool uses_file(const std::string& path) const;

  /// Interrupts what runs (it can be resumed) and ends the workers within `patience` and a moment.
  void stop(std::chrono::milliseconds patience = std::chrono::milliseconds(1000));

 private:
  struct Job;
  class Worker;
  void load();
  void work();
  void execute(Job& job);
  void take_line(Job& job, std::string_view line);
  [[nodiscard]] Json describe(const Job& job) const;
  void save(const Job& job);
  void changed(Job& job);
  [[nodiscard]] Job& find(std::int64_t id) const;
  void forget_old();
  [[nodiscard]] std::filesystem::path folder_of(std::int64_t id) const;

  Settings settings_;
  EventHub& hub_;
  std::shared_ptr<EventChannel> site_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<SQLite::Database> db_;
  std::map<std::int64_t, std::unique_ptr<Job>> jobs_;
  std::deque<std::int64_t> waiting_;
  bool stopping_ = false;
  std::chrono::milliseconds stop_patience_{1000};
  std::vector<std::thread> workers_;
};

/// Bytes of main memory, or of the control group's limit where that is less.
[[nodiscard]] std::uint64_t machine_memory();

}  // namespace offprint::page
