// What the offprint command hands to the page's module (libofp_page.so), which it opens only for the page's
// subcommands: the server, feeds, search and mail need libraries that `offprint list` must not load.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "offprint/core/card.hpp"

namespace offprint::page {

/// One subcommand with its parsed options, and where things lie.
struct Call {
  std::string command;  // "serve", "feed pull", "search", "digest send", ...
  Json options = Json::object();
  bool json = false;
  bool quiet = false;
  bool coloured = false;                             // standard output takes colours
  std::filesystem::path store;                       // folder of the run record and the catalogue
  std::filesystem::path share;                       // share/offprint: the site, the API's description
  std::filesystem::path executable;                  // the offprint command, for worker processes
  std::vector<std::filesystem::path> paper_folders;  // of the cards
  std::function<void(const std::string&)> print;     // to standard output
  std::function<void(const std::string&)> say;       // to standard error, unless quiet
};

// Each returns an exit code and throws offprint::Error.
int serve(const Call& call);
int feed(const Call& call);
int search(const Call& call);
int digest(const Call& call);

/// What the module exports as `offprint_page_module`.
struct ModuleInterface {
  const char* version;
  int (*run)(const Call& call);
};

}  // namespace offprint::page
