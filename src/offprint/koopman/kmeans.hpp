// k-means: centres for radial dictionaries. Parallel, and the same centres for any number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::koopman {

struct KMeansOptions {
  std::uint64_t seed = 1;
  int iterations = 100;     ///< Lloyd steps at most; centres of a dictionary need no more than a rough optimum
  double tolerance = 1e-4;  ///< stop when the within-cluster sum falls by less than this share in a step
};

struct KMeans {
  Eigen::MatrixXd centres;               ///< k x d
  std::vector<Eigen::Index> assignment;  ///< nearest centre of each point
  double inertia = 0.0;                  ///< sum of squared distances to the nearest centre
  int iterations = 0;                    ///< Lloyd steps taken
};

/// k-means++ seeding (Arthur & Vassilvitskii 2007) and Lloyd's iterations on the rows of `points` (M x d). A cluster
/// that empties takes the point farthest from its centre. O(M k d) per step; points in blocks of 512, sums in block
/// order. Throws InputError for k < 1 or fewer distinct points than centres (naming both numbers).
[[nodiscard]] KMeans kmeans(const Eigen::Ref<const Eigen::MatrixXd>& points, Eigen::Index k,
                            const KMeansOptions& options = {}, const Parallel& how = {});

}  // namespace offprint::koopman
