// Leaves absorb their rows block by block (tpqrt); pairs of finished leaves merge triangle on triangle.
#include "offprint/linalg/tsqr.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

// Tall enough that tpqrt runs at gemm speed, short enough for the cache; measured at n = 100 and 600.
Eigen::Index block_height(Eigen::Index columns) { return std::max<Eigen::Index>(1024, columns); }

// A leaf is at least eight times taller than wide, so that merging triangles stays a few percent of the work.
Eigen::Index leaf_count(Eigen::Index rows, Eigen::Index columns) {
  return std::clamp<Eigen::Index>(rows / std::max<Eigen::Index>(1024, 8 * columns), 1, 64);
}

// Hands each finished R factor up a fixed binary tree over the leaves: whoever finishes second merges (left, right).
template <class Scalar>
class MergeTree {
 public:
  explicit MergeTree(Eigen::Index leaves) : leaves_(leaves) {}

  void finish(Eigen::Index leaf, Matrix<Scalar> r) {
    Eigen::Index level = 0;
    Eigen::Index node = leaf;
    for (Eigen::Index width = leaves_; width > 1; width = (width + 1) / 2, ++level, node /= 2) {
      const Eigen::Index sibling = node ^ 1;
      if (sibling >= width) continue;  // the odd one out rises alone
      std::optional<Matrix<Scalar>> other = take_or_leave(level, node, sibling, r);
      if (!other) return;
      r = node < sibling ? combine_qr_factors(r, *other) : combine_qr_factors(*other, r);
    }
    const std::lock_guard lock(mutex_);
    root_ = std::move(r);
  }

  Matrix<Scalar> root() { return std::move(root_); }

 private:
  std::optional<Matrix<Scalar>> take_or_leave(Eigen::Index level, Eigen::Index node, Eigen::Index sibling,
                                              Matrix<Scalar>& r) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find({level, sibling});
    if (found == waiting_.end()) {
      waiting_.emplace(std::pair{level, node}, std::move(r));
      return std::nullopt;
    }
    std::optional<Matrix<Scalar>> other = std::move(found->second);
    waiting_.erase(found);
    return other;
  }

  Eigen::Index leaves_;
  std::mutex mutex_;
  std::map<std::pair<Eigen::Index, Eigen::Index>, Matrix<Scalar>> waiting_;
  Matrix<Scalar> root_;
};

}  // namespace

template <class Scalar>
StreamingQr<Scalar>::StreamingQr(Eigen::Index columns)
    : r_(Matrix<Scalar>::Zero(columns, columns)), buffer_(block_height(columns), columns) {}

template <class Scalar>
void StreamingQr<Scalar>::push(const Eigen::Ref<const Matrix<Scalar>>& rows) {
  if (rows.cols() != r_.cols())
    throw Error(fmt::format("streaming QR: rows of {} columns were pushed, {} expected", rows.cols(), r_.cols()));
  if (!rows.allFinite()) throw Error("streaming QR: a matrix entry is NaN or infinite");
  for (Eigen::Index done = 0; done < rows.rows();) {
    const Eigen::Index count = std::min(buffer_.rows() - filled_, rows.rows() - done);
    buffer_.middleRows(filled_, count) = rows.middleRows(done, count);
    filled_ += count;
    done += count;
    if (filled_ == buffer_.rows()) {
      absorb_rows(r_, buffer_);
      filled_ = 0;
    }
  }
  rows_ += rows.rows();
}

template <class Scalar>
Matrix<Scalar> StreamingQr<Scalar>::r() const {
  return filled_ == 0 ? r_ : update_qr_factor(r_, buffer_.topRows(filled_));
}

template <class Scalar>
Matrix<Scalar> tall_skinny_qr(Eigen::Index rows, Eigen::Index columns, const RowFiller<Scalar>& fill,
                              const Parallel& how) {
  const Eigen::Index leaves = leaf_count(rows, columns);
  const Eigen::Index height = block_height(columns);
  MergeTree<Scalar> tree(leaves);
  parallel_for(static_cast<std::size_t>(leaves), how, [&](std::size_t index) {
    const auto leaf = static_cast<Eigen::Index>(index);
    const Eigen::Index begin = rows * leaf / leaves;
    const Eigen::Index end = rows * (leaf + 1) / leaves;
    Matrix<Scalar> r = Matrix<Scalar>::Zero(columns, columns);
    Matrix<Scalar> block(std::min(height, end - begin), columns);
    for (Eigen::Index first = begin; first < end; first += height) {
      how.cancel.check();
      auto part = block.topRows(std::min(height, end - first));
      fill(first, part);
      absorb_rows(r, part);
    }
    tree.finish(leaf, std::move(r));
  });
  return tree.root();
}

template class StreamingQr<double>;
template class StreamingQr<Complex>;
template Matrix<double> tall_skinny_qr<double>(Eigen::Index, Eigen::Index, const RowFiller<double>&, const Parallel&);
template Matrix<Complex> tall_skinny_qr<Complex>(Eigen::Index, Eigen::Index, const RowFiller<Complex>&,
                                                 const Parallel&);

}  // namespace offprint::linalg
