// One thread for each job that may run at once; each watches one process.
#include "page/server/jobs.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offprint/core/date.hpp"
#include "page/server/http_message.hpp"

namespace offprint::page {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostJobs = 1000;    // kept; of the rest the record still has the runs
constexpr std::size_t kMostChannels = 50;  // event lists of jobs that have ended
constexpr std::size_t kLongestLine = 1U << 20U;
constexpr std::size_t kLogLimit = 4U << 20U;

std::string compact(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

std::uint64_t machine_memory() {
  std::uint64_t bytes =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::ifstream in("/sys/fs/cgroup/memory.max");
  if (std::uint64_t limit = 0; in >> limit) bytes = std::min(bytes, limit);
  return bytes;
}

struct Jobs::Job {
  std::int64_t id = 0;
  JobRequest request;
  std::string state = "queued";
  std::int64_t run = 0;
  std::string created;
  std::string started;
  std::string ended;
  std::optional<int> exit_code;
  std::string error;
  Json progress;                 // of what is measured now
  Json results = Json::array();  // one for each claim that has a verdict
  bool cancel = false;           // asked for
  std::shared_ptr<EventChannel> channel;
  Clock::time_point told;  // to the site's channel
  // of the attempt that runs
  std::string run_status;  // that the process told at its end
  std::string run_error;
  std::string last_words;  // the last line on standard error
};

Jobs::Jobs(Settings settings, EventHub& hub) : settings_(std::move(settings)), hub_(hub), site_(hub.channel()) {
  if (settings_.memory_limit == 0) settings_.memory_limit = machine_memory() / 4 * 3;
  load();
  for (int i = 0; i < settings_.at_once; ++i) workers_.emplace_back([this] { work(); });
}

Jobs::~Jobs() { stop(); }

std::filesystem::path Jobs::folder_of(std::int64_t id) const { return settings_.store / "jobs" / std::to_string(id); }
std::filesystem::path Jobs::log_file(std::int64_t id) const { return folder_of(id) / "log"; }

void Jobs::load() {
  try {
    db_ = std::make_unique<SQLite::Database>((settings_.store / "page.sqlite").string(),
                                             SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 15000);
    db_->exec("PRAGMA journal_mode=WAL");
    db_->exec(
        "CREATE TABLE IF NOT EXISTS jobs(id INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, state TEXT NOT "
        "NULL, "
        "run INTEGER NOT NULL, created TEXT NOT NULL, started TEXT NOT NULL, ended TEXT NOT NULL, exit_code INTEGER, "
        "error TEXT NOT NULL, results TEXT NOT NULL)");
    SQLite::Statement s(
        *db_, "SELECT id,request,state,run,created,started,ended,exit_code,error,results FROM jobs ORDER BY id");
    while (s.executeStep()) {
      auto job = std::make_unique<Job>();
      job->id = s.getColumn(0).getInt64();
      job->request = job_request_from_json(Json::parse(s.getColumn(1).getString()));
      job->state = s.getColumn(2).getString();
      job->run = s.getColumn(3).getInt64();
      job->created = s.getColumn(4).getString();
      job->started = s.getColumn(5).getString();
      job->ended = s.getColumn(6).getString();
      if (!s.getColumn(7).isNull()) job->exit_code = s.getColumn(7).getInt();
      job->error = s.getColumn(8).getString();
      job->results = Json::parse(s.getColumn(9).getString());
      const auto id = job->id;
      jobs_[id] = std::move(job);
    }
  } catch (const std::exception& e) {
    throw IoError(fmt::format("the page's jobs in {} cannot be read ({}); move that file away",
                              (settings_.store / "page.sqlite").string(), e.what()));
  }
  for (auto& [id, job] : jobs_) {
    if (job->state == "running" && job->run != 0) {
      job->state = "interrupted";
      job->error = "the page was stopped while this ran";
      save(*job);
    } else if (job->state == "running" || job->state == "queued") {  // nothing was computed yet
      job->state = "queued";
      waiting_.push_back(id);
      save(*job);
    }
  }
}

Json Jobs::describe(const Job& job) const {
  Json position;
  if (job.state == "running") position = 0;
  if (job.state == "queued") position = std::find(waiting_.begin(), waiting_.end(), job.id) - waiting_.begin() + 1;
  return {{"id", job.id},
          {"kind", job.request.kind},
          {"paper", job.request.paper},
          {"action", text_or_null(job.request.action)},
          {"claims", job.request.claims},
          {"tier", job.request.tier},
          {"seed", job.request.seed},
          {"options", job.request.options},
          {"state", job.state},
          {"position", position},
          {"run", job.run == 0 ? Json(nullptr) : Json(job.run)},
          {"created", job.created},
          {"started", text_or_null(job.started)},
          {"ended", text_or_null(job.ended)},
          {"exit_code", job.exit_code ? Json(*job.exit_code) : Json(nullptr)},
          {"error", text_or_null(job.error)},
          {"progress", job.progress},
          {"results", job.results}};
}

void Jobs::save(const Job& job) {
  SQLite::Statement s(*db_,
                      "INSERT OR REPLACE INTO jobs(id,request,state,run,created,started,ended,exit_code,error,results) "
                      "VALUES(?,?,?,?,?,?,?,?,?,?)");
  s.bind(1, job.id);
  s.bind(2, compact(to_json(job.request)));
  s.bind(3, job.state);
  s.bind(4, job.run);
  s.bind(5, job.created);
  s.bind(6, job.started);
  s.bind(7, job.ended);
  if (job.exit_code) s.bind(8, *job.exit_code);
  s.bind(9, job.error);
  s.bind(10, compact(job.results));
  s.exec();
}

/// Saves the job and tells its readers and the site's.
void Jobs::changed(Job& job) {
  save(job);
  const auto text = compact(describe(job));
  const bool over = job.state != "queued" && job.state != "running";
  if (job.channel) {
    job.channel->publish(over ? "end" : "state", text);
    if (over) job.channel->close();
  }
  job.told = Clock::now();
  site_->publish("job", text);
}

Jobs::Job& Jobs::find(std::int64_t id) const {
  const auto at = jobs_.find(id);
  if (at == jobs_.end()) throw HttpError(404, fmt::format("there is no job {}", id));
  return *at->second;
}

/// Old jobs go, and the events of those that ended long ago.
void Jobs::forget_old() {
  std::size_t channels = 0;
  for (auto at = jobs_.rbegin(); at != jobs_.rend(); ++at) {
    auto& job = *at->second;
    const bool over = job.state != "queued" && job.state != "running";
    if (over && job.channel && ++channels > kMostChannels) job.channel.reset();
  }
  for (auto at = jobs_.begin(); jobs_.size() > kMostJobs && at != jobs_.end();) {
    const auto& job = *at->second;
    if (job.state == "queued" || job.state == "running") {
      ++at;
      continue;
    }
    SQLite::Statement s(*db_, "DELETE FROM jobs WHERE id=?");
    s.bind(1, job.id);
    s.exec();
    std::error_code ignored;
    std::filesystem::remove_all(folder_of(job.id), ignored);
    at = jobs_.erase(at);
  }
}

Json Jobs::add(const JobRequest& request) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= static_cast<std::size_t>(settings_.queue))
    throw HttpError(503, fmt::format("{} runs wait already; try again when some have ended", waiting_.size()), 30);
  auto job = std::make_unique<Job>();
  job->request = request;
  job->created = format_time(utc_now());
  job->channel = hub_.channel();
  SQLite::Statement s(
      *db_,
      "INSERT INTO jobs(request,state,run,created,started,ended,error,results) VALUES('','queued',0,'','','','','[]')");
  s.exec();
  job->id = db_->getLastInsertRowid();
  auto& kept = *(jobs_[job->id] = std::move(job));
  waiting_.push_back(kept.id);
  changed(kept);
  forget_old();
  wake_.notify_one();
  return describe(kept);
}

