// From texts to token numbers: a tokenizer and the vocabulary of what occurs often enough.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace offprint::nn {

enum class Tokenizer {
  kWords,       ///< runs of letters, digits, ' and - (bytes above 127 count as letters); any other sign alone
  kWhitespace,  ///< what stands between blanks: for texts that were tokenized before
};

/// The tokens of a text, ASCII letters lower-cased.
[[nodiscard]] std::vector<std::string> tokenize(std::string_view text, Tokenizer tokenizer = Tokenizer::kWords);

/// The words that occur at least `minimum_count` times in the texts, numbered by falling count (equal counts: in
/// alphabetical order).
class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(std::span<const std::string> texts, std::size_t minimum_count, Tokenizer tokenizer = Tokenizer::kWords);

  [[nodiscard]] std::size_t size() const { return words_.size(); }
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }
  /// The numbers of the known words of a text, in their order; words that are not known are left out.
  [[nodiscard]] std::vector<std::uint32_t> encode(std::string_view text) const;
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> encode_all(std::span<const std::string> texts) const;

 private:
  Tokenizer tokenizer_ = Tokenizer::kWords;
  std::vector<std::string> words_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

}  // namespace offprint::nn
