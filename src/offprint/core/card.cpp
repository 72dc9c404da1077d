// Cards: TOML in, checked key by key.
#include "offprint/core/card.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "offprint/core/date.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/toml_file.hpp"

namespace offprint {
namespace {

/// One TOML table being read: every access names the key, so an error can name the place.
class Section {
 public:
  Section(const toml::table& table, std::string file, std::string what)
      : table_(table), file_(std::move(file)), what_(std::move(what)) {}

  [[noreturn]] void fail(const std::string& message, const toml::node* node = nullptr) const {
    const auto line = (node != nullptr ? node->source() : table_.source()).begin.line;
    throw InputError(file_ + ":" + std::to_string(line) + ": " + what_ + ": " + message);
  }

  void known_keys(const std::vector<std::string>& keys) const {
    for (const auto& [key, node] : table_)
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end())
        fail("unknown key '" + std::string(key.str()) + "'" + suggestion(key.str(), keys), &node);
  }

  [[nodiscard]] std::string text(const char* key, bool required = false) const {
    const auto* node = table_.get(key);
    if (node == nullptr) {
      if (required) fail("key '" + std::string(key) + "' is missing");
      return "";
    }
    if (!node->is_string()) fail("key '" + std::string(key) + "' must be a string", node);
    return joined(node->as_string()->get());
  }

  [[nodiscard]] std::optional<double> number(const char* key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value<double>();
    if (!value) fail("key '" + std::string(key) + "' must be a number", node);
    return value;
  }

  [[nodiscard]] bool flag(const char* key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return false;
    if (!node->is_boolean()) fail("key '" + std::string(key) + "' must be true or false", node);
    return node->as_boolean()->get();
  }

  [[nodiscard]] std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> values;
    const auto* node = table_.get(key);
    if (node == nullptr) return values;
    const auto* array = node->as_array();
    if (array == nullptr) fail("key '" + std::string(key) + "' must be a list of strings", node);
    for (const auto& element : *array) {
      if (!element.is_string()) fail("key '" + std::string(key) + "' must be a list of strings", &element);
      values.push_back(element.as_string()->get());
    }
    return values;
  }

  [[nodiscard]] Json value(const char* key) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return nullptr;
    return json_of(*node);
  }

  [[nodiscard]] std::vector<Section> tables(const char* key) const {
    std::vector<Section> sections;
    const auto* node = table_.get(key);
    if (node == nullptr) return sections;
    const auto* array = node->as_array();
    if (array == nullptr) fail("'" + std::string(key) + "' must be a list of tables ([[" + key + "]])", node);
    for (const auto& element : *array) {
      const auto* table = element.as_table();
      if (table == nullptr) fail("'" + std::string(key) + "' must be a list of tables ([[" + key + "]])", &element);
      sections.emplace_back(*table, file_, what_ + ", " + key + " " + std::to_string(sections.size() + 1));
    }
    return sections;
  }

 private:
  static Json json_of(const toml::node& node) {
    if (const auto* s = node.as_string()) return s->get();
    if (const auto* i = node.as_integer()) return i->get();
    if (const auto* d = node.as_floating_point()) return d->get();
    if (const auto* b = node.as_boolean()) return b->get();
    Json list = Json::array();
    if (const auto* array = node.as_array())
      for (const auto& element : *array) list.push_back(json_of(element));
    return list;
  }

  /// Multi-line strings are wrapped for the editor: their lines are one paragraph.
  static std::string joined(const std::string& s) {
    std::string out;
    for (const char c : s) {
      if (c != '\n') {
        out += c;
      } else if (!out.empty() && out.back() != ' ') {
        out += ' ';
      }
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  }

  const toml::table& table_;
  std::string file_;
  std::string what_;
};

const std::set<std::string> kTypes = {"int", "real", "string", "choice", "flag", "path", "paths", "ints", "reals"};

OptionSpec read_option(const Section& s) {
  s.known_keys({"name", "type", "help", "unit", "default", "min", "max", "choices", "required"});
  OptionSpec option;
  option.name = s.text("name", true);
  option.type = s.text("type", true);
  if (!kTypes.contains(option.type))
    s.fail("unknown option type '" + option.type + "'" + suggestion(option.type, {kTypes.begin(), kTypes.end()}));
  option.help = s.text("help", true);
  option.unit = s.text("unit");
  option.fallback = option.type == "flag" ? Json(s.flag("default")) : s.value("default");
  option.min = s.number("min");
  option.max = s.number("max");
  option.choices = s.texts("choices");
  option.required = s.flag("required");
  if (option.type == "choice" && option.choices.empty())
    s.fail("option '" + option.name + "' is a choice without choices");
  if (option.type == "choice" && option.fallback.is_string() &&
      std::find(option.choices.begin(), option.choices.end(), option.fallback.get<std::string>()) ==
          option.choices.end())
    s.fail("the default of option '" + option.name + "' is not among its choices");
  return option;
}

