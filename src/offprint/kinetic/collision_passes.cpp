#include "offprint/kinetic/collision_passes.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/kinetic/collision_passes.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::kinetic::passes::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// One lane cannot hold a complex number: plain loops, for processors older than SSSE3.
void MultiplyRows(const double* in, const double* phase, double* out, std::size_t rows, std::size_t n) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t i = 0; i < n; i += 2) {
      const double* x = in + r * n + i;
      const double re = x[0] * phase[i] - x[1] * phase[i + 1];
      out[r * n + i + 1] = x[0] * phase[i + 1] + x[1] * phase[i];
      out[r * n + i] = re;
    }
  }
}

void BuildLines(const LineSource& s, std::size_t width, Complex* tile, Complex* mirror) {
  const Complex i(0, 1);
  for (std::size_t c = 0; c < width; ++c) {
    for (std::size_t k = 0; k < s.half; ++k) {
      const Complex p = s.first[k * s.stride + c];
      const Complex q = s.second[k * s.stride + c];
      const auto put = [&](Complex a, Complex b, Complex* out) {
        out[k * width + c] = a + i * b;
        if (k > 0) out[(2 * s.half - k) * width + c] = std::conj(a) + i * std::conj(b);
      };
      put(p * s.first_phase[k], q * std::conj(s.second_phase[k]), tile);
      put(p * std::conj(s.first_phase[k]), q * s.second_phase[k], mirror);
    }
    tile[s.half * width + c] = 0;
    mirror[s.half * width + c] = 0;
  }
}

void AddProducts(const Complex* tile, const Complex* mirror, double weight, double* sum, std::size_t rows,
                 std::size_t width, std::size_t stride) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < width; ++c) {
      double product = tile[r * width + c].real() * tile[r * width + c].imag();
      if (mirror != nullptr) product += mirror[r * width + c].real() * mirror[r * width + c].imag();
      sum[r * stride + c] += weight * product;
    }
  }
}

#else

// Complex numbers as pairs of neighbouring lanes.
template <class D, class V>
V Times(D d, V a, V re, V im) {
  (void)d;
  const V cross = hn::Mul(hn::Reverse2(d, a), im);
  return hn::OddEven(hn::MulAdd(a, re, cross), hn::MulSub(a, re, cross));
}

template <class D>
void MultiplyRow(D d, const double* HWY_RESTRICT in, const double* HWY_RESTRICT phase, double* HWY_RESTRICT out,
                 std::size_t n) {
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto p = hn::LoadU(d, phase + i);
    hn::StoreU(Times(d, hn::LoadU(d, in + i), hn::DupEven(p), hn::DupOdd(p)), d, out + i);
  }
}

// n: number of doubles in a row.
void MultiplyRows(const double* in, const double* phase, double* out, std::size_t rows, std::size_t n) {
  const hn::CappedTag<double, 8> wide;
  const hn::CappedTag<double, 4> narrow;
  for (std::size_t r = 0; r < rows; ++r) {
    if (n % hn::Lanes(wide) == 0) {
      MultiplyRow(wide, in + r * n, phase, out + r * n, n);
    } else {
      MultiplyRow(narrow, in + r * n, phase, out + r * n, n);
    }
  }
}

