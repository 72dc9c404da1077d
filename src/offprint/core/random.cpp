// Philox streams and the distributions on top of them.
#include "offprint/core/random.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include <Random123/philox.h>

#include "offprint/core/error.hpp"
#include "offprint/core/hash.hpp"

namespace offprint {

std::array<std::uint32_t, 4> philox_block(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  r123::Philox4x32::ctr_type c = {{counter[0], counter[1], counter[2], counter[3]}};
  r123::Philox4x32::key_type k = {{key[0], key[1]}};
  const auto r = r123::Philox4x32()(c, k);
  return {r[0], r[1], r[2], r[3]};
}

Stream::Stream(std::uint64_t seed, std::string_view purpose, std::uint64_t index) : index_(index) {
  // The key mixes seed and purpose; the index stays in the counter, so streams of one purpose can never collide.
  const std::uint64_t key = mix64(seed ^ mix64(fnv1a(purpose)));
  key_ = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

Stream::result_type Stream::operator()() {
  const std::uint64_t block = position_ >> 1;
  if (block != block_of_) {
    const auto r = philox_block({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                                 static_cast<std::uint32_t>(index_), static_cast<std::uint32_t>(index_ >> 32)},
                                key_);
    block_ = {r[0] | (std::uint64_t{r[1]} << 32), r[2] | (std::uint64_t{r[3]} << 32)};
    block_of_ = block;
  }
  return block_[position_++ & 1];
}

double Stream::uniform() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

double Stream::uniform(double lo, double hi) {
  if (!(lo < hi) || !std::isfinite(lo) || !std::isfinite(hi))
    throw InputError("uniform(" + std::to_string(lo) + ", " + std::to_string(hi) +
                     "): the bounds must be finite and the lower one smaller");
  return lo + (hi - lo) * uniform();
}

std::uint64_t Stream::below(std::uint64_t n) {
  if (n == 0) throw InputError("below(0): an integer range needs at least one value");
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>((*this)()) * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t threshold = (0 - n) % n;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>((*this)()) * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Stream::normal() {
  if (has_kept_normal_) {
    has_kept_normal_ = false;
    return kept_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  const double angle = 2.0 * std::numbers::pi * uniform();
  kept_normal_ = radius * std::sin(angle);
  has_kept_normal_ = true;
  return radius * std::cos(angle);
}

double Stream::normal(double mean, double sd) {
  if (!(sd >= 0.0)) throw InputError("normal: the standard deviation " + std::to_string(sd) + " must not be negative");
  return mean + sd * normal();
}

double Stream::exponential(double rate) {
  if (!(rate > 0.0)) throw InputError("exponential: the rate " + std::to_string(rate) + " must be positive");
  return -std::log1p(-uniform()) / rate;
}

double Stream::gamma(double shape, double scale) {
  if (!(shape > 0.0) || !(scale > 0.0))
    throw InputError("gamma(" + std::to_string(shape) + ", " + std::to_string(scale) +
                     "): shape and scale must be positive");
  if (shape < 1.0) {
    const double boost = std::pow(1.0 - uniform(), 1.0 / shape);
    return gamma(shape + 1.0, scale) * boost;
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = normal();
    const double t = 1.0 + c * x;
    if (t <= 0.0) continue;
    const double v = t * t * t;
    const double u = 1.0 - uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return scale * d * v;
  }
}

std::vector<std::size_t> Stream::permutation(std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

void Stream::fill_uniform(std::span<double> out) {
  for (double& x : out) x = uniform();
}

void Stream::fill_normal(std::span<double> out) {
  for (double& x : out) x = normal();
}

void Stream::skip_to(std::uint64_t position) {
  position_ = position;
  has_kept_normal_ = false;
}

}  // namespace offprint
