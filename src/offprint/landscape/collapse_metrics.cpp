#include "offprint/landscape/collapse_metrics.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kDropBelow = 1e-8;       // singular values of the centred means, relative to the largest
constexpr double kCoincide = 1e-13;       // centred means below this share of the means are rounding
constexpr Index kPieceDoubles = 1 << 15;  // 256 kB: a piece and its projections stay in the second-level cache

// Samples are cut into blocks, each summed on its own by one thread, piece by piece.
struct Cut {
  Index blocks = 1;
  Index per_block = 0;
  Index per_piece = 0;
};

Cut cut(const FeatureSource& features, Index sums_a_block) {
  constexpr Index kMostBlocks = 64;
  constexpr Index kMostDoubles = 1 << 25;  // 256 MB for all blocks' sums
  Cut c;
  c.per_piece = std::clamp<Index>(kPieceDoubles / std::max<Index>(1, features.dimension), 1, 4096);
  const Index most = std::clamp<Index>(kMostDoubles / std::max<Index>(1, sums_a_block), 1, kMostBlocks);
  c.blocks = std::clamp<Index>(features.samples / (4 * c.per_piece), 1, most);
  c.per_block = (features.samples + c.blocks - 1) / c.blocks;
  c.blocks = (features.samples + c.per_block - 1) / c.per_block;
  return c;
}

template <class F>
void for_pieces(const FeatureSource& features, const Cut& c, const Parallel& how, const F& f) {
  parallel_for(static_cast<std::size_t>(c.blocks), how, [&](std::size_t b) {
    std::vector<double> scratch;
    const Index end = std::min(features.samples, (static_cast<Index>(b) + 1) * c.per_block);
    for (Index first = static_cast<Index>(b) * c.per_block; first < end; first += c.per_piece) {
      how.cancel.check();
      const Index count = std::min(c.per_piece, end - first);
      f(b, first, features.read(first, count, scratch));
    }
  });
}

[[noreturn]] void refuse_not_finite(const FeatureSource& features) {
  std::vector<double> scratch;
  for (Index i = 0; i < features.samples; ++i)
    if (!features.read(i, 1, scratch).allFinite())
      throw InputError(fmt::format("the features of row {} hold a NaN or infinity", i + 1));
  throw InputError("the features are so large that their sums overflow; scale them");
}

// The sum over all samples of each class.
MatrixXd class_sums(const FeatureSource& features, const ClassLabels& labels, const Parallel& how) {
  const Cut c = cut(features, features.dimension * labels.classes());
  std::vector<MatrixXd> sums(static_cast<std::size_t>(c.blocks), MatrixXd::Zero(features.dimension, labels.classes()));
  for_pieces(features, c, how, [&](std::size_t b, Index first, const FeatureSource::View& piece) {
    for (Index j = 0; j < piece.cols(); ++j) sums[b].col(labels.of(first + j)) += piece.col(j);
  });
  for (std::size_t b = 1; b < sums.size(); ++b) sums.front() += sums[b];
  return sums.front();
}

// What the second pass sums over the samples of each class.
struct Deviations {
  VectorXd squares;    // |h - h_k|^2
  MatrixXd projected;  // rank x K: squares of the coordinates of h - h_k along the between-class directions
  Index nearest = 0;   // samples nearest to their own mean
};

Deviations deviations(const FeatureSource& features, const ClassLabels& labels, const CollapseMetrics& m,
                      const Parallel& how) {
  const Index classes = labels.classes();
  const Cut c = cut(features, classes * (m.rank + 1));
  Deviations zero{VectorXd::Zero(classes), MatrixXd::Zero(m.rank, classes), 0};
  std::vector<Deviations> sums(static_cast<std::size_t>(c.blocks), zero);
  // Class means differ within the directions only, so that those coordinates decide which one is nearest: the one with
  // the largest x . c - |c|^2 / 2.
  const MatrixXd centres = linalg::multiply(m.directions, m.means.colwise() - m.centre, linalg::Op::kAdjoint);
  const VectorXd half_squares = centres.colwise().squaredNorm().transpose() / 2;
  const VectorXd origin = m.directions.transpose() * m.centre;
  for_pieces(features, c, how, [&](std::size_t b, Index first, const FeatureSource::View& piece) {
    Deviations& sum = sums[b];
    MatrixXd coordinates = linalg::multiply(m.directions, piece, linalg::Op::kAdjoint);
    coordinates.colwise() -= origin;
    const MatrixXd scores = linalg::multiply(centres, coordinates, linalg::Op::kAdjoint);
    for (Index j = 0; j < piece.cols(); ++j) {
      const Index k = labels.of(first + j);
      sum.squares(k) += (piece.col(j) - m.means.col(k)).squaredNorm();
      sum.projected.col(k) += (coordinates.col(j) - centres.col(k)).cwiseAbs2();
      Index nearest = 0;
      (scores.col(j) - half_squares).maxCoeff(&nearest);
      sum.nearest += nearest == k ? 1 : 0;
    }
  });
  for (std::size_t b = 1; b < sums.size(); ++b) {
    sums.front().squares += sums[b].squares;
    sums.front().projected += sums[b].projected;
    sums.front().nearest += sums[b].nearest;
  }
  return sums.front();
}

}  // namespace

