// turn-inl.hpp against the standard library, on every instruction set the machine has.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/core/turn_test.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "offprint/core/turn-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::HWY_NAMESPACE {

// sin and cos of 2 pi u and sin of pi (u - 1/2).
void Turn(double u, double* out) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::CappedTag<double, 8> d;
  const auto pair = SinCosTurn(d, hn::Set(d, u));
  out[0] = hn::GetLane(pair.sine);
  out[1] = hn::GetLane(pair.cosine);
  out[2] = hn::GetLane(SinHalfTurn(d, hn::Set(d, u - 0.5)));
}

}  // namespace offprint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace offprint {

HWY_EXPORT(Turn);

TEST(Turn, SinesAndCosinesAreThoseOfTheStandardLibrary) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (int i = 0; i <= 4000; ++i) {
      const double u = i / 4000.0;
      double out[3];
      HWY_DYNAMIC_DISPATCH(Turn)(u, out);
      ASSERT_NEAR(out[0], std::sin(2 * std::numbers::pi * u), 8e-16) << u;
      ASSERT_NEAR(out[1], std::cos(2 * std::numbers::pi * u), 8e-16) << u;
      ASSERT_NEAR(out[2], std::sin(std::numbers::pi * (u - 0.5)), 4e-16) << u;
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace offprint

#endif  // HWY_ONCE
