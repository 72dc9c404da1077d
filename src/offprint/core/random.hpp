// Counter-based random streams: the same (seed, purpose, index) gives the same numbers on any thread, rank or resumed
// run.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace offprint {

/// One Philox4x32-10 block (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): 128 random bits
/// from a 128-bit counter and a 64-bit key. Little-endian words, as in Random123's published known-answer vectors.
[[nodiscard]] std::array<std::uint32_t, 4> philox_block(std::array<std::uint32_t, 4> counter,
                                                        std::array<std::uint32_t, 2> key);

/// A random stream keyed by (seed, purpose, index). Streams with different keys are independent for every practical
/// purpose; position is a counter, so a copy replays, `skip_to` is O(1), and saving a stream is saving four words.
/// Satisfies UniformRandomBitGenerator (64-bit results), though the members below are preferred over <random>'s
/// distributions, whose results differ between standard libraries.
class Stream {
 public:
  using result_type = std::uint64_t;

  Stream() : Stream(0, "", 0) {}
  /// `purpose` names what the numbers are for ("init", "noise"), so that two uses never share numbers.
  Stream(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  /// The next 64 random bits.
  result_type operator()();

  /// Uniform on [0, 1): 53 bits.
  double uniform();
  /// Uniform on [lo, hi). Throws InputError unless lo < hi and both are finite.
  double uniform(double lo, double hi);
  /// Uniform integer in [0, n), unbiased (Lemire). Throws InputError when n = 0.
  std::uint64_t below(std::uint64_t n);
  /// Standard normal (Box-Muller on 53-bit uniforms; the second value of each pair is kept).
  double normal();
  /// Normal with the given mean and standard deviation. Throws InputError when sd < 0.
  double normal(double mean, double sd);
  /// Exponential with the given rate (mean 1/rate). Throws InputError unless rate > 0.
  double exponential(double rate = 1.0);
  /// Gamma with shape k and scale theta (mean k theta), Marsaglia-Tsang 2000, with the boost for k < 1.
  /// Throws InputError unless both are positive.
  double gamma(double shape, double scale = 1.0);
  /// A uniformly random permutation of 0..n-1 (Fisher-Yates). O(n).
  std::vector<std::size_t> permutation(std::size_t n);

  void fill_uniform(std::span<double> out);
  void fill_normal(std::span<double> out);

  /// Number of 64-bit results consumed so far; `skip_to` sets it (and drops a kept normal).
  [[nodiscard]] std::uint64_t position() const { return position_; }
  void skip_to(std::uint64_t position);
  /// The Philox key made of seed and purpose: for inner loops that compute blocks themselves (philox-inl.hpp).
  [[nodiscard]] std::array<std::uint32_t, 2> key() const { return key_; }

  /// For checkpoints: archives the stream's whole state.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(key_[0], key_[1], index_, position_, kept_normal_, has_kept_normal_);
    block_of_ = ~std::uint64_t{0};
  }

 private:
  std::array<std::uint32_t, 2> key_{};
  std::uint64_t index_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t block_of_ = ~std::uint64_t{0};  // which block `block_` holds
  std::array<std::uint64_t, 2> block_{};
  double kept_normal_ = 0.0;
  bool has_kept_normal_ = false;
};

}  // namespace offprint
