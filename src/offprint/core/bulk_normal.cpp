#include "offprint/core/bulk_normal.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/core/bulk_normal.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "offprint/core/philox-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Block first + i gives normals 2i and 2i + 1; `blocks` is a multiple of 8, `out` holds two each.
void NormalBlocks(std::uint32_t key0, std::uint32_t key1, std::uint64_t index, std::uint64_t first, std::size_t blocks,
                  double* HWY_RESTRICT out) {
  const hn::CappedTag<double, 8> w;
  const hn::RebindToUnsigned<hn::CappedTag<double, 8>> u;
  for (std::size_t i = 0; i < blocks; i += hn::Lanes(w)) {
    const auto block = hn::Add(hn::Set(u, first + i), hn::Iota(u, 0));
    const auto bits = PhiloxLanes(u, key0, key1, block, hn::Set(u, index));
    const auto radius = hn::Sub(hn::Set(w, 1.0), UniformLanes(w, bits.first));  // (0, 1]
    const auto angle = hn::Mul(UniformLanes(w, bits.second), hn::Set(w, 6.283185307179586));
    const auto r = hn::Sqrt(hn::Mul(hn::Set(w, -2.0), hn::Log(w, radius)));
    hn::StoreInterleaved2(hn::Mul(r, hn::Cos(w, angle)), hn::Mul(r, hn::Sin(w, angle)), w, out + 2 * i);
  }
}

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>

#include "offprint/core/random.hpp"

namespace offprint {

HWY_EXPORT(NormalBlocks);

BulkNormal::BulkNormal(std::uint64_t seed, std::string_view purpose, std::uint64_t index)
    : key_(Stream(seed, purpose, index).key()), index_(index) {}

template <class Use>
void BulkNormal::pieces(std::size_t total, const Use& use) {
  constexpr std::size_t kBlocks = 64;
  alignas(64) double normals[2 * kBlocks];
  for (std::size_t done = 0; done < total; done += 2 * kBlocks) {
    const std::size_t count = std::min(2 * kBlocks, total - done);
    const std::size_t blocks = (count + 1) / 2;
    const std::size_t padded = (blocks + 7) / 8 * 8;
    HWY_DYNAMIC_DISPATCH(NormalBlocks)(key_[0], key_[1], index_, block_, padded, normals);
    use(done, std::span<const double>(normals, count));
    block_ += blocks;
  }
}

void BulkNormal::fill(std::span<double> out) {
  pieces(out.size(), [&](std::size_t first, std::span<const double> normals) {
    std::ranges::copy(normals, out.begin() + static_cast<std::ptrdiff_t>(first));
  });
}

void BulkNormal::add(double scale, std::span<double> out) {
  pieces(out.size(), [&](std::size_t first, std::span<const double> normals) {
    for (std::size_t k = 0; k < normals.size(); ++k) out[first + k] += scale * normals[k];
  });
}

}  // namespace offprint

#endif  // HWY_ONCE
