// clean-text: a weight for each of the user's texts, the suspicious ones listed.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actions.hpp"
#include "cleaning.hpp"
#include "figures.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/optimize/ranking.hpp"

namespace offprint::papers::bo_rep {
namespace {

using optimize::LabelledRows;
using optimize::TextCleaning;

struct Subject {
  io::LabelledTexts texts;  // training rows first, then those of the files --validation and --test
  PreparedTexts prepared;
  Split split;
  std::vector<int> given;   // labels of the training rows as they stand in the file
  std::vector<bool> clean;  // with --noise: whether the label was left as it was
};

// Appends a file's rows; its labels must occur in --data.
LabelledRows append(Run& run, const char* option, io::LabelledTexts& texts) {
  const auto more = io::read_labelled_texts(run.options().path(option), columns_of(run.options()));
  const std::set<std::string> known(texts.labels.begin(), texts.labels.end());
  for (const auto& label : more.labels)
    if (!known.contains(label))
      throw InputError(fmt::format("--{} has the label '{}', which does not occur in --data; its labels are {}", option,
                                   label, fmt::join(known, ", ")));
  LabelledRows rows;
  for (std::size_t i = 0; i < more.size(); ++i) rows.rows.push_back(texts.size() + i);
  texts.texts.insert(texts.texts.end(), more.texts.begin(), more.texts.end());
  texts.labels.insert(texts.labels.end(), more.labels.begin(), more.labels.end());
  texts.domains.clear();
  return rows;
}

void take_labels(LabelledRows& rows, const PreparedTexts& prepared) {
  for (const std::size_t row : rows.rows) rows.labels.push_back(prepared.labels.codes[row]);
}

Subject read_subject(Run& run) {
  const Options& o = run.options();
  const double noise = o.real("noise");
  if (!(noise >= 0 && noise < 1)) throw InputError(fmt::format("--noise is {}; it must be in [0, 1)", noise));
  Subject s;
  s.texts = read_texts(run, false);
  const std::size_t count = s.texts.size();
  LabelledRows validation;
  LabelledRows test;
  if (o.has("validation")) validation = append(run, "validation", s.texts);
  if (o.has("test")) test = append(run, "test", s.texts);
  s.prepared = prepare(s.texts, run.stream("word vectors"), text_options(o));
  s.split = split_rows(s.prepared.labels.codes, 0, count, o.has("validation") ? 0 : o.real("val-fraction"),
                       o.has("test") ? 0 : o.real("test-fraction"), run.stream("split"));
  if (o.has("validation")) {
    take_labels(validation, s.prepared);
    s.split.validation = validation;
  } else {
    run.note(
        "No --validation: the clean texts are a random part of --data, taken at its word. Labels that are wrong there "
        "teach the wrong lesson: a small file that was checked by hand is better.");
  }
  if (o.has("test")) {
    take_labels(test, s.prepared);
    s.split.test = test;
  }
  if (s.split.validation.size() == 0) throw InputError("there are no validation texts: raise --val-fraction");
  s.given = s.split.train.labels;
  if (noise > 0) {
    const auto classes = s.prepared.labels.names.size();
    Stream random = run.stream("noise");
    s.clean.assign(s.given.size(), true);
    for (std::size_t i = 0; i < s.given.size(); ++i) {
      if (random.uniform() >= noise) continue;
      s.clean[i] = false;
      const auto shift = 1 + random.below(classes - 1);
      s.split.train.labels[i] = static_cast<int>((static_cast<std::size_t>(s.given[i]) + shift) % classes);
    }
    if (std::find(s.clean.begin(), s.clean.end(), false) == s.clean.end()) s.clean.clear();
  }
  return s;
}

std::string field(std::string text) {
  std::replace(text.begin(), text.end(), '\t', ' ');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// All training rows by rising weight.
void write_suspects(Run& run, const Subject& s, const Eigen::VectorXd& weights, const std::vector<int>& predicted) {
  std::vector<std::size_t> order(s.given.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return weights[static_cast<Eigen::Index>(a)] < weights[static_cast<Eigen::Index>(b)];
  });
  const auto& names = s.prepared.labels.names;
  const auto name = [&](int label) { return names[static_cast<std::size_t>(label)]; };
  run.artifact("suspects.tsv", [&](const std::filesystem::path& path) {
    std::ofstream out(path);
    out << "rank\trow\tweight\tlabel\tmodel_says" << (s.clean.empty() ? "" : "\tlabel_was_flipped") << "\ttext\n";
    for (std::size_t k = 0; k < order.size(); ++k) {
      const std::size_t i = order[k];
      out << fmt::format("{}\t{}\t{:.6g}\t{}\t{}", k + 1, s.split.train.rows[i] + 1,
                         weights[static_cast<Eigen::Index>(i)], field(name(s.split.train.labels[i])),
                         field(name(predicted[i])));
      if (!s.clean.empty()) out << (s.clean[i] ? "\tno" : "\tyes");
      out << '\t' << field(s.texts.texts[s.split.train.rows[i]]) << '\n';
    }
    if (!out) throw IoError("suspects.tsv could not be written");
  });
  Table table{"The most suspicious texts", {"row", "weight", "label", "model says", "text"}, {}};
  for (std::size_t k = 0; k < std::min<std::size_t>(10, order.size()); ++k) {
    const std::size_t i = order[k];
    table.rows.push_back({s.split.train.rows[i] + 1, weights[static_cast<Eigen::Index>(i)],
                          name(s.split.train.labels[i]), name(predicted[i]),
                          s.texts.texts[s.split.train.rows[i]].substr(0, 60)});
  }
  run.table("suspects", table);
}

std::vector<int> predictions(const TextCleaning& problem, const Eigen::VectorXd& y) {
  const auto& loss = problem.loss();
  const auto& train = problem.train();
  std::vector<int> out;
  for (std::size_t first = 0; first < train.size(); first += 256) {
    const std::size_t count = std::min<std::size_t>(256, train.size() - first);
    const auto packed = loss.texts().pack(std::span(train.rows).subspan(first, count));
    const nn::RnnPass pass(loss.net(), y.head(loss.net().encoder_parameters()), y.tail(loss.net().head_parameters()),
                           packed, std::span(train.labels).subspan(first, count));
    const auto part = pass.predictions();
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

void curve_figure(Run& run, const char* name, const char* title, const char* axis, bool log, const CleaningOutcome& o,
                  const std::vector<double>& values) {
  Series series{.name = axis};
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (!std::isfinite(values[k]) || (log && !(values[k] > 0))) continue;
    series.x.push_back(o.step[k]);
    series.y.push_back(values[k]);
  }
  if (series.x.size() < 2) return;
  LinePlot plot;
  plot.title = title;
  plot.x = {.title = "outer step"};
  plot.y = {.title = axis, .log = log};
  plot.series = {series};
  run.figure(name, Figure::line(plot));
}

}  // namespace

void clean_text(Run& run) {
  const MethodOptions method = method_options(run.options());
  const auto others = compared_methods(run.options());
  Subject s = read_subject(run);
  note_texts(run, s.prepared, s.texts.size());
  const optimize::TextCleaningOptions options{.decay = run.options().real("decay"),
                                              .batch = static_cast<std::size_t>(run.options().integer("batch")),
                                              .validation = static_cast<std::size_t>(run.options().integer("batch")),
                                              .seed = run.stream("batches")()};
  const TextCleaning problem(optimize::TextLoss(network(run.options(), s.prepared), s.prepared.texts, run.parallel()),
                             s.split.train, s.split.validation, options);
  CleaningSetup setup{.method = method,
                      .log = std::max<std::uint64_t>(1, method.steps / 40),
                      .residual = true,
                      .seed = run.stream("network")(),
                      .clock = Clock::kWall};
  if (method.name == "bo-rep" || method.name == "slip")
    run.note(fmt::format(
        "x has {} entries and moves {:g} a step: at most {:g} in all, {:.2g} for each text on average "
        "if all move alike.",
        problem.dimension_x(), method.rate, method.rate * static_cast<double>(method.steps),
        method.rate * static_cast<double>(method.steps) / std::sqrt(static_cast<double>(problem.dimension_x()))));

  const CleaningOutcome ours = clean(problem, s.split.test, setup, run.parallel().cancel);
  if (ours.stopped != "steps") throw InputError(fmt::format("{} {}", method_title(method.name), ours.stopped));
  const double inner =
      static_cast<double>(method.refine) +
      static_cast<double>(method.inner_steps * (method.steps / std::max<std::uint64_t>(method.period, 1)));
  const CleaningOutcome uniform =
      train_uniform(problem, s.split.test, static_cast<std::uint64_t>(inner), setup, run.parallel().cancel);

  const Eigen::VectorXd weights = optimize::sigmoid(ours.scores);
  write_suspects(run, s, weights, predictions(problem, ours.network));
  const bool test = s.split.test.size() > 0;
  Table table{"Cleaned and not", {"method", "validation loss", "test accuracy", "calls", "seconds"}, {}};
  const auto add = [&](const std::string& name, const CleaningOutcome& o) {
    table.rows.push_back({name, o.validation_loss, test ? Json(o.accuracy) : Json(""), o.calls, o.seconds});
  };
  add(method_title(method.name), ours);
  add("no cleaning", uniform);
  std::vector<Comparison> curves{
      {method_title(method.name), ours.logged_calls, ours.logged_seconds, ours.test, ours.loss}};
  for (const MethodOptions& other : others) {
    CleaningSetup theirs = setup;
    theirs.method = other;
    theirs.residual = false;
    const CleaningOutcome o = clean(problem, s.split.test, theirs, run.parallel().cancel);
    if (o.stopped != "steps") run.note(fmt::format("{} {}", method_title(other.name), o.stopped));
    add(method_title(other.name), o);
    curves.push_back({method_title(other.name), o.logged_calls, o.logged_seconds, o.test, o.loss});
  }
  run.table("methods", table);
  run.metric("validation_loss", ours.validation_loss);
  run.metric("validation_loss_uncleaned", uniform.validation_loss);
  if (test) {
    run.metric("test_accuracy", ours.accuracy);
    run.metric("test_accuracy_uncleaned", uniform.accuracy);
  }
  if (!s.clean.empty()) run.metric("auc", optimize::area_under_curve(ours.scores, s.clean));
  comparison_figures(run, curves);
  curve_figure(run, "momentum", "Estimate of the hypergradient", "||m||", true, ours, ours.momentum);
  curve_figure(run, "residual", "Residual of the linear system, relative", "||g_yy z - f_y|| / ||f_y||", true, ours,
               ours.residual);
  curve_figure(run, "drift", "How far y moved in its last update", "||y_t - y_before||", true, ours, ours.drift);
  run.figure("weights", weights_figure("Weights of the texts", weights, s.clean));
  run.artifact("network.npy", [&](const std::filesystem::path& path) {
    io::write_npy(path, io::NdArray::from_matrix(Eigen::MatrixXd(ours.network)));
  });
  run.note(fmt::format("suspects.tsv lists all {} training texts by rising weight: read it from the top.",
                       s.split.train.size()));
}

}  // namespace offprint::papers::bo_rep
