// From JSON to the command line's words.
#include "page/server/job_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/options.hpp"
#include "page/server/query.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kMostOptions = 200;
constexpr std::size_t kMostValues = 1000;
constexpr std::size_t kLongestText = 4096;

std::string clean_text(const Json& value, std::string_view what) {
  if (!value.is_string()) throw InputError(fmt::format("'{}' must be a text", what));
  auto text = value.get<std::string>();
  if (text.size() > kLongestText) throw InputError(fmt::format("'{}' is longer than {} bytes", what, kLongestText));
  if (!is_clean_text(text)) throw InputError(fmt::format("'{}' holds a character that has no place there", what));
  return text;
}

std::uint64_t whole_number(const Json& value, std::string_view what, std::uint64_t most) {
  std::uint64_t number = 0;
  bool good = false;
  if (value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0)) {
    number = value.get<std::uint64_t>();
    good = true;
  } else if (value.is_string()) {  // 64 bits do not fit JavaScript's numbers
    const auto text = value.get<std::string>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    good = error == std::errc() && end == text.data() + text.size();
  }
  if (!good || number > most) throw InputError(fmt::format("'{}' must be a whole number from 0 to {}", what, most));
  return number;
}

std::string word(const Json& value, const std::string& name) {
  if (value.is_string()) return clean_text(value, name);
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number()) return value.dump();
  throw InputError(
      fmt::format("option --{}: a value must be a text, a number, true or false, or a list of them", name));
}

