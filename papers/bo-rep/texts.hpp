// From a file of labelled texts to what the networks read.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "offprint/core/random.hpp"
#include "offprint/core/run.hpp"
#include "offprint/io/labelled_text.hpp"
#include "offprint/nn/text_set.hpp"
#include "offprint/nn/vocabulary.hpp"

namespace offprint::papers::bo_rep {

struct TextOptions {
  std::size_t minimum_count = 3;  ///< words that occur less often are left out
  Eigen::Index dimension = 50;    ///< of the word vectors made from the texts
  std::size_t max_words = 40;     ///< of each text
  nn::Tokenizer tokenizer = nn::Tokenizer::kWhitespace;
  std::optional<std::filesystem::path> vectors{};  ///< word vectors of the user's
  bool bag_of_words = false;
};

/// A file's texts, encoded.
struct PreparedTexts {
  std::shared_ptr<const nn::TextSet> texts;
  std::shared_ptr<const nn::TextSet> means;  ///< the bag of words, whose table holds each text's mean vector
  io::NamedClasses labels;
  io::NamedClasses domains;
  std::size_t vocabulary = 0;
  std::size_t empty = 0;            ///< texts without a known word
  std::size_t missing_vectors = 0;  ///< known words without a vector in the user's file
};

/// Vocabulary, word vectors (PPMI-SVD on all texts, or read) and token numbers. Throws InputError: a single class; more
/// than a fifth of the texts without a known word; and what the readers throw.
[[nodiscard]] PreparedTexts prepare(const io::LabelledTexts& texts, Stream random, const TextOptions& options);

/// The registered reviews. Throws NotAvailable naming the command that brings them.
[[nodiscard]] io::LabelledTexts reviews(const Run& run);

}  // namespace offprint::papers::bo_rep
