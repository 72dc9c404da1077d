// The part of JSON Schema that page/server/openapi.json uses, for the test that holds the server to it.
#pragma once

#include <regex>
#include <string>

#include "offprint/core/card.hpp"

namespace offprint::page {

/// What is wrong with `value`, "" when it fits. `root` resolves "#/..." references.
inline std::string schema_mistake(const Json& value, const Json& schema, const Json& root,
                                  const std::string& at = "$") {
  if (const auto reference = schema.find("$ref"); reference != schema.end())
    return schema_mistake(value, root.at(Json::json_pointer(reference->get<std::string>().substr(1))), root, at);
  if (const auto choices = schema.find("oneOf"); choices != schema.end()) {
    std::string all;
    int fitting = 0;
    for (const auto& choice : *choices) {
      const auto mistake = schema_mistake(value, choice, root, at);
      fitting += mistake.empty() ? 1 : 0;
      all += mistake + "; ";
    }
    return fitting == 1 ? "" : at + " fits " + std::to_string(fitting) + " of oneOf: " + all;
  }
  if (const auto type = schema.find("type"); type != schema.end()) {
    const Json names = type->is_array() ? *type : Json::array({*type});
    bool good = false;
    for (const auto& name : names) {
      const auto n = name.get<std::string>();
      good = good || (n == "string" && value.is_string()) || (n == "integer" && value.is_number_integer()) ||
             (n == "number" && value.is_number()) || (n == "boolean" && value.is_boolean()) ||
             (n == "object" && value.is_object()) || (n == "array" && value.is_array()) ||
             (n == "null" && value.is_null());
    }
    if (!good) return at + " is " + value.dump().substr(0, 80) + ", not " + names.dump();
  }
  if (const auto choices = schema.find("enum"); choices != schema.end())
    if (std::find(choices->begin(), choices->end(), value) == choices->end())
      return at + " is " + value.dump() + ", none of " + choices->dump();
  if (const auto pattern = schema.find("pattern"); pattern != schema.end() && value.is_string())
    if (!std::regex_search(value.get<std::string>(), std::regex(pattern->get<std::string>())))
      return at + " is " + value.dump() + ", not like " + pattern->get<std::string>();
  if (value.is_object()) {
    const Json properties = schema.value("properties", Json::object());
    for (const auto& name : schema.value("required", Json::array()))
      if (!value.contains(name.get<std::string>())) return at + " lacks " + name.get<std::string>();
    for (const auto& [name, inner] : value.items()) {
      if (!properties.contains(name)) {
        if (schema.value("additionalProperties", Json(true)) == Json(false)) return at + " has an unknown " + name;
        continue;
      }
      if (auto mistake = schema_mistake(inner, properties.at(name), root, at + "." + name); !mistake.empty())
        return mistake;
    }
  }
  if (value.is_array() && schema.contains("items"))
    for (std::size_t i = 0; i < value.size(); ++i)
      if (auto mistake = schema_mistake(value[i], schema.at("items"), root, at + "[" + std::to_string(i) + "]");
          !mistake.empty())
        return mistake;
  return "";
}

}  // namespace offprint::page
