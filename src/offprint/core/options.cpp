// Parsing and checking of option values.
#include "offprint/core/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/option_range.hpp"

namespace offprint {
namespace {

double parse_number(const OptionSpec& spec, std::string_view word, bool integral) {
  std::string_view digits = word;
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  double x = 0.0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), x);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.empty() || !std::isfinite(x))
    throw InputError(
        fmt::format("option --{}: '{}' is not a {}", spec.name, word, integral ? "whole number" : "number"));
  if (integral && (x != std::floor(x) || std::abs(x) > 9e15))
    throw InputError(fmt::format("option --{}: '{}' is not a whole number", spec.name, word));
  if ((spec.min && x < *spec.min) || (spec.max && x > *spec.max))
    throw InputError(fmt::format("option --{}: {} is out of range; it must be {}{}", spec.name, word, range_text(spec),
                                 spec.unit.empty() ? "" : " " + spec.unit));
  return x;
}

std::vector<std::string> split(const std::vector<std::string>& words) {
  std::vector<std::string> parts;
  for (const auto& word : words) {
    std::size_t from = 0;
    for (;;) {
      const auto comma = word.find(',', from);
      parts.push_back(word.substr(from, comma == std::string::npos ? std::string::npos : comma - from));
      if (comma == std::string::npos) break;
      from = comma + 1;
    }
  }
  return parts;
}

std::string absolute_path(const std::string& word) {
  return std::filesystem::absolute(word).lexically_normal().string();
}

Json parse_value(const OptionSpec& spec, const std::vector<std::string>& words) {
  const bool list = spec.type == "paths" || spec.type == "ints" || spec.type == "reals";
  if (!list && words.size() != 1)
    throw InputError(fmt::format("option --{} is given {} times; give it once", spec.name, words.size()));
  const std::string& word = words.front();
  if (spec.type == "int") return static_cast<long>(parse_number(spec, word, true));
  if (spec.type == "real") return parse_number(spec, word, false);
  if (spec.type == "string") return word;
  if (spec.type == "choice") {
    if (std::find(spec.choices.begin(), spec.choices.end(), word) != spec.choices.end()) return word;
    throw InputError(fmt::format("option --{}: '{}' is not one of {}", spec.name, word, fmt::join(spec.choices, ", ")));
  }
  if (spec.type == "flag") {
    if (word == "true" || word == "yes" || word == "1") return true;
    if (word == "false" || word == "no" || word == "0") return false;
    throw InputError(fmt::format("option --{}: '{}' is not true or false", spec.name, word));
  }
  if (spec.type == "path") return absolute_path(word);
  Json values = Json::array();
  for (const auto& part : split(words)) {
    if (spec.type == "paths") {
      values.push_back(absolute_path(part));
    } else if (spec.type == "ints") {
      values.push_back(static_cast<long>(parse_number(spec, part, true)));
    } else {
      values.push_back(parse_number(spec, part, false));
    }
  }
  return values;
}

}  // namespace

Options Options::parse(const ActionSpec& action, const std::map<std::string, std::vector<std::string>>& given) {
  for (const auto& [name, words] : given) static_cast<void>(action.option(name));
  Json values = Json::object();
  for (const auto& spec : action.options) {
    const auto at = given.find(spec.name);
    if (at != given.end() && !at->second.empty()) {
      values[spec.name] = parse_value(spec, at->second);
    } else if (!spec.fallback.is_null()) {
      values[spec.name] = spec.fallback;
    } else if (spec.required) {
      throw InputError(fmt::format("option --{} is missing: {}", spec.name, spec.help));
    }
  }
  return Options(std::move(values));
}

const Json& Options::value(std::string_view name) const {
  const auto at = values_.find(std::string(name));
  if (at == values_.end()) throw Error("option '" + std::string(name) + "' has no value and no default on the card");
  return *at;
}

bool Options::has(std::string_view name) const { return values_.contains(std::string(name)); }
long Options::integer(std::string_view name) const { return value(name).get<long>(); }
double Options::real(std::string_view name) const { return value(name).get<double>(); }
std::string Options::text(std::string_view name) const { return value(name).get<std::string>(); }
bool Options::flag(std::string_view name) const { return has(name) && value(name).get<bool>(); }
std::filesystem::path Options::path(std::string_view name) const { return text(name); }

std::vector<std::filesystem::path> Options::paths(std::string_view name) const {
  std::vector<std::filesystem::path> result;
  if (!has(name)) return result;
  for (const auto& p : value(name)) result.emplace_back(p.get<std::string>());
  return result;
}

std::vector<long> Options::integers(std::string_view name) const { return value(name).get<std::vector<long>>(); }
std::vector<double> Options::reals(std::string_view name) const { return value(name).get<std::vector<double>>(); }

}  // namespace offprint
