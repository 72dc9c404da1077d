#include "training.hpp"

#include <utility>

#include "offprint/nn/labelled.hpp"

namespace offprint::papers::hessian_spectrum {

void descend(const nn::MlpLoss& loss, Eigen::VectorXd& theta, Eigen::Index steps, double rate,
             const std::function<void(Eigen::Index step)>& after) {
  Eigen::VectorXd gradient(theta.size());
  for (Eigen::Index step = 0; step < steps; ++step) {
    loss.gradient(theta, gradient);
    theta -= rate * gradient;
    if (after) after(step + 1);
  }
}

Trained train_on_blobs(const Run& run, const BlobOptions& options, const Parallel& how) {
  constexpr Eigen::Index kInputs = 20;
  constexpr double kNoise = 1.5;
  constexpr double kRate = 0.1;
  // widths share their data and differ in their initial parameters
  const auto draw = options.seed * 1000 + static_cast<std::uint64_t>(options.classes);
  auto data = nn::gaussian_blobs(options.classes, kInputs, options.samples, kNoise, run.stream("blobs", draw));
  const nn::Mlp net({kInputs, options.hidden, options.hidden, options.classes});
  Eigen::VectorXd initial =
      net.initial(run.stream("initial parameters", draw * 1000 + static_cast<std::uint64_t>(options.hidden)));
  Trained out{nn::MlpLoss(net, std::move(data.inputs), std::move(data.labels), how), initial, initial};
  descend(out.loss, out.theta, options.steps, kRate);
  return out;
}

}  // namespace offprint::papers::hessian_spectrum
