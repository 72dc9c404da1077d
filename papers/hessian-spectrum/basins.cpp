#include "basins.hpp"

#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "offprint/nn/labelled.hpp"
#include "offprint/nn/sgd.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

constexpr std::size_t kLarge = 1000;
constexpr std::size_t kSmall = 32;

nn::BatchGradient gradient_of(const nn::MlpLoss& loss) {
  return [&loss](const Eigen::Ref<const Eigen::VectorXd>& theta, std::span<const std::size_t> batch,
                 Eigen::Ref<Eigen::VectorXd> gradient) { return loss.gradient(theta, batch, gradient); };
}

}  // namespace

BasinProblem basin_problem(const Run& run, const std::filesystem::path& mnist, const Parallel& how) {
  constexpr std::size_t kEach = 300;
  constexpr std::size_t kTrain = 2000;
  const auto all = nn::read_mnist(mnist, nn::Split::kTrain);
  auto chosen = nn::first_of_each_class(all, kEach);
  const auto order = run.stream("image order").permutation(chosen.size());
  std::vector<std::size_t> shuffled;
  for (const auto i : order) shuffled.push_back(chosen[i]);
  auto train = nn::subset(all, std::span(shuffled).first(kTrain));
  auto test = nn::subset(all, std::span(shuffled).subspan(kTrain));
  const auto scale = nn::global_standardisation(train);
  nn::standardise(train, scale);
  nn::standardise(test, scale);
  const nn::Mlp net({784, 50, 50, 10});
  return {nn::MlpLoss(net, std::move(train.inputs), std::move(train.labels), how),
          nn::MlpLoss(net, std::move(test.inputs), std::move(test.labels), how)};
}

Basins train_basins(const Run& run, const BasinProblem& problem, std::uint64_t seed, const BasinOptions& options) {
  const auto& loss = problem.train;
  const auto samples = static_cast<std::size_t>(loss.samples());
  const auto gradient = gradient_of(loss);
  const nn::SgdOptions sgd{.learning_rate = options.rate};
  const auto train = [&](Eigen::VectorXd& theta, std::size_t batch, std::int64_t steps, const char* purpose) {
    nn::train(gradient, theta, samples, batch, steps, sgd, run.stream(purpose, seed), true,
              [&](std::int64_t, double) { run.check_cancelled(); });
  };
  Basins ends;
  const Eigen::VectorXd initial = loss.net().initial(run.stream("initial parameters", seed));
  ends.large = initial;
  train(ends.large, kLarge, options.large_steps, "large batches");
  ends.small = ends.large;
  train(ends.small, kSmall, options.small_steps, "small batches");
  if (options.independent_steps > 0) {
    ends.independent = loss.net().initial(run.stream("independent parameters", seed));
    train(ends.independent, kSmall, options.independent_steps, "independent batches");
  }
  if (options.matched) {
    constexpr int kCheck = 5;  // steps between two looks at the whole loss
    constexpr int kMost = 2000;
    const double wanted = loss.value(ends.large);
    ends.matched = initial;
    nn::Batches batches(samples, kSmall, run.stream("matched batches", seed), true);
    nn::Sgd steps(sgd);
    Eigen::VectorXd slope(initial.size());
    for (int step = 1; step <= kMost; ++step) {
      loss.gradient(ends.matched, batches.next(), slope);
      steps.step(ends.matched, slope);
      if (step % kCheck != 0) continue;
      run.check_cancelled();
      if (loss.value(ends.matched) <= wanted) break;
    }
  }
  return ends;
}

}  // namespace offprint::papers::hessian_spectrum
