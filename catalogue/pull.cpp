// The log in the table `pulls` is also where a pull stands: (at_day, next) is the first page that is not in yet, and it
// moves in the transaction that stores the page.
#include "catalogue/pull.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "catalogue/database.hpp"
#include "catalogue/feed_parsers.hpp"
#include "catalogue/limits.hpp"
#include "catalogue/text.hpp"
#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"

namespace offprint::catalogue {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr days kWindow{7};               // arXiv is slow and unreliable far into a long result
constexpr std::size_t kDailyPage = 100;  // the most Hugging Face gives at once
constexpr int kDailyPages = 50;          // of one day: more is a server that ignores the page number

constexpr const char* kTable = R"sql(
CREATE TABLE IF NOT EXISTS pulls(
  id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, query TEXT NOT NULL, url TEXT NOT NULL,
  from_day TEXT NOT NULL, to_day TEXT NOT NULL, at_day TEXT NOT NULL, next INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'running', started TEXT NOT NULL, ended TEXT NOT NULL DEFAULT '',
  added INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0, unchanged INTEGER NOT NULL DEFAULT 0,
  skipped INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '');
)sql";

sys_days today() { return std::chrono::floor<days>(utc_now()); }

sys_days day_option(const std::string& text, const char* name) {
  const auto day = parse_date(text);
  if (!day) throw InputError(fmt::format("{} '{}' is not a day written YYYY-MM-DD", name, clean_text(text, 40)));
  return *day;
}

