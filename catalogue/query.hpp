// What a reader typed, understood: words, "phrases", -without, author:name, title:word, category:cs.LG.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace offprint::catalogue {

class Tokenizer;

/// The parts as FTS5 expressions, "" where there is none. Every string in them is quoted, so they are never a syntax
/// error whatever was typed.
struct ParsedQuery {
  std::string all;       // papers with every word
  std::string any;       // with any of the words, and all that is demanded; for when `all` finds nothing
  std::string demanded;  // phrases and fields: what a paper must have also when only its meaning fits
  std::string excluded;  // -words
  std::vector<std::string> categories;
  std::string meaning;  // the words, for the vectors
};

/// Completions of the word that is being typed, most frequent first.
using Complete = std::function<std::vector<std::string>(const std::string& prefix)>;

/// Understands `text` (cut to limits::kQuery bytes and limits::kQueryTerms parts; cleaned of what nobody sees). The
/// last word, unless a space or a quotation mark follows, also stands for the words that begin with it. Very common
/// words are not demanded unless there are no others. What looks like syntax but is none is words. Never throws.
[[nodiscard]] ParsedQuery parse_query(std::string_view text, const Tokenizer& tokenizer, const Complete& complete);

}  // namespace offprint::catalogue
