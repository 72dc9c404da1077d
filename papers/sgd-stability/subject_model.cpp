// --model: a TorchScript network, its data, and what is asked of them.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/landscape/gram.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/torch/script_loss.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "subject.hpp"

namespace offprint::papers::sgd_stability {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kRowsBytes = 1e9;  // of gradient rows held at a time

struct Data {
  nn::Labelled samples;
  MatrixXd targets;  // outputs x n; empty for cross-entropy
};

std::vector<int> class_numbers(const VectorXd& values) {
  std::vector<int> labels;
  for (Index i = 0; i < values.size(); ++i) {
    if (!(values(i) >= 0) || values(i) != std::floor(values(i)) || values(i) > 1e9)
      throw InputError(
          fmt::format("the target of sample {} is {}; cross-entropy needs class numbers from 0", i, values(i)));
    labels.push_back(static_cast<int>(values(i)));
  }
  return labels;
}

void count_classes(nn::Labelled& data) {
  data.classes = data.labels.empty() ? 0 : *std::max_element(data.labels.begin(), data.labels.end()) + 1;
}

// A table that holds inputs and targets together.
Data read_table(const std::string& address, const std::string& column, bool classes) {
  const auto file = io::read_matrix(address);
  io::Table names;
  names.names = file.columns;
  Index at = -1;
  const auto named = std::find(file.columns.begin(), file.columns.end(), column);
  if (named != file.columns.end()) {
    at = named - file.columns.begin();
  } else if (!column.empty() &&
             std::all_of(column.begin(), column.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
             column.size() < 9) {
    at = std::stol(column) - 1;
    if (at < 0 || at >= file.values.cols())
      throw InputError(fmt::format("--target-column {}: {} has columns 1 to {}", column, address, file.values.cols()));
  } else {
    at = names.column(column);  // throws with the nearest name
  }
  if (file.values.cols() < 2) throw InputError(fmt::format("{}: there is no column besides the targets", address));
  Data data;
  MatrixXd inputs(file.values.rows(), file.values.cols() - 1);
  inputs << file.values.leftCols(at), file.values.rightCols(file.values.cols() - at - 1);
  for (Index i = 0; i < inputs.rows(); ++i)
    if (!inputs.row(i).allFinite())
      throw InputError(fmt::format("{}: an input of sample {} is not finite", address, i));
  data.samples.inputs = inputs.transpose();
  data.samples.shape = {static_cast<std::size_t>(inputs.cols())};
  if (classes)
    data.samples.labels = class_numbers(file.values.col(at));
  else
    data.targets = file.values.col(at).transpose();
  return data;
}

Data read_files(const std::string& inputs, const std::string& targets, bool classes) {
  Data data;
  data.samples = nn::read_inputs(inputs);
  const Index n = data.samples.size();
  if (classes) {
    data.samples.labels = nn::read_labels(targets, n);
    return data;
  }
  const auto file = io::read_matrix(targets);
  if (file.values.rows() != n)
    throw InputError(
        fmt::format("{} holds targets of {} samples but {} has {} samples", targets, file.values.rows(), inputs, n));
  data.targets = file.values.transpose();
  return data;
}

Data read_training_data(const Options& o, bool classes) {
  if (!o.has("data")) throw InputError("--model needs --data: the inputs it was trained on");
  if (o.has("targets") == o.has("target-column"))
    throw InputError("--model needs the targets: give either --targets FILE or --target-column NAME");
  const std::string inputs = o.path("data").string();
  Data data = o.has("targets") ? read_files(inputs, o.path("targets").string(), classes)
                               : read_table(inputs, o.text("target-column"), classes);
  for (Index i = 0; i < data.targets.cols(); ++i)
    if (!data.targets.col(i).allFinite()) throw InputError(fmt::format("the target of sample {} is not finite", i));
  count_classes(data.samples);
  return data;
}

Data take(const Data& data, const std::vector<Index>& samples) {
  const std::vector<std::size_t> wanted(samples.begin(), samples.end());
  Data out{nn::subset(data.samples, wanted), {}};
  if (data.targets.size() > 0) out.targets = data.targets(Eigen::all, samples);
  return out;
}

nn::ScriptLoss make_loss(const nn::ScriptModel& model, const Data& data, nn::Loss loss,
                         const nn::ScriptLossOptions& options) {
  if (loss == nn::Loss::kCrossEntropy) return {model, data.samples, loss, options};
  return {model, data.samples, data.targets, loss, options};
}

// The names as a regular expression that matches these and nothing else.
std::string exactly(const std::vector<std::string>& names) {
  std::string out = "^(";
  for (const auto& name : names) {
    if (out.size() > 2) out += '|';
    for (const char c : name) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') out += '\\';
      out += c;
    }
  }
  return out + ")$";
}

// g g^T, a group of parameter tensors at a time so that the rows held stay within kRowsBytes. Each group costs a
// backward pass for each row.
MatrixXd streamed_gram(Run& run, const nn::ScriptModel& model, const Data& data, nn::Loss loss, Index outputs) {
  const auto rows = static_cast<double>(data.samples.size() * outputs);
  std::vector<std::vector<std::string>> groups;
  double held = 0;
  for (const auto& tensor : model.parameters()) {
    const double bytes = 8 * rows * static_cast<double>(tensor.size);
    if (bytes > 8 * kRowsBytes)
      throw InputError(fmt::format("the gradients of {} for {} samples take {:.1f} GB: use fewer --samples",
                                   tensor.name, data.samples.size(), bytes / 1e9));
    if (groups.empty() || held + bytes > kRowsBytes) {
      groups.emplace_back();
      held = 0;
    }
    groups.back().push_back(tensor.name);
    held += bytes;
  }
  MatrixXd gram = MatrixXd::Zero(data.samples.size() * outputs, data.samples.size() * outputs);
  auto progress = run.progress(groups.size(), "gradients");
  for (const auto& group : groups) {
    run.check_cancelled();
    nn::ScriptLossOptions options{.parallel = run.parallel()};
    if (groups.size() > 1) options.parameters = exactly(group);
    const auto part = make_loss(model, data, loss, options);
    const nn::ScriptLoss::Rows g = part.gauss_newton_rows(0, data.samples.size());
    gram += landscape::gram_matrix(
        {g.rows(), g.cols(),
         [&](Index first, Eigen::Ref<MatrixXd> block) { block = g.middleCols(first, block.cols()); }},
        run.parallel());
    progress.advance();
  }
  return gram;
}

// ||H - G|| by a few power iterations from a random vector: an estimate from below.
std::optional<double> residual_part(Run& run, const nn::ScriptLoss& loss) {
  constexpr int kIterations = 8;
  try {
    const auto product = loss.residual();
    VectorXd v(product.size);
    Stream random = run.stream("residual part");
    random.fill_normal({v.data(), static_cast<std::size_t>(v.size())});
    double size = 0;
    for (int k = 0; k < kIterations; ++k) {
      run.check_cancelled();
      v.normalize();
      VectorXd w(v.size());
      product.apply(v, w);
      size = w.norm();
      if (!(size > 0)) break;
      v = w;
    }
    return size;
  } catch (const InputError&) {
    return std::nullopt;  // no second derivative
  }
}

landscape::DescentReport train_model(Run& run, nn::ScriptModel& model, const Data& data, nn::Loss kind, double eta,
                                     Index outputs) {
  constexpr Index kTracedRows = 500;  // backward passes a look
  const Index n = data.samples.size();
  auto options = descent_options(run, eta, n);
  options.check_every = std::max<std::uint64_t>(options.max_steps / 50, 1);
  const auto loss = make_loss(model, data, kind, {.parallel = run.parallel()});
  Stream random = run.stream("samples");
  VectorXd theta = model.theta();
  VectorXd gradient(theta.size());
  auto progress = run.progress(options.max_steps, "training");
  const auto advance = [&](std::uint64_t count) {
    std::vector<std::size_t> batch(static_cast<std::size_t>(options.batch));
    std::uint64_t clipped = 0;
    for (std::uint64_t t = 0; t < count; ++t) {
      run.check_cancelled();
      for (auto& i : batch) i = random.below(static_cast<std::uint64_t>(n));
      if (batch.empty())
        loss.gradient(gradient);
      else
        loss.gradient(batch, gradient);
      const double norm = gradient.norm();
      double s = eta;
      if (norm > options.clip_norm) {
        s *= options.clip_norm / norm;
        ++clipped;
      }
      theta -= s * gradient;
      if (!theta.allFinite()) break;  // the next look says so
      model.set_theta(theta);
    }
    progress.advance(count);
    return clipped;
  };
  const auto evaluate = [&] {
    landscape::DescentPoint point;
    if (!theta.allFinite()) return point;
    point.loss = loss.value();
    if (n * outputs <= kTracedRows) point.trace = loss.gauss_newton_rows(0, n).squaredNorm() / static_cast<double>(n);
    return point;
  };
  return descend(options, n, advance, evaluate);
}

}  // namespace

