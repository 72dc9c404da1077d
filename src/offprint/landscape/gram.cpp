#include "offprint/landscape/gram.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr Index kTile = 256;
constexpr Index kBlockDoubles = Index{4} << 20;

void require_finite(const MatrixXd& block, Index first) {
  if (block.allFinite()) return;
  for (Index i = 0; i < block.rows(); ++i)
    for (Index j = 0; j < block.cols(); ++j)
      if (!std::isfinite(block(i, j)))
        throw InputError(fmt::format("the gradient of sample {} is not finite (parameter {}: {}); all must be numbers",
                                     i, first + j, block(i, j)));
}

}  // namespace

GradientColumns columns_of(const Eigen::Ref<const MatrixXd>& gradients) {
  return {gradients.rows(), gradients.cols(),
          [gradients](Index first, Eigen::Ref<MatrixXd> block) { block = gradients.middleCols(first, block.cols()); }};
}

MatrixXd gram_matrix(const GradientColumns& gradients, const Parallel& how) {
  const Index n = gradients.rows;
  if (n < 1 || gradients.parameters < 1)
    throw InputError(
        fmt::format("gradients of {} samples and {} parameters have no Gram matrix: at least one of each "
                    "is needed",
                    n, gradients.parameters));
  std::vector<std::pair<Index, Index>> tiles;
  for (Index i = 0; i < n; i += kTile)
    for (Index j = 0; j <= i; j += kTile) tiles.emplace_back(i, j);
  MatrixXd gram = MatrixXd::Zero(n, n);
  const Index width = std::clamp<Index>(kBlockDoubles / n, 64, 8192);
  MatrixXd block;
  for (Index first = 0; first < gradients.parameters; first += width) {
    how.cancel.check();
    block.resize(n, std::min(width, gradients.parameters - first));
    gradients.read(first, block);
    require_finite(block, first);
    const Parallel quiet{how.threads, how.cancel, {}};
    parallel_for(tiles.size(), quiet, [&](std::size_t t) {
      const auto [i, j] = tiles[t];
      const Index rows = std::min(kTile, n - i);
      const Index columns = std::min(kTile, n - j);
      linalg::multiply_into(gram.block(i, j, rows, columns), 1.0, block.middleRows(i, rows), linalg::Op::kNone,
                            block.middleRows(j, columns), linalg::Op::kAdjoint, 1.0);
    });
  }
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  return gram;
}

MatrixXd gram_matrix(const Eigen::Ref<const MatrixXd>& gradients, const Parallel& how) {
  return gram_matrix(columns_of(gradients), how);
}

}  // namespace offprint::landscape
