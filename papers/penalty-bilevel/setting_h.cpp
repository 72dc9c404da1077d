#include "setting_h.hpp"

#include "offprint/core/error.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/optimize/numpy_random.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

// Columns first, first + 1, ... with a row of ones below.
MatrixXd with_constant(const MatrixXd& inputs, Index first, Index count) {
  MatrixXd out(inputs.rows() + 1, count);
  out.topRows(inputs.rows()) = inputs.middleCols(first, count);
  out.bottomRows(1).setOnes();
  return out;
}

}  // namespace

SettingH setting_h(const std::filesystem::path& folder, std::size_t train, std::size_t validation,
                   std::uint32_t relabel_seed, const Parallel& parallel) {
  const auto images = nn::read_mnist(folder, nn::Split::kTrain, train + validation);
  const auto test = nn::read_mnist(folder, nn::Split::kTest);
  if (images.labels.size() < train + validation) throw InputError("the MNIST training file has too few images");
  std::vector<int> labels(images.labels.begin(), images.labels.begin() + static_cast<std::ptrdiff_t>(train));
  const std::vector<int> held(images.labels.begin() + static_cast<std::ptrdiff_t>(train), images.labels.end());
  std::vector<bool> wrong(train);
  optimize::NumpyRandom random(relabel_seed);
  const Eigen::VectorXd u = random.rand(static_cast<Index>(train));
  for (std::size_t i = 0; i < train; ++i) {
    if (u[static_cast<Index>(i)] >= 0.5) continue;
    labels[i] = static_cast<int>(random.below(10));
    wrong[i] = labels[i] != images.labels[i];
  }
  const auto n = static_cast<Index>(train);
  return {{optimize::DesignRows(with_constant(images.inputs, 0, n)), labels, 10, parallel},
          {optimize::DesignRows(with_constant(images.inputs, n, static_cast<Index>(validation))), held, 10, parallel},
          {optimize::DesignRows(with_constant(test.inputs, 0, test.size())), test.labels, 10, parallel},
          wrong};
}

}  // namespace offprint::papers::penalty_bilevel
