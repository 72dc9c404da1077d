#include "representation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::papers::bo_rep {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using optimize::BilevelIterate;
using optimize::LabelledRows;
using optimize::TextTask;

// rows[class] of a domain.
std::vector<std::vector<std::size_t>> rows_by_class(const PreparedTexts& texts, const std::string& domain) {
  std::vector<std::vector<std::size_t>> rows(texts.labels.names.size());
  for (std::size_t i = 0; i < texts.labels.codes.size(); ++i)
    if (texts.domains.names[static_cast<std::size_t>(texts.domains.codes[i])] == domain)
      rows[static_cast<std::size_t>(texts.labels.codes[i])].push_back(i);
  return rows;
}

// Texts of class c among `total`, the last classes taking the remainder (so that with two classes the positive one,
// which sorts last, has 13 of 25), or the first ones when `reversed`.
std::size_t share_of(std::size_t c, std::size_t classes, std::size_t total, bool reversed) {
  const std::size_t place = reversed ? c : classes - 1 - c;
  return total / classes + (place < total % classes ? 1 : 0);
}

TransferAccuracy summary(const std::vector<double>& accuracies) {
  MeanVariance sum;
  for (const double a : accuracies) sum.add(a);
  return {sum.mean(), accuracies.size() > 1 ? sum.standard_deviation() / std::sqrt(static_cast<double>(sum.count()))
                                            : std::numeric_limits<double>::quiet_NaN()};
}

}  // namespace

std::size_t scarcest(const PreparedTexts& texts, const std::string& domain) {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const auto& rows : rows_by_class(texts, domain)) least = std::min(least, rows.size());
  return least;
}

std::size_t texts_needed(std::size_t classes, const TaskShape& shape) {
  std::size_t most = 0;
  for (std::size_t c = 0; c < classes; ++c)
    most = std::max(most, share_of(c, classes, shape.support, false) + share_of(c, classes, shape.query, true));
  return most;
}

std::vector<TextTask> draw_tasks(const PreparedTexts& texts, const std::vector<std::string>& domains, std::size_t count,
                                 const TaskShape& shape, Stream random) {
  const std::size_t classes = texts.labels.names.size();
  std::vector<std::vector<std::vector<std::size_t>>> pools;
  for (const auto& domain : domains) {
    pools.push_back(rows_by_class(texts, domain));
    for (std::size_t c = 0; c < classes; ++c) {
      const std::size_t need = share_of(c, classes, shape.support, false) + share_of(c, classes, shape.query, true);
      if (pools.back()[c].size() < need)
        throw InputError(fmt::format(
            "domain '{}' has {} texts of class '{}'; support and query need {}: lower --support and --query, or leave "
            "the domain out",
            domain, pools.back()[c].size(), texts.labels.names[c], need));
    }
  }
  std::vector<TextTask> tasks(count);
  for (auto& task : tasks) {
    const auto& pool = pools[random.below(pools.size())];
    for (std::size_t c = 0; c < classes; ++c) {
      const auto order = random.permutation(pool[c].size());
      const std::size_t support = share_of(c, classes, shape.support, false);
      const std::size_t query = share_of(c, classes, shape.query, true);
      for (std::size_t k = 0; k < support + query; ++k) {
        LabelledRows& part = k < support ? task.support : task.query;
        part.rows.push_back(pool[c][order[k]]);
        part.labels.push_back(static_cast<int>(c));
      }
    }
  }
  return tasks;
}

TransferAccuracy transfer(const optimize::TextLoss& loss, const VectorXd& encoder, const std::vector<TextTask>& tasks,
                          const optimize::AdapterOptions& adapter) {
  std::vector<double> accuracies;
  for (const auto& task : tasks)
    accuracies.push_back(optimize::adapted_accuracy(loss.features(encoder, task.support), task.support.labels,
                                                    loss.features(encoder, task.query), task.query.labels,
                                                    loss.net().shape().classes, adapter));
  return summary(accuracies);
}

