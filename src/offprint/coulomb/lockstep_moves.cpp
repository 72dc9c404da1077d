#include "offprint/coulomb/lockstep_moves.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/coulomb/lockstep_moves.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "offprint/coulomb/pair_forces.hpp"

HWY_BEFORE_NAMESPACE();
namespace offprint::coulomb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Wide>;
using One = hn::CappedTag<double, 1>;

// Calls body(tag, k) on vectors from 0, then on single elements for the rest.
template <class Body>
HWY_INLINE void ForEach(std::size_t m, const Body& body) {
  const Wide w;
  std::size_t k = 0;
  for (; k + hn::Lanes(w) <= m; k += hn::Lanes(w)) body(w, k);
  for (; k < m; ++k) body(One(), k);
}

void Radii(std::size_t dims, std::size_t m, const double* HWY_RESTRICT x, double* HWY_RESTRICT r) {
  ForEach(m, [&](auto tag, std::size_t k) HWY_ATTR {
    const auto first = hn::LoadU(tag, x + k);
    auto square = hn::Mul(first, first);
    for (std::size_t c = 1; c < dims; ++c) {
      const auto next = hn::LoadU(tag, x + c * m + k);
      square = hn::Add(square, hn::Mul(next, next));
    }
    hn::StoreU(hn::Sqrt(square), tag, r + k);
  });
}

void AddTrapForce(std::size_t dims, std::size_t m, double beta, double charges, const double* HWY_RESTRICT slope,
                  const double* HWY_RESTRICT r, const double* HWY_RESTRICT x, double* HWY_RESTRICT force) {
  ForEach(m, [&](auto tag, std::size_t k) HWY_ATTR {
    const auto over = hn::Div(hn::Set(tag, charges), hn::Max(hn::LoadU(tag, r + k), hn::Set(tag, 1e-300)));
    const auto pull = hn::Mul(hn::LoadU(tag, slope + k), over);
    for (std::size_t c = 0; c < dims; ++c) {
      double* const at = force + c * m + k;
      const auto total = hn::Sub(hn::LoadU(tag, at), hn::Mul(pull, hn::LoadU(tag, x + c * m + k)));
      hn::StoreU(hn::Mul(hn::Set(tag, beta), total), tag, at);
    }
  });
}

void AddScaled(double by, std::size_t m, const double* HWY_RESTRICT x, double* HWY_RESTRICT y) {
  ForEach(m, [&](auto tag, std::size_t k) HWY_ATTR {
    hn::StoreU(hn::Add(hn::LoadU(tag, y + k), hn::Mul(hn::Set(tag, by), hn::LoadU(tag, x + k))), tag, y + k);
  });
}

void AddRows(std::size_t m, const double* HWY_RESTRICT value, double* HWY_RESTRICT sum) {
  const Wide w;
  for (std::size_t l = 0; l < kLanes; l += hn::Lanes(w)) {
    Vec total = hn::LoadU(w, sum + l);
    for (std::size_t k = l; k < m; k += kLanes) total = hn::Add(total, hn::LoadU(w, value + k));
    hn::StoreU(total, w, sum + l);
  }
}

void AddRowProducts(double a, std::size_t m, const double* HWY_RESTRICT x, const double* HWY_RESTRICT y,
                    double* HWY_RESTRICT sum) {
  const Wide w;
  for (std::size_t l = 0; l < kLanes; l += hn::Lanes(w)) {
    Vec total = hn::LoadU(w, sum + l);
    for (std::size_t k = l; k < m; k += kLanes)
      total = hn::Add(total, hn::Mul(hn::Mul(hn::Set(w, a), hn::LoadU(w, x + k)), hn::LoadU(w, y + k)));
    hn::StoreU(total, w, sum + l);
  }
}

}  // namespace offprint::coulomb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace offprint::coulomb {

HWY_EXPORT(Radii);
HWY_EXPORT(AddTrapForce);
HWY_EXPORT(AddScaled);
HWY_EXPORT(AddRows);
HWY_EXPORT(AddRowProducts);

void radii(std::size_t dims, std::span<const double> x, std::span<double> r) {
  HWY_DYNAMIC_DISPATCH(Radii)(dims, r.size(), x.data(), r.data());
}

void add_trap_force(std::size_t dims, double beta, double charges, std::span<const double> slope,
                    std::span<const double> r, std::span<const double> x, std::span<double> force) {
  HWY_DYNAMIC_DISPATCH(AddTrapForce)
  (dims, r.size(), beta, charges, slope.data(), r.data(), x.data(), force.data());
}

void add_scaled(double by, std::span<const double> x, std::span<double> y) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(by, x.size(), x.data(), y.data());
}

void add_rows(std::span<const double> value, std::span<double> sum) {
  HWY_DYNAMIC_DISPATCH(AddRows)(value.size(), value.data(), sum.data());
}

void add_row_products(double a, std::span<const double> x, std::span<const double> y, std::span<double> sum) {
  HWY_DYNAMIC_DISPATCH(AddRowProducts)(a, x.size(), x.data(), y.data(), sum.data());
}

}  // namespace offprint::coulomb

#endif  // HWY_ONCE
