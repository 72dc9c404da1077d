#include "subject.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/landscape/diagonal_network.hpp"
#include "offprint/landscape/gram.hpp"

namespace offprint::papers::sgd_stability {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

// Rows of the chosen samples, `outputs` of them each.
std::vector<Index> rows_of(const std::vector<Index>& samples, Index outputs) {
  std::vector<Index> rows;
  for (const Index i : samples)
    for (Index k = 0; k < outputs; ++k) rows.push_back(i * outputs + k);
  return rows;
}

Index count_samples(Index rows, Index outputs, const std::string& name) {
  if (rows % outputs != 0)
    throw InputError(fmt::format("{}: {} rows are no multiple of --outputs {}", name, rows, outputs));
  return rows / outputs;
}

}  // namespace

std::vector<Index> chosen_samples(Run& run, Index n, Index outputs, const std::string& where) {
  constexpr Index kUsualRows = 2000;  // seconds for a threshold; the time grows with the cube
  const Options& o = run.options();
  const Index usual = std::max<Index>(kUsualRows / outputs, 2);
  const Index wanted = std::min<Index>(o.has("samples") ? o.integer("samples") : usual, n);
  if (!o.has("samples") && wanted < n)
    run.note(fmt::format("{} of the {} samples were used, drawn at random (--samples N takes another number of them)",
                         wanted, n));
  if (wanted < 2)
    throw InputError(fmt::format("{}: {} sample{} {} used; stability of a stochastic step needs at least 2", where,
                                 wanted, wanted == 1 ? "" : "s", wanted == 1 ? "is" : "are"));
  std::vector<Index> out(static_cast<std::size_t>(wanted));
  if (wanted == n) {
    std::iota(out.begin(), out.end(), Index{0});
    return out;
  }
  const auto order = run.stream("subsample").permutation(static_cast<std::size_t>(n));
  std::transform(order.begin(), order.begin() + wanted, out.begin(),
                 [](std::size_t i) { return static_cast<Index>(i); });
  std::sort(out.begin(), out.end());
  return out;
}

landscape::DescentOptions descent_options(const Run& run, double learning_rate, Index n) {
  const Options& o = run.options();
  landscape::DescentOptions options;
  options.learning_rate = learning_rate;
  const Index batch = o.integers("batch-size").front();
  options.batch = batch >= n ? 0 : batch;
  options.clip_norm = o.real("clip-norm");
  options.max_steps = static_cast<std::uint64_t>(o.integer("steps"));
  options.cancel = run.parallel().cancel;
  return options;
}

void require_finite(const landscape::DescentReport& report) {
  if (!report.diverged) return;
  throw InputError(fmt::format("training diverged: step {}, loss {}; lower --learning-rate or set --clip-norm",
                               report.steps, report.loss));
}

Subject from_gradients(Run& run) {
  const Options& o = run.options();
  const auto path = o.path("gradients");
  Subject subject;
  subject.name = path.filename().string();
  subject.outputs = o.has("outputs") ? o.integer("outputs") : 1;
  std::vector<Index> samples;
  if (path.extension() == ".npy") {
    // Read by columns from the mapped file: it may be larger than memory.
    const io::NpyRows file(path);
    if (file.rank() != 2)
      throw InputError(
          fmt::format("{}: the array has {} axes; gradients are a matrix, a row a sample and a column a "
                      "parameter",
                      path.string(), file.rank()));
    samples =
        chosen_samples(run, count_samples(file.rows(), subject.outputs, path.string()), subject.outputs, path.string());
    const auto rows = rows_of(samples, subject.outputs);
    subject.parameters = file.columns();
    subject.gram = landscape::gram_matrix(
        {static_cast<Index>(rows.size()), file.columns(),
         [&](Index first, Eigen::Ref<MatrixXd> block) { file.read_columns(rows, first, block); }},
        run.parallel());
  } else {
    const auto file = io::read_matrix(path.string());
    samples = chosen_samples(run, count_samples(file.values.rows(), subject.outputs, path.string()), subject.outputs,
                             path.string());
    const MatrixXd rows = file.values(rows_of(samples, subject.outputs), Eigen::all);
    subject.parameters = rows.cols();
    subject.gram = landscape::gram_matrix(rows, run.parallel());
  }
  if (o.has("learning-rate")) subject.learning_rate = o.real("learning-rate");
  if (o.has("residuals")) {
    const auto file = io::read_matrix(o.path("residuals").string());
    if (subject.outputs != 1) throw InputError("--residuals is for one output a sample: leave out --outputs");
    if (file.values.cols() != 1 || file.values.rows() < samples.back() + 1)
      throw InputError(fmt::format("--residuals holds {} x {} numbers; give one for each row of --gradients",
                                   file.values.rows(), file.values.cols()));
    subject.residuals = file.values.col(0)(samples);
    for (std::size_t i = 0; i < samples.size(); ++i)
      if (!std::isfinite(subject.residuals(static_cast<Index>(i))))
        throw InputError(fmt::format("the residual of sample {} is not finite", samples[i]));
    subject.loss = subject.residuals.squaredNorm() / (2 * static_cast<double>(samples.size()));
  } else {
    run.note(
        "Gradients alone say nothing of the loss: the results hold if these are gradients of the model's output at "
        "a minimum of (nearly) zero loss (--residuals f - y gives the loss and the alignment factor).");
  }
  return subject;
}

Subject from_example(Run& run) {
  constexpr Index kSamples = 60;
  constexpr Index kInputs = 200;
  const Options& o = run.options();
  Subject subject;
  subject.name = "a small diagonal network (d = 200, n = 60) trained here by SGD";
  subject.learning_rate = o.has("learning-rate") ? o.real("learning-rate") : 0.02;
  subject.parameters = 2 * kInputs;
  const auto data = landscape::sparse_regression(kSamples, kInputs, 3, run.stream("diagonal data"));
  auto net = landscape::normal_network(kInputs, run.stream("diagonal init"));
  auto options = descent_options(run, subject.learning_rate, kSamples);
  if (!o.flag("train")) options.max_steps = 1'000'000;
  subject.training = landscape::train(net, data, options, run.stream("samples"));
  require_finite(subject.training);
  const auto samples = chosen_samples(run, kSamples, 1, "the example");
  const landscape::RowMatrix x = data.x(samples, Eigen::all);
  const Eigen::VectorXd y = data.y(samples);
  subject.gram = landscape::gradient_gram(net, x, run.parallel());
  subject.residuals = x * net.coefficients() - y;
  const auto n = static_cast<double>(samples.size());
  subject.loss = subject.residuals.squaredNorm() / (2 * n);
  const Eigen::VectorXd u = x.transpose() * subject.residuals / n;
  subject.gradient_norm = std::sqrt((net.a.cwiseProduct(u)).squaredNorm() + (net.b.cwiseProduct(u)).squaredNorm());
  // H - G couples a_j with b_j by u_j: its norm is the largest |u_j|, exactly.
  subject.residual_part = u.cwiseAbs().maxCoeff();
  subject.scale = (y.array() - y.mean()).square().mean();
  return subject;
}

}  // namespace offprint::papers::sgd_stability
