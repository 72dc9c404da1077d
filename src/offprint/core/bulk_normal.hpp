// Normals by the thousand: a counter-based source that computes them a vector at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace offprint {

/// Independent standard normals keyed by (seed, purpose, index): Box-Muller on 52-bit uniforms from the Philox blocks
/// of Stream(seed, purpose, index), in SIMD: 2 to 4 ns a normal, against some 25 of Stream::normal, whose values
/// differ. Its state is a block number. The same bits for the same state on one machine; the last digit may differ
/// between instruction sets. Do not draw from a Stream of the same key beside it.
class BulkNormal {
 public:
  BulkNormal() : BulkNormal(0, "", 0) {}
  BulkNormal(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);
  /// Fills `out` with the next numbers, two a block (an odd count leaves one out).
  void fill(std::span<double> out);
  /// Adds `scale` times the next numbers: noise on what is there.
  void add(double scale, std::span<double> out);
  [[nodiscard]] std::uint64_t block() const { return block_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(key_[0], key_[1], index_, block_);
  }

 private:
  /// Hands out the next numbers, a piece at a time: use(first, normals).
  template <class Use>
  void pieces(std::size_t count, const Use& use);

  std::array<std::uint32_t, 2> key_{};
  std::uint64_t index_ = 0;
  std::uint64_t block_ = 0;
};

}  // namespace offprint
