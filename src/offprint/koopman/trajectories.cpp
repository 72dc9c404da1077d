// Trajectories, snapshot pairs, weights, splits and delay embedding.
#include "offprint/koopman/trajectories.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/memory.hpp"

namespace offprint::koopman {
namespace {

// Column-major storage is scanned column by column; the smallest row wins so that the message names the first bad line.
bool first_non_finite(const Eigen::Ref<const Eigen::MatrixXd>& m, Index& row, Index& column) {
  row = m.rows();
  for (Index c = 0; c < m.cols(); ++c)
    for (Index r = 0; r < row; ++r)
      if (!std::isfinite(m(r, c))) {
        row = r;
        column = c;
      }
  return row < m.rows();
}

const char* non_finite_name(double value) { return std::isnan(value) ? "NaN" : "an infinite value"; }

bool rows_equal(const Eigen::MatrixXd& a, Index i, const Eigen::MatrixXd& b, Index j) {
  for (Index c = 0; c < a.cols(); ++c)
    if (a(i, c) != b(j, c)) return false;
  return true;
}

void require_fraction(double test_fraction) {
  if (!(test_fraction > 0.0 && test_fraction < 1.0))
    throw InputError(fmt::format("the held-out fraction {} must lie strictly between 0 and 1", test_fraction));
}

// Membership of the held-out set, spread evenly: item i is held out when floor(i f) steps up. At least one on each
// side.
std::vector<bool> spread(std::size_t n, double fraction) {
  std::vector<bool> held(n, false);
  std::size_t count = 0;
  for (std::size_t i = 0; i < n; ++i) {
    held[i] = std::floor(static_cast<double>(i + 1) * fraction) > std::floor(static_cast<double>(i) * fraction);
    count += held[i] ? 1 : 0;
  }
  if (count == 0) held.back() = true;
  if (count == n) held.front() = false;
  return held;
}

SnapshotPairs take(const SnapshotPairs& pairs, const std::vector<Index>& rows, const char* side) {
  SnapshotPairs out;
  out.x = pairs.x(rows, Eigen::all);
  out.y = pairs.y(rows, Eigen::all);
  out.weights = pairs.weights(rows);
  const double sum = out.weights.sum();
  if (!(sum > 0.0)) throw InputError(fmt::format("the {} pairs have total weight 0: give them positive weights", side));
  out.weights /= sum;
  out.trajectory.reserve(rows.size());
  for (const Index r : rows) out.trajectory.push_back(pairs.trajectory[static_cast<std::size_t>(r)]);
  out.notes = pairs.notes;
  return out;
}

}  // namespace

Index Trajectories::snapshots() const {
  Index total = 0;
  for (const auto& part : parts) total += part.rows();
  return total;
}

std::string Trajectories::column_label(Index column) const {
  const auto c = static_cast<std::size_t>(column);
  return c < columns.size() ? fmt::format("column {} ({})", column + 1, columns[c])
                            : fmt::format("column {}", column + 1);
}

void require_finite(const Trajectories& data) {
  if (data.parts.empty()) throw InputError("there is no trajectory: give at least one with two snapshots");
  for (std::size_t p = 0; p < data.parts.size(); ++p) {
    const auto& part = data.parts[p];
    const std::string where = data.parts.size() > 1 ? fmt::format("trajectory {}, ", p + 1) : "";
    if (part.cols() != data.dimension())
      throw InputError(fmt::format("{}has {} columns where the first trajectory has {}: all must have the same state",
                                   where.empty() ? "the trajectory " : where, part.cols(), data.dimension()));
    Index row = 0;
    Index column = 0;
    if (first_non_finite(part, row, column))
      throw InputError(
          fmt::format("{} at {}row {}, {}: complete the data, or pass --drop-gaps to cut the trajectory there",
                      non_finite_name(part(row, column)), where, row + 1, data.column_label(column)));
  }
}

void require_no_constant_column(const Trajectories& data) {
  for (Index c = 0; c < data.dimension(); ++c) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const auto& part : data.parts) {
      if (part.rows() == 0) continue;
      low = std::min(low, part.col(c).minCoeff());
      high = std::max(high, part.col(c).maxCoeff());
    }
    if (low == high)
      throw InputError(fmt::format("{} is constant ({}): its delays have rank 0 after mean removal, so leave it out",
                                   data.column_label(c), low));
  }
}

