// Snapshots of a dynamical system: trajectories, the snapshot pairs (x, F(x)) built from them, their weights, splits
// into training and held-out data, and delay embedding. A pair never straddles two trajectories or a gap.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

namespace offprint::koopman {

using Index = Eigen::Index;

/// Uniformly sampled trajectories of one system. Each part is T x d: row = time, column = state variable.
struct Trajectories {
  std::vector<Eigen::MatrixXd> parts;
  double dt = 1.0;                   ///< time between consecutive rows
  std::vector<std::string> columns;  ///< d names, or empty

  /// State variables d (0 without parts).
  [[nodiscard]] Index dimension() const { return parts.empty() ? 0 : parts.front().cols(); }
  /// Rows over all parts.
  [[nodiscard]] Index snapshots() const;
  /// "column 3 (pressure)": how messages name a column (0-based in, 1-based out).
  [[nodiscard]] std::string column_label(Index column) const;
};

/// Throws InputError at the first NaN or infinity, naming its (trajectory,) row and column, 1-based; also when parts
/// differ in their number of columns or there is no part. O(T d).
void require_finite(const Trajectories& data);

/// Throws InputError for a column that is constant over all parts: its delays have rank 0 once the mean is removed.
void require_no_constant_column(const Trajectories& data);

/// Cuts every trajectory at rows that hold a NaN or an infinity and keeps the pieces of at least two rows.
struct GapReport {
  Trajectories data;
  Index rows_dropped = 0;  ///< rows lost, those of pieces shorter than two included
  Index pieces = 0;        ///< trajectories after cutting
};
/// Throws InputError when nothing is left.
[[nodiscard]] GapReport drop_gaps(const Trajectories& data);

/// One table with a trajectory-id column -> one part per id, in order of first appearance, rows in their given order;
/// the id column is removed. Throws InputError for an id column out of range or an id that is NaN.
[[nodiscard]] Trajectories split_by_id(const Eigen::Ref<const Eigen::MatrixXd>& table, Index id_column, double dt = 1.0,
                                       std::vector<std::string> columns = {});

/// The common step of a time column. Throws InputError for fewer than two times, and at the first step that is not
/// positive or differs from the median step by more than `tolerance` of it (1e-6: text files with seven digits pass).
[[nodiscard]] double uniform_step(const Eigen::Ref<const Eigen::VectorXd>& time, double tolerance = 1e-6);

/// Snapshot pairs y_m = F(x_m) with quadrature weights.
struct SnapshotPairs {
  Eigen::MatrixXd x;               ///< M x d
  Eigen::MatrixXd y;               ///< M x d
  Eigen::VectorXd weights;         ///< M, sum 1
  std::vector<Index> trajectory;   ///< which trajectory each pair belongs to
  bool one_orbit = false;          ///< x_{m+1} = y_m throughout: weights of a single orbit are F-invariant as M grows
  std::vector<std::string> notes;  ///< what was changed on the way in (weights normalised, ...), for the report

  [[nodiscard]] Index count() const { return x.rows(); }
  [[nodiscard]] Index dimension() const { return x.cols(); }
};

/// Quadrature weights when the caller gives none: 1/M for ergodic or i.i.d. samples; the trapezoid rule in time within
/// each trajectory (end points half) for time averages over short smooth orbits.
enum class WeightRule { uniform, trapezoid };

/// All pairs (row t, row t+1) within each part. Throws InputError for non-finite entries and for parts that all hold
/// fewer than two snapshots (single-row parts among longer ones are skipped with a note).
[[nodiscard]] SnapshotPairs make_pairs(const Trajectories& data, WeightRule rule = WeightRule::uniform);

/// Pairs given as two tables of equal shape (M x d). `one_orbit` is set when row m+1 of x equals row m of y throughout.
/// Throws InputError for unequal shapes, no rows, or non-finite entries.
[[nodiscard]] SnapshotPairs make_pairs(const Eigen::Ref<const Eigen::MatrixXd>& x,
                                       const Eigen::Ref<const Eigen::MatrixXd>& y);

/// Replaces the weights, normalising them to sum 1 (with a note when they did not). Throws InputError for the wrong
/// number, a negative or non-finite weight (named by its row), or a zero sum.
void set_weights(SnapshotPairs& pairs, const Eigen::Ref<const Eigen::VectorXd>& weights);

/// Throws InputError when there are fewer pairs than dictionary functions: residuals would be meaningless. `remedy` is
/// what the message says to reduce.
void require_pairs(Index pairs, Index functions, std::string_view remedy = "the dictionary (--delays, --centres)");

template <class T>
struct Split {
  T train;
  T test;
};

/// Holds out about `test_fraction` of the data: whole trajectories, evenly spread over their order, when there are
/// several; otherwise a contiguous tail of the only one. Split before delay embedding, so no delay reaches across.
/// Throws InputError unless 0 < test_fraction < 1 and both sides keep at least two snapshots.
[[nodiscard]] Split<Trajectories> split(const Trajectories& data, double test_fraction);

/// The same for pairs. From a single trajectory the last `overlap` training pairs are dropped: use (delays-1)*stride
/// when the pairs are already delay-embedded. Weights of each side are renormalised.
[[nodiscard]] Split<SnapshotPairs> split(const SnapshotPairs& pairs, double test_fraction, Index overlap = 0);

/// Delay embedding per trajectory: row t becomes [s_c(t), s_c(t+h), .., s_c(t+(n-1)h)] for each column c in turn, so a
/// part of T rows gives T-(n-1)h rows of d*n columns. Parts too short are dropped; throws InputError when all are, or
/// unless delays >= 1 and stride >= 1, or when the 8 d n T bytes are not there.
[[nodiscard]] Trajectories delay_embed(const Trajectories& data, Index delays, Index stride = 1);

}  // namespace offprint::koopman
