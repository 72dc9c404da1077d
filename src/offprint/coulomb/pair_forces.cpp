#include "offprint/coulomb/pair_forces.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/coulomb/pair_forces.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::coulomb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Wide>;

// Sums g over pairs from their squared distances; in the plane products of 8 share one logarithm. A product of eight
// underflows only for distances around 1e-20, and then the energy is infinite, which a sampler rejects.
template <int d>
class PairEnergy {
 public:
  HWY_INLINE PairEnergy() : sum_(hn::Zero(Wide())), product_(hn::Set(Wide(), 1.0)) {}
  HWY_INLINE void add(Vec r2, Vec inverse) {  // inverse: of r^2 (d = 2, unused) or of r (d = 3); |x| for d = 1
    if constexpr (d == 2) {
      product_ = hn::Mul(product_, r2);
      if (++count_ == 8) flush();
    } else if constexpr (d == 1) {
      sum_ = hn::Sub(sum_, inverse);
    } else {
      sum_ = hn::Add(sum_, inverse);
    }
  }
  HWY_INLINE Vec total() {
    if constexpr (d == 2) flush();
    return sum_;
  }

 private:
  HWY_INLINE void flush() {
    const Wide w;
    sum_ = hn::NegMulAdd(hn::Set(w, 0.5), hn::Log(w, product_), sum_);
    product_ = hn::Set(w, 1.0);
    count_ = 0;
  }
  Vec sum_;
  Vec product_;
  int count_ = 0;
};

// r^-d from r^2, and what the energy needs.
template <int d>
HWY_INLINE Vec Strength(Vec r2, Vec& for_energy) {
  const Wide w;
  const Vec one = hn::Set(w, 1.0);
  if constexpr (d == 1) {
    const Vec r = hn::Sqrt(r2);
    for_energy = r;
    // At a distance of 0 the difference is 0 too: a large finite factor instead of an infinity.
    return hn::Div(one, hn::Max(r, hn::Set(w, 1e-300)));
  } else if constexpr (d == 2) {
    return hn::Div(one, r2);
  } else {
    const Vec inverse = hn::Div(one, hn::Sqrt(r2));
    for_energy = inverse;
    return hn::Mul(hn::Mul(inverse, inverse), inverse);
  }
}

template <int d, bool with_energy>
void Lockstep(std::size_t n, const double* HWY_RESTRICT x, double* HWY_RESTRICT force, double* HWY_RESTRICT energy) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  const std::size_t stride = n * kLanes;
  for (std::size_t l = 0; l < kLanes; l += lanes) {
    PairEnergy<d> sum;
    for (std::size_t i = 0; i < n; ++i) {
      const double* const xi = x + i * kLanes + l;
      double* const fi = force + i * kLanes + l;
      Vec p[3];
      Vec f[3];
      for (int c = 0; c < d; ++c) {
        p[c] = hn::LoadU(w, xi + static_cast<std::size_t>(c) * stride);
        f[c] = hn::Zero(w);
      }
      for (std::size_t j = 0; j < i; ++j) {
        const double* const xj = x + j * kLanes + l;
        double* const fj = force + j * kLanes + l;
        Vec dx[3];
        dx[0] = hn::Sub(p[0], hn::LoadU(w, xj));
        Vec r2 = hn::Mul(dx[0], dx[0]);
        for (int c = 1; c < d; ++c) {
          dx[c] = hn::Sub(p[c], hn::LoadU(w, xj + static_cast<std::size_t>(c) * stride));
          r2 = hn::MulAdd(dx[c], dx[c], r2);
        }
        Vec more = r2;
        const Vec strength = Strength<d>(r2, more);
        if constexpr (with_energy) sum.add(r2, more);
        for (int c = 0; c < d; ++c) {
          double* const at = fj + static_cast<std::size_t>(c) * stride;
          f[c] = hn::MulAdd(dx[c], strength, f[c]);
          hn::StoreU(hn::NegMulAdd(dx[c], strength, hn::LoadU(w, at)), w, at);
        }
      }
      for (int c = 0; c < d; ++c) hn::StoreU(f[c], w, fi + static_cast<std::size_t>(c) * stride);
    }
    if constexpr (with_energy) hn::StoreU(sum.total(), w, energy + l);
  }
}

