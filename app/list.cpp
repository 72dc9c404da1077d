// list, show, version: what cards say. No module, store or BLAS is touched.
#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/build_info.hpp"
#include "offprint/core/option_range.hpp"
#include "offprint/core/progress.hpp"

namespace offprint::app {
namespace {

std::string author_line(const Card& card) {
  if (card.authors.size() <= 3) return fmt::format("{}", fmt::join(card.authors, ", "));
  return card.authors.front() + " et al.";
}

std::string option_line(const OptionSpec& option) {
  std::string text = option.help;
  std::vector<std::string> facts;
  if (!option.choices.empty()) facts.push_back(fmt::format("one of {}", fmt::join(option.choices, ", ")));
  if (const std::string range = range_text(option); !range.empty()) facts.push_back(range);
  if (!option.unit.empty()) facts.push_back("unit " + option.unit);
  if (option.required) facts.push_back("required");
  if (!option.fallback.is_null() && option.type != "flag")
    facts.push_back("default " +
                    (option.fallback.is_string() ? option.fallback.get<std::string>() : option.fallback.dump()));
  if (!facts.empty()) text += fmt::format(" ({})", fmt::join(facts, "; "));
  return text;
}

}  // namespace

int Command::list() {
  const auto& cards = catalogue().cards();
  if (settings_.json) {
    Json j = Json::array();
    for (const auto& card : cards) {
      Json c = to_json(card);
      c["claims"] = card.claims.size();
      Json names = Json::array();
      for (const auto& action : card.actions) names.push_back(action.name);
      c["actions"] = names;
      j.push_back(c);
    }
    print(j);
    return 0;
  }
  std::vector<std::vector<Cell>> rows;
  std::size_t runnable = 0;
  for (const auto& card : cards) {
    runnable += card.runnable ? 1 : 0;
    rows.push_back({{card.slug, card.runnable ? Colour::kBold : Colour::kNone},
                    {std::to_string(card.year)},
                    {card.runnable ? fmt::format("{} claims", card.claims.size()) : "planned",
                     card.runnable ? Colour::kGreen : Colour::kDim},
                    {card.title},
                    {author_line(card), Colour::kDim}});
  }
  print(format_table(console_, {{"paper"}, {"year"}, {"status"}, {"title", 30}, {"authors", 16}}, rows));
  print(fmt::format("{} papers, {} runnable\n", cards.size(), runnable));
  return 0;
}

int Command::show(const std::string& slug) {
  const Card& card = catalogue().card(slug);
  if (settings_.json) {
    print(to_json(card));
    return 0;
  }
  std::string out = console_.paint(card.title, Colour::kBold) + "\n";
  out += fmt::format("{}, {}", fmt::join(card.authors, ", "), card.year);
  if (!card.venue.empty()) out += ", " + card.venue;
  if (!card.arxiv.empty()) out += ", arXiv " + card.arxiv;
  if (!card.doi.empty()) out += ", doi " + card.doi;
  out += "\n";
  if (!card.code.empty()) out += "authors' code: " + card.code + "\n";
  out += fmt::format("keywords: {}\n\n", fmt::join(card.keywords, ", "));
  out += format_table(console_, {{"", 30}}, {{{card.summary}}}).substr(1) + "\n";
  if (!card.runnable) out += "planned: no module of this paper exists yet, so nothing of it can run\n";
  if (!card.claims.empty()) {
    std::vector<std::vector<Cell>> rows;
    for (const auto& claim : card.claims) {
      std::vector<std::string> rules;
      for (const auto& c : claim.criteria) rules.push_back(c.name + " " + c.rule.text());
      rows.push_back({{claim.id, Colour::kBold},
                      {to_string(claim.tier)},
                      {claim.says},
                      {claim.paper},
                      {rules.size() <= 3 ? fmt::format("{}", fmt::join(rules, "; "))
                                         : fmt::format("{}; {}; ... {} criteria", rules[0], rules[1], rules.size())},
                      {"about " + human_duration(claim.seconds), Colour::kDim}});
    }
    out += format_table(console_,
                        {{"claim"}, {"tier"}, {"what it says", 24}, {"paper", 12}, {"judged by", 20}, {"time"}}, rows) +
           "\n";
  }
  for (const auto& action : card.actions) {
    const bool optional = &action == card.default_action();
    const std::string name = optional ? "[" + action.name + "]" : action.name;
    out +=
        console_.paint(fmt::format("offprint run {} {}", card.slug, name), Colour::kBold) + "  " + action.help + "\n";
    std::vector<std::vector<Cell>> rows;
    for (const auto& option : action.options) rows.push_back({{"  --" + option.name}, {option_line(option)}});
    if (!rows.empty()) {
      const auto table = format_table(console_, {{""}, {"", 40}}, rows);
      out += table.substr(table.find('\n') + 1);
    }
    for (const auto& example : action.examples) out += console_.paint("  e.g. " + example, Colour::kDim) + "\n";
    out += "\n";
  }
  print(out);
  return 0;
}

int Command::version() {
  const BuildInfo build = build_info();
  if (settings_.json) {
    print(Json{{"version", build.version},
               {"commit", build.commit},
               {"build_type", build.build_type},
               {"compiler", build.compiler}});
  } else {
    print(fmt::format("offprint {} (commit {}, {}, {})\n", build.version, build.commit, build.build_type,
                      build.compiler));
  }
  return 0;
}

}  // namespace offprint::app
