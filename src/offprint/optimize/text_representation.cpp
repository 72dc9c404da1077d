#include "offprint/optimize/text_representation.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

std::span<double> span_of(VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }
std::span<const double> span_of(const VectorRef& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

VectorXd equal_weights(const LabelledRows& rows) {
  return VectorXd::Constant(static_cast<Index>(rows.size()), 1 / static_cast<double>(rows.size()));
}

}  // namespace

TextRepresentation::TextRepresentation(TextLoss loss, std::vector<TextTask> tasks,
                                       const TextRepresentationOptions& options)
    : loss_(std::move(loss)), tasks_(std::move(tasks)), options_(options) {
  if (tasks_.empty()) throw InputError("text representation: there are no tasks");
  for (const auto& task : tasks_)
    if (task.support.size() == 0 || task.query.size() == 0)
      throw InputError("text representation: a task has no support or no query texts");
  if (!(options.decay > 0))
    throw InputError(fmt::format("text representation: the decay is {}; it must be positive", options.decay));
  if (options.tasks == 0) throw InputError("text representation: a sample has at least 1 task");
}

std::vector<std::size_t> TextRepresentation::group(const Sample& sample, bool upper) const {
  std::vector<std::size_t> order(tasks_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (sample.exact() || options_.tasks >= tasks_.size()) return order;
  const std::uint64_t groups = tasks_.size() / options_.tasks;
  order =
      Stream(options_.seed, upper ? "upper tasks" : "lower tasks", *sample.index / groups).permutation(tasks_.size());
  const auto first = order.begin() + static_cast<std::ptrdiff_t>(*sample.index % groups * options_.tasks);
  return {first, first + static_cast<std::ptrdiff_t>(options_.tasks)};
}

LabelledRows TextRepresentation::upper_rows(const Sample& sample) const {
  LabelledRows rows;
  for (const std::size_t task : group(sample, true)) rows.append(tasks_[task].query);
  return rows;
}

LabelledRows TextRepresentation::lower_rows(const Sample& sample) const {
  LabelledRows rows;
  for (const std::size_t task : group(sample, false)) rows.append(tasks_[task].support);
  return rows;
}

std::uint64_t TextRepresentation::rows_upper(const Sample& sample) const {
  std::uint64_t rows = 0;
  for (const std::size_t task : group(sample, true)) rows += tasks_[task].query.size();
  return rows;
}

std::uint64_t TextRepresentation::rows_lower(const Sample& sample) const {
  std::uint64_t rows = 0;
  for (const std::size_t task : group(sample, false)) rows += tasks_[task].support.size();
  return rows;
}

double TextRepresentation::f(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(x, y, upper_rows(sample)).mean();
}

double TextRepresentation::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(x, y, lower_rows(sample)).mean() + options_.decay / 2 * y.squaredNorm();
}

void TextRepresentation::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const LabelledRows rows = upper_rows(sample);
  out.resize(x.size());
  loss_.gradient(x, y, rows, equal_weights(rows), span_of(out), {});
}

void TextRepresentation::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const LabelledRows rows = upper_rows(sample);
  out.resize(y.size());
  loss_.gradient(x, y, rows, equal_weights(rows), {}, span_of(out));
}

void TextRepresentation::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const LabelledRows rows = lower_rows(sample);
  out.resize(x.size());
  loss_.gradient(x, y, rows, equal_weights(rows), span_of(out), {});
}

void TextRepresentation::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const LabelledRows rows = lower_rows(sample);
  out.resize(y.size());
  loss_.gradient(x, y, rows, equal_weights(rows), {}, span_of(out));
  out += options_.decay * y;
}

void TextRepresentation::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                             const Sample& sample) const {
  const LabelledRows rows = lower_rows(sample);
  out.resize(y.size());
  loss_.hessian_product(x, y, rows, equal_weights(rows), {}, span_of(v), {}, span_of(out));
  out += options_.decay * v;
}

void TextRepresentation::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                             const Sample& sample) const {
  const LabelledRows rows = lower_rows(sample);
  out.resize(x.size());
  loss_.hessian_product(x, y, rows, equal_weights(rows), {}, span_of(v), span_of(out), {});
}

double adapted_accuracy(const MatrixXd& support, const std::vector<int>& support_labels, const MatrixXd& query,
                        const std::vector<int>& query_labels, Index classes, const AdapterOptions& options) {
  MatrixXd weights = MatrixXd::Zero(classes, support.rows());
  VectorXd bias = VectorXd::Zero(classes);
  const auto n = static_cast<double>(support.cols());
  const double rate = options.step > 0 ? options.step : 1 / ((support.squaredNorm() / n + 1) / 2 + options.decay);
  for (std::uint64_t step = 0; step < options.steps; ++step) {
    MatrixXd error = (weights * support).colwise() + bias;
    error = (error.rowwise() - error.colwise().maxCoeff().eval()).array().exp().matrix();
    error.array().rowwise() /= error.colwise().sum().array().eval();
    for (Index i = 0; i < error.cols(); ++i) error(support_labels[static_cast<std::size_t>(i)], i) -= 1;
    weights -= rate * (error * support.transpose() / n + options.decay * weights);
    bias -= rate * (error.rowwise().sum() / n + options.decay * bias);
  }
  const MatrixXd logits = (weights * query).colwise() + bias;
  Index right = 0;
  for (Index i = 0; i < logits.cols(); ++i) {
    Index best = 0;
    logits.col(i).maxCoeff(&best);
    if (best == query_labels[static_cast<std::size_t>(i)]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(query.cols());
}

}  // namespace offprint::optimize
