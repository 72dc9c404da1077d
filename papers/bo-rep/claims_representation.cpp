// B7: an encoder for departments that it never saw.
#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "claims.hpp"
#include "figures.hpp"
#include "representation.hpp"

namespace offprint::papers::bo_rep {
namespace {

using Eigen::VectorXd;
using optimize::TextLoss;
using optimize::TextRepresentation;
using optimize::TextTask;

constexpr std::size_t kSeeds = 3;
constexpr std::size_t kTasks = 200;
constexpr std::size_t kTestTasks = 60;
const std::vector<double> kRates{0.01, 0.03, 0.1, 0.3, 1};
const std::vector<std::string> kHeldOut{"automotive", "cell_phones_service", "computer_video_games"};
const std::vector<std::string> kBaselines{"ma-soba", "stocbio", "f2sa"};

// The protocol's adapter. Its step is above the stable one where features are large (see AdapterOptions): the
// accuracies with a converged adapter are printed beside.
const optimize::AdapterOptions kProtocolAdapter{.step = 0.5, .steps = 100};

MethodOptions options_of(const std::string& name, double rate) {
  return {.name = name,
          .steps = 200,
          .rate = rate,
          .beta = 0.9,
          .nu = 0.1,
          .inner_rate = 0.5,
          .inner_steps = 3,
          .period = 2,
          .refine = 50};
}

class Protocol {
 public:
  Protocol(const Run& run, const PreparedTexts& texts, std::uint64_t seed)
      : net_({.inputs = texts.texts->dimension(), .hidden = 64, .classes = 2}) {
    std::vector<std::string> training;
    for (const auto& domain : texts.domains.names)
      if (std::find(kHeldOut.begin(), kHeldOut.end(), domain) == kHeldOut.end() &&
          scarcest(texts, domain) >= texts_needed(2, {}))
        training.push_back(domain);
    departments = training.size();
    problem = std::make_unique<TextRepresentation>(
        TextLoss(net_, texts.texts, {.threads = 1, .cancel = run.parallel().cancel}),
        draw_tasks(texts, training, kTasks, {}, run.stream("training tasks", seed)),
        optimize::TextRepresentationOptions{.seed = run.stream("task order", seed)()});
    test = draw_tasks(texts, kHeldOut, kTestTasks, {}, run.stream("test tasks", seed));
    encoder = net_.initial(run.stream("encoder", seed)).head(net_.encoder_parameters());
  }

  std::unique_ptr<TextRepresentation> problem;
  std::vector<TextTask> test;
  VectorXd encoder;
  std::size_t departments = 0;

