#include "offprint/landscape/path.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr double kSame = 1e-12;  // of grid points

bool near(double x, double y) { return std::abs(x - y) <= kSame; }

}  // namespace

Path::Path(VectorXd a, VectorXd control, VectorXd b)
    : a_(std::move(a)), control_(std::move(control)), b_(std::move(b)) {
  if (a_.size() != b_.size() || (control_.size() != 0 && control_.size() != a_.size()))
    throw InputError(fmt::format("path: the ends have {} and {} parameters{}; all points must be of one network",
                                 a_.size(), b_.size(),
                                 control_.size() == 0 ? "" : fmt::format(", the control point {}", control_.size())));
  if (!a_.allFinite() || !b_.allFinite() || !control_.allFinite())
    throw InputError("path: a parameter is NaN or infinite; both ends must be finite");
  if (a_ == b_) throw InputError("path: both ends are the same point; give two different sets of parameters");
}

Path Path::line(VectorXd a, VectorXd b) { return {std::move(a), VectorXd(), std::move(b)}; }
Path Path::bezier(VectorXd a, VectorXd control, VectorXd b) {
  if (control.size() == 0) throw InputError("path: the Bezier curve's control point is empty");
  return {std::move(a), std::move(control), std::move(b)};
}

VectorXd Path::at(double a) const {
  if (control_.size() == 0) return (1 - a) * a_ + a * b_;
  return (1 - a) * (1 - a) * a_ + 2 * a * (1 - a) * control_ + a * a * b_;
}

std::vector<double> path_grid(Index points, double lo, double hi) {
  if (points < 2 || !(lo < hi) || !std::isfinite(lo) || !std::isfinite(hi))
    throw InputError(
        fmt::format("path: {} points from {} to {}; give at least 2, and a range that ascends", points, lo, hi));
  std::vector<double> grid;
  for (Index i = 0; i < points; ++i) {
    const double x = lo + (hi - lo) * static_cast<double>(i) / static_cast<double>(points - 1);
    grid.push_back(near(x, 0) ? 0.0 : near(x, 1) ? 1.0 : x);
  }
  for (const double end : {0.0, 1.0})
    if (end > lo && end < hi && std::ranges::find(grid, end) == grid.end()) grid.push_back(end);
  std::ranges::sort(grid);
  return grid;
}

Eigen::MatrixXd scan(const Path& path, const std::vector<double>& grid, const PathMeasure& measure,
                     const Parallel& how) {
  if (grid.empty()) throw InputError("path: there are no points to scan");
  std::vector<std::vector<double>> rows(grid.size());
  parallel_for(grid.size(), how, [&](std::size_t i) { rows[i] = measure(path.at(grid[i])); });
  Eigen::MatrixXd out(static_cast<Index>(rows.size()), static_cast<Index>(rows.front().size()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].size() != rows.front().size())
      throw Error(fmt::format("path: {} quantities at a = {} and {} at the first point", rows[i].size(), grid[i],
                              rows.front().size()));
    for (std::size_t j = 0; j < rows[i].size(); ++j) out(static_cast<Index>(i), static_cast<Index>(j)) = rows[i][j];
  }
  return out;
}

Barrier barrier(const std::vector<double>& grid, const Eigen::Ref<const VectorXd>& losses) {
  if (static_cast<Index>(grid.size()) != losses.size())
    throw InputError(fmt::format("barrier: {} points and {} losses", grid.size(), losses.size()));
  const auto find = [&](double end) {
    const auto at = std::ranges::find_if(grid, [&](double x) { return near(x, end); });
    if (at == grid.end()) throw InputError(fmt::format("barrier: the grid does not hold a = {}; scan both ends", end));
    return losses[at - grid.begin()];
  };
  const double first = find(0);
  const double last = find(1);
  Barrier out;
  out.ends = std::max(first, last);
  out.largest = out.ends;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const double a = grid[i];
    if (a < -kSame || a > 1 + kSame) continue;
    const double loss = losses[static_cast<Index>(i)];
    if (std::isnan(loss)) throw InputError(fmt::format("barrier: the loss at a = {} is NaN", a));
    out.largest = std::max(out.largest, loss);
    const double above = loss - ((1 - a) * first + a * last);
    if (above > out.height) {
      out.height = above;
      out.at = a;
    }
  }
  out.none = out.largest <= out.ends * (1 + 1e-3);
  return out;
}

Path train_bezier(const VectorXd& a, const VectorXd& b, const BatchGradient& gradient, Stream random,
                  const BezierTraining& training) {
  if (training.steps < 0 || !(training.learning_rate > 0))
    throw InputError(
        fmt::format("Bezier curve: {} steps with learning rate {}; neither may be negative, and the rate "
                    "not zero",
                    training.steps, training.learning_rate));
  const Path line = Path::line(a, b);
  VectorXd control = line.at(0.5);
  VectorXd velocity = VectorXd::Zero(control.size());
  VectorXd slope(control.size());
  for (Index step = 0; step < training.steps; ++step) {
    const double t = random.uniform();
    const double weight = 2 * t * (1 - t);
    gradient(step, (1 - t) * (1 - t) * a + weight * control + t * t * b, slope);
    if (!slope.allFinite())
      throw Error(
          fmt::format("Bezier curve: the gradient of step {} is not finite; take a smaller learning rate than {}",
                      step + 1, training.learning_rate));
    velocity = training.momentum * velocity + weight * slope;
    control -= training.learning_rate * velocity;
  }
  return Path::bezier(a, control, b);
}

std::vector<double> eigenvalue_along(
    const Path& path, const std::vector<double>& grid,
    const std::function<linalg::SymmetricOperator(const VectorXd& parameters)>& operator_at, linalg::SpectrumEnd end,
    const Stream& start, const linalg::EigenpairOptions& options) {
  std::vector<double> values;
  values.reserve(grid.size());
  for (const double a : grid) {
    const auto found = linalg::extreme_eigenpairs(operator_at(path.at(a)), end, 1, start, options);
    values.push_back(found.values.size() > 0 ? found.values[0] : std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

}  // namespace offprint::landscape
