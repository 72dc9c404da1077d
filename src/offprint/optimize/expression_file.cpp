// Problem files: TOML in, ExpressionText out.
#include <set>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/toml_file.hpp"
#include "offprint/optimize/expression_problem.hpp"

namespace offprint::optimize {
namespace {

std::string text_at(const toml::table& table, const char* key, const std::string& file) {
  const auto value = table[key].value<std::string>();
  if (!value) throw InputError(fmt::format("{}: {} is missing; write {} = \"an expression\"", file, key, key));
  return *value;
}

std::vector<std::string> names_at(const toml::table& table, const char* key, const std::string& file) {
  std::vector<std::string> out;
  if (const auto* array = table[key].as_array()) {
    for (const auto& entry : *array)
      if (const auto name = entry.value<std::string>()) out.push_back(*name);
    if (out.size() == array->size() && !out.empty()) return out;
  }
  throw InputError(
      fmt::format("{}: {} must name the variables of its level, {} = [\"{}1\", \"{}2\"]", file, key, key, key, key));
}

Eigen::VectorXd numbers_at(const toml::table& table, const char* key, const std::string& file) {
  if (!table.contains(key)) return {};
  std::vector<double> out;
  if (const auto* array = table[key].as_array()) {
    for (const auto& entry : *array)
      if (const auto number = entry.value<double>()) out.push_back(*number);
    if (out.size() == array->size())
      return Eigen::Map<const Eigen::VectorXd>(out.data(), static_cast<Eigen::Index>(out.size()));
  }
  throw InputError(fmt::format("{}: {} must be a list of numbers, one a variable", file, key));
}

}  // namespace

ExpressionText read_expression_text(const std::filesystem::path& path) {
  const auto table = load_toml(path);
  const std::string file = path.filename().string();
  const std::set<std::string> known{"f", "g", "x", "y", "x_lower", "x_upper", "y_lower", "y_upper"};
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    if (name == "constraints")
      throw InputError(fmt::format(
          "{}: a constraint is declared for which there is no projection; only boxes (x_lower, x_upper, y_lower, "
          "y_upper) can be given",
          file));
    if (!known.contains(name))
      throw InputError(
          fmt::format("{}: '{}' is no key of a problem{}", file, name, suggestion(name, {known.begin(), known.end()})));
  }
  return {text_at(table, "f", file),          text_at(table, "g", file),          names_at(table, "x", file),
          names_at(table, "y", file),         numbers_at(table, "x_lower", file), numbers_at(table, "x_upper", file),
          numbers_at(table, "y_lower", file), numbers_at(table, "y_upper", file)};
}

}  // namespace offprint::optimize
