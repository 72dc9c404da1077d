// Coulomb forces and energies of all pairs, in SIMD: eight chains in lockstep, or one large gas.
#pragma once

#include <cstddef>
#include <span>

#include "offprint/core/parallel.hpp"

namespace offprint::coulomb {

/// Chains that run in lockstep: one vector of AVX-512, two of AVX2.
inline constexpr std::size_t kLanes = 8;

/// Eight gases of n charges at once. Coordinate c of charge i of chain l lies at (c n + i) 8 + l in `x` and `force`
/// (d n 8 doubles). force = sum_j (x_i - x_j)/|x_i - x_j|^d, minus the gradient of the pair energy. If `energy` is not
/// empty (8 doubles) it gets the pair energies sum_{i<j} g. Each pair once, no remainder loops; in d = 2 the energy
/// costs one logarithm per 8 pairs. d = 1, 2, 3. O(n^2).
void lockstep_forces(int d, std::size_t n, std::span<const double> x, std::span<double> force,
                     std::span<double> energy);

/// The change of the pair energy of each chain when its charge i moves to `trial` (d 8 doubles). O(n).
void lockstep_move_energy(int d, std::size_t n, std::span<const double> x, std::size_t i, std::span<const double> trial,
                          std::span<double> change);

/// One gas of n charges: coordinate c of charge i at c n + i. Returns the pair energy if `with_energy`, else 0. Spread
/// over threads in slices whose number depends on n only, so that their number changes no bit. O(n^2).
double pair_forces(int d, std::size_t n, std::span<const double> x, std::span<double> force, bool with_energy,
                   const Parallel& how = {.threads = 1});

}  // namespace offprint::coulomb