 private:
  nn::Rnn net_;
};

// The sheet gives no radius here: 1, as in its other two settings, and as first measured. y* may move by l_{g,1}/mu eta
// I = 18 / 0.01 * 0.05 * 2 in a period, which such a ball does not hold: what BO-REP does without it is printed beside.
struct Member {
  std::string name;  // of the method
  double rate = 0;
  std::uint64_t seed = 0;
  double radius = 1;
};

// A run and what its encoders are worth.
struct Result {
  RepresentationOutcome run{};
  TransferAccuracy at_calls{};
  TransferAccuracy at_seconds{};
  TransferAccuracy converged{};  // at the calls, adapter fitted to the end
  template <class Archive>
  void serialize(Archive& archive) {
    archive(run, at_calls, at_seconds, converged);
  }
};

Result play(const Run& run, const PreparedTexts& texts, const Member& member, const Budgets& budgets) {
  const Protocol protocol(run, texts, member.seed);
  Result result;
  MethodOptions options = options_of(member.name, member.rate);
  options.radius = member.radius;
  result.run = train_encoder(*protocol.problem, protocol.encoder, options, budgets, member.seed == 0 ? 20 : 0,
                             run.parallel().cancel);
  result.at_calls = transfer(protocol.problem->loss(), result.run.at_calls, protocol.test, kProtocolAdapter);
  result.converged = transfer(protocol.problem->loss(), result.run.at_calls, protocol.test);
  result.at_seconds = budgets.seconds > 0
                          ? transfer(protocol.problem->loss(), result.run.at_seconds, protocol.test, kProtocolAdapter)
                          : result.at_calls;
  return result;
}

struct Controls {
  TransferAccuracy random{};
  TransferAccuracy means{};
  TransferAccuracy joint{};
  TransferAccuracy random_converged{};
  TransferAccuracy means_converged{};
  TransferAccuracy joint_converged{};
  template <class Archive>
  void serialize(Archive& archive) {
    archive(random, means, joint, random_converged, means_converged, joint_converged);
  }
};

double mean_over(const std::vector<Result>& results, std::size_t first, TransferAccuracy Result::*what) {
  double sum = 0;
  for (std::size_t s = 0; s < kSeeds; ++s) sum += (results[first + s].*what).mean / kSeeds;
  return sum;
}

double mean_loss(const std::vector<Result>& results, std::size_t first) {
  double sum = 0;
  for (std::size_t s = 0; s < kSeeds; ++s) sum += results[first + s].run.loss / kSeeds;
  return sum;
}

}  // namespace

Measurement b7(const Claim&, Run& run) {
  const PreparedTexts texts = prepare(reviews(run), run.stream("word vectors"), {});
  const auto controls = run.ensemble("B7-controls", kSeeds, [&](std::size_t seed) {
    const Protocol protocol(run, texts, seed);
    const auto& loss = protocol.problem->loss();
    const VectorXd joint = train_jointly(*protocol.problem, protocol.encoder, 0.3, 200,
                                         run.stream("joint batches", seed), run.parallel().cancel);
    return Controls{transfer(loss, protocol.encoder, protocol.test, kProtocolAdapter),
                    transfer_of_means(texts, protocol.test, kProtocolAdapter),
                    transfer(loss, joint, protocol.test, kProtocolAdapter),
                    transfer(loss, protocol.encoder, protocol.test),
                    transfer_of_means(texts, protocol.test),
                    transfer(loss, joint, protocol.test)};
  });
  const auto ours = run.ensemble("B7-bo-rep", kSeeds, [&](std::size_t seed) {
    return play(run, texts, {"bo-rep", 0.05, seed}, {});
  });
  const auto without_ball = run.ensemble("B7-no-ball", kSeeds, [&](std::size_t seed) {
    return play(run, texts, {"bo-rep", 0.05, seed, std::numeric_limits<double>::infinity()}, {});
  });
  const auto budgets = [&](std::uint64_t seed) { return Budgets{ours[seed].run.calls, ours[seed].run.seconds}; };

  // Each baseline's rate is the one with the least loss on the training tasks of seed 0; the test tasks do not choose.
  const auto tuning = run.ensemble("B7-tuning", kBaselines.size() * kRates.size(), [&](std::size_t i) {
    return play(run, texts, {kBaselines[i / kRates.size()], kRates[i % kRates.size()], 0}, budgets(0));
  });
  std::vector<double> chosen;
  Table tuned{"Learning rates of the baselines, seed 0, at BO-REP's oracle calls",
              {"method", "learning rate", "loss on the training tasks", "query accuracy", "steps", "stopped"},
              {}};
  for (std::size_t b = 0; b < kBaselines.size(); ++b) {
    std::size_t best = b * kRates.size();
    for (std::size_t i = b * kRates.size(); i < (b + 1) * kRates.size(); ++i) {
      if (tuning[i].run.loss < tuning[best].run.loss) best = i;
      tuned.rows.push_back({method_title(kBaselines[b]), kRates[i % kRates.size()], tuning[i].run.loss,
                            tuning[i].at_calls.mean, tuning[i].run.steps, tuning[i].run.stopped});
    }
    chosen.push_back(kRates[best % kRates.size()]);
  }
  const auto baselines = run.ensemble("B7-baselines", kBaselines.size() * kSeeds, [&](std::size_t i) {
    const std::size_t b = i / kSeeds;
    const std::uint64_t seed = i % kSeeds;
    if (seed == 0) {
      const auto at = std::find(kRates.begin(), kRates.end(), chosen[b]) - kRates.begin();
      return tuning[b * kRates.size() + static_cast<std::size_t>(at)];
    }
    return play(run, texts, {kBaselines[b], chosen[b], seed}, budgets(seed));
  });

  Table table{"Query accuracy on held-out departments, 60 tasks, 3 seeds",
              {"method", "step", "equal calls", "equal seconds", "converged adapter", "seed 0", "seed 1", "seed 2",
               "s.e. over tasks", "loss on the training tasks", "calls", "seconds"},
              {}};
  const auto add = [&](const std::string& name, double rate, const std::vector<Result>& results, std::size_t first) {
    table.rows.push_back({name, rate, mean_over(results, first, &Result::at_calls),
                          mean_over(results, first, &Result::at_seconds), mean_over(results, first, &Result::converged),
                          results[first].at_calls.mean, results[first + 1].at_calls.mean,
                          results[first + 2].at_calls.mean, results[first].at_calls.standard_error,
                          mean_loss(results, first), results[first].run.calls, results[first].run.seconds});
  };
  add("BO-REP", 0.05, ours, 0);
  add("BO-REP, lower updates in no ball", 0.05, without_ball, 0);
  std::vector<Comparison> curves{
      {"BO-REP", ours[0].run.logged_calls, ours[0].run.logged_seconds, {}, ours[0].run.logged_loss}};
  double best_calls = 0;
  double best_seconds = 0;
  for (std::size_t b = 0; b < kBaselines.size(); ++b) {
    add(method_title(kBaselines[b]), chosen[b], baselines, b * kSeeds);
    best_calls = std::max(best_calls, mean_over(baselines, b * kSeeds, &Result::at_calls));
    best_seconds = std::max(best_seconds, mean_over(baselines, b * kSeeds, &Result::at_seconds));
    const auto& first = baselines[b * kSeeds].run;
    curves.push_back({method_title(kBaselines[b]), first.logged_calls, first.logged_seconds, {}, first.logged_loss});
  }
  double random = 0;
  const auto add_control = [&](const std::string& name, TransferAccuracy Controls::*what,
                               TransferAccuracy Controls::*converged) {
    double mean = 0;
    double mean_converged = 0;
    for (const auto& c : controls) {
      mean += (c.*what).mean / kSeeds;
      mean_converged += (c.*converged).mean / kSeeds;
    }
    table.rows.push_back({name, "", mean, mean, mean_converged, (controls[0].*what).mean, (controls[1].*what).mean,
                          (controls[2].*what).mean, (controls[0].*what).standard_error, "", "", ""});
    return mean;
  };
  random = add_control("random encoder", &Controls::random, &Controls::random_converged);
  const double means = add_control("mean of the word vectors", &Controls::means, &Controls::means_converged);
  const double joint = add_control("joint training, 200 SGD steps", &Controls::joint, &Controls::joint_converged);
  run.table("accuracy", table);
  run.table("tuning", tuned);
  comparison_figures(run, curves);
  const double ours_mean = mean_over(ours, 0, &Result::at_calls);
  run.note(fmt::format(
      "A random encoder answers nearly constantly. The honest baselines are the mean of the word vectors ({:.3f}) and "
      "training on all departments at once without bilevel structure ({:.3f}); BO-REP has {:.3f}.",
      means, joint, ours_mean));
  return Measurement()
      .set("over_random", ours_mean - random)
      .set("over_best_calls", ours_mean - best_calls)
      .set("over_best_seconds", ours_mean - best_seconds);
}

}  // namespace offprint::papers::bo_rep
