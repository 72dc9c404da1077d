// The card of a paper (papers/<slug>/paper.toml): what the catalogue, the command line, the page and the docs are made
// from.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "offprint/core/rule.hpp"

namespace offprint {

using Json = nlohmann::ordered_json;

/// One option of an action. `type`: "int", "real", "string", "choice", "flag", "path", "paths" (comma-separated or
/// repeated), "ints", "reals". Numbers may be bounded; `fallback` is the default (null: none).
struct OptionSpec {
  std::string name;
  std::string type;
  std::string help;
  std::string unit;
  Json fallback;
  std::optional<double> min{};
  std::optional<double> max{};
  std::vector<std::string> choices;
  bool required = false;
};

/// Something `offprint run SLUG ACTION` can do.
struct ActionSpec {
  std::string name;
  std::string help;
  std::vector<std::string> examples;
  std::vector<OptionSpec> options;
  bool is_default = false;  ///< what `offprint run SLUG` does when no action is named
  /// Throws InputError (with the nearest name) when there is no such option.
  [[nodiscard]] const OptionSpec& option(std::string_view option_name) const;
};

enum class Tier { kQuick, kFull, kGpu };
[[nodiscard]] std::string to_string(Tier tier);
/// Throws InputError naming the three tiers.
[[nodiscard]] Tier parse_tier(std::string_view text);

/// One measured quantity of a claim, and the rule it is judged by.
struct Criterion {
  std::string name;
  std::string says;
  Rule rule;
};

/// A headline claim of the paper and how it is judged here.
struct Claim {
  std::string id;
  std::string says;
  std::string paper;  // what the paper reports
  Tier tier = Tier::kQuick;
  std::vector<std::string> data;  // names of data sets it needs
  double seconds = 0.0;           // about how long it takes on two cores
  double confidence = 0.95;
  std::vector<Criterion> criteria;
  std::vector<std::string> headline;  // criteria shown in one line; default: the first two
};

/// A whole card.
struct Card {
  std::string slug;
  std::filesystem::path path;
  std::string title;
  std::vector<std::string> authors;
  int year = 0;
  std::string arxiv;
  std::string doi;
  std::string venue;
  std::string code;
  std::string listed;  // YYYY-MM-DD: the day the paper was on the page; "" unknown
  std::string component;
  std::vector<std::string> keywords;
  std::string summary;
  bool runnable = false;  // status = "ready"
  std::vector<ActionSpec> actions;
  std::vector<Claim> claims;

  /// Throw InputError (with the nearest name) when there is none.
  [[nodiscard]] const ActionSpec& action(std::string_view name) const;
  [[nodiscard]] const Claim& claim(std::string_view id) const;
  /// The action whose name may be left out: the only one, or the one with `default = true`. Null when there is none.
  [[nodiscard]] const ActionSpec* default_action() const;
};

/// Reads one card; its slug is the folder's (or file's) name. Unknown keys, missing keys and malformed rules throw
/// InputError with file and line.
[[nodiscard]] Card read_card(const std::filesystem::path& toml, std::string slug);

/// The card as JSON, as `show --json` prints it.
[[nodiscard]] Json to_json(const Card& card);

/// The cards below the given folders (<folder>/<slug>/paper.toml); the first folder that has a slug wins. Folders are
/// looked through at once, cards are read when asked for: one card costs a millisecond, all of them ten.
class Catalogue {
 public:
  explicit Catalogue(const std::vector<std::filesystem::path>& folders);
  /// All cards, sorted by slug.
  [[nodiscard]] const std::vector<Card>& cards() const;
  /// Throws InputError "there is no paper 'x'; did you mean ..."
  [[nodiscard]] const Card& card(std::string_view slug) const;

 private:
  std::map<std::string, std::filesystem::path, std::less<>> paths_;
  mutable std::vector<Card> all_;
  mutable std::map<std::string, Card, std::less<>> read_;
};

}  // namespace offprint
