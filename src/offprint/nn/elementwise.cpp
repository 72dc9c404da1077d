#include "offprint/nn/elementwise.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/nn/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::nn::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void TanhInPlace(double* x, std::size_t n) {
  const hn::ScalableTag<double> w;
  const std::size_t lanes = hn::Lanes(w);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(hn::Tanh(w, hn::LoadU(w, x + i)), w, x + i);
  if (i == n) return;
  HWY_ALIGN double rest[HWY_MAX_BYTES / sizeof(double)] = {};
  for (std::size_t k = 0; i + k < n; ++k) rest[k] = x[i + k];
  hn::Store(hn::Tanh(w, hn::Load(w, rest)), w, rest);
  for (std::size_t k = 0; i + k < n; ++k) x[i + k] = rest[k];
}

}  // namespace offprint::nn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace offprint::nn {

HWY_EXPORT(TanhInPlace);

void tanh_in_place(std::span<double> x) { HWY_DYNAMIC_DISPATCH(TanhInPlace)(x.data(), x.size()); }

}  // namespace offprint::nn

#endif  // HWY_ONCE
