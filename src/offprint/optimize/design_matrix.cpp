#include "offprint/optimize/design_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Vector = Eigen::Ref<const VectorXd>;

constexpr double kBlockWork = 65'536;  // multiplications that are worth handing to a thread (about 50 us)

void require_sizes(Index rows, Index columns) {
  if (rows < 1 || columns < 1)
    throw InputError(fmt::format("the data have {} rows and {} columns; both must be at least 1", rows, columns));
  constexpr Index kMost = std::numeric_limits<std::int32_t>::max();
  if (rows > kMost || columns > kMost)
    throw InputError(
        fmt::format("the data have {} rows and {} columns; at most {} of each are handled", rows, columns, kMost));
}

// Bounds of consecutive blocks whose work sums to at least kBlockWork each.
template <class Work>
std::vector<Index> blocks(Index n, Work&& work) {
  std::vector<Index> bounds{0};
  double sum = 0;
  for (Index i = 0; i < n; ++i) {
    sum += work(i);
    if (sum >= kBlockWork) {
      bounds.push_back(i + 1);
      sum = 0;
    }
  }
  if (bounds.back() != n) bounds.push_back(n);
  return bounds;
}

template <class Body>
void over_blocks(const std::vector<Index>& bounds, const Parallel& how, Body&& body) {
  parallel_for(bounds.size() - 1, how, [&](std::size_t b) { body(bounds[b], bounds[b + 1]); });
}

}  // namespace

DesignMatrix::DesignMatrix(const io::SparseRows& rows, const Parallel& parallel)
    : rows_(rows.rows()), columns_(rows.cols()), parallel_(parallel) {
  require_sizes(rows_, columns_);
  bool ones = true;
  row_start_.reserve(static_cast<std::size_t>(rows_) + 1);
  row_start_.push_back(0);
  column_.reserve(static_cast<std::size_t>(rows.nonZeros()));
  for (Index i = 0; i < rows_; ++i) {
    for (io::SparseRows::InnerIterator it(rows, i); it; ++it) {
      if (!std::isfinite(it.value()))
        throw InputError(fmt::format("the entry of row {}, column {} is {}", i + 1, it.col() + 1, it.value()));
      ones = ones && it.value() == 1;
      column_.push_back(static_cast<std::int32_t>(it.col()));
    }
    row_start_.push_back(static_cast<std::int64_t>(column_.size()));
  }
  if (!ones) {
    value_.reserve(column_.size());
    for (Index i = 0; i < rows_; ++i)
      for (io::SparseRows::InnerIterator it(rows, i); it; ++it) value_.push_back(it.value());
  }
  index_columns();
  cut_into_blocks();
}

DesignMatrix::DesignMatrix(MatrixXd rows, const Parallel& parallel)
    : rows_(rows.rows()), columns_(rows.cols()), parallel_(parallel), dense_(std::move(rows)) {
  require_sizes(rows_, columns_);
  if (!dense_.allFinite())
    for (Index i = 0; i < rows_; ++i)
      for (Index j = 0; j < columns_; ++j)
        if (!std::isfinite(dense_(i, j)))
          throw InputError(fmt::format("the entry of row {}, column {} is {}", i + 1, j + 1, dense_(i, j)));
}

std::int64_t DesignMatrix::entries() const {
  return sparse() ? static_cast<std::int64_t>(column_.size()) : rows_ * columns_;
}

void DesignMatrix::index_columns() {
  column_start_.assign(static_cast<std::size_t>(columns_) + 1, 0);
  for (const auto j : column_) ++column_start_[static_cast<std::size_t>(j) + 1];
  for (std::size_t j = 1; j < column_start_.size(); ++j) column_start_[j] += column_start_[j - 1];
  std::vector<std::int64_t> next(column_start_.begin(), column_start_.end() - 1);
  row_of_.resize(column_.size());
  place_of_.resize(column_.size());
  value_of_.resize(value_.size());
  for (Index i = 0; i < rows_; ++i)
    for (std::int64_t p = row_start_[static_cast<std::size_t>(i)]; p < row_start_[static_cast<std::size_t>(i) + 1];
         ++p) {
      const auto place = static_cast<std::size_t>(p);
      const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(column_[place])]++);
      row_of_[to] = static_cast<std::int32_t>(i);
      place_of_[to] = p;
      if (!value_.empty()) value_of_[to] = value_[place];
    }
}

void DesignMatrix::cut_into_blocks() {
  const auto length = [](const std::vector<std::int64_t>& start, Index i) {
    return static_cast<double>(start[static_cast<std::size_t>(i) + 1] - start[static_cast<std::size_t>(i)]);
  };
  row_blocks_ = blocks(rows_, [&](Index i) { return length(row_start_, i) + 1; });
  column_blocks_ = blocks(columns_, [&](Index j) { return length(column_start_, j) + 1; });
  gram_blocks_ = blocks(columns_, [&](Index j) {
    double work = static_cast<double>(columns_ - j);
    for (std::int64_t p = column_start_[static_cast<std::size_t>(j)];
         p < column_start_[static_cast<std::size_t>(j) + 1]; ++p) {
      const auto at = static_cast<std::size_t>(p);
      work += static_cast<double>(row_start_[static_cast<std::size_t>(row_of_[at]) + 1] - place_of_[at]);
    }
    return work;
  });
}

