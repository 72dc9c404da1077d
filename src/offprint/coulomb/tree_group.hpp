// What the tree hands its SIMD kernels: nodes with their multipoles, and a leaf's targets.
#pragma once

#include <array>
#include <cstddef>

namespace offprint::coulomb {

inline constexpr int kTreeOrder = 8;  // of the plane's multipoles

struct TreeNode {
  std::size_t first = 0;  // charges in tree order
  std::size_t last = 0;
  std::size_t left = 0;  // children; 0: a leaf
  std::size_t right = 0;
  double radius = 0;
  std::array<double, 3> centre{};
  /// d = 2: sum (z - c)^m as pairs; d = 3: the charge, then the traceless quadrupole xx xy xz yy yz zz.
  std::array<double, 2 * (kTreeOrder + 1)> moment{};
};

/// Targets of a leaf, padded to a multiple of 8 and aligned.
struct TreeGroup {
  std::size_t padded = 0;
  std::array<const double*, 3> x{};
  std::array<double*, 3> f{};
};

}  // namespace offprint::coulomb
