// Batches of rows for the bilevel problems on data: which rows a sample looks at.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <Eigen/Core>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/softmax_regression.hpp"

namespace offprint::optimize {

/// How many rows a sample looks at: all n when it is exact or `batch` is 0.
[[nodiscard]] inline Eigen::Index batch_size(Eigen::Index n, Eigen::Index batch, const Sample& sample) {
  return sample.exact() || batch == 0 ? n : batch;
}

/// Their indices, drawn with replacement by Stream(seed, level, index); empty: all rows.
[[nodiscard]] inline std::vector<Eigen::Index> draw_rows(Eigen::Index n, Eigen::Index batch, std::uint64_t seed,
                                                         std::string_view level, const Sample& sample) {
  std::vector<Eigen::Index> out;
  if (sample.exact() || batch == 0) return out;
  Stream random(seed, level, *sample.index);
  out.resize(static_cast<std::size_t>(batch));
  for (auto& row : out) row = static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(n)));
  return out;
}

/// Throws InputError when training and validation rows are not of one model.
inline void require_same_model(const SoftmaxRegression& train, const SoftmaxRegression& validation) {
  if (train.features() != validation.features())
    throw InputError(fmt::format("the validation set has {} features, the training set {}", validation.features(),
                                 train.features()));
  if (train.classes() != validation.classes())
    throw InputError(
        fmt::format("the validation set has {} classes, the training set {}", validation.classes(), train.classes()));
}

}  // namespace offprint::optimize
