#include "offprint/linalg/tsqr.hpp"

#include <atomic>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::linalg {
namespace {

template <class S>
Matrix<S> tall_matrix(Eigen::Index rows, Eigen::Index cols) {
  Stream stream(11, "tsqr test");
  Matrix<S> a(rows, cols);
  for (Eigen::Index j = 0; j < cols; ++j)
    for (Eigen::Index i = 0; i < rows; ++i) {
      const double re = stream.normal();
      if constexpr (std::is_same_v<S, double>) {
        a(i, j) = re;
      } else {
        a(i, j) = S(re, stream.normal());
      }
    }
  return a;
}

// R is unique up to the phase of each row.
template <class S>
double distance_up_to_phase(Matrix<S> r1, Matrix<S> r2) {
  for (Matrix<S>* r : {&r1, &r2})
    for (Eigen::Index i = 0; i < r->rows(); ++i)
      if (std::abs((*r)(i, i)) > 0) r->row(i) *= std::abs((*r)(i, i)) / (*r)(i, i);
  return (r1 - r2).norm();
}

template <class S>
class Tsqr : public testing::Test {};
using Scalars = testing::Types<double, Complex>;
TYPED_TEST_SUITE(Tsqr, Scalars);

TYPED_TEST(Tsqr, AgreesWithDirectQrAndAcrossThreads) {
  using S = TypeParam;
  const Matrix<S> a = tall_matrix<S>(7321, 30);  // 7 leaves, several of them of more than one block
  const Matrix<S> direct = qr_factor(a);
  const RowFiller<S> fill = [&](Eigen::Index first, Eigen::Ref<Matrix<S>> block) {
    block = a.middleRows(first, block.rows());
  };
  const Matrix<S> one = tall_skinny_qr<S>(a.rows(), a.cols(), fill, {.threads = 1});
  EXPECT_LT(distance_up_to_phase<S>(one, direct), 1e-11 * direct.norm());
  for (const unsigned threads : {2U, 3U})
    EXPECT_EQ(tall_skinny_qr<S>(a.rows(), a.cols(), fill, {.threads = threads}), one) << threads;
}

TYPED_TEST(Tsqr, StreamingDoesNotDependOnSlices) {
  using S = TypeParam;
  const Matrix<S> a = tall_matrix<S>(2600, 12);
  StreamingQr<S> whole(12);
  whole.push(a);
  StreamingQr<S> sliced(12);
  for (Eigen::Index first = 0; first < a.rows(); first += 37)
    sliced.push(a.middleRows(first, std::min<Eigen::Index>(37, a.rows() - first)));
  EXPECT_EQ(sliced.rows(), 2600);
  EXPECT_EQ(whole.r(), sliced.r());
  EXPECT_LT(distance_up_to_phase<S>(whole.r(), qr_factor(a)), 1e-11 * a.norm());
}

TEST(TsqrEdges, FewerRowsThanColumnsLeavesZeroRows) {
  const Matrix<double> a = tall_matrix<double>(3, 5);
  const RowFiller<double> fill = [&](Eigen::Index first, Eigen::Ref<Matrix<double>> block) {
    block = a.middleRows(first, block.rows());
  };
  const Matrix<double> r = tall_skinny_qr<double>(3, 5, fill);
  EXPECT_LT((r.transpose() * r - a.transpose() * a).norm(), 1e-13);
  EXPECT_LT(r.bottomRows(2).norm(), 1e-14);
}

TEST(TsqrEdges, ErrorsAndCancellation) {
  StreamingQr<double> qr(3);
  EXPECT_THROW(qr.push(Matrix<double>::Zero(1, 4)), Error);
  EXPECT_THROW(qr.push(Matrix<double>::Constant(1, 3, std::numeric_limits<double>::infinity())), Error);
  std::atomic<int> fills = 0;
  Parallel how{.threads = 1};
  how.cancel = CancelToken([&] { return fills.load() >= 2; });
  const RowFiller<double> fill = [&](Eigen::Index, Eigen::Ref<Matrix<double>> block) {
    block.setOnes();
    ++fills;
  };
  EXPECT_THROW((void)tall_skinny_qr<double>(100000, 3, fill, how), Interrupted);
  EXPECT_EQ(fills.load(), 2);
}

}  // namespace
}  // namespace offprint::linalg
