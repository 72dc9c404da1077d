// Mini-batches in a reproducible order: a fresh permutation each epoch from its own random stream.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "offprint/core/random.hpp"

namespace offprint::nn {

/// Endless batches over n samples. Saved and restored as a whole, it goes on with the same batches.
class Batches {
 public:
  Batches() = default;
  /// `drop_last`: leave out an epoch's incomplete last batch. Throws InputError unless 1 <= batch and n >= 1 (batch <=
  /// n when drop_last).
  Batches(std::size_t n, std::size_t batch, Stream random, bool drop_last = false);

  /// The next batch's sample indices, valid until the next call.
  std::span<const std::size_t> next();
  [[nodiscard]] std::size_t per_epoch() const;
  /// Epochs begun so far.
  [[nodiscard]] std::size_t epoch() const { return epoch_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(n_, batch_, drop_last_, random_, order_, position_, epoch_);
  }

 private:
  std::size_t n_ = 0;
  std::size_t batch_ = 0;
  bool drop_last_ = false;
  Stream random_{};
  std::vector<std::size_t> order_;
  std::size_t position_ = 0;
  std::size_t epoch_ = 0;
};

}  // namespace offprint::nn