using OptionGroups = std::map<std::string, std::vector<OptionSpec>>;

/// Options that several actions share are written once, as [[group]] with [[group.option]], and named by `groups`.
OptionGroups read_groups(const Section& card) {
  OptionGroups groups;
  for (const auto& s : card.tables("group")) {
    s.known_keys({"name", "option"});
    auto& options = groups[s.text("name", true)];
    for (const auto& section : s.tables("option")) options.push_back(read_option(section));
  }
  return groups;
}

ActionSpec read_action(const Section& s, const OptionGroups& groups) {
  s.known_keys({"name", "help", "examples", "default", "groups", "option"});
  ActionSpec action;
  action.name = s.text("name", true);
  action.help = s.text("help", true);
  action.examples = s.texts("examples");
  action.is_default = s.flag("default");
  std::set<std::string> names;
  for (const auto& name : s.texts("groups")) {
    const auto group = groups.find(name);
    if (group == groups.end()) s.fail("there is no [[group]] named '" + name + "'");
    for (const auto& option : group->second) {
      if (!names.insert(option.name).second) s.fail("a second option '" + option.name + "'");
      action.options.push_back(option);
    }
  }
  for (const auto& section : s.tables("option")) {
    action.options.push_back(read_option(section));
    if (!names.insert(action.options.back().name).second)
      section.fail("a second option '" + action.options.back().name + "'");
  }
  return action;
}

Claim read_claim(const Section& s) {
  s.known_keys({"id", "says", "paper", "tier", "data", "seconds", "confidence", "headline", "criterion"});
  Claim claim;
  claim.id = s.text("id", true);
  claim.says = s.text("says", true);
  claim.paper = s.text("paper", true);
  try {
    claim.tier = parse_tier(s.text("tier", true));
  } catch (const InputError& e) {
    s.fail(e.what());
  }
  claim.data = s.texts("data");
  claim.seconds = s.number("seconds").value_or(0.0);
  claim.confidence = s.number("confidence").value_or(0.95);
  std::set<std::string> names;
  for (const auto& section : s.tables("criterion")) {
    section.known_keys({"name", "says", "rule"});
    Criterion criterion{section.text("name", true), section.text("says"), {}};
    try {
      criterion.rule = Rule::parse(section.text("rule", true));
    } catch (const InputError& e) {
      section.fail(e.what());
    }
    if (!names.insert(criterion.name).second) section.fail("a second criterion '" + criterion.name + "'");
    claim.criteria.push_back(std::move(criterion));
  }
  if (claim.criteria.empty()) s.fail("claim '" + claim.id + "' has no [[claim.criterion]], so nothing could judge it");
  claim.headline = s.texts("headline");
  for (const auto& name : claim.headline)
    if (!names.contains(name)) s.fail("headline '" + name + "' is not one of the claim's criteria");
  if (claim.headline.empty())
    for (std::size_t i = 0; i < std::min<std::size_t>(2, claim.criteria.size()); ++i)
      claim.headline.push_back(claim.criteria[i].name);
  return claim;
}

template <class List, class Name>
std::vector<std::string> names_of(const List& list, Name name) {
  std::vector<std::string> names;
  for (const auto& element : list) names.push_back(element.*name);
  return names;
}

}  // namespace

std::string to_string(Tier tier) {
  switch (tier) {
    case Tier::kQuick:
      return "quick";
    case Tier::kFull:
      return "full";
    default:
      return "gpu";
  }
}

Tier parse_tier(std::string_view text) {
  for (const Tier tier : {Tier::kQuick, Tier::kFull, Tier::kGpu})
    if (to_string(tier) == text) return tier;
  throw InputError("tier '" + std::string(text) + "' is not one of quick, full, gpu");
}

const OptionSpec& ActionSpec::option(std::string_view option_name) const {
  for (const auto& o : options)
    if (o.name == option_name) return o;
  throw InputError("action '" + name + "' has no option '" + std::string(option_name) + "'" +
                   suggestion(option_name, names_of(options, &OptionSpec::name)));
}

const ActionSpec& Card::action(std::string_view name) const {
  for (const auto& a : actions)
    if (a.name == name) return a;
  throw InputError("'" + slug + "' has no action '" + std::string(name) + "'" +
                   suggestion(name, names_of(actions, &ActionSpec::name)));
}

const Claim& Card::claim(std::string_view id) const {
  for (const auto& c : claims)
    if (c.id == id) return c;
  throw InputError("'" + slug + "' has no claim '" + std::string(id) + "'" +
                   suggestion(id, names_of(claims, &Claim::id)));
}

const ActionSpec* Card::default_action() const {
  if (actions.size() == 1) return &actions.front();
  const auto at = std::find_if(actions.begin(), actions.end(), [](const ActionSpec& a) { return a.is_default; });
  return at == actions.end() ? nullptr : &*at;
}

