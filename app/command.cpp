// The invocation's shared parts.
#include "command.hpp"

#include <cstdio>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::app {

Command::Command(Places places, Settings settings)
    : places_(std::move(places)), settings_(std::move(settings)), console_(settings_.color) {}

const Catalogue& Command::catalogue() {
  if (!catalogue_) catalogue_.emplace(places_.paper_folders);
  return *catalogue_;
}

Datasets Command::datasets() const { return Datasets(places_.share_folder / "registry.toml"); }

std::filesystem::path Command::store_folder() const {
  return settings_.store.empty() ? Store::default_folder() : std::filesystem::path(settings_.store);
}

Communicator& Command::ranks() {
  if (!ranks_) ranks_ = make_communicator(places_.library_folder);
  return *ranks_;
}

void Command::print(const std::string& text) {
  if (settings_.events || (ranks_ && ranks_->rank() != 0)) return;
  // a full disk or a closed pipe behind standard output must not look like success
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw IoError("cannot write to standard output");
}

void Command::print(const Json& json) { print(json.dump(2) + "\n"); }

void Command::say(const std::string& text) {
  if (settings_.quiet || (ranks_ && ranks_->rank() != 0)) return;
  fmt::print(stderr, "{}\n", text);
}

}  // namespace offprint::app
