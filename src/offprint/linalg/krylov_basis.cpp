#include "offprint/linalg/krylov_basis.hpp"

#include <algorithm>
#include <type_traits>

#include <cblas.h>

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;

constexpr Index kRows = 16384;           // of a chunk: the unit of parallel work and of summation
constexpr Index kTileRows = 512;         // of single-precision columns converted at once:
constexpr Index kTileColumns = 32;       // 128 kB of doubles, within the second-level cache
constexpr double kSerialWork = 500'000;  // multiplications below which threads cost more than they bring

// out (count) = V(rows, :)^T w(rows)
void transposed_product(const MatrixXd& v, Index row, Index rows, Index column, Index count, const double* w,
                        double* out) {
  cblas_dgemv(CblasColMajor, CblasTrans, static_cast<int>(rows), static_cast<int>(count), 1.0,
              v.data() + column * v.rows() + row, static_cast<int>(v.rows()), w + row, 1, 0.0, out, 1);
}
void subtract_product(const MatrixXd& v, Index row, Index rows, Index column, Index count, const double* c, double* w) {
  cblas_dgemv(CblasColMajor, CblasNoTrans, static_cast<int>(rows), static_cast<int>(count), -1.0,
              v.data() + column * v.rows() + row, static_cast<int>(v.rows()), c, 1, 1.0, w + row, 1);
}

template <class Tile>
void for_tiles(const MatrixXf& v, Index row, Index rows, Index column, Index count, const Tile& tile) {
  MatrixXd part(kTileRows, kTileColumns);
  for (Index r = row; r < row + rows; r += kTileRows) {
    const Index height = std::min(kTileRows, row + rows - r);
    for (Index c = 0; c < count; c += kTileColumns) {
      const Index width = std::min(kTileColumns, count - c);
      part.topLeftCorner(height, width) = v.block(r, column + c, height, width).cast<double>();
      tile(r, height, c, width, part.data());
    }
  }
}
void transposed_product(const MatrixXf& v, Index row, Index rows, Index column, Index count, const double* w,
                        double* out) {
  std::fill(out, out + count, 0.0);
  for_tiles(v, row, rows, column, count, [&](Index r, Index height, Index c, Index width, const double* part) {
    cblas_dgemv(CblasColMajor, CblasTrans, static_cast<int>(height), static_cast<int>(width), 1.0, part,
                static_cast<int>(kTileRows), w + r, 1, 1.0, out + c, 1);
  });
}
void subtract_product(const MatrixXf& v, Index row, Index rows, Index column, Index count, const double* coefficients,
                      double* w) {
  for_tiles(v, row, rows, column, count, [&](Index r, Index height, Index c, Index width, const double* part) {
    cblas_dgemv(CblasColMajor, CblasNoTrans, static_cast<int>(height), static_cast<int>(width), -1.0, part,
                static_cast<int>(kTileRows), coefficients + c, 1, 1.0, w + r, 1);
  });
}

}  // namespace

KrylovBasis::KrylovBasis(Index size, Index capacity, Index block, BasisPrecision precision)
    : size_(size), capacity_(capacity) {
  if (precision == BasisPrecision::kSingle) {
    columns_.emplace<MatrixXf>(size, capacity * block);
  } else {
    columns_.emplace<MatrixXd>(size, capacity * block);
  }
}

double KrylovBasis::bytes(Index size, Index capacity, Index block, BasisPrecision precision) {
  return static_cast<double>(size) * static_cast<double>(capacity) * static_cast<double>(block) *
         (precision == BasisPrecision::kSingle ? sizeof(float) : sizeof(double));
}

void KrylovBasis::store(Index at, const Eigen::Ref<const MatrixXd>& columns) {
  std::visit(
      [&](auto& all) {
        using Scalar = typename std::decay_t<decltype(all)>::Scalar;
        for (Index j = 0; j < columns.cols(); ++j) all.col(j * capacity_ + at) = columns.col(j).template cast<Scalar>();
      },
      columns_);
}

void KrylovBasis::project_out(Index count, Eigen::Ref<MatrixXd> w, const std::vector<bool>& active,
                              const Parallel& how) const {
  const Index chunks = (size_ + kRows - 1) / kRows;
  const Index tasks = w.cols() * chunks;
  MatrixXd partial(count, tasks);
  const double work = static_cast<double>(size_) * static_cast<double>(count) * static_cast<double>(w.cols());
  Parallel spread;
  spread.threads = work < kSerialWork ? 1 : how.threads;
  const auto for_chunks = [&](const auto& f) {
    parallel_for(static_cast<std::size_t>(tasks), spread, [&](std::size_t task) {
      const Index j = static_cast<Index>(task) / chunks;
      if (!active[static_cast<std::size_t>(j)]) return;
      const Index row = static_cast<Index>(task) % chunks * kRows;
      f(j, row, std::min(kRows, size_ - row), static_cast<Index>(task));
    });
  };
  std::visit(
      [&](const auto& all) {
        for_chunks([&](Index j, Index row, Index rows, Index task) {
          transposed_product(all, row, rows, j * capacity_, count, w.col(j).data(), partial.col(task).data());
        });
        MatrixXd coefficients = MatrixXd::Zero(count, w.cols());
        for (Index j = 0; j < w.cols(); ++j)
          if (active[static_cast<std::size_t>(j)])
            for (Index c = 0; c < chunks; ++c) coefficients.col(j) += partial.col(j * chunks + c);
        for_chunks([&](Index j, Index row, Index rows, Index) {
          subtract_product(all, row, rows, j * capacity_, count, coefficients.col(j).data(), w.col(j).data());
        });
      },
      columns_);
}

}  // namespace offprint::linalg
