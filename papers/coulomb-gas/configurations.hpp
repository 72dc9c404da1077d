// The reader's configurations: trajectories and lists of eigenvalues, one value of the statistic a snapshot.
#pragma once

#include <string>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/coulomb/radial_function.hpp"

namespace offprint::papers::coulomb_gas {

struct Measured {
  std::size_t charges = 0;
  std::vector<double> values;  ///< sum f(scale |x_i|) of each snapshot, in file order
  double mean_square = 0;      ///< of scale |x|, over all
  double least_radius = 0;
  double largest_radius = 0;
  std::vector<double> last;  ///< the last snapshot, n rows of d, scaled
};

/// Reads `address` by its extension: .xyz (XYZ trajectory), .dump .lammpstrj .lammps (LAMMPS text dump with x y z, xu
/// yu zu or unscaled columns), .npy (snapshots, N, d), (snapshots, N) complex, or for d = 1 (snapshots, N); else a
/// table, one snapshot a row: x1, y1, x2, y2, ..., or complex numbers like 0.3-0.1j. Throws InputError naming file and
/// place: another number of charges than before, a wrong dimension, coordinates that are not finite, no snapshot at
/// all.
[[nodiscard]] Measured read_configurations(const std::string& address, int d, double scale,
                                           const coulomb::RadialFunction& f, const Parallel& how);

}  // namespace offprint::papers::coulomb_gas
