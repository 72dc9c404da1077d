#include "offprint/nn/text_set.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {

TextSet::TextSet(std::vector<std::vector<std::uint32_t>> tokens, Eigen::MatrixXd table, std::size_t max_tokens)
    : tokens_(std::move(tokens)), table_(std::move(table)) {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    auto& text = tokens_[i];
    if (max_tokens > 0 && text.size() > max_tokens) text.resize(max_tokens);
    for (const auto token : text)
      if (static_cast<Eigen::Index>(token) >= table_.cols())
        throw InputError(
            fmt::format("text {} has token {}; the table of vectors ends at {}", i, token, table_.cols() - 1));
  }
}

std::size_t TextSet::empty_texts() const {
  return static_cast<std::size_t>(
      std::count_if(tokens_.begin(), tokens_.end(), [](const auto& text) { return text.empty(); }));
}

PackedSequences TextSet::pack(std::span<const std::size_t> texts) const {
  std::vector<TokenView> views;
  views.reserve(texts.size());
  for (const std::size_t text : texts) views.push_back(tokens(text));
  return {views, table_};
}

TextSet TextSet::bag_of_words() const {
  std::vector<std::vector<std::uint32_t>> tokens(size());
  Eigen::MatrixXd means = Eigen::MatrixXd::Zero(dimension(), static_cast<Eigen::Index>(size()));
  for (std::size_t i = 0; i < size(); ++i) {
    if (tokens_[i].empty()) continue;
    auto mean = means.col(static_cast<Eigen::Index>(i));
    for (const auto token : tokens_[i]) mean += table_.col(static_cast<Eigen::Index>(token));
    mean /= static_cast<double>(tokens_[i].size());
    tokens[i] = {static_cast<std::uint32_t>(i)};
  }
  return {std::move(tokens), std::move(means)};
}

}  // namespace offprint::nn
