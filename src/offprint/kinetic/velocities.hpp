// Velocities of particles from a user's own simulation (DSMC, molecular dynamics): the table every kinetic method
// reads.
#pragma once

#include <string>
#include <string_view>

#include <Eigen/Core>

namespace offprint::kinetic {

/// Where in a table the velocities stand. A file without column names gives its columns in order (time first, if asked
/// for).
struct VelocityColumns {
  int dimension = 3;    ///< 1, 2 or 3 components: columns vx, vy, vz, as far as needed
  std::string time{};   ///< name of the column with each row's time; empty: all rows belong to one time
  std::string extra{};  ///< name of one more column of numbers (without names in the file: the next one); empty: none
};

/// One row per particle (and time).
struct VelocityTable {
  Eigen::MatrixXd velocities;  ///< rows x dimension, in the file's units
  Eigen::VectorXd times;       ///< one per row; empty when no time column was asked for
  Eigen::VectorXd extra;       ///< one per row; empty when no further column was asked for
};

/// Reads any table that io::read_matrix knows (CSV, NPY, HDF5, ...; "FILE:array" names one array). Throws InputError
/// naming the file and the row or column: a column that is missing, a value that is not finite, no
/// rows at all, a dimension outside 1..3. O(rows).
[[nodiscard]] VelocityTable read_velocities(std::string_view address, const VelocityColumns& columns = {});

/// Moments of velocities that all count alike.
struct VelocityMoments {
  Eigen::VectorXd mean;      ///< dimension
  Eigen::MatrixXd pressure;  ///< <(v - u)(v - u)^T>, divided by the number of rows: P / n in units of velocity squared
  double temperature = 0.0;  ///< tr(pressure) / dimension, the particle's mass being one
};

/// Throws InputError for no rows. O(rows dimension^2), one pass after the mean.
[[nodiscard]] VelocityMoments velocity_moments(const Eigen::Ref<const Eigen::MatrixXd>& velocities);

}  // namespace offprint::kinetic
