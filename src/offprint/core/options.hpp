// Typed options of an action: text from the command line or a form in, checked values out.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "offprint/core/card.hpp"

namespace offprint {

/// The options of one run, each checked against the card. Getters throw Error when the study asks for an option that
/// the card does not have (a defect of the study, found by its first test).
class Options {
 public:
  Options() = default;
  /// Takes values that were checked before (from the store).
  explicit Options(Json values) : values_(std::move(values)) {}

  /// Parses `given` (name -> one or more words) against the action's specifications, fills in defaults. Throws
  /// InputError: unknown option (with the nearest name), not a number, out of range (with the range), not a choice,
  /// missing required. Paths are made absolute, so that a run can be resumed from another folder.
  [[nodiscard]] static Options parse(const ActionSpec& action,
                                     const std::map<std::string, std::vector<std::string>>& given);

  /// Whether the option has a value (given or default).
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] long integer(std::string_view name) const;
  [[nodiscard]] double real(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::filesystem::path path(std::string_view name) const;
  [[nodiscard]] std::vector<std::filesystem::path> paths(std::string_view name) const;
  [[nodiscard]] std::vector<long> integers(std::string_view name) const;
  [[nodiscard]] std::vector<double> reals(std::string_view name) const;
  [[nodiscard]] const Json& json() const { return values_; }

 private:
  [[nodiscard]] const Json& value(std::string_view name) const;
  Json values_ = Json::object();
};

}  // namespace offprint
