// Shell completion: one small script per shell that asks the command itself, so that papers, actions and options are
// live.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/error.hpp"
#include "subcommands.hpp"

namespace offprint::app {
namespace {

constexpr const char* kBash = R"(_offprint() {
  local IFS=$'\n'
  COMPREPLY=($(offprint __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == @files ]]; then
    COMPREPLY=()
    compopt -o default 2>/dev/null
  fi
}
complete -F _offprint offprint
)";

constexpr const char* kZsh = R"(#compdef offprint
_offprint() {
  local -a found
  found=("${(@f)$(offprint __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ ${#found} -eq 1 && ${found[1]} == @files ]]; then
    _files
  else
    compadd -- $found
  fi
}
compdef _offprint offprint
)";

}  // namespace

int Command::completion(const std::string& shell) {
  print(std::string(shell == "bash" ? kBash : kZsh));
  return 0;
}

int Command::complete(const std::vector<std::string>& words) {
  const std::string last = words.empty() ? "" : words.back();
  std::vector<std::string> before;  // the words that are not options, without the one being typed
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if (!words[i].starts_with("-")) before.push_back(words[i]);
  const std::string previous = words.size() >= 2 ? words[words.size() - 2] : "";

  std::vector<std::string> candidates;
  const auto slugs = [&](bool runnable_only) {
    for (const auto& card : catalogue().cards())
      if (card.runnable || !runnable_only) candidates.push_back(card.slug);
  };
  const std::string sub = before.empty() ? "" : before.front();
  const ActionSpec* action = nullptr;
  if (sub == "run" && before.size() >= 2) {
    const Card& card = catalogue().card(before[1]);
    if (before.size() >= 3)
      for (const auto& a : card.actions)
        if (a.name == before[2]) action = &a;
    if (action == nullptr) action = card.default_action();
  }
  if (previous == "--tier") {
    candidates = {"quick", "full", "gpu"};
  } else if (previous == "--color") {
    candidates = {"auto", "always", "never"};
  } else if (action != nullptr && previous.starts_with("--")) {
    for (const auto& option : action->options) {
      if ("--" + option.name != previous || option.type == "flag") continue;
      candidates = option.choices;
      if (option.type == "path" || option.type == "paths") candidates = {"@files"};
    }
  }
  if (candidates.empty() && last.starts_with("-")) {
    candidates = {"--json", "--seed", "--threads", "--device", "--tier", "--quiet", "--color", "--store", "--help"};
    if (sub == "check")
      for (const char* extra : {"--all", "--claim", "--details", "--strict", "--markdown", "--report"})
        candidates.emplace_back(extra);
    if (sub == "run") candidates.emplace_back("--out");
    if (action != nullptr)
      for (const auto& option : action->options) candidates.push_back("--" + option.name);
  } else if (candidates.empty() && before.empty()) {
    candidates = subcommand_names();
  } else if (candidates.empty() && (sub == "show" || sub == "check" || (sub == "run" && before.size() == 1))) {
    slugs(sub != "show");
  } else if (candidates.empty() && sub == "run" && before.size() == 2) {
    for (const auto& a : catalogue().card(before[1]).actions) candidates.push_back(a.name);
  } else if (candidates.empty() && sub == "runs" && before.size() == 1) {
    candidates = {"show", "compare", "rm", "export"};
  } else if (candidates.empty() && (sub == "resume" || sub == "report" || sub == "figure" || sub == "runs")) {
    for (const auto& run : Store(store_folder(), Store::Access::kRead).runs())
      if (sub != "resume" || run.status == "interrupted" || run.status == "failed")
        candidates.push_back(std::to_string(run.id));
  } else if (candidates.empty() && sub == "data") {
    if (before.size() == 1) {
      candidates = {"list", "fetch", "where"};
    } else {
      for (const auto& name : datasets().list()) candidates.push_back(name);
    }
  }
  std::string out;
  for (const auto& candidate : candidates)
    if (candidate.starts_with(last) || candidate == "@files") out += candidate + "\n";
  print(out);
  return 0;
}

}  // namespace offprint::app