template <class D>
void BuildRow(D d, const LineSource& s, std::size_t k, std::size_t n, double* HWY_RESTRICT tile,
              double* HWY_RESTRICT mirror) {
  const auto* a = reinterpret_cast<const double*>(s.first + k * s.stride);
  const auto* b = reinterpret_cast<const double*>(s.second + k * s.stride);
  const auto a_re = hn::Set(d, s.first_phase[k].real());
  const auto a_im = hn::Set(d, s.first_phase[k].imag());
  const auto b_re = hn::Set(d, s.second_phase[k].real());
  const auto b_im = hn::Set(d, s.second_phase[k].imag());
  const std::size_t last = 2 * s.half - k;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto p = hn::LoadU(d, a + i);
    const auto q = hn::LoadU(d, b + i);
    const auto p_cross = hn::Mul(hn::Reverse2(d, p), a_im);
    const auto q_cross = hn::Mul(hn::Reverse2(d, q), b_im);
    const auto p_sum = hn::MulAdd(p, a_re, p_cross);
    const auto p_less = hn::MulSub(p, a_re, p_cross);
    const auto q_sum = hn::MulAdd(q, b_re, q_cross);
    const auto q_less = hn::MulSub(q, b_re, q_cross);
    // Line k is A + iB, line -k conj(A) + i conj(B).
    const auto put = [&](auto line_a, auto line_b, double* out) {
      const auto swapped = hn::Reverse2(d, line_b);
      const auto plus = hn::Add(line_a, swapped);
      const auto minus = hn::Sub(line_a, swapped);
      hn::StoreU(hn::OddEven(plus, minus), d, out + k * n + i);
      if (k > 0) hn::StoreU(hn::OddEven(hn::Neg(minus), plus), d, out + last * n + i);
    };
    put(hn::OddEven(p_sum, p_less), hn::OddEven(q_less, q_sum), tile);
    put(hn::OddEven(p_less, p_sum), hn::OddEven(q_sum, q_less), mirror);
  }
}

void BuildLines(const LineSource& s, std::size_t width, Complex* tile, Complex* mirror) {
  const hn::CappedTag<double, 8> wide;
  const hn::CappedTag<double, 4> narrow;
  const std::size_t n = 2 * width;
  auto* out = reinterpret_cast<double*>(tile);
  auto* other = reinterpret_cast<double*>(mirror);
  for (std::size_t k = 0; k < s.half; ++k) {
    if (n % hn::Lanes(wide) == 0) {
      BuildRow(wide, s, k, n, out, other);
    } else {
      BuildRow(narrow, s, k, n, out, other);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    out[s.half * n + i] = 0;
    other[s.half * n + i] = 0;
  }
}

void AddProducts(const Complex* tile, const Complex* mirror, double weight, double* sum, std::size_t rows,
                 std::size_t width, std::size_t stride) {
  const hn::CappedTag<double, 8> wide;
  const std::size_t lanes = hn::Lanes(wide);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto* z = reinterpret_cast<const double*>(tile + r * width);
    const auto* m = mirror == nullptr ? nullptr : reinterpret_cast<const double*>(mirror + r * width);
    double* out = sum + r * stride;
    std::size_t c = 0;
    for (; c + lanes <= width; c += lanes) {
      hn::VFromD<decltype(wide)> re;
      hn::VFromD<decltype(wide)> im;
      hn::LoadInterleaved2(wide, z + 2 * c, re, im);
      auto product = hn::Mul(re, im);
      if (m != nullptr) {
        hn::LoadInterleaved2(wide, m + 2 * c, re, im);
        product = hn::MulAdd(re, im, product);
      }
      hn::StoreU(hn::MulAdd(hn::Set(wide, weight), product, hn::LoadU(wide, out + c)), wide, out + c);
    }
    for (; c < width; ++c) {
      double product = z[2 * c] * z[2 * c + 1];
      if (m != nullptr) product += m[2 * c] * m[2 * c + 1];
      out[c] += weight * product;
    }
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace offprint::kinetic::passes::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace offprint::kinetic::passes {

HWY_EXPORT(MultiplyRows);
HWY_EXPORT(BuildLines);
HWY_EXPORT(AddProducts);

void multiply_rows(const Complex* in, const Complex* phase, Complex* out, std::size_t rows, std::size_t columns) {
  HWY_DYNAMIC_DISPATCH(MultiplyRows)
  (reinterpret_cast<const double*>(in), reinterpret_cast<const double*>(phase), reinterpret_cast<double*>(out), rows,
   2 * columns);
}

void build_lines(const LineSource& source, std::size_t width, Complex* tile, Complex* mirror) {
  HWY_DYNAMIC_DISPATCH(BuildLines)(source, width, tile, mirror);
}

void add_products(const Complex* tile, const Complex* mirror, double weight, double* sum, std::size_t rows,
                  std::size_t width, std::size_t stride) {
  HWY_DYNAMIC_DISPATCH(AddProducts)(tile, mirror, weight, sum, rows, width, stride);
}

}  // namespace offprint::kinetic::passes

#endif  // HWY_ONCE