GapReport drop_gaps(const Trajectories& data) {
  GapReport report;
  report.data.dt = data.dt;
  report.data.columns = data.columns;
  for (const auto& part : data.parts) {
    Index start = 0;
    for (Index r = 0; r <= part.rows(); ++r) {
      const bool gap = r == part.rows() || !part.row(r).allFinite();
      if (!gap) continue;
      const Index length = r - start;
      if (length >= 2)
        report.data.parts.emplace_back(part.middleRows(start, length));
      else
        report.rows_dropped += length;
      if (r < part.rows()) ++report.rows_dropped;
      start = r + 1;
    }
  }
  report.pieces = static_cast<Index>(report.data.parts.size());
  if (report.pieces == 0)
    throw InputError("dropping the gaps leaves no two consecutive complete snapshots: give denser data");
  return report;
}

Trajectories split_by_id(const Eigen::Ref<const Eigen::MatrixXd>& table, Index id_column, double dt,
                         std::vector<std::string> columns) {
  if (id_column < 0 || id_column >= table.cols())
    throw InputError(fmt::format("the trajectory-id column {} does not exist: the table has columns 1 to {}",
                                 id_column + 1, table.cols()));
  std::map<double, std::size_t> group_of;
  std::vector<std::vector<Index>> rows;
  for (Index r = 0; r < table.rows(); ++r) {
    const double id = table(r, id_column);
    if (std::isnan(id))
      throw InputError(fmt::format("the trajectory id at row {} is NaN: every row needs an id", r + 1));
    const auto [it, fresh] = group_of.try_emplace(id, rows.size());
    if (fresh) rows.emplace_back();
    rows[it->second].push_back(r);
  }
  std::vector<Index> kept;
  for (Index c = 0; c < table.cols(); ++c)
    if (c != id_column) kept.push_back(c);
  Trajectories out;
  out.dt = dt;
  if (static_cast<Index>(columns.size()) == table.cols()) columns.erase(columns.begin() + id_column);
  out.columns = std::move(columns);
  out.parts.reserve(rows.size());
  for (const auto& group : rows) out.parts.emplace_back(table(group, kept));
  return out;
}

double uniform_step(const Eigen::Ref<const Eigen::VectorXd>& time, double tolerance) {
  if (time.size() < 2) throw InputError("a time column needs at least two times to define a step");
  std::vector<double> steps(static_cast<std::size_t>(time.size() - 1));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto r = static_cast<Index>(i);
    steps[i] = time(r + 1) - time(r);
    if (!(steps[i] > 0.0))
      throw InputError(fmt::format("the time column does not increase from row {} ({}) to row {} ({})", r + 1, time(r),
                                   r + 2, time(r + 1)));
  }
  std::vector<double> sorted = steps;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  const double median = sorted[sorted.size() / 2];
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (std::abs(steps[i] - median) > tolerance * median)
      throw InputError(
          fmt::format("the time step from row {} to row {} is {}, the others are {}: resample to a uniform step", i + 1,
                      i + 2, steps[i], median));
  return (time(time.size() - 1) - time(0)) / static_cast<double>(time.size() - 1);
}

