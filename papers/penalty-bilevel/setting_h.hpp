// Setting H of the sheet: MNIST with half of the training labels drawn anew, softmax regression.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/optimize/softmax_regression.hpp"

namespace offprint::papers::penalty_bilevel {

struct SettingH {
  optimize::SoftmaxRegression train;
  optimize::SoftmaxRegression validation;
  optimize::SoftmaxRegression test;
  std::vector<bool> wrong;  ///< of each training row: its label differs from the true one
};

/// Training images 0..n-1 (relabelled with numpy's RandomState(relabel_seed)), validation the next m, all test images;
/// pixels/255 and a constant. Throws InputError when a file is missing or damaged.
[[nodiscard]] SettingH setting_h(const std::filesystem::path& folder, std::size_t train, std::size_t validation,
                                 std::uint32_t relabel_seed, const Parallel& parallel);

}  // namespace offprint::papers::penalty_bilevel
