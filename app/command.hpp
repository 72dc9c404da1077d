// What every subcommand is given, and the subcommands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "console.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/communicator.hpp"
#include "offprint/core/datasets.hpp"
#include "offprint/core/store.hpp"
#include "places.hpp"

namespace offprint::app {

/// The options that hold for every subcommand.
struct Settings {
  bool json = false;
  bool quiet = false;
  bool events = false;  // standard output carries events (events.hpp) instead of text
  std::string color = "auto";
  std::string store;  // "" : the default folder
  std::uint64_t seed = 0;
  unsigned threads = 0;
  std::string device = "auto";
  std::string tier = "quick";
};

/// One invocation of the command.
class Command {
 public:
  Command(Places places, Settings settings);
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  [[nodiscard]] const Places& places() const { return places_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const Console& console() const { return console_; }
  [[nodiscard]] const Catalogue& catalogue();
  [[nodiscard]] Datasets datasets() const;
  [[nodiscard]] std::filesystem::path store_folder() const;
  /// The ranks this command was started on (loads MPI only under mpirun).
  [[nodiscard]] Communicator& ranks();
  /// Prints to standard output, on rank 0 only.
  void print(const std::string& text);
  /// Prints a JSON document, on rank 0 only.
  void print(const Json& json);
  /// A message on standard error, on rank 0, unless quiet.
  void say(const std::string& text);

  // list.cpp
  int list();
  int show(const std::string& slug);
  int version();
  // execute.cpp
  struct CheckRequest {
    std::vector<std::string> slugs;   // empty: all runnable papers
    std::vector<std::string> claims;  // empty: all
    bool only_new = false;            // leave out what this build has judged with this seed, and higher tiers
    bool details = false;
    bool strict = false;
    std::optional<std::string> markdown{};
    std::optional<std::string> report{};
  };
  int check(const CheckRequest& request);
  int run(const std::string& slug, const std::string& action, const Options& options, const std::string& out);
  int resume(std::int64_t id);
  /// No arguments: the quick claims of every runnable paper that this build has not judged yet, the table, the report;
  /// on a terminal then the page.
  int main_job();
  // runs.cpp
  int runs(const std::string& paper);
  int runs_show(std::int64_t id);
  int runs_compare(std::int64_t a, std::int64_t b);
  int runs_remove(const std::vector<std::int64_t>& ids);
  int runs_export(std::int64_t id, const std::string& out);
  // report.cpp
  /// Writes the report of these runs (none: the newest check of each paper); returns the runs it holds.
  std::vector<std::int64_t> write_report(const std::vector<std::int64_t>& ids, const std::string& out);
  int report(const std::vector<std::int64_t>& ids, const std::string& out);
  /// The newest outcome of every claim of every paper, dated today; `out` empty: offprint-edition-DATE.html.
  int edition(const std::string& out);
  int figure(std::int64_t id, const std::string& name, const std::string& format, const std::string& theme,
             const std::string& out);
  void export_outputs(std::int64_t id, const std::filesystem::path& folder);
  // page.cpp
  /// A subcommand of the page's module: serve, feed, search, digest.
  int page(const std::string& name, const Json& options);
  // data.cpp
  int data_list();
  int data_where(const std::string& name);
  int data_fetch(const std::vector<std::string>& names);
  // new_paper.cpp
  int new_paper(const std::string& slug);
  // doctor.cpp
  int doctor();
  // complete.cpp
  int completion(const std::string& shell);
  int complete(const std::vector<std::string>& words);

 private:
  Places places_;
  Settings settings_;
  Console console_;
  std::optional<Catalogue> catalogue_;
  std::unique_ptr<Communicator> ranks_;
};

/// Rows of the verdict table, for `check`, `runs show` and `resume`.
[[nodiscard]] std::string verdict_table(const Console& console, const Card& card,
                                        const std::vector<ClaimResult>& results, bool details);
/// "5 hold, 1 falls short, 1 not run".
[[nodiscard]] std::string count_line(const std::vector<ClaimResult>& results);
/// "0.931 [0.92, 0.94]".
[[nodiscard]] std::string format_estimate(const Estimate& estimate, int digits = 5);

}  // namespace offprint::app