TransferAccuracy transfer_of_means(const PreparedTexts& texts, const std::vector<TextTask>& tasks,
                                   const optimize::AdapterOptions& adapter) {
  const auto features = [&](const LabelledRows& rows) {
    MatrixXd out = MatrixXd::Zero(texts.means->dimension(), static_cast<Index>(rows.size()));
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const std::size_t one[] = {rows.rows[k]};
      const auto packed = texts.means->pack(one);
      if (packed.tokens() > 0) out.col(static_cast<Index>(k)) = packed.inputs().col(0);
    }
    return out;
  };
  std::vector<double> accuracies;
  for (const auto& task : tasks)
    accuracies.push_back(optimize::adapted_accuracy(features(task.support), task.support.labels, features(task.query),
                                                    task.query.labels, static_cast<Index>(texts.labels.names.size()),
                                                    adapter));
  return summary(accuracies);
}

RepresentationOutcome train_encoder(const optimize::TextRepresentation& problem, const VectorXd& x,
                                    const MethodOptions& method, const Budgets& budgets, std::uint64_t log,
                                    const CancelToken& cancel, Clock clock) {
  RepresentationOutcome outcome;
  MethodOptions options = method;
  const bool bounded = budgets.calls > 0 || budgets.seconds > 0;
  if (bounded) options.steps = 10 * method.steps;
  double paused = 0;
  const double start = seconds_now(clock);
  VectorXd y_at_calls = VectorXd::Zero(problem.dimension_y());
  const auto observe = [&](const BilevelIterate& at) {
    cancel.check();
    const double now = seconds_now(clock);
    const double seconds = now - start - paused;
    const double calls = weighted_calls(at.calls);
    // The iterate before a budget is exceeded counts.
    if (calls <= budgets.calls || outcome.at_calls.size() == 0 || !bounded) {
      outcome.at_calls = at.x;
      y_at_calls = at.y;
    }
    if (seconds <= budgets.seconds || outcome.at_seconds.size() == 0 || !bounded) outcome.at_seconds = at.x;
    if (log > 0 && at.step % log == 0) {
      outcome.step.push_back(static_cast<double>(at.step));
      outcome.logged_calls.push_back(calls);
      outcome.logged_seconds.push_back(seconds);
      outcome.logged_loss.push_back(problem.f(at.x, at.y));
      outcome.momentum.push_back(at.direction.size() > 0 ? at.direction.norm()
                                                         : std::numeric_limits<double>::quiet_NaN());
    }
    paused += seconds_now(clock) - now;
    return !bounded || calls < budgets.calls || seconds < budgets.seconds;
  };
  const auto result = run_method(problem, x, VectorXd::Zero(problem.dimension_y()), options, observe);
  outcome.seconds = seconds_now(clock) - start - paused;
  outcome.calls = weighted_calls(result.calls);
  outcome.steps = result.steps;
  outcome.stopped = result.stopped == "diverged" ? divergence(problem, result) : result.stopped;
  outcome.loss =
      result.stopped == "diverged" ? std::numeric_limits<double>::infinity() : problem.f(outcome.at_calls, y_at_calls);
  return outcome;
}

VectorXd train_jointly(const optimize::TextRepresentation& problem, VectorXd x, double rate, std::uint64_t steps,
                       Stream random, const CancelToken& cancel) {
  const auto& loss = problem.loss();
  const Index n = loss.net().encoder_parameters();
  const Index m = loss.net().head_parameters();
  VectorXd y = VectorXd::Zero(m);
  VectorXd gradient(n + m);
  for (std::uint64_t k = 0; k < steps; ++k) {
    cancel.check();
    LabelledRows rows;
    for (int t = 0; t < 8; ++t) {
      const TextTask& task = problem.tasks()[random.below(problem.tasks().size())];
      rows.append(task.support);
      rows.append(task.query);
    }
    loss.gradient(x, y, rows, VectorXd::Constant(static_cast<Index>(rows.size()), 1 / static_cast<double>(rows.size())),
                  {gradient.data(), static_cast<std::size_t>(n)}, {gradient.data() + n, static_cast<std::size_t>(m)});
    x -= rate * gradient.head(n);
    y -= rate * gradient.tail(m);
  }
  return x;
}

}  // namespace offprint::papers::bo_rep
