// The elementwise part of chains in lockstep: radii, the trap's force, kicks and drifts, sums by chain.
#pragma once

#include <cstddef>
#include <span>

namespace offprint::coulomb {

// Layouts are those of lockstep_forces: d coordinates, each of m values. Every function does the operations of the
// plain loop in its order, without fused multiply-adds, so that the bits do not depend on the instruction set.

/// r_k = sqrt(sum_c x_ck^2).
void radii(std::size_t dims, std::span<const double> x, std::span<double> r);
/// force <- beta (force - (charges slope/r) x): pair forces become -beta grad E; `slope` is U'(r).
void add_trap_force(std::size_t dims, double beta, double charges, std::span<const double> slope,
                    std::span<const double> r, std::span<const double> x, std::span<double> force);
/// y_k += by x_k.
void add_scaled(double by, std::span<const double> x, std::span<double> y);

// Sums over rows of eight chains (kLanes): `sum` has eight values, added to in the order of rows.

/// sum_l += value at l.
void add_rows(std::span<const double> value, std::span<double> sum);
/// sum_l += (a x) y at l.
void add_row_products(double a, std::span<const double> x, std::span<const double> y, std::span<double> sum);

}  // namespace offprint::coulomb
