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
constexpr double kCacheBytes = 4e6;

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

struct RowEntries {
  const std::int32_t* column;
  const double* value;  // null: all 1
  Index count;
};

// Adds s a a^T to the columns [first, last) of a lower triangle. Two of its columns at a time: the row's entries, and
// the loop, are shared.
void add_outer_product(const RowEntries& row, double s, Index first, Index last, double* to, Index stride) {
  const std::int32_t* c = row.column;
  Index a = first == 0 ? 0 : std::lower_bound(c, c + row.count, first) - c;
  Index stop = row.count;
  while (stop > a && c[stop - 1] >= last) --stop;
  if (row.value == nullptr) {
    for (; a + 1 < stop; a += 2) {
      double* one = to + c[a] * stride;
      double* two = to + c[a + 1] * stride;
      one[c[a]] += s;
      one[c[a + 1]] += s;
      two[c[a + 1]] += s;
      for (Index b = a + 2; b < row.count; ++b) {
        one[c[b]] += s;
        two[c[b]] += s;
      }
    }
    if (a < stop) {
      double* one = to + c[a] * stride;
      for (Index b = a; b < row.count; ++b) one[c[b]] += s;
    }
    return;
  }
  const double* v = row.value;
  for (; a + 1 < stop; a += 2) {
    double* one = to + c[a] * stride;
    double* two = to + c[a + 1] * stride;
    const double s1 = s * v[a];
    const double s2 = s * v[a + 1];
    one[c[a]] += s1 * v[a];
    one[c[a + 1]] += s1 * v[a + 1];
    two[c[a + 1]] += s2 * v[a + 1];
    for (Index b = a + 2; b < row.count; ++b) {
      one[c[b]] += s1 * v[b];
      two[c[b]] += s2 * v[b];
    }
  }
  if (a < stop) {
    double* one = to + c[a] * stride;
    const double s1 = s * v[a];
    for (Index b = a; b < row.count; ++b) one[c[b]] += s1 * v[b];
  }
}

template <class Body>
void over_blocks(const std::vector<Index>& bounds, const Parallel& how, Body&& body) {
  parallel_for(bounds.size() - 1, how, [&](std::size_t b) { body(bounds[b], bounds[b + 1]); });
}

}  // namespace

DesignMatrix::DesignMatrix(const io::SparseRows& rows, const Parallel& parallel)
    : rows_(rows.rows()), columns_(rows.cols()), parallel_(parallel) {
  require_sizes(rows_, columns_);
  io::SparseRows packed;
  const io::SparseRows* from = &rows;
  if (!rows.isCompressed()) {
    packed = rows;
    packed.makeCompressed();
    from = &packed;
  }
  const auto entries = static_cast<std::size_t>(from->nonZeros());
  const double* value = from->valuePtr();
  row_start_.assign(from->outerIndexPtr(), from->outerIndexPtr() + rows_ + 1);
  column_.resize(entries);
  std::transform(from->innerIndexPtr(), from->innerIndexPtr() + entries, column_.begin(),
                 [](std::int64_t j) { return static_cast<std::int32_t>(j); });
  if (!std::all_of(value, value + entries, [](double v) { return v == 1; })) {
    const auto bad = static_cast<std::size_t>(
        std::find_if(value, value + entries, [](double v) { return !std::isfinite(v); }) - value);
    if (bad != entries) {
      const auto row = std::upper_bound(row_start_.begin(), row_start_.end(), static_cast<std::int64_t>(bad));
      throw InputError(
          fmt::format("the entry of row {}, column {} is {}", row - row_start_.begin(), column_[bad] + 1, value[bad]));
    }
    value_.assign(value, value + entries);
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
  value_of_.resize(value_.size());
  for (Index i = 0; i < rows_; ++i)
    for (std::int64_t p = row_start_[static_cast<std::size_t>(i)]; p < row_start_[static_cast<std::size_t>(i) + 1];
         ++p) {
      const auto place = static_cast<std::size_t>(p);
      const auto to = static_cast<std::size_t>(next[static_cast<std::size_t>(column_[place])]++);
      row_of_[to] = static_cast<std::int32_t>(i);
      if (!value_.empty()) value_of_[to] = value_[place];
    }
}

void DesignMatrix::cut_into_blocks() {
  const auto length = [](const std::vector<std::int64_t>& start, Index i) {
    return static_cast<double>(start[static_cast<std::size_t>(i) + 1] - start[static_cast<std::size_t>(i)]);
  };
  row_blocks_ = blocks(rows_, [&](Index i) { return length(row_start_, i) + 1; });
  column_blocks_ = blocks(columns_, [&](Index j) { return length(column_start_, j) + 1; });
  // Work of each column of the Gram matrix: the entries from it on, over the rows that have it.
  std::vector<double> work(static_cast<std::size_t>(columns_), 1.0);
  double total = static_cast<double>(columns_);
  for (Index i = 0; i < rows_; ++i) {
    const std::int64_t end = row_start_[static_cast<std::size_t>(i) + 1];
    for (std::int64_t p = row_start_[static_cast<std::size_t>(i)]; p < end; ++p) {
      work[static_cast<std::size_t>(column_[static_cast<std::size_t>(p)])] += static_cast<double>(end - p);
      total += static_cast<double>(end - p);
    }
  }
  // One part a thread, more where a part would not stay in a cache; each part costs a pass over the columns' numbers.
  const double threads = parallel_.threads == 0 ? hardware_threads() : parallel_.threads;
  const double bytes = 4.0 * static_cast<double>(columns_) * static_cast<double>(columns_);
  const double parts = std::min(std::max(threads, std::min(bytes / kCacheBytes, 16.0)), total / kBlockWork);
  gram_blocks_ = {0};
  double sum = 0;
  for (Index j = 0; j < columns_; ++j) {
    sum += work[static_cast<std::size_t>(j)];
    if (sum * parts >= total * static_cast<double>(gram_blocks_.size())) gram_blocks_.push_back(j + 1);
  }
  if (gram_blocks_.back() != columns_) gram_blocks_.push_back(columns_);
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
  over_blocks(gram_blocks_, parallel_, [&](Index first, Index last) {
    for (Index j = first; j < last; ++j) gram.col(j).tail(columns_ - j).setZero();
    for (Index i = 0; i < rows_; ++i) {
      const auto begin = static_cast<std::size_t>(row_start_[static_cast<std::size_t>(i)]);
      const auto end = static_cast<std::size_t>(row_start_[static_cast<std::size_t>(i) + 1]);
      const RowEntries row{column_.data() + begin, value_.empty() ? nullptr : value_.data() + begin,
                           static_cast<Index>(end - begin)};
      add_outer_product(row, w(i), first, last, gram.data(), gram.outerStride());
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
