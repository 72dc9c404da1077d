// Pulling feeds into the catalogue: page by page, one transaction each, taken up where it was broken off.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/fetch.hpp"

namespace offprint::catalogue {

struct PullOptions {
  std::vector<std::string> categories{};  // arXiv's; {}: cs.LG, stat.ML, math.NA
  std::string from{};      // first day, YYYY-MM-DD; "": where the last pull ended, else a week before `to`
  std::string to{};        // last day; "": today
  std::size_t max = 2000;  // papers; a pull that stops here is taken up by the next one
  std::string url{};       // of the service; "": the public one
  std::size_t page = 200;  // papers a request (arXiv allows 2,000, and prefers less)
  FetchOptions fetch{};
  std::function<void(const std::string&)> say{};  // told of every page
};

struct PullResult {
  AddResult papers;
  std::size_t skipped = 0;  // entries that could not be used
  std::string from;         // days it covers
  std::string to;
  bool resumed = false;
  bool complete = false;  // false: `max` was reached first
};

/// arXiv's API: papers of the categories submitted on the days from..to (UTC), in windows of a week, oldest first,
/// which keeps pages stable while new papers come in. Without `from` and `to`, a pull of the same categories and
/// address that did not finish is taken up: at its page. Throws InputError (a category or day is malformed, arXiv
/// refuses the query, another pull is running), FetchError, Interrupted; in all cases what came before is kept, and the
/// log has the error.
PullResult pull_arxiv(CatalogueStore& store, const PullOptions& options);

/// Hugging Face's daily papers, a request a day (and one more for every further hundred papers). Without `from`, two
/// days before the last pull's end are fetched again, for the upvotes. Errors as pull_arxiv.
PullResult pull_huggingface(CatalogueStore& store, const PullOptions& options);

/// Files: Atom, JSON, or the text of a Daily Papers page. `date` is the day of a text; "": the YYYY-MM-DD in the file's
/// name. Throws InputError naming the file.
PullResult pull_files(CatalogueStore& store, const std::vector<std::filesystem::path>& files, const std::string& date);

/// A line of the log.
struct PullRecord {
  std::int64_t id = 0;
  std::string source;
  std::string query;  // categories, or files
  std::string from;
  std::string to;
  std::string status;  // "running", "finished", "partial" (max reached), "failed", "interrupted"
  std::string started;
  std::string ended;  // "": not yet, or killed
  std::size_t added = 0;
  std::size_t updated = 0;
  std::size_t unchanged = 0;
  std::size_t skipped = 0;
  std::string error;
};

/// The newest `limit` pulls, newest first.
[[nodiscard]] std::vector<PullRecord> pull_log(CatalogueStore& store, std::size_t limit);

}  // namespace offprint::catalogue
