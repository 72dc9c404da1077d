// Radial functions with run-time SIMD dispatch. Every element is the same sequence of operations wherever it falls in a
// vector, so results do not depend on how rows are split into blocks.
#include "offprint/koopman/radial.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/koopman/radial.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::koopman::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

enum Form : int { kSquare, kGaussian, kExponential, kLorentzian };

template <int form, class D, class V>
HWY_INLINE V Apply(D d, V squared, double rate) {
  const auto a = hn::Set(d, rate);
  if constexpr (form == kGaussian) return hn::Exp(d, hn::Neg(hn::Mul(a, squared)));
  if constexpr (form == kExponential) return hn::Exp(d, hn::Neg(hn::Mul(a, hn::Sqrt(squared))));
  if constexpr (form == kLorentzian) return hn::Div(hn::Set(d, 1.0), hn::MulAdd(a, squared, hn::Set(d, 1.0)));
  return squared;
}

// One centre against rows [from, to) in steps of the vector length of D; returns the first row not done.
template <int form, class D>
HWY_INLINE std::size_t Direct(D d, const double* HWY_RESTRICT x, std::size_t ldx, std::size_t from, std::size_t to,
                              const double* HWY_RESTRICT centre, std::size_t ldc, std::size_t dimension, double rate,
                              double* HWY_RESTRICT out) {
  const std::size_t lanes = hn::Lanes(d);
  for (; from + lanes <= to; from += lanes) {
    auto sum = hn::Zero(d);
    for (std::size_t k = 0; k < dimension; ++k) {
      const auto delta = hn::Sub(hn::LoadU(d, x + k * ldx + from), hn::Set(d, centre[k * ldc]));
      sum = hn::MulAdd(delta, delta, sum);
    }
    hn::StoreU(Apply<form>(d, sum, rate), d, out + from);
  }
  return from;
}

template <int form>
void Columns(const double* x, std::size_t ldx, std::size_t rows, const double* c, std::size_t ldc, std::size_t centres,
             std::size_t dimension, double rate, double* out, std::size_t ldo) {
  const hn::ScalableTag<double> wide;
  const hn::CappedTag<double, 1> single;
  for (std::size_t j = 0; j < centres; ++j) {
    const std::size_t done = Direct<form>(wide, x, ldx, 0, rows, c + j, ldc, dimension, rate, out + j * ldo);
    Direct<form>(single, x, ldx, done, rows, c + j, ldc, dimension, rate, out + j * ldo);
  }
}

void DirectBlock(const double* x, std::size_t ldx, std::size_t rows, const double* c, std::size_t ldc,
                 std::size_t centres, std::size_t dimension, int form, double rate, double* out, std::size_t ldo) {
  switch (form) {
    case kGaussian:
      return Columns<kGaussian>(x, ldx, rows, c, ldc, centres, dimension, rate, out, ldo);
    case kExponential:
      return Columns<kExponential>(x, ldx, rows, c, ldc, centres, dimension, rate, out, ldo);
    case kLorentzian:
      return Columns<kLorentzian>(x, ldx, rows, c, ldc, centres, dimension, rate, out, ldo);
    default:
      return Columns<kSquare>(x, ldx, rows, c, ldc, centres, dimension, rate, out, ldo);
  }
}

template <int form>
void Map(double* values, std::size_t n, double rate) {
  const hn::ScalableTag<double> wide;
  const hn::CappedTag<double, 1> single;
  std::size_t i = 0;
  for (; i + hn::Lanes(wide) <= n; i += hn::Lanes(wide))
    hn::StoreU(Apply<form>(wide, hn::LoadU(wide, values + i), rate), wide, values + i);
  for (; i < n; ++i) hn::StoreU(Apply<form>(single, hn::LoadU(single, values + i), rate), single, values + i);
}

