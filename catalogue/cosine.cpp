// Highway with run-time dispatch: one binary, the machine's own vectors.
#include "catalogue/cosine.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "catalogue/cosine.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::catalogue::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void InnerProducts(const float* HWY_RESTRICT rows, std::size_t dimension, const float* HWY_RESTRICT query,
                   std::size_t count, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i < count; ++i, rows += dimension) {
    auto even = hn::Zero(d);  // two sums, so that one addition need not wait for the other
    auto odd = hn::Zero(d);
    std::size_t k = 0;
    for (; k + 2 * lanes <= dimension; k += 2 * lanes) {
      even = hn::MulAdd(hn::LoadU(d, rows + k), hn::LoadU(d, query + k), even);
      odd = hn::MulAdd(hn::LoadU(d, rows + k + lanes), hn::LoadU(d, query + k + lanes), odd);
    }
    for (; k + lanes <= dimension; k += lanes) even = hn::MulAdd(hn::LoadU(d, rows + k), hn::LoadU(d, query + k), even);
    float sum = hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
    for (; k < dimension; ++k) sum += rows[k] * query[k];
    out[i] = sum;
  }
}

}  // namespace offprint::catalogue::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace offprint::catalogue {

HWY_EXPORT(InnerProducts);

void inner_products(std::span<const float> rows, std::span<const float> query, std::span<float> out) {
  HWY_DYNAMIC_DISPATCH(InnerProducts)(rows.data(), query.size(), query.data(), out.size(), out.data());
}

}  // namespace offprint::catalogue
#endif  // HWY_ONCE
