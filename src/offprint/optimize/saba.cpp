#include "offprint/optimize/saba.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/optimize/implicit_step.hpp"

namespace offprint::optimize {
namespace {

// The last value of an oracle for every term, and the mean of these.
class GradientTable {
 public:
  GradientTable(Eigen::Index dimension, std::uint64_t terms)
      : values_(dimension, static_cast<Eigen::Index>(terms)), mean_(Eigen::VectorXd::Zero(dimension)) {}

  void fill(std::uint64_t term, const Eigen::VectorXd& value) {
    values_.col(static_cast<Eigen::Index>(term)) = value;
    mean_ += value / static_cast<double>(values_.cols());
  }

  // SAGA: the estimate value - old + mean, and the term's entry renewed.
  void renew(std::uint64_t term, Eigen::VectorXd& value) {
    auto entry = values_.col(static_cast<Eigen::Index>(term));
    const Eigen::VectorXd change = value - entry;
    entry = value;
    value = mean_ + change;
    mean_ += change / static_cast<double>(values_.cols());
  }

 private:
  Eigen::MatrixXd values_;
  Eigen::VectorXd mean_;
};

struct Tables {
  GradientTable g_y;
  GradientTable hvp;
  GradientTable jvp;
  GradientTable f_y;
  GradientTable f_x;
};

Tables filled(detail::ImplicitRun& run, std::uint64_t upper, std::uint64_t lower) {
  const Eigen::Index dx = run.x.size();
  const Eigen::Index dy = run.y.size();
  Tables tables{{dy, lower}, {dy, lower}, {dx, lower}, {dy, upper}, {dx, upper}};
  Eigen::VectorXd value;
  for (std::uint64_t k = 0; k < lower; ++k) {
    run.problem.g_y(run.x, run.y, value, {k});
    tables.g_y.fill(k, value);
    run.problem.hvp(run.x, run.y, run.z, value, {k});
    tables.hvp.fill(k, value);
    run.problem.jvp(run.x, run.y, run.z, value, {k});
    tables.jvp.fill(k, value);
  }
  for (std::uint64_t k = 0; k < upper; ++k) {
    run.problem.f_y(run.x, run.y, value, {k});
    tables.f_y.fill(k, value);
    run.problem.f_x(run.x, run.y, value, {k});
    tables.f_x.fill(k, value);
  }
  return tables;
}

}  // namespace

std::uint64_t saba_table_bytes(const FiniteSumProblem& problem) {
  const auto dx = static_cast<std::uint64_t>(problem.dimension_x());
  const auto dy = static_cast<std::uint64_t>(problem.dimension_y());
  return sizeof(double) * (problem.upper_terms() * (dx + dy) + problem.lower_terms() * (dx + 2 * dy));
}

BilevelResult saba(const BilevelProblem& problem, Eigen::VectorXd x, Eigen::VectorXd y, const SabaOptions& options,
                   const BilevelObserver& observer) {
  detail::require_positive("SABA", "the learning rate", options.learning_rate);
  detail::require_positive("SABA", "the lower step", options.lower_step);
  detail::require_positive("SABA", "the step nu of the linear system", options.nu);
  const auto* sum = dynamic_cast<const FiniteSumProblem*>(&problem);
  if (sum == nullptr)
    throw InputError(
        "SABA keeps a table of every sample's gradients and needs a finite sum of linear-model size; this problem (a "
        "network, or random batches) is not one: use MA-SOBA or BO-REP");
  if (const auto bytes = saba_table_bytes(*sum); bytes > options.max_bytes)
    throw InputError(
        fmt::format("SABA's tables of {} + {} terms would take {:.1f} GiB, above the limit of {:.1f} GiB: use MA-SOBA "
                    "or BO-REP",
                    sum->upper_terms(), sum->lower_terms(), static_cast<double>(bytes) / 0x1p30,
                    static_cast<double>(options.max_bytes) / 0x1p30));
  detail::ImplicitRun run("SABA", problem, std::move(x), std::move(y), true);
  Tables tables = filled(run, sum->upper_terms(), sum->lower_terms());
  if (!run.begin(observer)) return run.result();
  Stream random(options.seed, "saba terms");
  Eigen::VectorXd lower;
  Eigen::VectorXd product;
  Eigen::VectorXd slope;
  Eigen::VectorXd mixed;
  for (std::uint64_t t = 0; t < options.steps; ++t) {
    const std::uint64_t j = random.below(sum->lower_terms());
    const std::uint64_t i = random.below(sum->upper_terms());
    run.problem.g_y(run.x, run.y, lower, {j});
    run.problem.hvp(run.x, run.y, run.z, product, {j});
    run.problem.jvp(run.x, run.y, run.z, mixed, {j});
    run.problem.f_y(run.x, run.y, slope, {i});
    run.problem.f_x(run.x, run.y, run.direction, {i});
    tables.g_y.renew(j, lower);
    tables.hvp.renew(j, product);
    tables.jvp.renew(j, mixed);
    tables.f_y.renew(i, slope);
    tables.f_x.renew(i, run.direction);
    run.direction -= mixed;
    run.y -= options.lower_step * lower;
    run.z -= options.nu * (product - slope);
    run.x -= options.learning_rate * run.direction;
    problem.project_y(run.y);
    problem.project_x(run.x);
    if (!run.finish_step(observer)) break;
  }
  return run.result();
}

}  // namespace offprint::optimize
