// data: the registry of data sets.
#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/interrupt.hpp"

namespace offprint::app {

int Command::data_list() {
  const auto sets = datasets();
  Json json = Json::array();
  std::vector<std::vector<Cell>> rows;
  for (const auto& name : sets.list()) {
    const auto& set = sets.entry(name);
    const auto where = sets.find(name);
    json.push_back({{"name", name},
                    {"title", set.title},
                    {"licence", set.licence},
                    {"source", set.source},
                    {"bytes", set.bytes()},
                    {"fetchable", set.fetchable()},
                    {"folder", where ? Json(where->string()) : Json(nullptr)}});
    rows.push_back({{name, Colour::kBold},
                    {where             ? "here"
                     : set.fetchable() ? "can be fetched"
                                       : "by hand",
                     where ? Colour::kGreen : Colour::kDim},
                    {fmt::format("{:.1f} MB", static_cast<double>(set.bytes()) / 1e6)},
                    {set.title},
                    {set.licence, Colour::kDim}});
  }
  if (settings_.json) {
    print(json);
  } else {
    print(format_table(console_, {{"data set"}, {"where"}, {"size"}, {"what it is", 24}, {"licence", 12}}, rows));
  }
  return 0;
}

int Command::data_where(const std::string& name) {
  const auto sets = datasets();
  const auto& set = sets.entry(name);
  const auto where = sets.find(name);
  if (!where)
    throw InputError(fmt::format("data set '{}' is not here; {}", name,
                                 set.fetchable() ? "offprint data fetch " + name + " brings it" : set.how));
  if (settings_.json) {
    print(Json{{"name", name}, {"folder", where->string()}, {"problems", sets.verify(name)}});
  } else {
    print(where->string() + "\n");
    for (const auto& problem : sets.verify(name)) say("note: " + problem);
  }
  return 0;
}

int Command::data_fetch(const std::vector<std::string>& names) {
  const auto sets = datasets();
  for (const auto& name : names) static_cast<void>(sets.entry(name));  // a wrong name is told before anything is loaded
  InterruptGuard guard([] {});
  Json json = Json::array();
  for (const auto& name : names) {
    const auto folder = sets.fetch(name, InterruptGuard::token());
    json.push_back({{"name", name}, {"folder", folder.string()}});
    say(fmt::format("{}: {}", name, folder.string()));
  }
  if (settings_.json) print(json);
  return 0;
}

}  // namespace offprint::app
