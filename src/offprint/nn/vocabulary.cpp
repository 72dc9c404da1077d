#include "offprint/nn/vocabulary.hpp"

#include <algorithm>
#include <utility>

namespace offprint::nn {
namespace {

enum class Sign { kBlank, kWord, kOther };

Sign sign_of(char c) {
  const auto u = static_cast<unsigned char>(c);
  if (u <= ' ') return Sign::kBlank;
  if (u >= 128 || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || c == '\'' || c == '-')
    return Sign::kWord;
  return Sign::kOther;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::vector<std::string> tokenize(std::string_view text, Tokenizer tokenizer) {
  std::vector<std::string> tokens;
  std::string token;
  const auto end_token = [&] {
    if (!token.empty()) tokens.push_back(std::exchange(token, {}));
  };
  for (const char c : text) {
    const Sign sign = sign_of(c);
    if (sign == Sign::kBlank) {
      end_token();
    } else if (sign == Sign::kOther && tokenizer == Tokenizer::kWords) {
      end_token();
      tokens.emplace_back(1, c);
    } else {
      token.push_back(lower(c));
    }
  }
  end_token();
  return tokens;
}

Vocabulary::Vocabulary(std::span<const std::string> texts, std::size_t minimum_count, Tokenizer tokenizer)
    : tokenizer_(tokenizer) {
  std::unordered_map<std::string, std::size_t> counts;
  for (const auto& text : texts)
    for (auto& token : tokenize(text, tokenizer)) ++counts[std::move(token)];
  std::vector<std::pair<std::string, std::size_t>> kept;
  for (const auto& entry : counts)
    if (entry.second >= minimum_count) kept.emplace_back(entry);
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  words_.reserve(kept.size());
  for (auto& entry : kept) {
    numbers_.emplace(entry.first, static_cast<std::uint32_t>(words_.size()));
    words_.push_back(std::move(entry.first));
  }
}

std::vector<std::uint32_t> Vocabulary::encode(std::string_view text) const {
  std::vector<std::uint32_t> numbers;
  for (const auto& token : tokenize(text, tokenizer_))
    if (const auto at = numbers_.find(token); at != numbers_.end()) numbers.push_back(at->second);
  return numbers;
}

std::vector<std::vector<std::uint32_t>> Vocabulary::encode_all(std::span<const std::string> texts) const {
  std::vector<std::vector<std::uint32_t>> out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(encode(text));
  return out;
}

}  // namespace offprint::nn
