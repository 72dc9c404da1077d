// Random probe vectors of the stochastic estimators: trace, Frobenius norm, spectral density.
#pragma once

#include <cstdint>
#include <functional>

#include <Eigen/Core>

#include "offprint/core/random.hpp"

namespace offprint::linalg {

/// Entries +-1 with equal probability, or standard normal. Rademacher vectors give trace estimates of smaller variance
/// (2 (||A||_F^2 - sum_i a_ii^2) instead of 2 ||A||_F^2), hence the default everywhere.
enum class Probe { kRademacher, kGaussian };

/// The stream that probe number `index` is drawn from, e.g. [&](auto i) { return run.stream("slq", i); }.
using StreamSource = std::function<Stream(std::uint64_t index)>;

/// Column j becomes the probe drawn from streams(first + j): the same vectors whatever the block size. Not normalised.
void fill_probes(const StreamSource& streams, std::uint64_t first, Probe probe, Eigen::Ref<Eigen::MatrixXd> columns);

/// How many probes of `size` entries go through an operator together: `wanted`, or fewer so that a block stays below
/// 256 MB (products and an operator's own copies take a multiple of that). At least 1.
[[nodiscard]] Eigen::Index probe_block(Eigen::Index size, Eigen::Index wanted);

}  // namespace offprint::linalg
