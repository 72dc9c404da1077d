// check, run, resume: where studies are started, recorded and judged.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "command.hpp"
#include "events.hpp"
#include "markdown.hpp"
#include "offprint/core/allocator.hpp"
#include "offprint/core/atomic_file.hpp"
#include "offprint/core/build_info.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/interrupt.hpp"
#include "offprint/core/module.hpp"
#include "page_options.hpp"

namespace offprint::app {
namespace {

/// The record on ranks other than 0, which write nothing.
class NoRecord final : public OpenRun {
 public:
  [[nodiscard]] std::int64_t id() const override { return 0; }
  [[nodiscard]] std::filesystem::path folder() const override { return {}; }
  void claim_result(const ClaimResult&) override {}
  void clear_scope(const std::string&) override {}
  void finish(const std::string&, const std::string&) override {}
  void metric(const std::string&, const std::string&, const Estimate&, const std::string&) override {}
  void table(const std::string&, const std::string&, const Table&) override {}
  void figure(const std::string&, const std::string&, const Figure&) override {}
  void note(const std::string&, const std::string&) override {}
  void artifact(const std::string&, const std::function<void(const std::filesystem::path&)>&) override {}
  void save_checkpoint(const std::string&, const std::string&) override {}
  [[nodiscard]] std::optional<std::string> load_checkpoint(const std::string&) override { return std::nullopt; }
};

Colour colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHolds:
      return Colour::kGreen;
    case Verdict::kFallsShort:
      return Colour::kRed;
    case Verdict::kInconclusive:
      return Colour::kYellow;
    default:
      return Colour::kDim;
  }
}

/// One claim in a line: the criteria that decide (those that fall short first), then the card's headline.
std::string measured_text(const Claim& claim, const ClaimResult& result) {
  if (result.verdict == Verdict::kNotRun) return result.reason;
  std::vector<std::string> parts;
  const auto add = [&](const JudgedCriterion& c) {
    const auto text = fmt::format("{} = {} ({})", c.name, format_estimate(c.measured), c.rule);
    if (std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(text);
  };
  for (const auto& c : result.criteria)
    if (c.verdict != Verdict::kHolds) add(c);
  for (const auto& name : claim.headline)
    for (const auto& c : result.criteria)
      if (c.name == name) add(c);
  std::string text = fmt::format("{}", fmt::join(parts, "; "));
  if (result.criteria.size() > parts.size()) text += fmt::format("; +{} more", result.criteria.size() - parts.size());
  return text;
}

struct Outcome {
  std::vector<ClaimResult> results;
  bool failed = false;
};

}  // namespace

std::string format_estimate(const Estimate& estimate, int digits) {
  std::string text = format_number(estimate.value, digits);
  if (estimate.lo && estimate.hi)
    text += fmt::format(" [{}, {}]", format_number(*estimate.lo, digits), format_number(*estimate.hi, digits));
  return text;
}

std::string verdict_table(const Console& console, const Card& card, const std::vector<ClaimResult>& results,
                          bool details) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& result : results) {
    const Claim& claim = card.claim(result.id);
    rows.push_back({{claim.id, Colour::kBold},
                    {claim.says},
                    {claim.paper},
                    {measured_text(claim, result)},
                    {to_string(result.verdict), colour_of(result.verdict)}});
    if (!details) continue;
    for (const auto& c : result.criteria)
      rows.push_back({{""},
                      {"  " + c.name + (c.says.empty() ? "" : ": " + c.says), Colour::kDim},
                      {c.rule},
                      {format_estimate(c.measured, 7)},
                      {to_string(c.verdict), colour_of(c.verdict)}});
  }
  return format_table(console, {{"claim"}, {"what it says", 26}, {"paper", 12}, {"measured here", 30}, {"verdict"}},
                      rows);
}