/// Whether a text option could make the method open a file: a path from the root or home, or one that climbs.
bool names_a_file(const std::string& value) {
  std::string_view rest = value;
  while (!rest.empty()) {
    const auto end = std::min(rest.find_first_of(",;=: "), rest.size());
    const auto part = rest.substr(0, end);
    if (part.starts_with('/') || part.starts_with('~') || part == ".." || part.starts_with("../") ||
        part.find("/../") != std::string_view::npos || part.ends_with("/.."))
      return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

JobRequest parse_job_request(const Json& json) {
  constexpr std::array<std::string_view, 8> kKnown = {"kind", "paper", "action",  "claims",
                                                      "tier", "seed",  "threads", "options"};
  if (!json.is_object()) throw InputError("a job is a JSON object with 'kind' and 'paper'");
  for (const auto& [key, value] : json.items())
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end())
      throw InputError(fmt::format("a job has no '{}'{}", is_clean_text(key) ? key.substr(0, 60) : "?",
                                   suggestion(key.substr(0, 60), {kKnown.begin(), kKnown.end()})));
  JobRequest r;
  if (!json.contains("kind") || !json.contains("paper")) throw InputError("a job needs 'kind' and 'paper'");
  r.kind = clean_text(json["kind"], "kind");
  if (r.kind != "check" && r.kind != "run")
    throw InputError("'kind' is 'check' (measure the paper's claims) or 'run' (its method on your data)");
  r.paper = parse_key(clean_text(json["paper"], "paper"));
  if (json.contains("action") && !json["action"].is_null()) r.action = clean_text(json["action"], "action");
  if (json.contains("claims")) {
    if (!json["claims"].is_array() || json["claims"].size() > kMostOptions)
      throw InputError("'claims' must be a list of claim ids");
    for (const auto& claim : json["claims"]) r.claims.push_back(clean_text(claim, "claims"));
  }
  if (json.contains("tier")) r.tier = to_string(parse_tier(clean_text(json["tier"], "tier")));
  if (json.contains("seed")) r.seed = whole_number(json["seed"], "seed", UINT64_MAX);
  if (json.contains("threads")) r.threads = static_cast<unsigned>(whole_number(json["threads"], "threads", 4096));
  if (json.contains("options")) {
    if (!json["options"].is_object() || json["options"].size() > kMostOptions)
      throw InputError("'options' must be an object: {\"name\": value}");
    for (const auto& [name, value] : json["options"].items()) {
      if (name.empty() || name.size() > 100 || !is_clean_text(name)) throw InputError("an option has a strange name");
      if (value.is_null()) continue;
      std::vector<std::string> words;
      if (value.is_array()) {
        if (value.size() > kMostValues) throw InputError(fmt::format("option --{} has too many values", name));
        for (const auto& v : value) words.push_back(word(v, name));
      } else {
        words.push_back(word(value, name));
      }
      std::erase(words, "");
      if (words.empty()) continue;  // an empty field of a form
      r.given[name] = std::move(words);
      r.options[name] = value;
    }
  }
  if (r.kind == "check" && !r.given.empty()) throw InputError("a check has no options; they belong to a run");
  if (r.kind == "run" && !r.claims.empty()) throw InputError("a run has no claims; they belong to a check");
  return r;
}

void check_against_card(JobRequest& request, const Card& card, const PathResolver& resolve) {
  if (!card.runnable)
    throw InputError(fmt::format(
        "paper '{}' is planned: no module of it exists yet; the front page shows which papers run", card.slug));
  if (request.kind == "check") {
    for (const auto& id : request.claims) {
      static_cast<void>(card.claim(id));
      if (std::count(request.claims.begin(), request.claims.end(), id) > 1)
        throw InputError(fmt::format("claim {} is named twice", id));
    }
    return;
  }
  if (request.action.empty()) {
    const auto* usual = card.default_action();
    if (usual == nullptr) throw InputError(fmt::format("say which 'action' of '{}' to run", card.slug));
    request.action = usual->name;
  }
  const ActionSpec& action = card.action(request.action);
  for (auto& [name, words] : request.given) {
    const OptionSpec& spec = action.option(name);
    if (spec.type == "path") {
      for (auto& w : words) w = resolve(w);
    } else if (spec.type == "paths") {
      std::vector<std::string> each;
      for (const auto& w : words)
        for (std::size_t from = 0; from <= w.size();) {
          const auto end = std::min(w.find(',', from), w.size());
          each.push_back(resolve(w.substr(from, end - from)));
          from = end + 1;
        }
      words = std::move(each);
    } else if (spec.type == "string") {
      for (auto& w : words)
        if (w.starts_with("upload:") || w.starts_with('/')) {
          w = resolve(w);
        } else if (names_a_file(w)) {
          throw InputError(
              fmt::format("option --{}: '{}' names a file; choose an uploaded one, or one in a folder that "
                          "'offprint serve --allow' opens, by its full path",
                          name, w));
        }
    }
  }
  const Options checked = Options::parse(action, request.given);
  static_cast<void>(checked);
  for (const auto& [name, words] : request.given)
    if (action.option(name).type == "flag" && !checked.flag(name) && action.option(name).fallback == Json(true))
      throw InputError(fmt::format("option --{} is on by default and cannot be turned off", name));
}

std::vector<std::string> command_words(const JobRequest& request) {
  std::vector<std::string> words{request.kind, request.paper};
  if (request.kind == "check") {
    if (!request.claims.empty()) words.push_back(fmt::format("--claim={}", fmt::join(request.claims, ",")));
    words.push_back("--tier=" + request.tier);
  } else {
    words.push_back(request.action);
    for (const auto& [name, values] : request.given)
      for (const auto& value : values) words.push_back("--" + name + "=" + value);
  }
  words.push_back("--seed=" + std::to_string(request.seed));
  if (request.threads != 0) words.push_back("--threads=" + std::to_string(request.threads));
  return words;
}

Json to_json(const JobRequest& r) {
  return {{"kind", r.kind}, {"paper", r.paper},     {"action", r.action},   {"claims", r.claims}, {"tier", r.tier},
          {"seed", r.seed}, {"threads", r.threads}, {"options", r.options}, {"given", r.given}};
}

JobRequest job_request_from_json(const Json& j) {
  JobRequest r;
  r.kind = j.at("kind");
  r.paper = j.at("paper");
  r.action = j.at("action");
  r.claims = j.at("claims").get<std::vector<std::string>>();
  r.tier = j.at("tier");
  r.seed = j.at("seed");
  r.threads = j.at("threads");
  r.options = j.at("options");
  r.given = j.at("given").get<std::map<std::string, std::vector<std::string>>>();
  return r;
}

}  // namespace offprint::page
