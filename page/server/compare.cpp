// Matching by name: claims by id, criteria and metrics by name, options by name.
#include "page/server/compare.hpp"

#include <cmath>

namespace offprint::page {
namespace {

/// The element of `list` whose `key` is `value`; null when there is none.
Json find_by(const Json& list, const char* key, const Json& value) {
  for (const auto& item : list)
    if (item.value(key, Json()) == value) return item;
  return nullptr;
}

Json field(const Json& object, const char* name) { return object.is_object() ? object.value(name, Json()) : Json(); }

/// All values of `key` in both lists, those of `a` first.
std::vector<Json> keys_of(const Json& a, const Json& b, const char* key) {
  std::vector<Json> keys;
  for (const auto* list : {&a, &b})
    for (const auto& item : *list)
      if (std::find(keys.begin(), keys.end(), item.at(key)) == keys.end()) keys.push_back(item.at(key));
  return keys;
}

Json criteria(const Json& a, const Json& b) {
  Json list = Json::array();
  const Json none = Json::array();
  const auto& first = a.is_null() ? none : a.at("criteria");
  const auto& second = b.is_null() ? none : b.at("criteria");
  for (const auto& name : keys_of(first, second, "name")) {
    const auto x = find_by(first, "name", name);
    const auto y = find_by(second, "name", name);
    const auto va = field(x, "measured");
    const auto vb = field(y, "measured");
    Json difference;
    Json relative;
    if (va.is_number() && vb.is_number()) {
      const double d = vb.get<double>() - va.get<double>();
      difference = d;
      if (va.get<double>() != 0.0 && std::isfinite(d / va.get<double>())) relative = d / std::abs(va.get<double>());
    }
    list.push_back({{"name", name},
                    {"rule", x.is_null() ? field(y, "rule") : field(x, "rule")},
                    {"a", va},
                    {"b", vb},
                    {"difference", difference},
                    {"relative", relative}});
  }
  return list;
}

Json value_of(const Json& metric) {
  if (metric.is_null()) return nullptr;
  return {{"value", field(metric, "value")}, {"lo", field(metric, "lo")}, {"hi", field(metric, "hi")}};
}

Json differing(const Json& a, const Json& b) {
  Json list = Json::array();
  std::vector<std::string> names;
  for (const auto* side : {&a, &b})
    if (side->is_object())
      for (const auto& [name, value] : side->items())
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  for (const auto& name : names)
    if (const auto x = field(a, name.c_str()), y = field(b, name.c_str()); x != y)
      list.push_back({{"name", name}, {"a", x}, {"b", y}});
  return list;
}

}  // namespace

Json compare_runs(const Json& a, const Json& b, const Card* card) {
  Json claims = Json::array();
  for (const auto& id : keys_of(a.at("claims"), b.at("claims"), "id")) {
    const auto x = find_by(a.at("claims"), "id", id);
    const auto y = find_by(b.at("claims"), "id", id);
    std::string says;
    if (card != nullptr)
      for (const auto& claim : card->claims)
        if (claim.id == id) says = claim.says;
    claims.push_back({{"id", id}, {"says", says}, {"a", x}, {"b", y}, {"criteria", criteria(x, y)}});
  }
  Json metrics = Json::array();
  const auto add_metrics = [&](const Json& side, bool first) {
    for (const auto& m : side.at("metrics")) {
      const auto same = [&](const Json& n) { return n.at("scope") == m.at("scope") && n.at("name") == m.at("name"); };
      const auto& other = (first ? b : a).at("metrics");
      const auto at = std::find_if(other.begin(), other.end(), same);
      if (!first && at != other.end()) continue;  // was there with the first
      const Json match = at != other.end() ? *at : Json();
      metrics.push_back({{"scope", m.at("scope")},
                         {"name", m.at("name")},
                         {"unit", m.at("unit")},
                         {"a", value_of(first ? m : match)},
                         {"b", value_of(first ? match : m)}});
    }
  };
  add_metrics(a, true);
  add_metrics(b, false);
  const auto origin = [](const Json& run) {
    Json o = run.at("build");
    if (!o.is_object()) o = Json::object();
    for (const char* name : {"seed", "threads", "ranks", "device", "started", "seconds"}) o[name] = run.at(name);
    for (const char* part : {"machine", "libraries"})
      if (run.at(part).is_object())
        for (const auto& [name, value] : run.at(part).items()) o[name] = value;
    return o;
  };
  return {{"claims", std::move(claims)},
          {"metrics", std::move(metrics)},
          {"options", differing(a.at("options"), b.at("options"))},
          {"origin", differing(origin(a), origin(b))}};
}

}  // namespace offprint::page