std::string count_line(const std::vector<ClaimResult>& results) {
  const auto count = [&](Verdict v) {
    return std::count_if(results.begin(), results.end(), [&](const ClaimResult& r) { return r.verdict == v; });
  };
  const auto holds = count(Verdict::kHolds);
  const auto short_of = count(Verdict::kFallsShort);
  std::string text = fmt::format("{} claims: {} {}", results.size(), holds, holds == 1 ? "holds" : "hold");
  text += fmt::format(", {} {} short", short_of, short_of == 1 ? "falls" : "fall");
  text += fmt::format(", {} inconclusive, {} not run", count(Verdict::kInconclusive), count(Verdict::kNotRun));
  return text;
}

namespace {

/// Starting a run: on rank 0 in the store, elsewhere on NoRecord.
class Execution {
 public:
  Execution(Command& command, const Card& card, Paper paper)
      : command_(command), card_(card), paper_(std::move(paper)) {
    keep_freed_memory();
    if (command_.ranks().rank() == 0) store_.emplace(command_.store_folder(), Store::Access::kWrite);
  }

  [[nodiscard]] std::int64_t id() const { return run_->id(); }

  [[nodiscard]] RunPlan plan(const std::string& kind) const {
    RunPlan plan;
    plan.paper = card_.slug;
    plan.kind = kind;
    plan.seed = command_.settings().seed;
    plan.threads = command_.settings().threads;
    plan.ranks = command_.ranks().size();
    plan.device = paper_.choose_device(command_.settings().device);
    plan.libraries = paper_.libraries();
    return plan;
  }

  void begin(const RunPlan& plan) {
    plan_ = plan;
    fresh_ = true;
    run_ = store_ ? store_->begin(plan) : std::make_unique<NoRecord>();
    tell({{"event", "run"}, {"id", id()}});
  }
  void reopen(std::int64_t run_id, const RunPlan& plan) {
    plan_ = plan;
    run_ = store_ ? store_->reopen(run_id) : std::make_unique<NoRecord>();
    tell({{"event", "run"}, {"id", id()}});
  }

  /// Runs `work` with interruption, recording how it ended.
  int guarded(const std::function<void()>& work) {
    const auto hint = [this] { return fmt::format("interrupted; continue with: offprint resume {}", id()); };
    const bool speaks = store_.has_value();
    InterruptGuard guard([hint, speaks] {
      if (!speaks) return;
      const std::string text = "\n" + hint() + "\n";
      [[maybe_unused]] const auto n = ::write(STDERR_FILENO, text.data(), text.size());
    });
    try {
      work();
      finish("finished");
      return 0;
    } catch (const Interrupted&) {
      finish("interrupted");
      if (speaks) fmt::print(stderr, "{}\n", hint());
      if (command_.ranks().size() > 1) command_.ranks().abort(130);
      return 130;
    } catch (const InputError&) {
      // bad input found by the study: nothing was computed, so nothing is kept of a run that had just begun
      const auto bad = id();
      finish("failed", "bad input");
      run_.reset();
      if (store_ && fresh_) store_->remove(bad);
      throw;
    } catch (const std::exception& e) {
      try {
        finish("failed", e.what());
      } catch (const std::exception&) {  // the store may be what failed: the first error is the one to tell
      }
      throw;
    }
  }

  [[nodiscard]] RunSettings settings(Options options, const std::string& claim = "") const {
    RunSettings s;
    s.options = std::move(options);
    s.seed = plan_.seed;
    s.threads = command_.settings().threads != 0 ? command_.settings().threads : plan_.threads;
    s.device = plan_.device;
    s.cancel = InterruptGuard::token();
    s.progress = tells() ? event_progress(claim) : console_progress(command_.settings().quiet);
    s.data = [datasets = command_.datasets()](const std::string& name) {
      const auto folder = datasets.find(name);
      if (!folder)
        throw NotAvailable(fmt::format("needs data set '{0}': offprint data fetch {0}, or set OFFPRINT_DATA", name));
      return *folder;
    };
    return s;
  }

