// Words are cut at ASCII characters that are neither letters nor digits, as FTS5's tokenizer does; what holds other
// characters goes through that tokenizer whole.
#include "catalogue/word_counter.hpp"

#include <algorithm>

namespace offprint::catalogue {
namespace {

constexpr std::size_t kLongest = 60;  // bytes: beyond, it is no word

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::uint32_t WordCounter::stem(std::string_view text) {
  if (const auto at = stem_index_.find(text); at != stem_index_.end()) return at->second;
  stems_.emplace_back(text);
  const auto number = static_cast<std::uint32_t>(stems_.size() - 1);
  stem_index_.emplace(stems_.back(), number);
  return number;
}

WordCounter::Word& WordCounter::word(std::string_view text) {
  if (const auto at = words_.find(text); at != words_.end()) return at->second;
  Word& entry = words_.emplace(text, Word{}).first->second;
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  const bool letters =
      std::any_of(text.begin(), text.end(), [](char c) { return c > '9' || static_cast<unsigned char>(c) >= 0x80; });
  if (text.size() < 2 || !letters || is_stop_word(text)) return entry;
  tokenizer_.run(text, [&](std::string_view token, std::size_t, std::size_t) { entry.stems.push_back(stem(token)); });
  entry.completes = ascii && text.size() > 2 && text.size() < 40;
  return entry;
}

void WordCounter::read(std::string_view text, float weight) {
  char lower[kLongest];
  for (std::size_t i = 0; i < text.size();) {
    if (!in_word(text[i])) {
      ++i;
      continue;
    }
    std::size_t length = 0;
    for (; i < text.size() && in_word(text[i]); ++i, ++length)
      if (length < kLongest)
        lower[length] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (length > kLongest) continue;
    Word& entry = word({lower, length});
    for (const auto number : entry.stems) met_.emplace_back(number, weight);
    if (entry.completes && entry.last != document_) {
      entry.last = document_;
      completing_.push_back(&entry);
    }
  }
}

TermCounts WordCounter::finish(bool complete) {
  std::sort(met_.begin(), met_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  TermCounts counts;
  for (std::size_t i = 0; i < met_.size();) {
    const auto number = met_[i].first;
    float sum = 0.0F;
    for (; i < met_.size() && met_[i].first == number; ++i) sum += met_[i].second;
    counts.emplace_back(stems_[number], sum);
  }
  if (complete)
    for (Word* entry : completing_) ++entry->documents;
  met_.clear();
  completing_.clear();
  ++document_;
  return counts;
}

}  // namespace offprint::catalogue
