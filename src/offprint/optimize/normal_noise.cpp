#include "offprint/optimize/normal_noise.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/optimize/normal_noise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::optimize::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::CappedTag<double, 8>;

// radius, angle: uniforms on (0, 1] and [0, 1); replaced by two normals each. n is a multiple of 8.
void BoxMuller(double* HWY_RESTRICT radius, double* HWY_RESTRICT angle, std::size_t n, double scale) {
  const Wide w;
  for (std::size_t i = 0; i < n; i += hn::Lanes(w)) {
    const auto r = hn::Mul(hn::Set(w, scale), hn::Sqrt(hn::Mul(hn::Set(w, -2.0), hn::Log(w, hn::Load(w, radius + i)))));
    const auto phi = hn::Mul(hn::Set(w, 6.283185307179586), hn::Load(w, angle + i));
    hn::Store(hn::Mul(r, hn::Cos(w, phi)), w, radius + i);
    hn::Store(hn::Mul(r, hn::Sin(w, phi)), w, angle + i);
  }
}

}  // namespace offprint::optimize::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>

namespace offprint::optimize {

HWY_EXPORT(BoxMuller);

void add_normal(Stream& random, double scale, std::span<double> x) {
  constexpr std::size_t kPairs = 32;
  alignas(64) double radius[kPairs];
  alignas(64) double angle[kPairs];
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1.0p-53; };
  for (std::size_t first = 0; first < x.size(); first += 2 * kPairs) {
    const std::size_t count = std::min(2 * kPairs, x.size() - first);
    const std::size_t pairs = (count + 1) / 2;
    const std::size_t padded = (pairs + 7) / 8 * 8;
    for (std::size_t k = 0; k < pairs; ++k) {
      radius[k] = 1 - uniform();
      angle[k] = uniform();
    }
    std::fill(radius + pairs, radius + padded, 1.0);
    std::fill(angle + pairs, angle + padded, 0.0);
    HWY_DYNAMIC_DISPATCH(BoxMuller)(radius, angle, padded, scale);
    for (std::size_t k = 0; k < count; ++k) x[first + k] += k % 2 == 0 ? radius[k / 2] : angle[k / 2];
  }
}

}  // namespace offprint::optimize

#endif  // HWY_ONCE
