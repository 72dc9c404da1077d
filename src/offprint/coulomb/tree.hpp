// Coulomb forces of a large gas by a tree: near charges one by one, far ones as multipoles.
#pragma once

#include <cstddef>
#include <span>

#include "offprint/core/parallel.hpp"

namespace offprint::coulomb {

struct TreeOptions {
  /// A node is taken as a multipole when its radius is below theta times its distance from every target of a leaf.
  double theta = 0.5;
  /// Charges of a leaf, 8 to 64.
  int leaf = 32;
};

/// The forces of pair_forces (same layout), approximately: a balanced tree of median cuts; in the plane complex
/// multipoles of order 8 about centroids (relative error around 1e-6 at theta = 0.5), in space monopole and quadrupole
/// (around 1e-3). A function of the positions alone, so that leapfrog with it is reversible and a sampler that accepts
/// by the exact energy stays exact. O(n log n). Throws InputError unless d is 2 or 3 and the options are in range.
void tree_forces(int d, std::size_t n, std::span<const double> x, std::span<double> force,
                 const TreeOptions& options = {}, const Parallel& how = {.threads = 1});

}  // namespace offprint::coulomb