void LockstepForces(int d, std::size_t n, const double* x, double* force, double* energy) {
  if (energy != nullptr)
    d == 1   ? Lockstep<1, true>(n, x, force, energy)
    : d == 2 ? Lockstep<2, true>(n, x, force, energy)
             : Lockstep<3, true>(n, x, force, energy);
  else
    d == 1   ? Lockstep<1, false>(n, x, force, energy)
    : d == 2 ? Lockstep<2, false>(n, x, force, energy)
             : Lockstep<3, false>(n, x, force, energy);
}

template <int d>
void Move(std::size_t n, const double* HWY_RESTRICT x, std::size_t i, const double* HWY_RESTRICT trial,
          double* HWY_RESTRICT change) {
  const Wide w;
  const std::size_t stride = n * kLanes;
  for (std::size_t l = 0; l < kLanes; l += hn::Lanes(w)) {
    PairEnergy<d> before;
    PairEnergy<d> after;
    Vec old[3];
    Vec fresh[3];
    for (int c = 0; c < d; ++c) {
      old[c] = hn::LoadU(w, x + static_cast<std::size_t>(c) * stride + i * kLanes + l);
      fresh[c] = hn::LoadU(w, trial + static_cast<std::size_t>(c) * kLanes + l);
    }
    for (std::size_t j = 0; j < n; ++j) {
      if (j == i) continue;
      Vec r2 = hn::Zero(w);
      Vec s2 = hn::Zero(w);
      for (int c = 0; c < d; ++c) {
        const Vec xj = hn::LoadU(w, x + static_cast<std::size_t>(c) * stride + j * kLanes + l);
        const Vec a = hn::Sub(old[c], xj);
        const Vec b = hn::Sub(fresh[c], xj);
        r2 = hn::MulAdd(a, a, r2);
        s2 = hn::MulAdd(b, b, s2);
      }
      if constexpr (d == 2) {
        before.add(r2, r2);
        after.add(s2, s2);
      } else if constexpr (d == 1) {
        before.add(r2, hn::Sqrt(r2));
        after.add(s2, hn::Sqrt(s2));
      } else {
        const Vec one = hn::Set(w, 1.0);
        before.add(r2, hn::Div(one, hn::Sqrt(r2)));
        after.add(s2, hn::Div(one, hn::Sqrt(s2)));
      }
    }
    hn::StoreU(hn::Sub(after.total(), before.total()), w, change + l);
  }
}

void MoveEnergy(int d, std::size_t n, const double* x, std::size_t i, const double* trial, double* change) {
  d == 1 ? Move<1>(n, x, i, trial, change) : d == 2 ? Move<2>(n, x, i, trial, change) : Move<3>(n, x, i, trial, change);
}

// Rows first..last-1 against all j behind them, vectors along j; adds to `force`.
template <int d, bool with_energy>
double Rows(std::size_t n, std::size_t first, std::size_t last, const double* HWY_RESTRICT x,
            double* HWY_RESTRICT force) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  PairEnergy<d> sum;
  for (std::size_t i = first; i < last; ++i) {
    Vec p[3];
    Vec f[3];
    for (int c = 0; c < d; ++c) {
      p[c] = hn::Set(w, x[static_cast<std::size_t>(c) * n + i]);
      f[c] = hn::Zero(w);
    }
    const auto pair = [&](const Vec* dx, Vec r2, Vec* out) HWY_ATTR {
      Vec more = r2;
      const Vec strength = Strength<d>(r2, more);
      if constexpr (with_energy) sum.add(r2, more);
      for (int c = 0; c < d; ++c) out[c] = hn::Mul(dx[c], strength);
    };
    std::size_t j = i + 1;
    for (; j + lanes <= n; j += lanes) {
      Vec dx[3];
      Vec push[3];
      Vec r2 = hn::Zero(w);
      for (int c = 0; c < d; ++c) {
        dx[c] = hn::Sub(p[c], hn::LoadU(w, x + static_cast<std::size_t>(c) * n + j));
        r2 = hn::MulAdd(dx[c], dx[c], r2);
      }
      pair(dx, r2, push);
      for (int c = 0; c < d; ++c) {
        double* const at = force + static_cast<std::size_t>(c) * n + j;
        f[c] = hn::Add(f[c], push[c]);
        hn::StoreU(hn::Sub(hn::LoadU(w, at), push[c]), w, at);
      }
    }
    if (j < n) {
      // The rest in a vector whose idle lanes sit at distance 1 in the first coordinate; they are not stored, and what
      // they add to energy and force is taken off or masked.
      const auto live = hn::FirstN(w, n - j);
      Vec dx[3];
      Vec push[3];
      Vec r2 = hn::Zero(w);
      for (int c = 0; c < d; ++c) {
        const Vec xj = hn::MaskedLoad(live, w, x + static_cast<std::size_t>(c) * n + j);
        dx[c] = hn::IfThenElse(live, hn::Sub(p[c], xj), hn::Set(w, c == 0 ? 1.0 : 0.0));
        r2 = hn::MulAdd(dx[c], dx[c], r2);
      }
      Vec more = r2;
      const Vec strength = hn::IfThenElseZero(live, Strength<d>(r2, more));
      if constexpr (with_energy) sum.add(r2, hn::IfThenElseZero(live, more));
      for (int c = 0; c < d; ++c) {
        push[c] = hn::Mul(dx[c], strength);
        f[c] = hn::Add(f[c], push[c]);
        HWY_ALIGN double kept[8];
        hn::Store(push[c], w, kept);
        for (std::size_t k = 0; j + k < n; ++k) force[static_cast<std::size_t>(c) * n + j + k] -= kept[k];
      }
    }
    for (int c = 0; c < d; ++c) force[static_cast<std::size_t>(c) * n + i] += hn::GetLane(hn::SumOfLanes(w, f[c]));
  }
  return with_energy ? hn::GetLane(hn::SumOfLanes(w, sum.total())) : 0;
}

