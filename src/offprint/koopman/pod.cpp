// POD by QR + SVD (tall data) or the method of snapshots (wide data).
#include "offprint/koopman/pod.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/memory.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::koopman {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::Op;

constexpr Index kColumns = 2048;  // state entries per product: a few MB of a block for a thousand snapshots

Index numerical_rank(const VectorXd& s, double tolerance) {
  Index rank = 0;
  while (rank < s.size() && s(rank) > tolerance * s(0)) ++rank;
  return rank;
}

void require_rank(Index rank, Index available) {
  if (rank > available)
    throw InputError(
        fmt::format("--rank {} exceeds the data's rank {}: ask for at most {}", rank, available, available));
}

// X X^T of the stacked rows, summed over blocks of columns in a fixed order. Eight partial sums bound the memory.
MatrixXd snapshot_gram(const MatrixXd& x, const Parallel& how) {
  constexpr Index kPartials = 8;
  const Index blocks = (x.cols() + kColumns - 1) / kColumns;
  const Index partials = std::min(kPartials, blocks);
  std::vector<MatrixXd> sums(static_cast<std::size_t>(partials));
  parallel_for(sums.size(), how, [&](std::size_t p) {
    MatrixXd sum = MatrixXd::Zero(x.rows(), x.rows());
    for (Index b = static_cast<Index>(p); b < blocks; b += partials) {
      const auto block = x.middleCols(b * kColumns, std::min(kColumns, x.cols() - b * kColumns));
      linalg::multiply_into(sum, 1.0, block, Op::kNone, block, Op::kAdjoint, 1.0);
    }
    sums[p] = std::move(sum);
  });
  for (std::size_t p = 1; p < sums.size(); ++p) sums[0] += sums[p];
  return std::move(sums[0]);
}

}  // namespace

Pod pod(const Trajectories& data, Index rank, const PodOptions& options) {
  require_finite(data);
  if (rank < 1) throw InputError(fmt::format("--rank {}: at least one mode is needed", rank));
  const Index t = data.snapshots();
  const Index d = data.dimension();
  require_rank(rank, std::min(t, d));

  Pod result;
  result.mean = VectorXd::Zero(d);
  if (options.remove_mean) {
    for (const auto& part : data.parts) result.mean += part.colwise().sum().transpose();
    result.mean /= static_cast<double>(t);
  }
  const bool copies = options.remove_mean || data.parts.size() > 1;
  const auto entries = static_cast<std::uint64_t>(t) * static_cast<std::uint64_t>(d);
  const auto small = static_cast<std::uint64_t>(std::min(t, d));
  require_memory(8 * ((copies || d <= t ? entries : 0) + 10 * small * small + static_cast<std::uint64_t>(d * rank)),
                 fmt::format("POD of {} snapshots x {} entries", t, d));
  MatrixXd stacked;
  if (copies) {
    stacked.resize(t, d);
    Index at = 0;
    for (const auto& part : data.parts) {
      stacked.middleRows(at, part.rows()) = part.rowwise() - result.mean.transpose();
      at += part.rows();
    }
  }
  const MatrixXd& x = copies ? stacked : data.parts.front();

  Index available = 0;
  if (d <= t) {
    const auto svd = linalg::svd(linalg::qr_factor(x));
    result.singular_values = svd.s;
    available = numerical_rank(svd.s, static_cast<double>(t) * std::numeric_limits<double>::epsilon());
    require_rank(rank, available);
    result.modes = svd.v_adjoint.topRows(rank).transpose();
  } else {
    const auto eigen = linalg::hermitian_eigen(snapshot_gram(x, options.parallel));
    result.singular_values = eigen.values.reverse().cwiseMax(0.0).cwiseSqrt();
    available = numerical_rank(result.singular_values, 1e-7);
    require_rank(rank, available);
    const MatrixXd scaled = eigen.vectors.rowwise().reverse().leftCols(rank) *
                            result.singular_values.head(rank).cwiseInverse().asDiagonal();
    result.modes.resize(d, rank);
    parallel_for(static_cast<std::size_t>((d + kColumns - 1) / kColumns), options.parallel, [&](std::size_t b) {
      const Index from = static_cast<Index>(b) * kColumns;
      const Index width = std::min(kColumns, d - from);
      result.modes.middleRows(from, width) =
          linalg::multiply(x.middleCols(from, width), scaled, Op::kAdjoint, Op::kNone);
    });
  }
  const double total = result.singular_values.squaredNorm();
  result.energy = total > 0.0 ? result.singular_values.head(rank).squaredNorm() / total : 1.0;
  return result;
}

Trajectories Pod::project(const Trajectories& data) const {
  Trajectories out;
  out.dt = data.dt;
  for (Index j = 0; j < modes.cols(); ++j) out.columns.push_back(fmt::format("pod{}", j + 1));
  const Eigen::RowVectorXd offset = mean.transpose() * modes;
  for (const auto& part : data.parts) {
    if (part.cols() != modes.rows())
      throw InputError(
          fmt::format("the POD modes have {} entries, the state has {}: project the kind of data they came from",
                      modes.rows(), part.cols()));
    out.parts.emplace_back(linalg::multiply(part, modes).rowwise() - offset);
  }
  return out;
}

MatrixXd Pod::reconstruct(const Eigen::Ref<const MatrixXd>& coefficients) const {
  return linalg::multiply(coefficients, modes, Op::kNone, Op::kAdjoint).rowwise() + mean.transpose();
}

}  // namespace offprint::koopman
