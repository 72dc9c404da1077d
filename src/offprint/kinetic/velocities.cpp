#include "offprint/kinetic/velocities.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::kinetic {

namespace {

constexpr std::array<const char*, 3> kNames{"vx", "vy", "vz"};

bool has_names(const io::MatrixFile& file) { return !file.columns.empty() && file.columns.front() != "c1"; }

Eigen::Index column_of(const io::MatrixFile& file, std::string_view name, Eigen::Index otherwise,
                       std::string_view address) {
  if (!has_names(file)) {
    if (otherwise < file.values.cols()) return otherwise;
    throw InputError(fmt::format("{} has {} columns, but column {} should hold {}", address, file.values.cols(),
                                 otherwise + 1, name));
  }
  const auto found = std::find(file.columns.begin(), file.columns.end(), name);
  if (found != file.columns.end()) return found - file.columns.begin();
  throw InputError(
      fmt::format("{} has no column {}; its columns are {}", address, name, fmt::join(file.columns, ", ")));
}

}  // namespace

VelocityTable read_velocities(std::string_view address, const VelocityColumns& columns) {
  if (columns.dimension < 1 || columns.dimension > 3) {
    throw InputError(fmt::format("velocities have 1, 2 or 3 components, not {}", columns.dimension));
  }
  const auto file = io::read_matrix(address);
  const Eigen::Index rows = file.values.rows();
  if (rows == 0) throw InputError(fmt::format("{} holds no rows: one velocity a row is needed", address));

  const bool timed = !columns.time.empty();
  std::vector<Eigen::Index> taken;
  if (timed) taken.push_back(column_of(file, columns.time, 0, address));
  for (int i = 0; i < columns.dimension; ++i) {
    taken.push_back(column_of(file, kNames.at(static_cast<std::size_t>(i)), i + (timed ? 1 : 0), address));
  }
  if (!columns.extra.empty())
    taken.push_back(column_of(file, columns.extra, columns.dimension + (timed ? 1 : 0), address));
  for (const auto column : taken) {
    for (Eigen::Index row = 0; row < rows; ++row) {
      if (!std::isfinite(file.values(row, column))) {
        throw InputError(fmt::format("{}: row {} of column {} is {}, not a finite number", address, row + 1,
                                     file.columns.at(static_cast<std::size_t>(column)), file.values(row, column)));
      }
    }
  }
  VelocityTable table;
  if (timed) table.times = file.values.col(taken.front());
  if (!columns.extra.empty()) table.extra = file.values.col(taken.back());
  table.velocities.resize(rows, columns.dimension);
  for (int i = 0; i < columns.dimension; ++i) {
    table.velocities.col(i) = file.values.col(taken.at(static_cast<std::size_t>(i) + (timed ? 1U : 0U)));
  }
  return table;
}

VelocityMoments velocity_moments(const Eigen::Ref<const Eigen::MatrixXd>& velocities) {
  if (velocities.rows() == 0) throw InputError("moments of no velocities at all: at least one is needed");
  VelocityMoments moments;
  moments.mean = velocities.colwise().mean().transpose();
  const Eigen::MatrixXd peculiar = velocities.rowwise() - moments.mean.transpose();
  moments.pressure = peculiar.transpose() * peculiar / static_cast<double>(velocities.rows());
  moments.temperature = moments.pressure.trace() / static_cast<double>(velocities.cols());
  return moments;
}

}  // namespace offprint::kinetic