double RowForces(int d, bool with_energy, std::size_t n, std::size_t first, std::size_t last, const double* x,
                 double* force) {
  if (with_energy)
    return d == 1   ? Rows<1, true>(n, first, last, x, force)
           : d == 2 ? Rows<2, true>(n, first, last, x, force)
                    : Rows<3, true>(n, first, last, x, force);
  return d == 1   ? Rows<1, false>(n, first, last, x, force)
         : d == 2 ? Rows<2, false>(n, first, last, x, force)
                  : Rows<3, false>(n, first, last, x, force);
}

}  // namespace offprint::coulomb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cmath>
#include <vector>

namespace offprint::coulomb {

HWY_EXPORT(LockstepForces);
HWY_EXPORT(MoveEnergy);
HWY_EXPORT(RowForces);

void lockstep_forces(int d, std::size_t n, std::span<const double> x, std::span<double> force,
                     std::span<double> energy) {
  HWY_DYNAMIC_DISPATCH(LockstepForces)(d, n, x.data(), force.data(), energy.empty() ? nullptr : energy.data());
}

void lockstep_move_energy(int d, std::size_t n, std::span<const double> x, std::size_t i, std::span<const double> trial,
                          std::span<double> change) {
  HWY_DYNAMIC_DISPATCH(MoveEnergy)(d, n, x.data(), i, trial.data(), change.data());
}

double pair_forces(int d, std::size_t n, std::span<const double> x, std::span<double> force, bool with_energy,
                   const Parallel& how) {
  const std::size_t slices = n < 2000 ? 1 : 8;
  if (slices == 1) {
    std::fill(force.begin(), force.end(), 0.0);
    return HWY_DYNAMIC_DISPATCH(RowForces)(d, with_energy, n, 0, n, x.data(), force.data());
  }
  // Slices of about as many pairs each.
  std::vector<std::vector<double>> part(slices);
  std::vector<double> energy(slices, 0.0);
  const auto begin_of = [&](std::size_t s) {
    const double left = std::sqrt(1 - static_cast<double>(s) / static_cast<double>(slices));
    return s == slices ? n : static_cast<std::size_t>(static_cast<double>(n) * (1 - left));
  };
  parallel_for(slices, how, [&](std::size_t s) {
    part[s].assign(force.size(), 0.0);
    energy[s] =
        HWY_DYNAMIC_DISPATCH(RowForces)(d, with_energy, n, begin_of(s), begin_of(s + 1), x.data(), part[s].data());
  });
  std::fill(force.begin(), force.end(), 0.0);
  double total = 0;
  for (std::size_t s = 0; s < slices; ++s) {
    total += energy[s];
    for (std::size_t k = 0; k < force.size(); ++k) force[k] += part[s][k];
  }
  return total;
}

}  // namespace offprint::coulomb

#endif  // HWY_ONCE
