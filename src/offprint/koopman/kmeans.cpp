// k-means++ and Lloyd.
#include "offprint/koopman/kmeans.hpp"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/koopman/radial.hpp"

namespace offprint::koopman {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kRows = 512;

std::size_t block_count(Index rows) { return static_cast<std::size_t>((rows + kRows - 1) / kRows); }

MatrixXd seed_centres(const Eigen::Ref<const MatrixXd>& points, Index k, Stream& stream, const Parallel& how) {
  const Index m = points.rows();
  MatrixXd centres(k, points.cols());
  VectorXd nearest = VectorXd::Constant(m, std::numeric_limits<double>::infinity());
  std::vector<double> block_sum(block_count(m));
  centres.row(0) = points.row(static_cast<Index>(stream.below(static_cast<std::uint64_t>(m))));
  for (Index j = 1; j < k; ++j) {
    parallel_for(block_sum.size(), how, [&](std::size_t b) {
      const Index from = static_cast<Index>(b) * kRows;
      const Index rows = std::min(kRows, m - from);
      MatrixXd distance(rows, 1);
      squared_distances(points.middleRows(from, rows), centres.middleRows(j - 1, 1), distance, Parallel{1, {}, {}});
      nearest.segment(from, rows) = nearest.segment(from, rows).cwiseMin(distance.col(0));
      block_sum[b] = nearest.segment(from, rows).sum();
    });
    double total = 0.0;
    for (const double s : block_sum) total += s;
    if (!(total > 0.0))
      throw InputError(fmt::format("{} distinct points cannot seed {} centres: use at most {}", j, k, j));
    // A point is drawn with probability proportional to its squared distance; the last candidate guards rounding.
    double target = stream.uniform() * total;
    Index chosen = -1;
    for (Index i = 0; i < m; ++i) {
      if (nearest(i) == 0.0) continue;
      chosen = i;
      target -= nearest(i);
      if (target < 0.0) break;
    }
    centres.row(j) = points.row(chosen);
  }
  return centres;
}

}  // namespace

KMeans kmeans(const Eigen::Ref<const MatrixXd>& points, Index k, const KMeansOptions& options, const Parallel& how) {
  const Index m = points.rows();
  const Index d = points.cols();
  if (k < 1) throw InputError(fmt::format("{} centres: at least 1 is needed", k));
  if (m < k) throw InputError(fmt::format("{} points cannot give {} centres: use at most {}", m, k, m));
  Stream stream(options.seed, "kmeans");
  KMeans result;
  result.centres = seed_centres(points, k, stream, how);
  result.assignment.assign(static_cast<std::size_t>(m), 0);
  VectorXd distance(m);
  const std::size_t blocks = block_count(m);
  double before = std::numeric_limits<double>::infinity();

  const auto assign = [&] {
    parallel_for(blocks, how, [&](std::size_t b) {
      const Index from = static_cast<Index>(b) * kRows;
      const Index rows = std::min(kRows, m - from);
      MatrixXd all(rows, k);
      squared_distances(points.middleRows(from, rows), result.centres, all, Parallel{1, {}, {}});
      for (Index i = 0; i < rows; ++i) {
        Index best = 0;
        distance(from + i) = all.row(i).minCoeff(&best);
        result.assignment[static_cast<std::size_t>(from + i)] = best;
      }
    });
    result.inertia = distance.sum();
  };

  assign();
  while (result.iterations < options.iterations && before - result.inertia > options.tolerance * result.inertia) {
    before = result.inertia;
    MatrixXd sums = MatrixXd::Zero(k, d);
    VectorXd counts = VectorXd::Zero(k);
    for (Index i = 0; i < m; ++i) {
      const Index c = result.assignment[static_cast<std::size_t>(i)];
      sums.row(c) += points.row(i);
      counts(c) += 1.0;
    }
    for (Index c = 0; c < k; ++c) {
      if (counts(c) > 0.0) {
        result.centres.row(c) = sums.row(c) / counts(c);
      } else {
        Index farthest = 0;
        distance.maxCoeff(&farthest);
        result.centres.row(c) = points.row(farthest);
        distance(farthest) = 0.0;
      }
    }
    ++result.iterations;
    assign();
  }
  return result;
}

}  // namespace offprint::koopman
