// The inputs of the benchmarks: claim K1's Duffing compression and claim K3's Lorenz delays.
#pragma once

#include <Eigen/Core>

#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/dictionary.hpp"
#include "offprint/koopman/kmeans.hpp"
#include "offprint/koopman/pair_source.hpp"
#include "offprint/koopman/systems.hpp"

namespace offprint::koopman::bench {

/// K1: 2000 trajectories of 5 pairs, RBF dictionary on `functions` k-means centres of an independent set.
inline Compression<double> duffing_compression(Eigen::Index functions) {
  const auto pairs = make_pairs(duffing_data(2000, 1));
  const auto centres = kmeans(make_pairs(duffing_data(2000, 2)).x, functions).centres;
  const auto dictionary =
      rbf_dictionary(centres, RadialShape::exponential, radial_rate(RadialShape::exponential, mean_distance(pairs.x)));
  return compress(pair_source(*dictionary, pairs));
}

/// K3: 10^4 pairs of a Lorenz orbit seen through functions/3 delays of each coordinate.
inline SnapshotPairs lorenz_pairs(Eigen::Index functions, Eigen::Index pairs = 10'000) {
  const Eigen::Index delays = functions / 3;
  return make_pairs(delay_embed(lorenz_data(pairs + delays, 1), delays));
}

}  // namespace offprint::koopman::bench
