// Sequences of different lengths as one block of columns, so that a recurrent network needs no padding and no mask.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

namespace offprint::nn {

/// Token numbers of one sequence: columns of a table of vectors.
using TokenView = std::span<const std::uint32_t>;

/// A batch of sequences sorted by length (longest first, equal ones in the given order) and packed time by time: the
/// columns of `inputs` are the vectors of all first tokens, then of all second ones of the sequences that have one, ...
/// Sequences without tokens are last and have no column.
class PackedSequences {
 public:
  PackedSequences() = default;
  /// Looks the tokens up in `table` (d x tokens known). Throws InputError for a token that is not in it, naming the
  /// sequence, and for an empty batch. O(total tokens * d).
  PackedSequences(std::span<const TokenView> sequences, const Eigen::Ref<const Eigen::MatrixXd>& table);

  [[nodiscard]] Eigen::Index size() const { return static_cast<Eigen::Index>(order_.size()); }  ///< n sequences
  [[nodiscard]] Eigen::Index tokens() const { return inputs_.cols(); }
  [[nodiscard]] Eigen::Index steps() const { return static_cast<Eigen::Index>(active_.size()); }  ///< longest length
  /// Sequences longer than t, which are the first ones in packed order, and the column where time t begins.
  [[nodiscard]] Eigen::Index active(Eigen::Index t) const { return active_[static_cast<std::size_t>(t)]; }
  [[nodiscard]] Eigen::Index offset(Eigen::Index t) const { return offset_[static_cast<std::size_t>(t)]; }
  /// The length of the k-th sequence in packed order.
  [[nodiscard]] Eigen::Index length(Eigen::Index k) const { return length_[static_cast<std::size_t>(k)]; }
  /// Which of the given sequences is the k-th in packed order.
  [[nodiscard]] Eigen::Index original(Eigen::Index k) const { return order_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] const Eigen::MatrixXd& inputs() const { return inputs_; }  ///< d x tokens
  /// Of columns over tokens: beside each later token (t > 0) the column of the one before it in its sequence.
  [[nodiscard]] Eigen::MatrixXd earlier(const Eigen::MatrixXd& columns) const;

 private:
  Eigen::MatrixXd inputs_;
  std::vector<Eigen::Index> order_;
  std::vector<Eigen::Index> length_;
  std::vector<Eigen::Index> active_;
  std::vector<Eigen::Index> offset_;
};

}  // namespace offprint::nn
