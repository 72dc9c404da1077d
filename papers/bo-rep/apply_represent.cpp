// represent: an encoder trained on many domains, judged on those held out.
#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actions.hpp"
#include "figures.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "representation.hpp"

namespace offprint::papers::bo_rep {
namespace {

using optimize::TextRepresentation;

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream names(text);
  for (std::string name; std::getline(names, name, ',');)
    if (!name.empty()) out.push_back(name);
  return out;
}

}  // namespace

void represent(Run& run) {
  const Options& o = run.options();
  const MethodOptions method = method_options(o);
  const auto others = compared_methods(o);
  const auto texts = read_texts(run, true);
  const PreparedTexts prepared = prepare(texts, run.stream("word vectors"), text_options(o));
  note_texts(run, prepared, texts.size());
  const TaskShape shape{static_cast<std::size_t>(o.integer("support")), static_cast<std::size_t>(o.integer("query"))};

  std::vector<std::string> held_out =
      o.has("holdout-domains") ? split_names(o.text("holdout-domains")) : std::vector<std::string>{};
  if (held_out.empty() && !o.has("data")) held_out = {"sport", "travel"};
  if (held_out.empty())
    throw InputError(fmt::format("--holdout-domains is needed: name domains to judge on; there are {}",
                                 fmt::join(prepared.domains.names, ", ")));
  for (const auto& name : held_out)
    if (std::find(prepared.domains.names.begin(), prepared.domains.names.end(), name) == prepared.domains.names.end())
      throw InputError(fmt::format("--holdout-domains: there is no domain '{}'; known: {}", name,
                                   fmt::join(prepared.domains.names, ", ")));
  const std::size_t need = texts_needed(prepared.labels.names.size(), shape);
  std::vector<std::string> training;
  std::vector<std::string> small;
  for (const auto& name : prepared.domains.names) {
    if (std::find(held_out.begin(), held_out.end(), name) != held_out.end()) continue;
    (scarcest(prepared, name) >= need ? training : small).push_back(name);
  }
  if (!small.empty())
    run.note(
        fmt::format("left out of training, with fewer than {} texts of a class: {}", need, fmt::join(small, ", ")));
  if (training.empty())
    throw InputError(fmt::format(
        "no domain is left to train on: all but the held-out ones have fewer than {} texts of a class; lower --support "
        "and --query",
        need));

  const auto net = network(o, prepared);
  const TextRepresentation problem(
      optimize::TextLoss(net, prepared.texts, run.parallel()),
      draw_tasks(prepared, training, static_cast<std::size_t>(o.integer("tasks")), shape, run.stream("training tasks")),
      {.decay = o.real("decay"),
       .tasks = static_cast<std::size_t>(o.integer("task-batch")),
       .seed = run.stream("task order")()});
  const auto test = draw_tasks(prepared, held_out, static_cast<std::size_t>(o.integer("test-tasks")), shape,
                               run.stream("test tasks"));
  const Eigen::VectorXd start = net.initial(run.stream("encoder")).head(net.encoder_parameters());

  Table table{"Query accuracy on the held-out domains",
              {"encoder", "accuracy", "standard error", "accuracy at equal seconds", "loss on the training tasks",
               "calls", "seconds"},
              {}};
  std::vector<Comparison> curves;
  const std::uint64_t log = std::max<std::uint64_t>(1, method.steps / 20);
  const RepresentationOutcome ours =
      train_encoder(problem, start, method, {}, log, run.parallel().cancel, Clock::kWall);
  if (ours.stopped != "steps") throw InputError(fmt::format("{} {}", method_title(method.name), ours.stopped));
  const auto accuracy = transfer(problem.loss(), ours.at_calls, test);
  const auto add_curve = [&](const std::string& name, const RepresentationOutcome& r) {
    curves.push_back({method_title(name), r.logged_calls, r.logged_seconds, {}, r.logged_loss});
  };
  table.rows.push_back({method_title(method.name), accuracy.mean, accuracy.standard_error, accuracy.mean, ours.loss,
                        ours.calls, ours.seconds});
  add_curve(method.name, ours);
  for (const MethodOptions& other : others) {
    const auto theirs =
        train_encoder(problem, start, other, {ours.calls, ours.seconds}, log, run.parallel().cancel, Clock::kWall);
    if (theirs.stopped != "steps" && theirs.stopped != "observer")
      run.note(fmt::format("{} {}", method_title(other.name), theirs.stopped));
    const auto at_calls = transfer(problem.loss(), theirs.at_calls, test);
    table.rows.push_back({method_title(other.name), at_calls.mean, at_calls.standard_error,
                          transfer(problem.loss(), theirs.at_seconds, test).mean, theirs.loss, theirs.calls,
                          theirs.seconds});
    add_curve(other.name, theirs);
  }
  const auto add_control = [&](const std::string& name, const TransferAccuracy& a) {
    table.rows.push_back({name, a.mean, a.standard_error, "", "", "", ""});
    return a.mean;
  };
  const double random = add_control("random encoder", transfer(problem.loss(), start, test));
  const double means = add_control("mean of the word vectors", transfer_of_means(prepared, test));
  const double joint = add_control(
      "joint training",
      transfer(problem.loss(),
               train_jointly(problem, start, 0.3, method.steps, run.stream("joint batches"), run.parallel().cancel),
               test));
  run.table("accuracy", table);
  run.metric("accuracy", accuracy.mean);
  run.metric("accuracy_random_encoder", random);
  run.metric("accuracy_word_vector_mean", means);
  run.metric("accuracy_joint_training", joint);
  comparison_figures(run, curves);
  run.artifact("encoder.npy", [&](const std::filesystem::path& path) {
    io::write_npy(path, io::NdArray::from_matrix(Eigen::MatrixXd(ours.at_calls)));
  });
  run.note(
      fmt::format("Trained on {} domains, judged on {} tasks of {}. Joint training and the mean of the word vectors "
                  "are the baselines to beat, not the random encoder.",
                  training.size(), test.size(), fmt::join(held_out, ", ")));
}

}  // namespace offprint::papers::bo_rep