Json Jobs::list(const std::string& state) const {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (auto at = jobs_.rbegin(); at != jobs_.rend(); ++at)
    if (state.empty() || at->second->state == state) list.push_back(describe(*at->second));
  return list;
}

Json Jobs::job(std::int64_t id) const {
  const std::lock_guard lock(mutex_);
  return describe(find(id));
}

std::optional<Json> Jobs::job_of_run(std::int64_t run) const {
  const std::lock_guard lock(mutex_);
  for (auto at = jobs_.rbegin(); at != jobs_.rend(); ++at)
    if (at->second->run == run) return describe(*at->second);
  return std::nullopt;
}

bool Jobs::uses_file(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, job] : jobs_) {
    if (job->state != "queued" && job->state != "running") continue;
    for (const auto& [name, words] : job->request.given)
      for (const auto& w : words)
        if (w == path || w.starts_with(path + ":")) return true;
  }
  return false;
}

Json Jobs::cancel(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  Job& job = find(id);
  if (job.state == "queued") {
    std::erase(waiting_, id);
    job.state = "cancelled";
    job.ended = format_time(utc_now());
    changed(job);
  } else if (job.state == "running") {
    job.cancel = true;
  } else {
    throw HttpError(409, fmt::format("job {} is {} already; there is nothing to cancel", id, job.state));
  }
  return describe(job);
}

