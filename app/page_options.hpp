// The command line of the page's subcommands: serve, feed, search, digest.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "offprint/core/card.hpp"

namespace offprint::app {

/// Adds the subcommands; `chosen` is called with the one that the user names and its options.
void add_page_subcommands(CLI::App& app, const std::function<void(std::string command, Json options)>& chosen);

/// The options of one of them when none is given.
[[nodiscard]] Json page_defaults(const std::string& command);

}  // namespace offprint::app
