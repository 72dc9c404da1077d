#include "offprint/nn/batches.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {

Batches::Batches(std::size_t n, std::size_t batch, Stream random, bool drop_last)
    : n_(n), batch_(batch), drop_last_(drop_last), random_(random) {
  if (n == 0 || batch == 0)
    throw InputError(fmt::format("batches of {} from {} samples; both are at least 1", batch, n));
  if (drop_last && batch > n)
    throw InputError(
        fmt::format("a batch of {} exceeds the {} samples, so that every epoch would be dropped", batch, n));
}

std::size_t Batches::per_epoch() const { return drop_last_ ? n_ / batch_ : (n_ + batch_ - 1) / batch_; }

std::span<const std::size_t> Batches::next() {
  const std::size_t left = order_.size() - position_;
  if (left == 0 || (drop_last_ && left < batch_)) {
    order_ = random_.permutation(n_);
    position_ = 0;
    ++epoch_;
  }
  const std::size_t size = std::min(batch_, order_.size() - position_);
  const std::span<const std::size_t> out(order_.data() + position_, size);
  position_ += size;
  return out;
}

}  // namespace offprint::nn