Card read_card(const std::filesystem::path& toml, std::string slug) {
  const toml::table table = load_toml(toml);
  const Section s(table, toml.string(), "card");
  s.known_keys({"title", "authors", "year", "arxiv", "doi", "venue", "code", "listed", "status", "component",
                "keywords", "summary", "group", "action", "claim"});
  Card card;
  card.slug = std::move(slug);
  card.path = toml;
  card.title = s.text("title", true);
  card.authors = s.texts("authors");
  if (card.authors.empty()) s.fail("key 'authors' is missing");
  card.year = static_cast<int>(s.number("year").value_or(0.0));
  if (card.year < 1900) s.fail("key 'year' is missing or not a year");
  card.arxiv = s.text("arxiv");
  card.doi = s.text("doi");
  card.venue = s.text("venue");
  card.code = s.text("code");
  card.listed = s.text("listed");
  if (!card.listed.empty() && !parse_date(card.listed))
    s.fail("key 'listed' must be a day written YYYY-MM-DD, not '" + card.listed + "'");
  card.component = s.text("component", true);
  card.keywords = s.texts("keywords");
  card.summary = s.text("summary", true);
  const std::string status = s.text("status", true);
  if (status != "ready" && status != "planned") s.fail("status '" + status + "' is not one of ready, planned");
  card.runnable = status == "ready";
  std::set<std::string> names;
  const OptionGroups groups = read_groups(s);
  for (const auto& section : s.tables("action")) {
    card.actions.push_back(read_action(section, groups));
    if (!names.insert("action " + card.actions.back().name).second) section.fail("a second action of this name");
    if (card.actions.back().is_default && !names.insert("default").second) section.fail("a second default action");
  }
  for (const auto& section : s.tables("claim")) {
    card.claims.push_back(read_claim(section));
    if (!names.insert("claim " + card.claims.back().id).second) section.fail("a second claim of this id");
  }
  return card;
}

Json to_json(const Card& card) {
  Json j;
  j["slug"] = card.slug;
  j["title"] = card.title;
  j["authors"] = card.authors;
  j["year"] = card.year;
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) j[key] = value;
  };
  put("arxiv", card.arxiv);
  put("doi", card.doi);
  put("venue", card.venue);
  put("code", card.code);
  put("listed", card.listed);
  j["component"] = card.component;
  j["keywords"] = card.keywords;
  j["summary"] = card.summary;
  j["status"] = card.runnable ? "ready" : "planned";
  j["actions"] = Json::array();
  for (const auto& action : card.actions) {
    Json a{{"name", action.name}, {"help", action.help}, {"examples", action.examples}};
    a["default"] = &action == card.default_action();
    a["options"] = Json::array();
    for (const auto& option : action.options) {
      Json o{{"name", option.name}, {"type", option.type}, {"help", option.help}, {"default", option.fallback}};
      if (!option.unit.empty()) o["unit"] = option.unit;
      if (option.min) o["min"] = *option.min;
      if (option.max) o["max"] = *option.max;
      if (!option.choices.empty()) o["choices"] = option.choices;
      o["required"] = option.required;
      a["options"].push_back(o);
    }
    j["actions"].push_back(a);
  }
  j["claims"] = Json::array();
  for (const auto& claim : card.claims) {
    Json c{{"id", claim.id},
           {"says", claim.says},
           {"paper", claim.paper},
           {"tier", to_string(claim.tier)},
           {"data", claim.data},
           {"seconds", claim.seconds},
           {"confidence", claim.confidence},
           {"criteria", Json::array()}};
    for (const auto& criterion : claim.criteria)
      c["criteria"].push_back({{"name", criterion.name}, {"says", criterion.says}, {"rule", criterion.rule.text()}});
    j["claims"].push_back(c);
  }
  return j;
}

Catalogue::Catalogue(const std::vector<std::filesystem::path>& folders) {
  for (const auto& folder : folders) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const auto toml = entry.path() / "paper.toml";
      if (std::filesystem::exists(toml, error)) paths_.try_emplace(entry.path().filename(), toml);
    }
  }
}

const std::vector<Card>& Catalogue::cards() const {
  if (all_.empty())
    for (const auto& [slug, path] : paths_) all_.push_back(read_card(path, slug));
  return all_;
}

const Card& Catalogue::card(std::string_view slug) const {
  if (const auto at = read_.find(slug); at != read_.end()) return at->second;
  if (const auto at = paths_.find(slug); at != paths_.end())
    return read_.emplace(at->first, read_card(at->second, at->first)).first->second;
  std::vector<std::string> slugs;
  for (const auto& [known, path] : paths_) slugs.push_back(known);
  throw InputError("there is no paper '" + std::string(slug) + "'" + suggestion(slug, slugs, 6) +
                   " ('offprint list' shows all)");
}

}  // namespace offprint
