// The reader's configurations: trajectories and lists of eigenvalues, one value of the statistic a snapshot.
#pragma once

#include <filesystem>
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

/// The files that `addresses` name, in order: files; folders, all of whose files are taken by name; and names with * or
/// ? in their last part (the shell usually resolves these). Throws InputError for a folder or pattern with no file.
[[nodiscard]] std::vector<std::string> configuration_files(const std::vector<std::filesystem::path>& addresses);

/// Reads `files`, one after the other, each by its extension: .xyz (XYZ trajectory), .dump .lammpstrj .lammps (LAMMPS
/// text dump with x y z, xu yu zu or unscaled columns), .npy of shape (snapshots, N, d), (snapshots, N) complex, or for
/// d = 1 (snapshots, N); else a table, one snapshot a row: x1, y1, x2, y2, ..., or complex numbers like 0.3-0.1j. A
/// file with one charge a row, (N, d) or complex (N) or (N, 1), is one snapshot: eigenvalues of one matrix a file.
/// Throws InputError naming file and place: another number of charges than before, a wrong dimension, coordinates that
/// are not finite, no snapshot at all.
[[nodiscard]] Measured read_configurations(const std::vector<std::string>& files, int d, double scale,
                                           const coulomb::RadialFunction& f, const Parallel& how);

}  // namespace offprint::papers::coulomb_gas
