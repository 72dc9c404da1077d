// Encoded texts with their word vectors: what recurrent networks on text are trained on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "offprint/nn/packed_sequences.hpp"

namespace offprint::nn {

/// Token numbers of each text and the table of their vectors.
class TextSet {
 public:
  TextSet() = default;
  /// Keeps the first `max_tokens` tokens of each text (0: all). Throws InputError for a token outside the table.
  TextSet(std::vector<std::vector<std::uint32_t>> tokens, Eigen::MatrixXd table, std::size_t max_tokens = 0);

  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  [[nodiscard]] Eigen::Index dimension() const { return table_.rows(); }  ///< of a token's vector
  [[nodiscard]] std::size_t empty_texts() const;                          ///< texts without a token
  [[nodiscard]] TokenView tokens(std::size_t text) const { return tokens_[text]; }
  [[nodiscard]] PackedSequences pack(std::span<const std::size_t> texts) const;

  /// Every text replaced by the mean of its vectors as its only token (none for a text without tokens): with it a
  /// recurrent network is a bag of words followed by one tanh layer.
  [[nodiscard]] TextSet bag_of_words() const;

 private:
  std::vector<std::vector<std::uint32_t>> tokens_;
  Eigen::MatrixXd table_;
};

}  // namespace offprint::nn
