// The store on SQLite in WAL mode; figures, artefacts and checkpoints are files in the run's folder.
#include "offprint/core/store.hpp"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <map>
#include <thread>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/build_info.hpp"
#include "offprint/core/checkpoint.hpp"
#include "offprint/core/error.hpp"

namespace offprint {
namespace {

constexpr int kSchema = 1;
constexpr const char* kTables = R"sql(
CREATE TABLE IF NOT EXISTS runs(
  id INTEGER PRIMARY KEY AUTOINCREMENT, paper TEXT NOT NULL, kind TEXT NOT NULL, action TEXT NOT NULL, claims TEXT NOT NULL,
  options TEXT NOT NULL, seed TEXT NOT NULL, threads INTEGER NOT NULL, ranks INTEGER NOT NULL, device TEXT NOT NULL,
  inputs TEXT NOT NULL, libraries TEXT NOT NULL, status TEXT NOT NULL, started TEXT NOT NULL, seconds REAL NOT NULL,
  attempts INTEGER NOT NULL, error TEXT NOT NULL, build TEXT NOT NULL, machine TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS runs_paper ON runs(paper);
CREATE TABLE IF NOT EXISTS metrics(run INTEGER NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, value REAL, lo REAL, hi REAL,
  confidence REAL NOT NULL, unit TEXT NOT NULL, PRIMARY KEY(run, scope, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts(run INTEGER NOT NULL, claim TEXT NOT NULL, verdict TEXT NOT NULL, result TEXT NOT NULL,
  PRIMARY KEY(run, claim)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tables(run INTEGER NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
  columns TEXT NOT NULL, rows TEXT NOT NULL, PRIMARY KEY(run, scope, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS figures(run INTEGER NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, title TEXT NOT NULL,
  file TEXT NOT NULL, PRIMARY KEY(run, scope, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS artifacts(run INTEGER NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(run, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notes(run INTEGER NOT NULL, scope TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(run, scope, text));
)sql";

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// Runs `f`, turning SQLite's errors into ours.
template <class F>
auto guarded(const std::filesystem::path& folder, F&& f) {
  try {
    return f();
  } catch (const SQLite::Exception& e) {
    const int code = e.getErrorCode();
    const std::string where = "the store " + folder.string();
    if (code == SQLITE_FULL) throw IoError(where + " cannot grow: disk full; free some space and resume the run");
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM)
      throw InputError(where + " cannot be written; choose another folder with --store DIR or OFFPRINT_STORE");
    if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
      throw IoError(where + " is damaged (" + e.what() + "); move it away or choose another with --store DIR");
    throw IoError(where + ": " + e.what());
  }
}

void bind_or_null(SQLite::Statement& statement, int index, std::optional<double> x) {
  if (x && std::isfinite(*x)) {
    statement.bind(index, *x);
  } else {
    statement.bind(index);
  }
}

std::optional<double> number_or_nothing(const SQLite::Column& column) {
  if (column.isNull()) return std::nullopt;
  return column.getDouble();
}

std::filesystem::path folder_of(const std::filesystem::path& store, std::int64_t id) {
  return store / "runs" / std::to_string(id);
}

/// A lock file that a live process holds: the record of which runs are being computed cannot outlive the process.
class RunLock {
 public:
  explicit RunLock(const std::filesystem::path& folder)
      : fd_(open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw IoError("cannot create " + (folder / "lock").string() + ": " + describe_errno(errno));
    // whoever looks whether the run is being computed (is_held) holds a shared lock for an instant: that is no owner
    for (int attempt = 0; flock(fd_, LOCK_EX | LOCK_NB) != 0; ++attempt) {
      if (attempt == 20) {
        close(fd_);
        fd_ = -1;
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] bool held() const { return fd_ >= 0; }

  /// Whether some live process holds the lock of that run.
  static bool is_held(const std::filesystem::path& folder) {
    const int fd = open((folder / "lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool free = flock(fd, LOCK_SH | LOCK_NB) == 0;
    close(fd);
    return !free;
  }

 private:
  int fd_;
};

/// File names from names that studies chose: anything but letters, digits, '.', '_', '-' becomes '_'.
std::string file_name(const std::string& name) {
  std::string safe = name;
  for (char& c : safe)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-') c = '_';
  return safe;
}

class StoredRun final : public OpenRun {
 public:
  StoredRun(std::filesystem::path store, std::int64_t id)
      : store_(std::move(store)),
        folder_(folder_of(store_, id)),
        id_(id),
        lock_(folder_),
        db_(guarded(store_,
                    [&] {
                      return std::make_unique<SQLite::Database>((store_ / "runs.sqlite").string(),
                                                                SQLite::OPEN_READWRITE, 15000);
                    })),
        start_(std::chrono::steady_clock::now()) {
    if (!lock_.held())
      throw InputError("run " + std::to_string(id) +
                       " is being computed by another process; wait for it or interrupt it");
  }

  [[nodiscard]] std::int64_t id() const override { return id_; }
  [[nodiscard]] std::filesystem::path folder() const override { return folder_; }

  void metric(const std::string& scope, const std::string& name, const Estimate& value,
              const std::string& unit) override {
    write("INSERT OR REPLACE INTO metrics VALUES(?,?,?,?,?,?,?,?)", [&](SQLite::Statement& s) {
      s.bind(1, id_);
      s.bind(2, scope);
      s.bind(3, name);
      bind_or_null(s, 4, value.value);
      bind_or_null(s, 5, value.lo);
      bind_or_null(s, 6, value.hi);
      s.bind(7, value.confidence);
      s.bind(8, unit);
    });
  }

  void table(const std::string& scope, const std::string& name, const Table& table) override {
    write("INSERT OR REPLACE INTO tables VALUES(?,?,?,?,?,?)", [&](SQLite::Statement& s) {
      s.bind(1, id_);
      s.bind(2, scope);
      s.bind(3, name);
      s.bind(4, table.title);
      s.bind(5, Json(table.columns).dump());
      s.bind(6, Json(table.rows).dump());
    });
  }

  void figure(const std::string& scope, const std::string& name, const Figure& figure) override {
    const std::string full = scope.empty() ? name : scope + "." + name;
    const auto file = "figures/" + file_name(full) + ".vl.json";
    std::filesystem::create_directories(folder_ / "figures");
    const nlohmann::json json = figure;
    write_atomically(folder_ / file, json.dump());
    write("INSERT OR REPLACE INTO figures VALUES(?,?,?,?,?)", [&](SQLite::Statement& s) {
      s.bind(1, id_);
      s.bind(2, scope);
      s.bind(3, full);
      s.bind(4, figure.title());
      s.bind(5, file);
    });
  }

  void note(const std::string& scope, const std::string& text) override {
    write("INSERT OR REPLACE INTO notes VALUES(?,?,?)", [&](SQLite::Statement& s) {
      s.bind(1, id_);
      s.bind(2, scope);
      s.bind(3, text);
    });
  }

  void artifact(const std::string& name, const std::function<void(const std::filesystem::path&)>& write_file) override {
    std::filesystem::create_directories(folder_ / "artifacts");
    const auto target = folder_ / "artifacts" / file_name(name);
    // the extension stays last: writers choose the format by it
    const auto temporary = folder_ / "artifacts" / (".new-" + file_name(name));
    try {
      write_file(temporary);
    } catch (...) {
      std::error_code ignored;
      std::filesystem::remove(temporary, ignored);
      throw;
    }
    const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(temporary));
    std::filesystem::rename(temporary, target);
    write("INSERT OR REPLACE INTO artifacts VALUES(?,?,?)", [&](SQLite::Statement& s) {
      s.bind(1, id_);
      s.bind(2, file_name(name));
      s.bind(3, bytes);
    });
  }

  void save_checkpoint(const std::string& name, const std::string& bytes) override {
    std::filesystem::create_directories(folder_ / "checkpoints");
    checkpoint(name).save(bytes);
  }

  [[nodiscard]] std::optional<std::string> load_checkpoint(const std::string& name) override {
    auto loaded = checkpoint(name).load();
    if (!loaded) return std::nullopt;
    if (loaded->from_previous && !loaded->damage.empty())
      note("", "checkpoint '" + name + "' was damaged (" + loaded->damage + "); continued from the one before");
    return std::move(loaded->bytes);
  }

  void claim_result(const ClaimResult& result) override {
    write("INSERT OR REPLACE INTO verdicts VALUES(?,?,?,?)", [&](SQLite::Statement& s) {
      s.bind(1, id_);
      s.bind(2, result.id);
      s.bind(3, to_string(result.verdict));
      s.bind(4, to_json(result).dump());
    });
  }

  void clear_scope(const std::string& scope) override {
    for (const char* table : {"metrics", "tables", "figures", "notes"})
      write(fmt::format("DELETE FROM {} WHERE run=? AND scope=?", table).c_str(), [&](SQLite::Statement& s) {
        s.bind(1, id_);
        s.bind(2, scope);
      });
  }

  void finish(const std::string& status, const std::string& error) override {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    write("UPDATE runs SET status=?, error=?, seconds=seconds+? WHERE id=?", [&](SQLite::Statement& s) {
      s.bind(1, status);
      s.bind(2, error);
      s.bind(3, seconds);
      s.bind(4, id_);
    });
    // a finished run needs no checkpoints
    if (status == "finished") {
      std::error_code ignored;
      std::filesystem::remove_all(folder_ / "checkpoints", ignored);
    }
  }

 private:
  [[nodiscard]] CheckpointFile checkpoint(const std::string& name) const {
    return CheckpointFile(folder_ / "checkpoints" / (file_name(name) + ".ckpt"));
  }

  template <class Bind>
  void write(const char* sql, Bind&& bind) {
    guarded(store_, [&] {
      SQLite::Statement statement(*db_, sql);
      bind(statement);
      statement.exec();
    });
  }

  std::filesystem::path store_;
  std::filesystem::path folder_;
  std::int64_t id_;
  RunLock lock_;
  std::unique_ptr<SQLite::Database> db_;
  std::chrono::steady_clock::time_point start_;
};

constexpr const char* kRunColumns =
    "id,paper,kind,action,claims,options,seed,threads,ranks,device,inputs,libraries,status,started,seconds,attempts,"
    "error,"
    "build,machine";

RunInfo run_of(SQLite::Statement& s, const std::filesystem::path& store) {
  const auto json = [&](int column) { return Json::parse(s.getColumn(column).getString()); };
  RunInfo info;
  info.id = s.getColumn(0).getInt64();
  info.plan.paper = s.getColumn(1).getString();
  info.plan.kind = s.getColumn(2).getString();
  info.plan.action = s.getColumn(3).getString();
  info.plan.claims = json(4).get<std::vector<std::string>>();
  info.plan.options = json(5);
  info.plan.seed = std::stoull(s.getColumn(6).getString());
  info.plan.threads = s.getColumn(7).getUInt();
  info.plan.ranks = s.getColumn(8).getInt();
  info.plan.device = s.getColumn(9).getString();
  info.plan.inputs = json(10);
  info.plan.libraries = json(11);
  info.status = s.getColumn(12).getString();
  info.started = s.getColumn(13).getString();
  info.seconds = s.getColumn(14).getDouble();
  info.attempts = s.getColumn(15).getInt();
  info.error = s.getColumn(16).getString();
  info.build = json(17);
  info.machine = json(18);
  if (info.status == "running" && !RunLock::is_held(folder_of(store, info.id))) info.status = "interrupted";
  return info;
}

}  // namespace

std::filesystem::path Store::default_folder() {
  if (const char* given = std::getenv("OFFPRINT_STORE"); given != nullptr && *given != '\0') return given;
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg != nullptr && *xdg == '/')
    return std::filesystem::path(xdg) / "offprint";
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0')
    throw InputError("no place for the store: HOME is not set; give one with --store DIR or OFFPRINT_STORE");
  return std::filesystem::path(home) / ".local/share/offprint";
}

Store::Store(const std::filesystem::path& folder, Access access) : folder_(std::filesystem::absolute(folder)) {
  const auto file = folder_ / "runs.sqlite";
  if (access == Access::kRead && !std::filesystem::exists(file)) return;
  if (access == Access::kWrite) {
    std::error_code error;
    std::filesystem::create_directories(folder_ / "runs", error);
    if (error)
      throw InputError("the store " + folder_.string() + " cannot be created (" + error.message() +
                       "); choose another folder with --store DIR or OFFPRINT_STORE");
    if (::access((folder_ / "runs").c_str(), W_OK) != 0)
      throw InputError("the store " + folder_.string() +
                       " is read-only; choose another folder with --store DIR or OFFPRINT_STORE");
  }
  guarded(folder_, [&] {
    if (access == Access::kWrite) {
      db_ = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, 15000);
    } else if (::access(folder_.c_str(), W_OK) == 0) {
      db_ = std::make_unique<SQLite::Database>(file.string(), SQLite::OPEN_READONLY, 15000);
    } else {
      // WAL needs a writable folder even to read; on read-only media nobody writes, so the file may be taken as it is
      db_ = std::make_unique<SQLite::Database>("file:" + file.string() + "?immutable=1",
                                               SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    }
    const int schema = db_->execAndGet("PRAGMA user_version").getInt();
    if (schema > kSchema)
      throw InputError("the store " + folder_.string() + " was written by a newer Offprint (format " +
                       std::to_string(schema) + ", this one knows " + std::to_string(kSchema) +
                       "); update Offprint or choose another folder with --store DIR");
    if (access == Access::kWrite) {
      db_->exec("PRAGMA journal_mode=WAL");
      db_->exec("PRAGMA synchronous=FULL");
      if (schema < kSchema) {
        SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
        db_->exec(kTables);
        db_->exec("PRAGMA user_version=" + std::to_string(kSchema));
        transaction.commit();
      }
    }
  });
}

Store::Store(Store&&) noexcept = default;
Store::~Store() = default;

std::unique_ptr<OpenRun> Store::begin(const RunPlan& plan) {
  return guarded(folder_, [&]() -> std::unique_ptr<OpenRun> {
    const BuildInfo build = build_info();
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement s(
        *db_,
        "INSERT INTO runs(paper,kind,action,claims,options,seed,threads,ranks,device,inputs,libraries,status,"
        "started,seconds,attempts,error,build,machine) VALUES(?,?,?,?,?,?,?,?,?,?,?,'running',?,0,1,'',?,?)");
    s.bind(1, plan.paper);
    s.bind(2, plan.kind);
    s.bind(3, plan.action);
    s.bind(4, Json(plan.claims).dump());
    s.bind(5, plan.options.dump());
    s.bind(6, std::to_string(plan.seed));  // 64 unsigned bits do not fit SQLite's integers
    s.bind(7, plan.threads);
    s.bind(8, plan.ranks);
    s.bind(9, plan.device);
    s.bind(10, plan.inputs.dump());
    s.bind(11, plan.libraries.dump());
    s.bind(12, now_utc());
    s.bind(13, Json{{"version", build.version},
                    {"commit", build.commit},
                    {"build_type", build.build_type},
                    {"compiler", build.compiler}}
                   .dump());
    s.bind(14, machine_info().dump());
    s.exec();
    const std::int64_t id = db_->getLastInsertRowid();
    std::filesystem::create_directories(folder_of(folder_, id));
    auto run = std::make_unique<StoredRun>(folder_, id);  // locked before anybody can see it as running
    transaction.commit();
    return run;
  });
}

std::unique_ptr<OpenRun> Store::reopen(std::int64_t id) {
  const RunInfo info = run(id);
  if (info.status == "finished")
    throw InputError("run " + std::to_string(id) + " is finished; 'offprint runs show " + std::to_string(id) +
                     "' shows its results");
  auto open = std::make_unique<StoredRun>(folder_, id);
  guarded(folder_, [&] {
    SQLite::Statement s(*db_, "UPDATE runs SET status='running', error='', attempts=attempts+1 WHERE id=?");
    s.bind(1, id);
    s.exec();
  });
  return open;
}

std::vector<RunInfo> Store::runs(const std::string& paper) const {
  std::vector<RunInfo> result;
  if (!db_) return result;
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_, fmt::format("SELECT {} FROM runs {} ORDER BY id DESC", kRunColumns,
                                          paper.empty() ? "" : "WHERE paper=?"));
    if (!paper.empty()) s.bind(1, paper);
    while (s.executeStep()) result.push_back(run_of(s, folder_));
    return result;
  });
}

RunInfo Store::run(std::int64_t id) const {
  if (db_) {
    auto found = guarded(folder_, [&]() -> std::optional<RunInfo> {
      SQLite::Statement s(*db_, fmt::format("SELECT {} FROM runs WHERE id=?", kRunColumns));
      s.bind(1, id);
      if (!s.executeStep()) return std::nullopt;
      return run_of(s, folder_);
    });
    if (found) return std::move(*found);
  }
  throw InputError("there is no run " + std::to_string(id) + " in " + folder_.string() +
                   "; 'offprint runs' lists them");
}

std::vector<MetricRow> Store::metrics(std::int64_t id) const {
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_,
                        "SELECT scope,name,value,lo,hi,confidence,unit FROM metrics WHERE run=? ORDER BY scope,name");
    s.bind(1, id);
    std::vector<MetricRow> rows;
    while (s.executeStep()) {
      MetricRow row{s.getColumn(0).getString(), s.getColumn(1).getString(), {}, s.getColumn(6).getString()};
      if (const auto value = number_or_nothing(s.getColumn(2))) row.value.value = *value;
      row.value.lo = number_or_nothing(s.getColumn(3));
      row.value.hi = number_or_nothing(s.getColumn(4));
      row.value.confidence = s.getColumn(5).getDouble();
      rows.push_back(std::move(row));
    }
    return rows;
  });
}

std::vector<ClaimResult> Store::claim_results(std::int64_t id) const {
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_, "SELECT result FROM verdicts WHERE run=? ORDER BY claim");
    s.bind(1, id);
    std::vector<ClaimResult> results;
    while (s.executeStep()) results.push_back(claim_result_from_json(Json::parse(s.getColumn(0).getString())));
    return results;
  });
}

std::vector<DatedResult> Store::results(const std::string& paper) const {
  std::vector<DatedResult> all;
  if (!db_) return all;
  return guarded(folder_, [&] {
    SQLite::Statement s(
        *db_, fmt::format("SELECT r.paper, v.result, r.id, r.started, r.build, r.seed FROM verdicts v JOIN runs r "
                          "ON r.id=v.run {} ORDER BY r.id DESC, v.claim",
                          paper.empty() ? "" : "WHERE r.paper=?"));
    if (!paper.empty()) s.bind(1, paper);
    while (s.executeStep()) {
      DatedResult d;
      d.paper = s.getColumn(0).getString();
      d.result = claim_result_from_json(Json::parse(s.getColumn(1).getString()));
      d.run = s.getColumn(2).getInt64();
      d.started = s.getColumn(3).getString();
      d.commit = Json::parse(s.getColumn(4).getString()).value("commit", "");
      d.seed = std::stoull(s.getColumn(5).getString());
      all.push_back(std::move(d));
    }
    return all;
  });
}

std::vector<DatedResult> Store::latest_results(const std::string& paper) const {
  std::map<std::pair<std::string, std::string>, DatedResult> newest;
  for (auto& d : results(paper)) {
    const std::pair key(d.paper, d.result.id);
    const auto known = newest.find(key);
    if (known == newest.end()) {
      newest.emplace(key, std::move(d));
    } else if (known->second.result.verdict == Verdict::kNotRun && d.result.verdict != Verdict::kNotRun) {
      known->second = std::move(d);
    }
  }
  std::vector<DatedResult> list;
  for (auto& entry : newest) list.push_back(std::move(entry.second));
  return list;
}

std::vector<std::pair<std::string, Table>> Store::tables(std::int64_t id) const {
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_, "SELECT scope,name,title,columns,rows FROM tables WHERE run=? ORDER BY scope,name");
    s.bind(1, id);
    std::vector<std::pair<std::string, Table>> result;
    while (s.executeStep()) {
      const auto scope = s.getColumn(0).getString();
      Table table{s.getColumn(2).getString(), Json::parse(s.getColumn(3).getString()).get<std::vector<std::string>>(),
                  Json::parse(s.getColumn(4).getString()).get<std::vector<std::vector<Json>>>()};
      const auto name = s.getColumn(1).getString();
      result.emplace_back(scope.empty() ? name : scope + "." + name, std::move(table));
    }
    return result;
  });
}