Subject from_model(Run& run) {
  const Options& o = run.options();
  const nn::Loss kind = nn::parse_loss(o.text("loss"));
  const bool classes = kind == nn::Loss::kCrossEntropy;
  const auto path = o.path("model");
  if (o.flag("train") && !o.has("learning-rate")) throw InputError("--train needs a --learning-rate");
  Data all = read_training_data(o, classes);
  nn::ScriptModel model = nn::ScriptModel::load(path, {.device = run.device()});

  Subject subject;
  subject.name = path.filename().string();
  subject.parameters = model.size();
  if (o.has("learning-rate")) subject.learning_rate = o.real("learning-rate");
  subject.outputs = model.outputs(nn::subset(all.samples, std::vector<std::size_t>{0})).rows();
  if (o.has("outputs") && o.integer("outputs") != subject.outputs)
    throw InputError(fmt::format("--outputs {}: {} gives {} outputs a sample", o.integer("outputs"), path.string(),
                                 subject.outputs));
  if (!classes && subject.outputs > 1 && !o.has("outputs"))
    throw InputError(
        fmt::format("{} gives {} outputs a sample: confirm with --outputs {} that mse sums over them, or "
                    "use --loss cross-entropy",
                    path.string(), subject.outputs, subject.outputs));
  if (!classes && all.targets.rows() != subject.outputs)
    throw InputError(fmt::format("the targets have {} values a sample but {} gives {} outputs", all.targets.rows(),
                                 path.string(), subject.outputs));
  const auto samples = chosen_samples(run, all.samples.size(), subject.outputs, o.path("data").string());
  if (o.flag("train")) {
    subject.training = train_model(run, model, all, kind, subject.learning_rate, subject.outputs);
    require_finite(subject.training);
    run.artifact("trained.pt", [&](const std::filesystem::path& file) { model.save(file); });
  }
  const Data data = take(all, samples);
  subject.gram = streamed_gram(run, model, data, kind, subject.outputs);

  const auto loss = make_loss(model, data, kind, {.parallel = run.parallel()});
  VectorXd gradient(loss.size());
  subject.loss = loss.gradient(gradient);
  subject.gradient_norm = gradient.norm();
  subject.residual_part = residual_part(run, loss);
  if (classes) {
    std::vector<double> share(static_cast<std::size_t>(data.samples.classes));
    for (const int label : data.samples.labels)
      share[static_cast<std::size_t>(label)] += 1 / static_cast<double>(data.samples.labels.size());
    double entropy = 0;
    for (const double p : share)
      if (p > 0) entropy -= p * std::log(p);
    subject.scale = entropy;
    subject.scale_name = "the labels' entropy";
  } else {
    const VectorXd mean = data.targets.rowwise().mean();
    subject.scale = (data.targets.colwise() - mean).squaredNorm() / static_cast<double>(data.targets.cols());
    run.note(fmt::format("The loss is half the squared error: a learning rate for torch.nn.MSELoss counts {} here.",
                         subject.outputs == 1 ? "twice" : fmt::format("2/{} times", subject.outputs)));
    if (subject.outputs == 1) subject.residuals = loss.output_gradients().transpose();
  }
  return subject;
}

}  // namespace offprint::papers::sgd_stability
