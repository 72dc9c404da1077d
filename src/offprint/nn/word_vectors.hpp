// Fixed word vectors: from the texts themselves (singular vectors of positive PMI), or read from a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/random.hpp"

namespace offprint::nn {

struct PmiOptions {
  Eigen::Index dimension = 50;
  std::size_t window = 5;       ///< neighbours up to so many words away, weighted 1/distance
  double context_power = 0.75;  ///< context counts are raised to it, which holds rare words back
};

/// dimension x vocabulary: the columns are U sqrt(S) of the leading singular triplets of the positive pointwise mutual
/// information max(0, log(C_ij S_C / (r_i c_j))), C the symmetric weighted co-occurrences, r their row sums, c = the
/// row sums' powers scaled to sum to that of r; all scaled to a root mean square entry of one. Levy, Goldberg: "Neural
/// Word Embedding as Implicit Matrix Factorization" (NeurIPS 2014); Levy, Goldberg, Dagan (TACL 2015). By randomized
/// SVD with four power iterations from `random`. Throws InputError when the dimension exceeds the vocabulary or no two
/// words occur together.
[[nodiscard]] Eigen::MatrixXd pmi_vectors(std::span<const std::vector<std::uint32_t>> texts, std::size_t vocabulary,
                                          Stream random, const PmiOptions& options = {});

/// Word vectors of a file: columns for the words wanted, zero (and counted) for those the file lacks.
struct FileVectors {
  Eigen::MatrixXd vectors;  ///< dimension x words, scaled to a root mean square entry of one over the words found
  std::size_t missing = 0;
};
/// Reads "word v1 ... vd" lines (GloVe's text format; a first line "count dimension", as word2vec writes it, is
/// skipped), gzip-compressed or not. Throws InputError naming the line: a number of entries that differs from the first
/// line's, an entry that is no number; and when none of the words is found.
[[nodiscard]] FileVectors read_word_vectors(const std::filesystem::path& path, std::span<const std::string> words);

}  // namespace offprint::nn