Json Jobs::resume(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  Job& job = find(id);
  if ((job.state != "interrupted" && job.state != "cancelled" && job.state != "failed") || job.run == 0)
    throw HttpError(409, job.run == 0 && job.state != "queued" && job.state != "running"
                             ? fmt::format("job {} had computed nothing that could be taken up; start it anew", id)
                             : fmt::format("job {} is {}; only what was interrupted, cancelled or failed is resumed",
                                           id, job.state));
  if (waiting_.size() >= static_cast<std::size_t>(settings_.queue))
    throw HttpError(503, fmt::format("{} runs wait already; try again when some have ended", waiting_.size()), 30);
  job.state = "queued";
  job.cancel = false;
  job.error.clear();
  job.exit_code.reset();
  job.ended.clear();
  job.progress = nullptr;
  job.channel = hub_.channel();
  waiting_.push_back(id);
  changed(job);
  wake_.notify_one();
  return describe(job);
}

std::shared_ptr<EventChannel> Jobs::events(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  Job& job = find(id);
  if (job.channel) return job.channel;
  auto channel = hub_.channel();  // its events are gone, or it comes from before a restart
  const bool over = job.state != "queued" && job.state != "running";
  for (const auto& result : job.results) channel->publish("claim", compact({{"result", result}}));
  channel->publish(over ? "end" : "state", compact(describe(job)));
  if (over) {
    channel->close();
  } else {
    job.channel = channel;
  }
  return channel;
}

void Jobs::stop(std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_patience_ = patience;
    wake_.notify_all();
  }
  for (auto& worker : workers_)
    if (worker.joinable()) worker.join();
  const std::lock_guard lock(mutex_);
  for (auto& [id, job] : jobs_)
    if (job->channel) job->channel->close();
  site_->close();
}

void Jobs::work() {
  for (;;) {
    Job* job = nullptr;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = &find(waiting_.front());
      waiting_.pop_front();
      job->state = "running";
      job->started = format_time(utc_now());
      changed(*job);
      for (const auto id : waiting_)  // each has moved up by one
        site_->publish("job", compact(describe(find(id))));
    }
    std::string failure;
    try {
      execute(*job);
    } catch (const std::exception& e) {
      failure = e.what();
    }
    const std::lock_guard lock(mutex_);
    if (!failure.empty()) {
      job->state = "failed";
      job->error = failure;
    }
    job->progress = nullptr;
    job->ended = format_time(utc_now());
    try {
      changed(*job);
    } catch (const std::exception& e) {  // a full disk must not end the page
      job->error = fmt::format("the page could not record how this job ended: {}", e.what());
    }
    if (settings_.record_changed) settings_.record_changed();
  }
}

/// One line that the process wrote. What is not one of its events is ignored: the method's libraries may print too.
void Jobs::take_line(Job& job, std::string_view line) {
  Json event = Json::parse(line, nullptr, false);
  if (!event.is_object() || !event.contains("event") || !event["event"].is_string()) return;
  const auto kind = event["event"].get<std::string>();
  event.erase("event");
  const std::lock_guard lock(mutex_);
  if (kind == "run" && event.contains("id") && event["id"].is_number_integer()) {
    job.run = event["id"].get<std::int64_t>();
    changed(job);
    if (settings_.record_changed) settings_.record_changed();
  } else if (kind == "progress") {
    job.progress = event;
    job.channel->publish("progress", compact(event), true);
    if (Clock::now() - job.told > std::chrono::seconds(1)) {
      job.told = Clock::now();
      site_->publish("job", compact(describe(job)));
    }
  } else if (kind == "measuring") {
    job.channel->publish("measuring", compact(event));
  } else if (kind == "claim" && event.contains("result") && event["result"].is_object()) {
    const Json& result = event["result"];
    const auto same = std::find_if(job.results.begin(), job.results.end(),
                                   [&](const Json& r) { return r.value("id", "") == result.value("id", ""); });
    if (same != job.results.end()) {
      *same = result;
    } else if (job.results.size() < 1000) {
      job.results.push_back(result);
    }
    save(job);
    job.channel->publish("claim", compact(event));
    if (settings_.record_changed) settings_.record_changed();
  } else if (kind == "end") {
    job.run_status = event.value("status", "");
    job.run_error = event.value("error", "");
  }
}