SnapshotPairs make_pairs(const Trajectories& data, WeightRule rule) {
  require_finite(data);
  Index total = 0;
  Index single = 0;
  for (const auto& part : data.parts) {
    total += std::max<Index>(part.rows() - 1, 0);
    if (part.rows() < 2) ++single;
  }
  if (total == 0)
    throw InputError(
        fmt::format("{} snapshot{} and no two in one trajectory: at least 2 consecutive snapshots are needed",
                    data.snapshots(), data.snapshots() == 1 ? "" : "s"));
  SnapshotPairs pairs;
  pairs.x.resize(total, data.dimension());
  pairs.y.resize(total, data.dimension());
  pairs.weights.resize(total);
  pairs.trajectory.reserve(static_cast<std::size_t>(total));
  Index at = 0;
  for (std::size_t p = 0; p < data.parts.size(); ++p) {
    const auto& part = data.parts[p];
    const Index n = part.rows() - 1;
    if (n < 1) continue;
    pairs.x.middleRows(at, n) = part.topRows(n);
    pairs.y.middleRows(at, n) = part.bottomRows(n);
    pairs.weights.segment(at, n).setOnes();
    if (rule == WeightRule::trapezoid && n > 1) pairs.weights(at) = pairs.weights(at + n - 1) = 0.5;
    pairs.trajectory.insert(pairs.trajectory.end(), static_cast<std::size_t>(n), static_cast<Index>(p));
    at += n;
  }
  pairs.weights /= pairs.weights.sum();
  pairs.one_orbit = data.parts.size() == 1;
  if (single > 0) pairs.notes.push_back(fmt::format("{} trajectories of a single snapshot give no pair", single));
  return pairs;
}

SnapshotPairs make_pairs(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& y) {
  if (x.rows() != y.rows() || x.cols() != y.cols())
    throw InputError(fmt::format("X is {} x {} but Y is {} x {}: row m of Y must be the image of row m of X", x.rows(),
                                 x.cols(), y.rows(), y.cols()));
  if (x.rows() == 0) throw InputError("X and Y hold no pair: at least one is needed");
  Index row = 0;
  Index column = 0;
  if (first_non_finite(x, row, column))
    throw InputError(
        fmt::format("{} in X at row {}, column {}: complete the pairs, or pass --drop-gaps to leave "
                    "such pairs out",
                    non_finite_name(x(row, column)), row + 1, column + 1));
  if (first_non_finite(y, row, column))
    throw InputError(
        fmt::format("{} in Y at row {}, column {}: complete the pairs, or pass --drop-gaps to leave "
                    "such pairs out",
                    non_finite_name(y(row, column)), row + 1, column + 1));
  SnapshotPairs pairs;
  pairs.x = x;
  pairs.y = y;
  pairs.weights = Eigen::VectorXd::Constant(x.rows(), 1.0 / static_cast<double>(x.rows()));
  pairs.trajectory.assign(static_cast<std::size_t>(x.rows()), 0);
  pairs.one_orbit = true;
  for (Index m = 0; m + 1 < x.rows() && pairs.one_orbit; ++m) pairs.one_orbit = rows_equal(pairs.x, m + 1, pairs.y, m);
  if (!pairs.one_orbit)
    for (Index m = 0; m < x.rows(); ++m) pairs.trajectory[static_cast<std::size_t>(m)] = m;
  return pairs;
}

void set_weights(SnapshotPairs& pairs, const Eigen::Ref<const Eigen::VectorXd>& weights) {
  if (weights.size() != pairs.count())
    throw InputError(fmt::format("{} weights for {} pairs: give one weight per pair", weights.size(), pairs.count()));
  for (Index m = 0; m < weights.size(); ++m)
    if (!(weights(m) >= 0.0) || !std::isfinite(weights(m)))
      throw InputError(fmt::format("weight {} is {}: weights must be finite and not negative", m + 1, weights(m)));
  const double sum = weights.sum();
  if (!(sum > 0.0)) throw InputError("all weights are 0: at least one must be positive");
  pairs.weights = weights / sum;
  if (std::abs(sum - 1.0) > 1e-12)
    pairs.notes.push_back(fmt::format("weights summed to {:.6g} and were normalised to 1", sum));
}

void require_pairs(Index pairs, Index functions, std::string_view remedy) {
  if (pairs < functions)
    throw InputError(
        fmt::format("M={} pairs < N={} functions: residuals would be meaningless; reduce {} or give more data", pairs,
                    functions, remedy));
}

