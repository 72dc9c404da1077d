// Latent semantic vectors: tf-idf weights of a document's words, projected on the leading right singular vectors of the
// term-document matrix (Deerwester et al. 1990). Documents about one thing lie near each other even when they share no
// word, because their words keep the same company elsewhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalogue/word_counter.hpp"
#include "offprint/core/random.hpp"

namespace offprint::catalogue {

struct SpaceOptions {
  /// At most. Half the documents or a quarter of the terms if that is less: with as many dimensions as terms, no two
  /// words would have anything in common.
  std::size_t rank = 96;
  std::size_t documents = 8000;  // at most so many, drawn at random, span the space; more hardly change it
  std::size_t terms = 16000;     // at most, the most frequent
};

/// A fitted space. Weight of term t in a document: (1 + ln tf) ln((2 + N) / (1 + df)), normalised to length 1.
class SemanticSpace {
 public:
  SemanticSpace() = default;

  /// Computes the space of a corpus by randomized SVD; at least one document must have a word. Deterministic given the
  /// stream. O(words x rank) time for each of six passes.
  [[nodiscard]] static SemanticSpace fit(std::span<const TermCounts> corpus, const SpaceOptions& options,
                                         const Stream& stream);

  /// The unit vector of a document or query; all zero when it has no word that the space knows. O(its words x rank).
  [[nodiscard]] std::vector<float> embed(const TermCounts& counts) const;

  [[nodiscard]] std::size_t rank() const { return rank_; }
  [[nodiscard]] std::size_t terms() const { return idf_.size(); }

  /// For storage: bytes in a format of this machine's byte order; parse() throws IoError when they are not whole.
  [[nodiscard]] std::string bytes() const;
  [[nodiscard]] static SemanticSpace parse(std::string_view bytes);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::size_t rank_ = 0;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> index_;
  std::vector<float> idf_;
  std::vector<float> vectors_;  // term by term, rank_ each
};

}  // namespace offprint::catalogue