  Outcome measure(Tier tier) {
    Outcome outcome;
    std::vector<ClaimResult> known;
    if (store_) known = store_->claim_results(run_->id());
    std::vector<std::string> done;
    for (const auto& r : known) done.push_back(r.id);
    done = from_bytes<std::vector<std::string>>(command_.ranks().broadcast(to_bytes(done)));
    for (const auto& claim_id : plan_.claims) {
      const Claim& claim = card_.claim(claim_id);
      if (std::find(done.begin(), done.end(), claim_id) != done.end()) {
        for (auto& r : known)
          if (r.id == claim_id) outcome.results.push_back(std::move(r));
        continue;
      }
      outcome.results.push_back(measure_one(claim, tier, outcome.failed));
    }
    return outcome;
  }

  void apply(const std::string& action, const Options& options) {
    run_->clear_scope("");
    Run run(settings(options), *run_, command_.ranks());
    paper_.apply(action, run);
  }

 private:
  ClaimResult measure_one(const Claim& claim, Tier tier, bool& failed) {
    ClaimResult result;
    result.id = claim.id;
    run_->clear_scope(claim.id);
    const auto start = std::chrono::steady_clock::now();
    if (claim.tier > tier) {
      result.reason = fmt::format("tier {}: offprint check {} --claim {} --tier {}", to_string(claim.tier), card_.slug,
                                  claim.id, to_string(claim.tier));
    } else if (claim.tier == Tier::kGpu && plan_.device == "cpu") {
      result.reason = "needs a GPU: --device cuda on a machine that has one";
    } else {
      command_.say(fmt::format("{} {}: {}", card_.slug, claim.id, claim.says));
      tell({{"event", "measuring"}, {"claim", claim.id}, {"says", claim.says}});
      try {
        Run run(settings(Options{}, claim.id), *run_, command_.ranks(), claim.id);
        for (const auto& name : claim.data) static_cast<void>(run.data(name));
        result = judge(claim, paper_.check(claim, run));
      } catch (const NotAvailable& e) {
        result.reason = e.what();
      } catch (const Interrupted&) {
        throw;
      } catch (const IoError&) {
        throw;
      } catch (const std::exception& e) {  // one broken claim must not hide the verdicts of the others
        result.reason = std::string("error: ") + e.what();
        failed = true;
      }
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    run_->claim_result(result);
    tell({{"event", "claim"}, {"result", to_json(result)}});
    return result;
  }

  [[nodiscard]] bool tells() const { return command_.settings().events && store_.has_value(); }
  void tell(const Json& event) const {
    if (tells()) emit_event(event);
  }
  void finish(const std::string& status, const std::string& error = "") {
    run_->finish(status, error);
    tell({{"event", "end"}, {"run", id()}, {"status", status}, {"error", error}});
  }

  Command& command_;
  const Card& card_;
  Paper paper_;
  std::optional<Store> store_;
  RunPlan plan_;
  std::unique_ptr<OpenRun> run_;
  bool fresh_ = false;
};

void require_runnable(const Card& card) {
  if (!card.runnable)
    throw InputError("paper '" + card.slug +
                     "' is planned: no module of it exists yet; 'offprint list' shows which papers run");
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The verdicts that this build has reached for a paper with this seed. A build of a changed tree reaches none that
/// last: its commit does not say what was built.
std::vector<DatedResult> judged_by_this_build(const std::filesystem::path& store, const Card& card,
                                              std::uint64_t seed) {
  const std::string commit = build_info().commit;
  if (commit.find("+changes") != std::string::npos) return {};
  std::vector<DatedResult> judged;
  std::set<std::string> seen;
  for (auto& d : Store(store, Store::Access::kRead).results(card.slug)) {
    const bool on_card =
        std::any_of(card.claims.begin(), card.claims.end(), [&](const Claim& c) { return c.id == d.result.id; });
    if (on_card && d.commit == commit && d.seed == seed && d.result.verdict != Verdict::kNotRun &&
        seen.insert(d.result.id).second)
      judged.push_back(std::move(d));
  }
  return judged;
}

Json check_json(const Card& card, const Json& run, const Outcome& outcome) {
  Json claims = Json::array();
  for (const auto& r : outcome.results) claims.push_back(to_json(r));
  return {{"run", run}, {"paper", card.slug}, {"claims", claims}};
}

}  // namespace

int Command::check(const CheckRequest& request) {
  std::vector<const Card*> cards;
  if (request.slugs.empty()) {
    for (const auto& card : catalogue().cards())
      if (card.runnable) cards.push_back(&card);
  }
  for (const auto& slug : request.slugs) {
    const Card& card = catalogue().card(slug);
    require_runnable(card);
    cards.push_back(&card);
  }
  const Tier tier = parse_tier(settings_.tier);
  std::vector<std::string> unclaimed = request.claims;
  for (const auto* card : cards)
    for (const auto& claim : card->claims) std::erase(unclaimed, claim.id);
  if (!unclaimed.empty()) static_cast<void>(cards.front()->claim(unclaimed.front()));  // throws with the nearest id

  std::vector<ClaimResult> all;
  std::vector<std::int64_t> ids;
  std::vector<std::pair<const Card*, std::vector<ClaimResult>>> by_paper;
  Json json = Json::array();
  bool failed = false;
  for (const auto* card : cards) {
    std::vector<DatedResult> known;
    if (request.only_new && ranks().rank() == 0) known = judged_by_this_build(store_folder(), *card, settings_.seed);
    std::vector<std::string> claims;
    for (const auto& claim : card->claims) {
      const bool asked = request.claims.empty() || contains(request.claims, claim.id);
      const bool is_known =
          std::any_of(known.begin(), known.end(), [&](const DatedResult& d) { return d.result.id == claim.id; });
      if (asked && !is_known && !(request.only_new && claim.tier > tier)) claims.push_back(claim.id);
    }
    Outcome outcome;
    std::string origin;
    Json run;  // null when nothing was left to measure
    if (!claims.empty()) {
      Execution execution(*this, *card, load_paper(*card));
      RunPlan plan = execution.plan("check");
      plan.options = {{"tier", settings_.tier}};
      plan.claims = claims;
      execution.begin(plan);
      if (const int code = execution.guarded([&] { outcome = execution.measure(tier); }); code != 0) return code;
      ids.push_back(execution.id());
      run = execution.id();
      origin = fmt::format("run {}", execution.id());
    } else if (known.empty()) {
      continue;
    }
    failed = failed || outcome.failed;
    if (!known.empty()) {
      origin += fmt::format("{}{} measured before by this build", origin.empty() ? "" : ", ", known.size());
      for (auto& d : known) outcome.results.push_back(std::move(d.result));
      std::sort(outcome.results.begin(), outcome.results.end(), [&](const ClaimResult& a, const ClaimResult& b) {
        return &card->claim(a.id) < &card->claim(b.id);  // the card's order
      });
    }
    all.insert(all.end(), outcome.results.begin(), outcome.results.end());
    if (settings_.json) {
      json.push_back(check_json(*card, run, outcome));
    } else {
      print(console_.paint(fmt::format("\n{}: {}", card->slug, card->title), Colour::kBold) +
            fmt::format("  ({}, seed {})\n", origin, settings_.seed) +
            verdict_table(console_, *card, outcome.results, request.details));
    }
    by_paper.emplace_back(card, outcome.results);
  }
  if (settings_.json) {
    print(json);
  } else {
    print("\n" + count_line(all) + "\n");
  }
  if (ranks().rank() == 0) {
    if (request.markdown) {
      write_atomically(*request.markdown, results_markdown(by_paper, settings_.tier));
      say("wrote " + *request.markdown);
    }
    if (request.report) write_report(request.only_new ? std::vector<std::int64_t>{} : ids, *request.report);
  }
  const bool short_of =
      std::any_of(all.begin(), all.end(), [](const ClaimResult& r) { return r.verdict == Verdict::kFallsShort; });
  return failed || (request.strict && short_of) ? 1 : 0;
}

int Command::main_job() {
  CheckRequest request;
  request.only_new = true;
  request.report = "offprint-report.html";
  say("Measuring the quick claims of every paper that runs, as far as this build has not; 'offprint --help' shows what "
      "else there is.");
  const int code = check(request);
  if (code != 0 || settings_.json || ranks().rank() != 0) return code;
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    say("The page: offprint serve (on a terminal it opens here at once)");
    return code;
  }
  Json options = page_defaults("serve");
  options["open"] = true;
  return page("serve", options);
}

int Command::run(const std::string& slug, const std::string& action, const Options& options, const std::string& out) {
  const Card& card = catalogue().card(slug);
  require_runnable(card);
  Execution execution(*this, card, load_paper(card));
  RunPlan plan = execution.plan("run");
  plan.action = action;
  plan.options = options.json();
  if (!out.empty()) plan.options["out"] = std::filesystem::absolute(out).lexically_normal().string();
  for (const auto& spec : card.action(action).options) {
    if (!options.has(spec.name)) continue;
    const bool file = spec.type == "path";
    if (file || spec.type == "paths")
      for (const auto& path : file ? std::vector{options.path(spec.name)} : options.paths(spec.name))
        plan.inputs.push_back(input_fingerprint(path));
  }
  execution.begin(plan);
  if (const int code = execution.guarded([&] { execution.apply(action, options); }); code != 0) return code;
  if (ranks().rank() == 0) {
    if (!out.empty()) export_outputs(execution.id(), out);
    return runs_show(execution.id());
  }
  return 0;
}

int Command::resume(std::int64_t id) {
  RunInfo info;
  std::string bytes;
  if (ranks().rank() == 0) {
    info = Store(store_folder(), Store::Access::kRead).run(id);
    bytes = Json{{"paper", info.plan.paper},     {"kind", info.plan.kind},       {"action", info.plan.action},
                 {"claims", info.plan.claims},   {"options", info.plan.options}, {"seed", info.plan.seed},
                 {"threads", info.plan.threads}, {"device", info.plan.device}}
                .dump();
  }
  const Json shared = Json::parse(ranks().broadcast(bytes));
  for (const auto& input : info.plan.inputs)
    if (input_fingerprint(input.at("path").get<std::string>()) != input)
      throw InputError(fmt::format("run {} cannot be resumed: {} has changed since it started; start a new run", id,
                                   input.at("path").get<std::string>()));
  if (ranks().rank() == 0 && info.build.value("commit", "") != build_info().commit)
    say(fmt::format("note: run {} was started by commit {}, this is {}", id, info.build.value("commit", ""),
                    build_info().commit));

  const Card& card = catalogue().card(shared.at("paper").get<std::string>());
  require_runnable(card);
  RunPlan plan;
  plan.paper = card.slug;
  plan.kind = shared.at("kind");
  plan.action = shared.at("action");
  plan.claims = shared.at("claims").get<std::vector<std::string>>();
  plan.options = shared.at("options");
  plan.seed = shared.at("seed");
  plan.threads = shared.at("threads");
  plan.device = shared.at("device");
  Execution execution(*this, card, load_paper(card));
  execution.reopen(id, plan);
  Outcome outcome;
  const int code = execution.guarded([&] {
    if (plan.kind == "check") {
      outcome = execution.measure(parse_tier(plan.options.at("tier").get<std::string>()));
    } else {
      execution.apply(plan.action, Options(plan.options));
    }
  });
  if (code != 0 || ranks().rank() != 0) return code;
  if (plan.kind == "run" && plan.options.contains("out")) export_outputs(id, plan.options.at("out").get<std::string>());
  const int shown = runs_show(id);
  return outcome.failed ? 1 : shown;
}

}  // namespace offprint::app
