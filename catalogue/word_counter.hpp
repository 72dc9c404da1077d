// Which words a document has, and how often: what the vectors and the completion of words are made from.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalogue/tokenizer.hpp"

namespace offprint::catalogue {

/// A stem and its weight in a document (a word of the title counts twice). The stem's characters belong to the counter.
using TermCounts = std::vector<std::pair<std::string_view, float>>;

/// Counts the stems of documents. The stem of a word is asked of the tokenizer once and remembered: words repeat, and
/// stemming is what takes the time.
class WordCounter {
 public:
  /// `tokenizer` must outlive it.
  explicit WordCounter(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  WordCounter(const WordCounter&) = delete;
  WordCounter& operator=(const WordCounter&) = delete;

  /// Adds the words of `text` to the document being read. Common words, numbers and single letters are left out.
  void read(std::string_view text, float weight);
  /// Ends the document: its stems, each once, in the order in which the counter met them first. `complete`: its words
  /// count for words().
  TermCounts finish(bool complete);

  /// Whole words of ASCII letters and digits, lower case, and how many documents had them.
  template <class F>
  void each_word(F&& f) const {
    for (const auto& [text, word] : words_)
      if (word.documents > 0) f(text, word.documents);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Word {
    std::vector<std::uint32_t> stems;
    bool completes = false;  // worth offering as a completion
    std::uint32_t documents = 0;
    std::uint32_t last = 0;  // document it was last met in
  };
  Word& word(std::string_view text);
  std::uint32_t stem(std::string_view text);

  const Tokenizer& tokenizer_;
  std::unordered_map<std::string, Word, Hash, std::equal_to<>> words_;
  std::deque<std::string> stems_;  // a deque keeps them where they are
  std::unordered_map<std::string_view, std::uint32_t> stem_index_;
  std::vector<std::pair<std::uint32_t, float>> met_;
  std::vector<Word*> completing_;
  std::uint32_t document_ = 1;
};

}  // namespace offprint::catalogue