/// At most one pull of a catalogue at a time: two would fetch the same pages, and strain the service together.
class PullLock {
 public:
  explicit PullLock(const CatalogueStore& store) : fd_(open(path(store).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw InputError(path(store).string() + " cannot be written; choose another folder with --store DIR");
    for (int tries = 0; !held_ && tries < 5; ++tries) {  // is_held() holds it for an instant
      if (tries > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
    }
  }
  PullLock(const PullLock&) = delete;
  PullLock& operator=(const PullLock&) = delete;
  ~PullLock() { close(fd_); }
  [[nodiscard]] bool held() const { return held_; }
  /// Whether a pull is running.
  static bool is_held(const CatalogueStore& store) {
    const int fd = open(path(store).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool free = flock(fd, LOCK_SH | LOCK_NB) == 0;
    close(fd);
    return !free;
  }

 private:
  static std::filesystem::path path(const CatalogueStore& store) {
    return std::filesystem::path(store.database().getFilename()).parent_path() / "pull.lock";
  }
  int fd_;
  bool held_ = false;
};

struct Position {
  sys_days day;
  std::size_t next = 0;
};

/// One line of the log while its pull runs.
class Log {
 public:
  explicit Log(CatalogueStore& store) : store_(store), lock_(store) {
    if (!lock_.held())
      throw InputError("another pull is running in this catalogue; wait for it ('offprint feed status') or stop it");
    in_transaction(store_.database(), [&] {
      store_.database().exec(kTable);
      // whoever said so is gone
      store_.database().exec("UPDATE pulls SET status = 'interrupted' WHERE status = 'running'");
    });
  }

  /// Starts a line, or takes up the newest one of the same source, query and address that did not finish.
  void begin(const std::string& source, const std::string& query, const PullOptions& options, days overlap) {
    auto& db = store_.database();
    in_transaction(db, [&] {
      if (options.from.empty() && options.to.empty()) {
        SQLite::Statement s(
            db,
            "SELECT id, from_day, to_day, at_day, next, status FROM pulls WHERE source = ? AND query = ? "
            "AND url = ? ORDER BY id DESC LIMIT 1");
        s.bind(1, source);
        s.bind(2, query);
        s.bind(3, options.url);
        if (s.executeStep()) {
          if (s.getColumn(5).getString() != "finished") {
            id_ = s.getColumn(0).getInt64();
            from_ = *parse_date(s.getColumn(1).getString());
            to_ = *parse_date(s.getColumn(2).getString());
            at_ = {*parse_date(s.getColumn(3).getString()), static_cast<std::size_t>(s.getColumn(4).getInt64())};
            resumed_ = true;
            SQLite::Statement again(db, "UPDATE pulls SET status = 'running', error = '', ended = '' WHERE id = ?");
            again.bind(1, id_);
            again.exec();
            return;
          }
        }
      }
      to_ = options.to.empty() ? today() : day_option(options.to, "--to");
      if (!options.from.empty()) {
        from_ = day_option(options.from, "--from");
      } else {
        SQLite::Statement s(db,
                            "SELECT max(to_day) FROM pulls WHERE source = ? AND query = ? AND url = ? AND status = "
                            "'finished' AND to_day <= ?");
        s.bind(1, source);
        s.bind(2, query);
        s.bind(3, options.url);
        s.bind(4, format_date(to_));
        from_ = to_ - days(7);
        if (s.executeStep() && !s.getColumn(0).isNull()) from_ = *parse_date(s.getColumn(0).getString()) - overlap;
      }
      if (from_ > to_)
        throw InputError(fmt::format("--from {} is after --to {}", format_date(from_), format_date(to_)));
      at_ = {from_, 0};
      insert(source, query, options.url);
    });
  }

  /// A line for something that is not fetched by days.
  void begin(const std::string& source, const std::string& query) {
    from_ = to_ = today();
    in_transaction(store_.database(), [&] { insert(source, query, ""); });
  }

  /// Stores a page, and with it that the pull now stands at `then`.
  AddResult store(const FeedPage& page, Position then) {
    const auto added = store_.add(page.items, [&](const AddResult& r) {
      SQLite::Statement s(
          store_.database(),
          "UPDATE pulls SET at_day = ?, next = ?, added = added + ?, updated = updated + ?, unchanged = "
          "unchanged + ?, skipped = skipped + ? WHERE id = ?");
      s.bind(1, format_date(then.day));
      s.bind(2, static_cast<std::int64_t>(then.next));
      s.bind(3, static_cast<std::int64_t>(r.added));
      s.bind(4, static_cast<std::int64_t>(r.updated));
      s.bind(5, static_cast<std::int64_t>(r.unchanged));
      s.bind(6, static_cast<std::int64_t>(page.skipped));
      s.bind(7, id_);
      s.exec();
    });
    at_ = then;
    return added;
  }

  void end(const char* status, const std::string& error = "") {
    in_transaction(store_.database(), [&] {
      SQLite::Statement s(store_.database(), "UPDATE pulls SET status = ?, error = ?, ended = ? WHERE id = ?");
      s.bind(1, status);
      s.bind(2, clean_text(error, 1000));
      s.bind(3, format_time(utc_now()));
      s.bind(4, id_);
      s.exec();
    });
  }

  [[nodiscard]] Position at() const { return at_; }
  [[nodiscard]] sys_days from() const { return from_; }
  [[nodiscard]] sys_days to() const { return to_; }
  [[nodiscard]] bool resumed() const { return resumed_; }

 private:
  void insert(const std::string& source, const std::string& query, const std::string& url) {
    SQLite::Statement s(
        store_.database(),
        "INSERT INTO pulls(source, query, url, from_day, to_day, at_day, started) VALUES(?,?,?,?,?,?,?)");
    s.bind(1, source);
    s.bind(2, query);
    s.bind(3, url);
    s.bind(4, format_date(from_));
    s.bind(5, format_date(to_));
    s.bind(6, format_date(from_));
    s.bind(7, format_time(utc_now()));
    s.exec();
    id_ = store_.database().getLastInsertRowid();
  }

  CatalogueStore& store_;
  PullLock lock_;
  std::int64_t id_ = 0;
  sys_days from_{};
  sys_days to_{};
  Position at_{};
  bool resumed_ = false;
};

void operator+=(AddResult& sum, const AddResult& more) {
  sum.added += more.added;
  sum.updated += more.updated;
  sum.unchanged += more.unchanged;
}

/// Runs the pull and writes down how it ended.
template <class F>
PullResult logged(Log& log, F&& pull) {
  try {
    PullResult result = pull();
    result.from = format_date(log.from());
    result.to = format_date(log.to());
    result.resumed = log.resumed();
    log.end(result.complete ? "finished" : "partial");
    return result;
  } catch (const Interrupted&) {
    log.end("interrupted");
    throw;
  } catch (const std::exception& e) {
    log.end("failed", e.what());
    throw;
  }
}

std::vector<std::string> checked_categories(std::vector<std::string> categories) {
  if (categories.empty()) categories = {"cs.LG", "stat.ML", "math.NA"};
  for (const auto& category : categories)
    if (category.empty() || category.size() > limits::kCategory ||
        category.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") !=
            std::string::npos)
      throw InputError("'" + clean_text(category, 60) + "' is not an arXiv category such as cs.LG or math.NA");
  return categories;
}

std::string compact(sys_days day) {
  std::string text = format_date(day);
  std::erase(text, '-');
  return text;
}

std::string arxiv_address(const std::string& base, const std::vector<std::string>& categories, sys_days from,
                          sys_days to, std::size_t start, std::size_t count) {
  std::vector<std::string> terms;
  for (const auto& category : categories) terms.push_back("cat:" + category);
  const auto query =
      fmt::format("({}) AND submittedDate:[{}0000 TO {}2359]", fmt::join(terms, " OR "), compact(from), compact(to));
  return fmt::format("{}{}search_query={}&start={}&max_results={}&sortBy=submittedDate&sortOrder=ascending", base,
                     base.find('?') == std::string::npos ? '?' : '&', url_encoded(query), start, count);
}

}  // namespace

PullResult pull_arxiv(CatalogueStore& store, const PullOptions& options) {
  const auto categories = checked_categories(options.categories);
  const std::string base = options.url.empty() ? "https://export.arxiv.org/api/query" : options.url;
  if (options.page == 0 || options.max == 0) throw InputError("at least one paper must be asked for");
  Log log(store);
  log.begin("arxiv", fmt::format("{}", fmt::join(categories, ",")), options, days(0));
  return logged(log, [&] {
    Fetcher fetcher(options.fetch);
    PullResult result;
    std::size_t taken = 0;
    while (log.at().day <= log.to()) {
      if (taken >= options.max) return result;
      const auto [from, start] = log.at();
      const auto to = std::min(from + kWindow - days(1), log.to());
      const auto count = std::min(options.page, options.max - taken);
      FeedPage page;
      (void)fetcher.get(arxiv_address(base, categories, from, to, start, count), [&](const std::string& body) {
        page = parse_atom(body);
        // arXiv now and then sends an empty page in the middle of a result
        if (page.items.empty() && page.skipped == 0 && page.total.value_or(0) > start)
          throw InputError(
              fmt::format("arXiv sent no paper from number {} on, and says there are {}", start, *page.total));
      });
      const auto entries = page.items.size() + page.skipped;
      const auto total = page.total.value_or(entries < count ? start + entries : start + entries + 1);
      const bool window_done = entries == 0 || start + entries >= total;
      result.papers += log.store(page, window_done ? Position{to + days(1), 0} : Position{from, start + entries});
      result.skipped += page.skipped;
      taken += entries;
      if (options.say && entries > 0)
        options.say(
            fmt::format("arXiv {} to {}: {} of {} papers", format_date(from), format_date(to), start + entries, total));
    }
    result.complete = true;
    return result;
  });
}

PullResult pull_huggingface(CatalogueStore& store, const PullOptions& options) {
  const std::string base = options.url.empty() ? "https://huggingface.co/api/daily_papers" : options.url;
  if (options.max == 0) throw InputError("at least one paper must be asked for");
  Log log(store);
  log.begin("huggingface", "daily", options, days(2));
  return logged(log, [&] {
    Fetcher fetcher(options.fetch);
    PullResult result;
    std::size_t taken = 0;
    std::set<std::string> seen;  // of the day
    while (log.at().day <= log.to()) {
      if (taken >= options.max) return result;
      const auto [day, number] = log.at();
      const auto date = format_date(day);
      FeedPage page;
      (void)fetcher.get(fmt::format("{}{}date={}&limit={}&p={}", base, base.find('?') == std::string::npos ? '?' : '&',
                                    date, kDailyPage, number),
                        [&](const std::string& body) { page = parse_daily_json(body, date); });
      const auto entries = page.items.size() + page.skipped;
      bool something_new = false;
      for (const auto& item : page.items) something_new = seen.insert(item.arxiv + item.title).second || something_new;
      const bool day_done = entries < kDailyPage || !something_new || number + 1 >= kDailyPages;
      if (day_done) seen.clear();
      result.papers += log.store(page, day_done ? Position{day + days(1), 0} : Position{day, number + 1});
      result.skipped += page.skipped;
      taken += entries;
      if (options.say && entries > 0) options.say(fmt::format("Hugging Face {}: {} papers", date, entries));
    }
    result.complete = true;
    return result;
  });
}

PullResult pull_files(CatalogueStore& store, const std::vector<std::filesystem::path>& files, const std::string& date) {
  if (files.empty()) throw InputError("no file is named; name some with --file");
  if (!date.empty()) (void)day_option(date, "--date");
  Log log(store);
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file.filename().string());
  log.begin("file", clean_text(fmt::format("{}", fmt::join(names, ",")), 500));
  return logged(log, [&] {
    PullResult result;
    for (const auto& file : files) {
      std::error_code error;
      if (!std::filesystem::is_regular_file(file, error)) throw InputError(file.string() + " is not a file");
      if (std::filesystem::file_size(file, error) > limits::kDocument)
        throw InputError(fmt::format("{} has more than {} bytes", file.string(), limits::kDocument));
      std::ifstream in(file, std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      if (!in) throw InputError(file.string() + " cannot be read");
      const std::string stem = file.stem().string();
      const std::string day = !date.empty() ? date : parse_date(stem.substr(0, 10)) ? stem.substr(0, 10) : "";
      FeedPage page;
      try {
        page = parse_feed(text.str(), day);
      } catch (const InputError& e) {
        throw InputError(file.string() + ": " + e.what());
      }
      result.papers += log.store(page, {log.to(), 0});
      result.skipped += page.skipped;
    }
    result.complete = true;
    return result;
  });
}

std::vector<PullRecord> pull_log(CatalogueStore& store, std::size_t limit) {
  const bool running = PullLock::is_held(store);
  return guarded(store.database(), [&] {
    store.database().exec(kTable);
    SQLite::Statement s(
        store.database(),
        "SELECT id, source, query, from_day, to_day, status, started, ended, added, updated, unchanged, "
        "skipped, error FROM pulls ORDER BY id DESC LIMIT ?");
    s.bind(1, static_cast<std::int64_t>(std::min<std::size_t>(limit, 1000)));
    std::vector<PullRecord> log;
    while (s.executeStep()) {
      const auto text = [&](int i) { return s.getColumn(i).getString(); };
      const auto count = [&](int i) { return static_cast<std::size_t>(s.getColumn(i).getInt64()); };
      log.push_back({s.getColumn(0).getInt64(), text(1), text(2), text(3), text(4), text(5), text(6), text(7), count(8),
                     count(9), count(10), count(11), text(12)});
      if (log.back().status == "running" && !running) log.back().status = "interrupted";
    }
    return log;
  });
}

}  // namespace offprint::catalogue