void MapBlock(double* values, std::size_t n, int form, double rate) {
  switch (form) {
    case kGaussian:
      return Map<kGaussian>(values, n, rate);
    case kExponential:
      return Map<kExponential>(values, n, rate);
    case kLorentzian:
      return Map<kLorentzian>(values, n, rate);
    default:
      return;
  }
}

}  // namespace offprint::koopman::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::koopman {
namespace {

HWY_EXPORT(DirectBlock);
HWY_EXPORT(MapBlock);

constexpr Eigen::Index kRows = 256;       // a block of rows and its distances stay in the second-level cache
constexpr Eigen::Index kDirectUpTo = 16;  // coordinates; beyond, a matrix product is faster
constexpr double kCancelled = 1e-5;       // below this share of the norms the product's rounding shows

int form_of(RadialShape shape) {
  switch (shape) {
    case RadialShape::gaussian:
      return 1;
    case RadialShape::exponential:
      return 2;
    case RadialShape::lorentzian:
      return 3;
  }
  return 0;
}

void distances(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& c, int form,
               double rate, Eigen::Ref<Eigen::MatrixXd> out, const Parallel& how) {
  if (x.cols() != c.cols())
    throw InputError(fmt::format("points have {} coordinates but centres {}", x.cols(), c.cols()));
  if (out.rows() != x.rows() || out.cols() != c.rows())
    throw InputError(fmt::format("distances of {} points to {} centres do not fit a {} x {} matrix", x.rows(), c.rows(),
                                 out.rows(), out.cols()));
  const auto blocks = static_cast<std::size_t>((x.rows() + kRows - 1) / kRows);
  const bool direct = x.cols() <= kDirectUpTo;
  // Centring on the centres' mean keeps the norms, and so the product's rounding, as small as the data allow.
  Eigen::RowVectorXd middle;
  Eigen::MatrixXd centred;
  Eigen::VectorXd norms;
  if (!direct) {
    middle = c.colwise().mean();
    centred = c.rowwise() - middle;
    norms = centred.rowwise().squaredNorm();
  }
  parallel_for(blocks, how, [&](std::size_t b) {
    const Eigen::Index from = static_cast<Eigen::Index>(b) * kRows;
    const Eigen::Index rows = std::min(kRows, x.rows() - from);
    if (direct) {
      HWY_DYNAMIC_DISPATCH(DirectBlock)
      (x.data() + from, static_cast<std::size_t>(x.outerStride()), static_cast<std::size_t>(rows), c.data(),
       static_cast<std::size_t>(c.outerStride()), static_cast<std::size_t>(c.rows()),
       static_cast<std::size_t>(c.cols()), form, rate, out.data() + from, static_cast<std::size_t>(out.outerStride()));
      return;
    }
    const Eigen::MatrixXd block = x.middleRows(from, rows).rowwise() - middle;
    const Eigen::VectorXd block_norms = block.rowwise().squaredNorm();
    Eigen::MatrixXd squared(rows, c.rows());
    linalg::multiply_into(squared, -2.0, block, linalg::Op::kNone, centred, linalg::Op::kAdjoint, 0.0);
    for (Eigen::Index j = 0; j < c.rows(); ++j)
      for (Eigen::Index i = 0; i < rows; ++i) {
        const double scale = block_norms(i) + norms(j);
        double& s = squared(i, j);
        s += scale;
        if (s < kCancelled * scale) s = (block.row(i) - centred.row(j)).squaredNorm();
      }
    HWY_DYNAMIC_DISPATCH(MapBlock)(squared.data(), static_cast<std::size_t>(squared.size()), form, rate);
    out.middleRows(from, rows) = squared;
  });
}

}  // namespace

void radial_matrix(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& c,
                   RadialShape shape, double rate, Eigen::Ref<Eigen::MatrixXd> out, const Parallel& how) {
  if (!(rate > 0.0) || !std::isfinite(rate))
    throw InputError(fmt::format("a radial function's rate must be positive and finite, not {}", rate));
  distances(x, c, form_of(shape), rate, out, how);
}

void squared_distances(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& c,
                       Eigen::Ref<Eigen::MatrixXd> out, const Parallel& how) {
  distances(x, c, 0, 1.0, out, how);
}

double mean_distance(const Eigen::Ref<const Eigen::MatrixXd>& x) {
  if (x.rows() == 0) throw InputError("the mean distance of no points is undefined: give at least two");
  const Eigen::RowVectorXd middle = x.colwise().mean();
  const double d = (x.rowwise() - middle).rowwise().norm().mean();
  // Rounding of the mean leaves equal points a few ulp from it: that is scale 0 too.
  if (!(d > 1e-14 * middle.cwiseAbs().maxCoeff()) || !std::isfinite(d))
    throw InputError("the radial scale is 0 because all points are equal: radial functions need points that differ");
  return d;
}

}  // namespace offprint::koopman

#endif  // HWY_ONCE
