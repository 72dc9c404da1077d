// offprint: the command. Parses, dispatches, turns errors into one sentence and an exit code.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <variant>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/error.hpp"
#include "page_options.hpp"
#include "subcommands.hpp"

namespace offprint::app {
namespace {

constexpr std::array kValuedGlobals = {"--seed", "--threads", "--device", "--tier", "--color", "--store"};

/// The words that are neither options nor values of global options, in order: subcommand, paper, action, ...
std::vector<std::string> plain_words(const std::vector<std::string>& words) {
  std::vector<std::string> plain;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (std::find(kValuedGlobals.begin(), kValuedGlobals.end(), words[i]) != kValuedGlobals.end()) {
      ++i;
    } else if (!words[i].starts_with("-")) {
      plain.push_back(words[i]);
    }
  }
  return plain;
}

void add_globals(CLI::App& app, Settings& s) {
  app.add_flag("--json", s.json, "print results as JSON")->group("Everywhere");
  app.add_flag("-q,--quiet", s.quiet, "no progress and no remarks on standard error")->group("Everywhere");
  app.add_flag("--events", s.events, "runs tell what they do as one JSON object a line on standard output")
      ->group("Everywhere");
  app.add_option("--color", s.color, "colours: auto, always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->group("Everywhere");
  app.add_option("--store", s.store, "folder of the run record (default: OFFPRINT_STORE, else XDG data)")
      ->group("Everywhere");
  app.add_option("--seed", s.seed, "seed of all random numbers (default 0)")->group("Everywhere");
  app.add_option("--threads", s.threads, "threads to use; results do not depend on it (default: all)")
      ->check(CLI::Range(0, 4096))
      ->group("Everywhere");
  app.add_option("--device", s.device, "auto, cpu, cuda, cuda:N (default auto)")->group("Everywhere");
  app.add_option("--tier", s.tier, "claims up to this tier: quick, full, gpu (default quick)")
      ->check(CLI::IsMember({"quick", "full", "gpu"}))
      ->group("Everywhere");
}

/// What the parsed command line asks for.
using Job = std::function<int(Command&)>;

class Parser {
 public:
  Parser(const Places& places, const std::vector<std::string>& words) : places_(places), words_(words) {
    app_.name("offprint");
    app_.description(
        "Offprint: the daily papers, and every paper runs.\n\nWithout a subcommand it measures the quick claims of "
        "every paper that runs (those that this build has not judged yet), writes a report, and opens the page.");
    app_.footer(
        "Examples:\n"
        "  offprint list                                   what there is\n"
        "  offprint check koopman                          which of a paper's claims hold on this machine\n"
        "  offprint run koopman spectrum --data traj.csv   a paper's method on your own data\n"
        "  offprint report                                 figures and verdicts as one HTML file");
    app_.fallthrough();
    app_.require_subcommand(0, 1);
    add_globals(app_, settings_);
    add_cards();
    add_execution();
    add_record();
    add_page_subcommands(app_, [this](const std::string& name, const Json& options) {
      job_ = [name, options](Command& c) { return c.page(name, options); };
    });
    add_rest();
  }

  /// Parses; returns the job, or an exit code when there is none (help, or an error already told).
  std::variant<Job, int> parse() {
    try {
      std::vector<std::string> reversed(words_.rbegin(), words_.rend());  // CLI11 takes words from the back
      app_.parse(reversed);
    } catch (const CLI::ExtrasError&) {
      throw InputError(extras_message());
    } catch (const CLI::ParseError& e) {
      if (e.get_exit_code() == 0) return app_.exit(e);
      std::string message = e.what();
      while (!message.empty() && message.back() == '\n') message.pop_back();
      throw InputError(message + " ('offprint --help' and 'offprint SUBCOMMAND --help' tell what is understood)");
    }
    if (!job_) job_ = [](Command& c) { return c.main_job(); };
    return job_;
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  std::string extras_message() {
    const auto extras = app_.remaining(true);
    const auto subs = app_.get_subcommands();
    const auto option =
        std::find_if(extras.begin(), extras.end(), [](const std::string& w) { return w.starts_with("-"); });
    if (option != extras.end()) {
      std::vector<std::string> known;
      const auto collect = [&](const CLI::App* app) {
        for (const auto* o : app->get_options())
          for (const auto& name : o->get_lnames()) known.push_back("--" + name);
      };
      for (const auto* sub : subs) collect(sub);
      collect(&app_);
      const std::string name = option->substr(0, option->find('='));
      return fmt::format("unknown option {}{}", name, suggestion(name, known, 40));
    }
    const std::string word = extras.empty() ? "" : extras.front();
    if (subs.empty())
      return fmt::format("there is no subcommand '{}'{}", word, suggestion(word, subcommand_names(), 20));
    return fmt::format("'{}' was not expected after 'offprint {}'", word, subs.front()->get_name());
  }

  CLI::App* sub(const std::string& name, const std::string& help, const std::string& group) {
    auto* s = app_.add_subcommand(name, help);
    s->group(group);
    return s;
  }

  void add_cards() {
    sub("list", "the papers", "The papers")->callback([this] { job_ = [](Command& c) { return c.list(); }; });
    auto* show = sub("show", "one paper: what it says, its claims, what it can do", "The papers");
    show->add_option("paper", slug_, "the paper's short name")->required();
    show->callback([this] { job_ = [slug = slug_](Command& c) { return c.show(slug); }; });
  }

  void add_execution() {
    auto* check = sub("check", "measure a paper's claims here, with an honest verdict each", "Running");
    check->add_option("papers", request_.slugs, "short names (default: every paper that runs)");
    check->add_flag("--all", all_, "every paper that runs");
    check->add_option("--claim", request_.claims, "only these claims (comma-separated)")->delimiter(',');
    check->add_flag("--details", request_.details, "a row for every criterion");
    check->add_flag("--new", request_.only_new, "only what this build has not judged yet with this seed");
    check->add_flag("--strict", request_.strict, "exit with 1 when a claim falls short");
    check->add_option("--markdown", markdown_, "also write the results as Markdown (default docs/results.md)")
        ->expected(0, 1);
    check->add_option("--report", report_, "also write the HTML report (default offprint-report.html)")->expected(0, 1);
    check->callback([this, check] {
      if (all_ && !request_.slugs.empty()) throw InputError("give either --all or the papers to check, not both");
      if (check->count("--markdown") > 0) request_.markdown = markdown_.empty() ? "docs/results.md" : markdown_;
      if (check->count("--report") > 0) request_.report = report_.empty() ? "offprint-report.html" : report_;
      job_ = [request = request_](Command& c) { return c.check(request); };
    });
    add_run();
    auto* resume = sub("resume", "continue an interrupted run", "Running");
    resume->add_option("run", id_, "number of the run")->required();
    resume->callback([this] { job_ = [id = id_](Command& c) { return c.resume(id); }; });
  }

  /// `run` takes its options from the card of the paper that the command line names.
  void add_run() {
    auto* run = sub("run", "apply a paper's method to your own data", "Running");
    run->add_option("paper", slug_, "the paper's short name")->required();
    run->add_option("action", action_, "what to do (may be left out when the paper has a single or a default action)");
    run->add_option("--out", out_,
                    "also write tables (CSV), figures, files, a report and summary.json into this folder");
    const auto plain = plain_words(words_);
    if (plain.size() < 2 || plain[0] != "run") return;
    const Catalogue catalogue(places_.paper_folders);
    const Card& card = catalogue.card(plain[1]);
    const auto named = plain.size() > 2 ? std::find_if(card.actions.begin(), card.actions.end(),
                                                       [&](const ActionSpec& a) { return a.name == plain[2]; })
                                        : card.actions.end();
    std::vector<std::string> names;
    for (const auto& a : card.actions) names.push_back(a.name);
    ActionSpec action;
    if (named != card.actions.end()) {
      action = *named;
    } else if (const ActionSpec* usual = card.default_action(); usual != nullptr) {
      action = *usual;
      if (plain.size() > 2 && !is_option_value(plain[2])) static_cast<void>(card.action(plain[2]));
    } else if (plain.size() > 2 && !is_option_value(plain[2])) {
      static_cast<void>(card.action(plain[2]));
    } else if (!card.actions.empty()) {
      const bool wants_help = std::find(words_.begin(), words_.end(), "--help") != words_.end();
      if (!wants_help) throw InputError(fmt::format("say what to do with '{}': {}", card.slug, fmt::join(names, ", ")));
      run->footer(fmt::format("Actions of '{}': {}\n'offprint show {}' tells more.", card.slug, fmt::join(names, ", "),
                              card.slug));
      return;
    }
    run->description(action.help);
    std::string footer;
    for (const auto& example : action.examples) footer += "  " + example + "\n";
    if (!footer.empty()) run->footer("Examples:\n" + footer);
    for (const auto& spec : action.options) {
      std::string help = spec.help;
      if (!spec.choices.empty()) help += fmt::format(" [{}]", fmt::join(spec.choices, "|"));
      if (!spec.unit.empty()) help += " (" + spec.unit + ")";
      if (!spec.fallback.is_null() && spec.type != "flag")
        help +=
            " (default " + (spec.fallback.is_string() ? spec.fallback.get<std::string>() : spec.fallback.dump()) + ")";
      if (spec.type == "flag") {
        run->add_flag_callback(
            "--" + spec.name, [this, name = spec.name] { given_[name] = {"true"}; }, help);
      } else {
        auto* option = run->add_option("--" + spec.name, given_[spec.name], help);
        option->expected(1)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
            ->type_name(type_name(spec.type));
      }
    }
    run->callback([this, action] {
      std::map<std::string, std::vector<std::string>> given;
      for (const auto& [name, values] : given_)
        if (!values.empty()) given[name] = values;
      const Options options = Options::parse(action, given);
      job_ = [slug = slug_, name = action.name, options, out = out_](Command& c) {
        return c.run(slug, name, options, out);
      };
    });
  }

  /// Whether a word is the value of the option before it rather than an action's name.
  [[nodiscard]] bool is_option_value(const std::string& word) const {
    const auto at = std::find(words_.begin(), words_.end(), word);
    return at != words_.begin() && at != words_.end() && (at - 1)->starts_with("-");
  }

  static std::string type_name(const std::string& type) {
    static const std::map<std::string, std::string> kNames = {
        {"int", "N"},     {"real", "X"},        {"string", "TEXT"}, {"choice", "CHOICE"},
        {"path", "FILE"}, {"paths", "FILE..."}, {"ints", "N,..."},  {"reals", "X,..."}};
    return kNames.at(type);
  }

  void add_record() {
    auto* runs = sub("runs", "the run record: list, show, compare, rm, export", "The record");
    runs->add_option("--paper", slug_, "only runs of this paper");
    runs->require_subcommand(0, 1);
    runs->callback([this, runs] {
      if (runs->get_subcommands().empty()) job_ = [paper = slug_](Command& c) { return c.runs(paper); };
    });
    auto* show = runs->add_subcommand("show", "everything about one run");
    show->add_option("run", id_, "number of the run")->required();
    show->callback([this] { job_ = [id = id_](Command& c) { return c.runs_show(id); }; });
    auto* compare = runs->add_subcommand("compare", "two runs side by side");
    compare->add_option("runs", ids_, "numbers of the two runs")->expected(2)->required();
    compare->callback([this] { job_ = [ids = ids_](Command& c) { return c.runs_compare(ids[0], ids[1]); }; });
    auto* remove = runs->add_subcommand("rm", "remove runs and their files");
    remove->add_option("runs", ids_, "numbers of the runs")->required();
    remove->callback([this] { job_ = [ids = ids_](Command& c) { return c.runs_remove(ids); }; });
    auto* exported = runs->add_subcommand("export", "everything about one run as one JSON document");
    exported->add_option("run", id_, "number of the run")->required();
    exported->add_option("--out", out_, "file to write (default: standard output)");
    exported->callback([this] { job_ = [id = id_, out = out_](Command& c) { return c.runs_export(id, out); }; });
    for (auto* s : {show, compare, remove, exported}) s->fallthrough();

    auto* report = sub("report", "a self-contained HTML page of runs: verdicts, figures, tables, origin", "The record");
    report->add_option("runs", ids_, "numbers of the runs (default: the newest check of each paper)");
    report->add_option("--out", out_, "file to write (default offprint-report.html)");
    report->add_flag("--edition", edition_,
                     "everything checked on this machine: the newest verdict of each claim (default file: "
                     "offprint-edition-DATE.html)");
    report->callback([this] {
      if (edition_) {
        if (!ids_.empty()) throw InputError("an edition is of everything on record; leave out the runs' numbers");
        job_ = [out = out_](Command& c) { return c.edition(out); };
        return;
      }
      job_ = [ids = ids_, out = out_.empty() ? "offprint-report.html" : out_](Command& c) {
        return c.report(ids, out);
      };
    });
    auto* figure = sub("figure", "export one figure of a run", "The record");
    figure->add_option("run", id_, "number of the run")->required();
    figure->add_option("name", name_, "the figure's name")->required();
    auto* svg = figure->add_flag("--svg", svg_, "as SVG (the default)");
    auto* png = figure->add_flag("--png", png_, "as PNG")->excludes(svg);
    figure->add_flag("--vega", vega_, "as its Vega-Lite specification")->excludes(svg)->excludes(png);
    figure->add_option("--theme", theme_, "light or dark")->check(CLI::IsMember({"light", "dark"}));
    figure->add_option("--out", out_, "file to write (default RUN-NAME.svg)");
    figure->callback([this] {
      const std::string format = png_ ? "png" : vega_ ? "json" : "svg";
      job_ = [id = id_, name = name_, format, theme = theme_, out = out_](Command& c) {
        return c.figure(id, name, format, theme, out);
      };
    });
  }

  void add_rest() {
    auto* data = sub("data", "data sets: list, fetch, where", "Around it");
    data->require_subcommand(0, 1);
    data->callback([this, data] {
      if (data->get_subcommands().empty()) job_ = [](Command& c) { return c.data_list(); };
    });
    auto* list = data->add_subcommand("list", "the registered data sets and which are here");
    list->callback([this] { job_ = [](Command& c) { return c.data_list(); }; });
    auto* fetch = data->add_subcommand("fetch", "download data sets, checked by their SHA-256");
    fetch->add_option("names", names_, "names of the sets")->required();
    fetch->callback([this] { job_ = [names = names_](Command& c) { return c.data_fetch(names); }; });
    auto* where = data->add_subcommand("where", "the folder of a data set");
    where->add_option("name", name_, "name of the set")->required();
    where->callback([this] { job_ = [name = name_](Command& c) { return c.data_where(name); }; });
    for (auto* s : {list, fetch, where}) s->fallthrough();

    auto* new_paper = sub("new-paper", "write the skeleton of a new paper's room", "Around it");
    new_paper->add_option("slug", slug_, "the paper's short name")->required();
    new_paper->callback([this] { job_ = [slug = slug_](Command& c) { return c.new_paper(slug); }; });
    sub("doctor", "what this machine has and what each lack means", "Around it")->callback([this] {
      job_ = [](Command& c) { return c.doctor(); };
    });
    sub("version", "version and build", "Around it")->callback([this] {
      job_ = [](Command& c) { return c.version(); };
    });
    auto* completion = sub("completion", "completion script: source <(offprint completion bash)", "Around it");
    completion->add_option("shell", name_, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
    completion->callback([this] { job_ = [shell = name_](Command& c) { return c.completion(shell); }; });
  }

  const Places& places_;
  const std::vector<std::string>& words_;
  CLI::App app_;
  Settings settings_;
  Job job_;
  std::string slug_;
  std::string action_;
  std::string out_;
  std::string name_;
  std::string theme_ = "light";
  std::string markdown_;
  std::string report_;
  bool all_ = false;
  bool svg_ = false;
  bool png_ = false;
  bool vega_ = false;
  bool edition_ = false;
  std::int64_t id_ = 0;
  std::vector<std::int64_t> ids_;
  std::vector<std::string> names_;
  Command::CheckRequest request_;
  std::map<std::string, std::vector<std::string>> given_;
};

int run_main(const std::vector<std::string>& words) {
  // Parallelism comes from fixed blocks of our own, so that results do not depend on the number of threads; BLAS reads
  // this when a module brings it in.
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
  const Places places = find_places();
  if (!words.empty() && words.front() == "__complete") {
    Settings quiet;
    quiet.quiet = true;
    return Command(places, quiet).complete({words.begin() + 1, words.end()});
  }
  Parser parser(places, words);
  const auto parsed = parser.parse();
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  Command command(places, parser.settings());
  try {
    return std::get<Job>(parsed)(command);
  } catch (const std::exception& e) {
    // the other ranks wait in a collective for this one
    if (command.ranks().size() > 1) {
      const auto* error = dynamic_cast<const Error*>(&e);
      fmt::print(stderr, "offprint: {}\n", e.what());
      command.ranks().abort(error != nullptr ? error->exit_code() : 1);
    }
    throw;
  }
}

}  // namespace
}  // namespace offprint::app

int main(int argc, char** argv) {
  try {
    return offprint::app::run_main({argv + 1, argv + argc});
  } catch (const offprint::Error& e) {
    fmt::print(stderr, "offprint: {}\n", e.what());
    return e.exit_code();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "offprint: not enough memory for this; reduce the size of the problem\n");
    return 1;
  } catch (const std::exception& e) {
    fmt::print(stderr, "offprint: {}\n", e.what());
    return 1;
  }
}