FeatureSource feature_source(const MatrixXd& features) {
  return {features.rows(), features.cols(), [&features](Index first, Index count, std::vector<double>&) {
            return FeatureSource::View(features.data() + first * features.rows(), features.rows(), count);
          }};
}

FeatureSource feature_source(const Eigen::MatrixXf& features) {
  return {features.rows(), features.cols(), [&features](Index first, Index count, std::vector<double>& scratch) {
            scratch.resize(static_cast<std::size_t>(features.rows() * count));
            Eigen::Map<MatrixXd>(scratch.data(), features.rows(), count) =
                features.middleCols(first, count).cast<double>();
            return FeatureSource::View(scratch.data(), features.rows(), count);
          }};
}

BetweenClasses between_classes(const MatrixXd& means) {
  const auto count = static_cast<double>(means.cols());
  BetweenClasses b;
  b.centre = means.rowwise().mean();
  const MatrixXd centred = means.colwise() - b.centre;
  auto svd = linalg::svd(centred);
  if (!(svd.s(0) > kCoincide * means.norm()))
    throw InputError("all class means coincide: Tr Sigma_B = 0 and NC1 is undefined");
  Index rank = 0;
  while (rank < svd.s.size() && svd.s(rank) > kDropBelow * svd.s(0)) ++rank;
  b.directions = svd.u.leftCols(rank);
  b.singular_values = svd.s.head(rank);
  b.trace = centred.squaredNorm() / count;
  b.gram = centred.transpose() * centred;
  const MatrixXd frame =
      (MatrixXd::Identity(means.cols(), means.cols()).array() - 1.0 / count).matrix() / std::sqrt(count - 1.0);
  b.nc2 = (b.gram / b.gram.norm() - frame).norm();
  return b;
}

CollapseMetrics collapse_metrics(const FeatureSource& features, const ClassLabels& labels,
                                 const CollapseMetricsOptions& options) {
  const Index classes = labels.classes();
  const auto count = static_cast<double>(classes);
  if (features.samples != labels.samples())
    throw InputError(fmt::format("there are {} labels for {} rows of features", labels.samples(), features.samples));
  if (features.dimension < 1) throw InputError("the features have no columns");
  if (options.classifier && (options.classifier->rows() != classes || options.classifier->cols() != features.dimension))
    throw InputError(fmt::format("the classifier's weights are {} x {}; {} classes of {} features need {} x {}",
                                 options.classifier->rows(), options.classifier->cols(), classes, features.dimension,
                                 classes, features.dimension));
  if (options.classifier && !options.classifier->allFinite())
    throw InputError("the classifier's weights hold a NaN or infinity");

  CollapseMetrics m;
  m.means = class_sums(features, labels, options.parallel);
  if (!m.means.allFinite()) refuse_not_finite(features);
  for (Index k = 0; k < classes; ++k) m.means.col(k) /= static_cast<double>(labels.size(k));
  BetweenClasses between = between_classes(m.means);
  m.trace_between = between.trace;
  m.nc2 = between.nc2;
  m.rank = between.directions.cols();
  m.centre = std::move(between.centre);
  m.directions = std::move(between.directions);
  m.gram = std::move(between.gram);

  const Deviations sums = deviations(features, labels, m, options.parallel);
  m.class_within.resize(classes);
  VectorXd along = VectorXd::Zero(m.rank);  // u_j^T Sigma_W u_j
  for (Index k = 0; k < classes; ++k) {
    const auto size = static_cast<double>(labels.size(k));
    m.class_within(k) = sums.squares(k) / size;
    along += sums.projected.col(k) / (size * count);
  }
  m.trace_within = m.class_within.mean();
  m.nc1_trace = m.trace_within / m.trace_between;
  // Sigma_B^+ = K sum_j u_j u_j^T / s_j^2, and NC1 divides by K.
  m.nc1 = (along.array() / between.singular_values.array().square()).sum();
  m.nearest_centre = static_cast<double>(sums.nearest) / static_cast<double>(labels.samples());
  if (options.classifier) {
    const double norm = options.classifier->norm();
    if (!(norm > 0)) throw InputError("the classifier's weights are all zero: NC3 is undefined");
    const MatrixXd centred = m.means.colwise() - m.centre;
    m.nc3 = (options.classifier->transpose() / norm - centred / centred.norm()).norm();
  }
  return m;
}

CollapseMetrics collapse_metrics(const MatrixXd& features, const ClassLabels& labels,
                                 const CollapseMetricsOptions& options) {
  return collapse_metrics(feature_source(features), labels, options);
}

}  // namespace offprint::landscape