void Jobs::execute(Job& job) {
  std::vector<std::string> words{settings_.executable.string()};
  {
    const std::lock_guard lock(mutex_);
    const auto request =
        job.run != 0 ? std::vector<std::string>{"resume", std::to_string(job.run)} : command_words(job.request);
    words.insert(words.end(), request.begin(), request.end());
    job.run_status.clear();
    job.run_error.clear();
    job.last_words.clear();
    if (!job.channel) job.channel = hub_.channel();
  }
  words.insert(words.end(), {"--events", "--store=" + settings_.store.string()});
  // an empty folder of its own: a relative path in an option reaches nothing
  const auto folder = folder_of(job.id);
  std::filesystem::create_directories(folder / "empty");
  std::ofstream log(folder / "log", std::ios::app | std::ios::binary);
  auto logged = static_cast<std::size_t>(std::max<std::streamoff>(log.tellp(), 0));

  ChildProcess child({words, folder / "empty"});
  std::string line;
  bool skipping = false;  // the rest of a line that is too long
  std::string tail;       // of standard error
  const auto read_output = [&] {
    std::array<char, 65536> piece{};
    const auto n = read(child.output(), piece.data(), piece.size());
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) child.close_output();
    for (std::string_view rest(piece.data(), n > 0 ? static_cast<std::size_t>(n) : 0); !rest.empty();) {
      const auto end = rest.find('\n');
      if (!skipping) line += rest.substr(0, end);
      if (line.size() > kLongestLine) {
        skipping = true;
        line.clear();
      }
      if (end == std::string_view::npos) break;
      if (!skipping) take_line(job, line);
      line.clear();
      skipping = false;
      rest.remove_prefix(end + 1);
    }
    return n > 0;
  };
  const auto read_errors = [&] {
    std::array<char, 4096> piece{};
    const auto n = read(child.errors(), piece.data(), piece.size());
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) child.close_errors();
    if (n <= 0) return false;
    const std::string_view text(piece.data(), static_cast<std::size_t>(n));
    tail += text;
    if (tail.size() > 8192) tail.erase(0, tail.size() - 8192);
    if (logged < kLogLimit) {
      log << text.substr(0, kLogLimit - logged);
      logged += text.size();
      if (logged >= kLogLimit) log << "\n... the log ends here: it may hold 4 MiB\n";
      log.flush();
      const std::lock_guard lock(mutex_);
      job.channel->publish("log", compact({{"text", text}}));
    }
    return true;
  };

  std::optional<Clock::time_point> kill_at;
  bool cancelled = false;
  bool stopped = false;
  std::uint64_t too_much = 0;
  auto look_at_memory = Clock::now();
  while (!child.ended()) {
    std::array<pollfd, 2> fds{{{child.output(), POLLIN, 0}, {child.errors(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), child.output() < 0 && child.errors() < 0 ? 10 : 50);
    if (child.output() >= 0 && fds[0].revents != 0) read_output();
    if (child.errors() >= 0 && fds[1].revents != 0) read_errors();
    const auto now = Clock::now();
    {
      const std::lock_guard lock(mutex_);
      if (!kill_at && (stopping_ || job.cancel)) {
        stopped = stopping_;
        cancelled = job.cancel;
        kill_at = now + (stopping_ ? stop_patience_ : settings_.cancel_patience);
        child.signal(SIGINT);
      } else if (stopping_ && !stopped) {
        stopped = true;
        kill_at = std::min(*kill_at, now + stop_patience_);
      }
    }
    if (kill_at && now > *kill_at) child.signal(SIGKILL);
    if (now >= look_at_memory && too_much == 0) {
      look_at_memory = now + std::chrono::milliseconds(100);
      if (const auto used = child.memory(); used > settings_.memory_limit) {
        too_much = used;
        child.signal(SIGKILL);
      }
    }
  }
  // what a descendant that lives on still writes does not count
  while (child.output() >= 0 && read_output()) {
  }
  while (child.errors() >= 0 && read_errors()) {
  }
  while (!tail.empty() && (tail.back() == '\n' || tail.back() == '\r')) tail.pop_back();
  const auto last_line = tail.substr(tail.find_last_of("\n\r") + 1);

  const std::lock_guard lock(mutex_);
  const int status = child.status();
  job.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  job.error.clear();
  if (too_much != 0) {
    job.state = "failed";
    job.error = fmt::format(
        "it needed {} MiB of memory, more than the {} MiB that one run may have here, and was ended; make the problem "
        "smaller, or raise 'offprint serve --memory-limit'",
        too_much >> 20U, settings_.memory_limit >> 20U);
  } else if (job.run_status == "finished") {
    job.state = "finished";
  } else if (cancelled) {
    job.state = "cancelled";
  } else if (stopped) {
    job.state = "interrupted";
    job.error = "the page was stopped while this ran";
  } else if (job.run_status == "interrupted" || *job.exit_code == 130) {
    job.state = "interrupted";
    job.error = "its process was interrupted from outside";
  } else if (WIFSIGNALED(status)) {
    job.state = "failed";
    job.error = signal_words(WTERMSIG(status)) + "; what it had computed is kept";
  } else {
    job.state = "failed";
    job.error = last_line.starts_with("offprint: ") ? last_line.substr(10) : job.run_error;
    if (job.error.empty())
      job.error =
          fmt::format("its process ended with exit code {} without telling why; its log may say more", *job.exit_code);
  }
}

}  // namespace offprint::page