std::vector<std::pair<std::string, Json>> Store::figures(std::int64_t id) const {
  std::vector<std::pair<std::string, Json>> result;
  guarded(folder_, [&] {
    SQLite::Statement s(*db_, "SELECT name,file FROM figures WHERE run=? ORDER BY name");
    s.bind(1, id);
    while (s.executeStep()) {
      std::ifstream in(run_folder(id) / s.getColumn(1).getString());
      if (!in) throw IoError("figure " + (run_folder(id) / s.getColumn(1).getString()).string() + " is missing");
      result.emplace_back(s.getColumn(0).getString(), Json::parse(in));
    }
  });
  return result;
}

std::vector<Store::FigureTitle> Store::figure_titles() const {
  std::vector<FigureTitle> result;
  if (!db_) return result;
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_, "SELECT run,name,title FROM figures ORDER BY run,name");
    while (s.executeStep())
      result.push_back({s.getColumn(0).getInt64(), s.getColumn(1).getString(), s.getColumn(2).getString()});
    return result;
  });
}

std::optional<Json> Store::figure(std::int64_t id, const std::string& name) const {
  if (!db_) return std::nullopt;
  return guarded(folder_, [&]() -> std::optional<Json> {
    SQLite::Statement s(*db_, "SELECT file FROM figures WHERE run=? AND name=?");
    s.bind(1, id);
    s.bind(2, name);
    if (!s.executeStep()) return std::nullopt;
    std::ifstream in(run_folder(id) / s.getColumn(0).getString());
    if (!in) throw IoError("figure " + (run_folder(id) / s.getColumn(0).getString()).string() + " is missing");
    return Json::parse(in);
  });
}

