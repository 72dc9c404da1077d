// The claims of the paper, each measured as the card names it; rules and verdicts are the card's business.
#pragma once

#include <cstdint>

#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"
#include "offprint/nn/labelled.hpp"

namespace offprint::papers::neural_collapse {

/// Model (1) solved from random starts against its closed form.
[[nodiscard]] Measurement n1(const Claim& claim, Run& run);
/// The central path: three monotone sequences in ten seeds, and the values of a fixed H_0.
[[nodiscard]] Measurement n2(const Claim& claim, Run& run);
/// The tied minimizer against H_0 and against the path at t = 1/beta.
[[nodiscard]] Measurement n3(const Claim& claim, Run& run);
/// Singular values of the response's blocks at collapse.
[[nodiscard]] Measurement n4(const Claim& claim, Run& run);
/// The response against the minimizer of perturbed features.
[[nodiscard]] Measurement n5(const Claim& claim, Run& run);
/// Layer-wise training on MNIST, 200 and 500 images a class. Needs the data set mnist.
[[nodiscard]] Measurement n6(const Claim& claim, Run& run);
[[nodiscard]] Measurement n6b(const Claim& claim, Run& run);
/// Layer-wise training on CIFAR-10, ten layers. Needs the data set cifar10.
[[nodiscard]] Measurement n7(const Claim& claim, Run& run);
/// Weight decay of features against that of the classifier, dense network. Needs the data set mnist.
[[nodiscard]] Measurement n8(const Claim& claim, Run& run);
/// The same with a small convolutional network. Needs the data set cifar10 and LibTorch.
[[nodiscard]] Measurement n9(const Claim& claim, Run& run);
/// The paper's own experiment, ResNet18 on all of CIFAR-10. Needs the data set and LibTorch; weeks on a
/// processor, which is why the card puts it into the gpu tier.
[[nodiscard]] Measurement n9b(const Claim& claim, Run& run);

struct ResNetExperiment {
  std::int64_t epochs = 120;  ///< the paper's; the rate falls to a tenth after each third
  std::int64_t width = 64;
};
/// N9b on any images, of any size, on the run's device.
[[nodiscard]] Measurement resnet_decays(Run& run, const nn::Labelled& data, const ResNetExperiment& size);

}  // namespace offprint::papers::neural_collapse
