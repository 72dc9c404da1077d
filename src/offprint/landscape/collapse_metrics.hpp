// How far features have collapsed: within-class against between-class variability (NC1), the geometry of the class
// means (NC2), their alignment with a linear classifier (NC3). Samples are columns throughout, as in the paper.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/landscape/collapse_labels.hpp"

namespace offprint::landscape {

/// Features of N samples in d dimensions, read in pieces, so that they need not fit into memory. `read(first, count,
/// scratch)` gives samples first .. first + count - 1 as columns, either where they lie or written into `scratch`; it
/// is called from several threads at once, each with its own scratch.
struct FeatureSource {
  using View = Eigen::Map<const Eigen::MatrixXd>;
  Eigen::Index dimension = 0;
  Eigen::Index samples = 0;
  std::function<View(Eigen::Index first, Eigen::Index count, std::vector<double>& scratch)> read;
};

/// A d x N matrix in memory, without a copy: it must outlive the source.
[[nodiscard]] FeatureSource feature_source(const Eigen::MatrixXd& features);
/// The same in single precision; pieces are converted as they are read.
[[nodiscard]] FeatureSource feature_source(const Eigen::MatrixXf& features);

/// What class means alone say: the geometry of Sigma_B = B B^T / K, B the centred means.
struct BetweenClasses {
  Eigen::VectorXd centre;           ///< mean of the class means
  double trace = 0;                 ///< Tr Sigma_B
  Eigen::MatrixXd directions;       ///< left singular vectors of B, widest first, d x rank
  Eigen::VectorXd singular_values;  ///< of B; those below 1e-8 of the largest are dropped
  Eigen::MatrixXd gram;             ///< B^T B
  double nc2 = 0;
};
/// Throws InputError when all means coincide (to rounding): Tr Sigma_B = 0 and NC1 is undefined. O(d K^2).
[[nodiscard]] BetweenClasses between_classes(const Eigen::MatrixXd& means);

/// All on one set of features. For balanced classes Sigma_W = (1/N) sum (h_ki - h_k)(h_ki - h_k)^T and
/// Sigma_B = (1/K) sum (h_k - h_G)(h_k - h_G)^T as in the paper; unbalanced classes weigh the same (Sigma_W is the mean
/// over classes of each class's covariance, h_G the mean of the class means).
struct CollapseMetrics {
  double nc1_trace = 0;       ///< Tr Sigma_W / Tr Sigma_B: the paper's NC1~ (Eq. 3), which its theorems are about
  double nc1 = 0;             ///< Tr(Sigma_W Sigma_B^+) / K
  double nc2 = 0;             ///< || M/||M|| - (I - 11^T/K)/sqrt(K-1) ||, M the Gram matrix of the centred means
  std::optional<double> nc3;  ///< || W^T/||W|| - Mbar/||Mbar|| ||, Mbar the centred means, when W was given
  double trace_within = 0;    ///< Tr Sigma_W
  double trace_between = 0;   ///< Tr Sigma_B
  double nearest_centre = 0;  ///< share of samples nearest to their own class mean (all samples count alike)
  Eigen::Index rank = 0;      ///< of Sigma_B, singular values of the centred means below 1e-8 of the largest dropped

  Eigen::MatrixXd means;         ///< d x K class means
  Eigen::VectorXd centre;        ///< h_G, the mean of the class means
  Eigen::VectorXd class_within;  ///< trace of each class's covariance
  Eigen::MatrixXd directions;    ///< d x rank, orthonormal: between-class directions, widest first
  Eigen::MatrixXd gram;          ///< K x K Gram matrix M of the centred means
};

struct CollapseMetricsOptions {
  /// K x d weights of a linear classifier on these features, for NC3.
  std::optional<Eigen::MatrixXd> classifier{};
  Parallel parallel{};
};

/// Measures collapse in two passes over the features: class means, then deviations. O(N d K) time; memory O(d K) beside
/// a few pieces. Sums are cut into blocks that depend on the shapes alone and added in order, so that the result is the
/// same, bit for bit, for any number of threads. The pseudo-inverse of Sigma_B is never formed: its thin SVD has rank
/// at most K - 1. Throws InputError: labels of another length, a NaN or infinity (naming the row), class means that all
/// coincide (Tr Sigma_B = 0: NC1 is undefined), a classifier of another shape than K x d.
[[nodiscard]] CollapseMetrics collapse_metrics(const FeatureSource& features, const ClassLabels& labels,
                                               const CollapseMetricsOptions& options = {});
[[nodiscard]] CollapseMetrics collapse_metrics(const Eigen::MatrixXd& features, const ClassLabels& labels,
                                               const CollapseMetricsOptions& options = {});

}  // namespace offprint::landscape