Split<Trajectories> split(const Trajectories& data, double test_fraction) {
  require_fraction(test_fraction);
  Split<Trajectories> out;
  out.train.dt = out.test.dt = data.dt;
  out.train.columns = out.test.columns = data.columns;
  if (data.parts.size() > 1) {
    const auto held = spread(data.parts.size(), test_fraction);
    for (std::size_t p = 0; p < data.parts.size(); ++p) (held[p] ? out.test : out.train).parts.push_back(data.parts[p]);
    return out;
  }
  const Index total = data.snapshots();
  const Index tail = std::max<Index>(2, std::llround(test_fraction * static_cast<double>(total)));
  if (total - tail < 2)
    throw InputError(
        fmt::format("{} snapshots cannot be split into training and held-out parts of at least 2 each", total));
  out.train.parts.emplace_back(data.parts.front().topRows(total - tail));
  out.test.parts.emplace_back(data.parts.front().bottomRows(tail));
  return out;
}

Split<SnapshotPairs> split(const SnapshotPairs& pairs, double test_fraction, Index overlap) {
  require_fraction(test_fraction);
  std::map<Index, std::size_t> number;  // trajectories in their order of appearance
  std::vector<Index> order;
  for (const Index t : pairs.trajectory)
    if (number.try_emplace(t, order.size()).second) order.push_back(t);
  std::vector<Index> train;
  std::vector<Index> test;
  if (order.size() > 1) {
    const auto held = spread(order.size(), test_fraction);
    for (Index m = 0; m < pairs.count(); ++m)
      (held[number.at(pairs.trajectory[static_cast<std::size_t>(m)])] ? test : train).push_back(m);
  } else {
    const Index tail = std::max<Index>(1, std::llround(test_fraction * static_cast<double>(pairs.count())));
    const Index head = pairs.count() - tail - overlap;
    if (head < 1)
      throw InputError(fmt::format("{} pairs with {} overlapping cannot be split into training and held-out parts",
                                   pairs.count(), overlap));
    for (Index m = 0; m < head; ++m) train.push_back(m);
    for (Index m = pairs.count() - tail; m < pairs.count(); ++m) test.push_back(m);
  }
  Split<SnapshotPairs> out{take(pairs, train, "training"), take(pairs, test, "held-out")};
  out.train.one_orbit = out.test.one_orbit = pairs.one_orbit;
  return out;
}

Trajectories delay_embed(const Trajectories& data, Index delays, Index stride) {
  if (delays < 1) throw InputError(fmt::format("{} delays: at least 1 is needed", delays));
  if (stride < 1) throw InputError(fmt::format("a delay stride of {} rows: it must be at least 1", stride));
  const Index reach = (delays - 1) * stride;
  require_memory(
      8 * static_cast<std::uint64_t>(data.snapshots()) * static_cast<std::uint64_t>(data.dimension()) *
          static_cast<std::uint64_t>(delays),
      fmt::format("embedding {} snapshots of {} variables with {} delays", data.snapshots(), data.dimension(), delays));
  Trajectories out;
  out.dt = data.dt;
  Index longest = 0;
  for (const auto& part : data.parts) {
    longest = std::max(longest, part.rows());
    const Index rows = part.rows() - reach;
    if (rows < 1) continue;
    Eigen::MatrixXd embedded(rows, part.cols() * delays);
    for (Index c = 0; c < part.cols(); ++c)
      for (Index j = 0; j < delays; ++j) embedded.col(c * delays + j) = part.col(c).segment(j * stride, rows);
    out.parts.push_back(std::move(embedded));
  }
  if (out.parts.empty())
    throw InputError(fmt::format("{} delays with stride {} need {} snapshots in a row, the longest trajectory has {}",
                                 delays, stride, reach + 1, longest));
  for (Index c = 0; c < data.dimension(); ++c) {
    const auto i = static_cast<std::size_t>(c);
    const std::string base = i < data.columns.size() ? data.columns[i] : fmt::format("x{}", c + 1);
    for (Index j = 0; j < delays; ++j) out.columns.push_back(j == 0 ? base : fmt::format("{}(t+{})", base, j * stride));
  }
  return out;
}

}  // namespace offprint::koopman