std::vector<std::string> Store::notes(std::int64_t id) const {
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_, "SELECT scope,text FROM notes WHERE run=? ORDER BY rowid");
    s.bind(1, id);
    std::vector<std::string> result;
    while (s.executeStep()) {
      const auto scope = s.getColumn(0).getString();
      result.push_back((scope.empty() ? "" : scope + ": ") + s.getColumn(1).getString());
    }
    return result;
  });
}

std::vector<Store::Artifact> Store::artifacts(std::int64_t id) const {
  return guarded(folder_, [&] {
    SQLite::Statement s(*db_, "SELECT name,bytes FROM artifacts WHERE run=? ORDER BY name");
    s.bind(1, id);
    std::vector<Artifact> result;
    while (s.executeStep())
      result.push_back({s.getColumn(0).getString(), run_folder(id) / "artifacts" / s.getColumn(0).getString(),
                        static_cast<std::uintmax_t>(s.getColumn(1).getInt64())});
    return result;
  });
}

std::filesystem::path Store::run_folder(std::int64_t id) const { return folder_of(folder_, id); }

std::int64_t Store::data_version() const {
  if (!db_) return 0;
  return guarded(folder_, [&] { return db_->execAndGet("PRAGMA data_version").getInt64(); });
}

Json Store::export_run(std::int64_t id) const {
  const auto number = [](std::optional<double> x) { return x && std::isfinite(*x) ? Json(*x) : Json(nullptr); };
  const RunInfo info = run(id);
  Json j{{"id", info.id},
         {"paper", info.plan.paper},
         {"kind", info.plan.kind},
         {"action", info.plan.action.empty() ? Json(nullptr) : Json(info.plan.action)},
         {"status", info.status},
         {"started", info.started},
         {"seconds", info.seconds},
         {"attempts", info.attempts},
         {"error", info.error.empty() ? Json(nullptr) : Json(info.error)},
         {"options", info.plan.options},
         {"seed", info.plan.seed},
         {"threads", info.plan.threads},
         {"ranks", info.plan.ranks},
         {"device", info.plan.device},
         {"inputs", info.plan.inputs},
         {"build", info.build},
         {"libraries", info.plan.libraries},
         {"machine", info.machine}};
  j["claims"] = Json::array();
  for (const auto& result : claim_results(id)) j["claims"].push_back(to_json(result));
  j["metrics"] = Json::array();
  for (const auto& m : metrics(id))
    j["metrics"].push_back({{"scope", m.scope},
                            {"name", m.name},
                            {"value", number(m.value.value)},
                            {"lo", number(m.value.lo)},
                            {"hi", number(m.value.hi)},
                            {"confidence", m.value.confidence},
                            {"unit", m.unit}});
  j["tables"] = Json::array();
  for (const auto& [name, table] : tables(id))
    j["tables"].push_back({{"name", name}, {"title", table.title}, {"columns", table.columns}, {"rows", table.rows}});
  j["figures"] = Json::array();
  for (auto& [name, figure] : figures(id)) {
    Json f{{"name", name}};
    f.update(figure);
    j["figures"].push_back(f);
  }
  j["notes"] = notes(id);
  j["artifacts"] = Json::array();
  for (const auto& artifact : artifacts(id))
    j["artifacts"].push_back({{"name", artifact.name}, {"path", artifact.path.string()}, {"bytes", artifact.bytes}});
  return j;
}

void Store::remove(std::int64_t id) {
  const RunInfo info = run(id);
  if (info.status == "running")
    throw InputError("run " + std::to_string(id) + " is being computed; interrupt it before removing it");
  guarded(folder_, [&] {
    SQLite::Transaction transaction(*db_, SQLite::TransactionBehavior::IMMEDIATE);
    for (const char* table : {"metrics", "verdicts", "tables", "figures", "artifacts", "notes"}) {
      SQLite::Statement s(*db_, fmt::format("DELETE FROM {} WHERE run=?", table));
      s.bind(1, id);
      s.exec();
    }
    SQLite::Statement s(*db_, "DELETE FROM runs WHERE id=?");
    s.bind(1, id);
    s.exec();
    transaction.commit();
  });
  std::error_code ignored;  // a folder that cannot be removed is litter, not an error of the record
  std::filesystem::remove_all(run_folder(id), ignored);
}

Json input_fingerprint(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  const auto modified = std::filesystem::last_write_time(file, error).time_since_epoch().count();
  return {{"path", file.string()},
          {"bytes", error ? Json(nullptr) : Json(bytes)},
          {"modified", error ? Json(nullptr) : Json(modified)}};
}

}  // namespace offprint