void DesignMatrix::multiply(const Vector& x, Eigen::Ref<VectorXd> z) const {
  if (!sparse()) {
    z.noalias() = dense_ * x;
    return;
  }
  const double* from = x.data();
  const std::int32_t* column = column_.data();
  const double* value = value_.empty() ? nullptr : value_.data();
  over_blocks(row_blocks_, parallel_, [&](Index first, Index last) {
    for (Index i = first; i < last; ++i) {
      const std::int64_t end = row_start_[static_cast<std::size_t>(i) + 1];
      double sum = 0;
      if (value == nullptr)
        for (std::int64_t p = row_start_[static_cast<std::size_t>(i)]; p < end; ++p) sum += from[column[p]];
      else
        for (std::int64_t p = row_start_[static_cast<std::size_t>(i)]; p < end; ++p) sum += value[p] * from[column[p]];
      z(i) = sum;
    }
  });
}

void DesignMatrix::multiply_transposed(const Vector& w, Eigen::Ref<VectorXd> g) const {
  if (!sparse()) {
    g.noalias() = dense_.transpose() * w;
    return;
  }
  const double* from = w.data();
  const std::int32_t* row = row_of_.data();
  const double* value = value_of_.empty() ? nullptr : value_of_.data();
  over_blocks(column_blocks_, parallel_, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j) {
      const std::int64_t end = column_start_[static_cast<std::size_t>(j) + 1];
      std::int64_t p = column_start_[static_cast<std::size_t>(j)];
      double a = 0;  // four sums: one would wait for itself
      double b = 0;
      double c = 0;
      double d = 0;
      if (value == nullptr) {
        for (; p + 4 <= end; p += 4) {
          a += from[row[p]];
          b += from[row[p + 1]];
          c += from[row[p + 2]];
          d += from[row[p + 3]];
        }
        for (; p < end; ++p) a += from[row[p]];
      } else {
        for (; p + 4 <= end; p += 4) {
          a += value[p] * from[row[p]];
          b += value[p + 1] * from[row[p + 1]];
          c += value[p + 2] * from[row[p + 2]];
          d += value[p + 3] * from[row[p + 3]];
        }
        for (; p < end; ++p) a += value[p] * from[row[p]];
      }
      g(j) = (a + b) + (c + d);
    }
  });
}

void DesignMatrix::weighted_gram(const Vector& w, Eigen::Ref<MatrixXd> gram) const {
  if (!sparse()) {
    if (w.size() > 0 && w.minCoeff() >= 0) {
      linalg::self_product_into(gram, 1, w.cwiseSqrt().asDiagonal() * dense_, linalg::Op::kAdjoint, 0);
    } else {
      const MatrixXd weighted = w.asDiagonal() * dense_;
      linalg::multiply_into(gram, 1, dense_, linalg::Op::kAdjoint, weighted, linalg::Op::kNone, 0);
    }
    return;
  }
  const std::int32_t* column = column_.data();
  const double* value = value_.empty() ? nullptr : value_.data();
  over_blocks(gram_blocks_, parallel_, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j) {
      double* to = gram.col(j).data();
      std::fill(to + j, to + columns_, 0.0);
      const std::int64_t stop = column_start_[static_cast<std::size_t>(j) + 1];
      for (std::int64_t e = column_start_[static_cast<std::size_t>(j)]; e < stop; ++e) {
        const auto i = static_cast<std::size_t>(row_of_[static_cast<std::size_t>(e)]);
        const std::int64_t end = row_start_[i + 1];
        std::int64_t p = place_of_[static_cast<std::size_t>(e)];  // entries before it are in earlier columns
        if (value == nullptr) {
          const double s = w(static_cast<Index>(i));
          for (; p < end; ++p) to[column[p]] += s;
        } else {
          const double s = w(static_cast<Index>(i)) * value[p];
          for (; p < end; ++p) to[column[p]] += s * value[p];
        }
      }
    }
  });
}

VectorXd DesignMatrix::weighted_squares(const Vector& w) const {
  if (!sparse()) return dense_.cwiseAbs2().transpose() * w;
  VectorXd out(columns_);
  over_blocks(column_blocks_, parallel_, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j) {
      double sum = 0;
      for (std::int64_t p = column_start_[static_cast<std::size_t>(j)];
           p < column_start_[static_cast<std::size_t>(j) + 1]; ++p) {
        const auto at = static_cast<std::size_t>(p);
        const double v = value_of_.empty() ? 1 : value_of_[at];
        sum += w(row_of_[at]) * v * v;
      }
      out(j) = sum;
    }
  });
  return out;
}

MatrixXd DesignMatrix::transposed_dense() const {
  if (!sparse()) return dense_.transpose();
  MatrixXd out = MatrixXd::Zero(columns_, rows_);
  for (Index i = 0; i < rows_; ++i)
    for (std::int64_t p = row_start_[static_cast<std::size_t>(i)]; p < row_start_[static_cast<std::size_t>(i) + 1];
         ++p) {
      const auto at = static_cast<std::size_t>(p);
      out(column_[at], i) = value_.empty() ? 1 : value_[at];
    }
  return out;
}

}  // namespace offprint::optimize
