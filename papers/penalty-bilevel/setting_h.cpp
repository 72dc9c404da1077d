#include "setting_h.hpp"

#include <algorithm>
#include <numeric>

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

double auc_of_low(const Eigen::VectorXd& score, const std::vector<bool>& positive) {
  std::vector<Index> order(static_cast<std::size_t>(score.size()));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return score[a] < score[b]; });
  // Sum of mid-ranks of the positives.
  double ranks = 0;
  double count = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && score[order[end]] == score[order[i]]) ++end;
    const double rank = 0.5 * static_cast<double>(i + 1 + end);
    for (; i < end; ++i) {
      if (!positive[static_cast<std::size_t>(order[i])]) continue;
      ranks += rank;
      ++count;
    }
  }
  const double others = static_cast<double>(score.size()) - count;
  if (count == 0 || others == 0) throw InputError("an AUC needs rows of both kinds");
  return 1 - (ranks - count * (count + 1) / 2) / (count * others);
}

}  // namespace offprint::papers::penalty_bilevel
