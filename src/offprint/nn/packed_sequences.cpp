#include "offprint/nn/packed_sequences.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {

using Eigen::Index;

PackedSequences::PackedSequences(std::span<const TokenView> sequences, const Eigen::Ref<const Eigen::MatrixXd>& table) {
  if (sequences.empty()) throw InputError("a batch of sequences is empty; it needs at least one");
  order_.resize(sequences.size());
  std::iota(order_.begin(), order_.end(), Index{0});
  const auto size_of = [&](Index i) { return sequences[static_cast<std::size_t>(i)].size(); };
  std::stable_sort(order_.begin(), order_.end(), [&](Index a, Index b) { return size_of(a) > size_of(b); });
  length_.reserve(order_.size());
  for (const Index i : order_) length_.push_back(static_cast<Index>(size_of(i)));
  active_.resize(static_cast<std::size_t>(length_.front()));
  offset_.resize(active_.size());
  Index total = 0;
  for (std::size_t t = 0; t < active_.size(); ++t) {
    const auto longer = std::partition_point(length_.begin(), length_.end(),
                                             [&](Index length) { return length > static_cast<Index>(t); });
    active_[t] = longer - length_.begin();
    offset_[t] = total;
    total += active_[t];
  }
  inputs_.resize(table.rows(), total);
  for (std::size_t k = 0; k < order_.size(); ++k) {
    const TokenView tokens = sequences[static_cast<std::size_t>(order_[k])];
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      const auto token = static_cast<Index>(tokens[t]);
      if (token >= table.cols())
        throw InputError(fmt::format("sequence {} has token {}; the table of vectors ends at {}", order_[k], token,
                                     table.cols() - 1));
      inputs_.col(offset_[t] + static_cast<Index>(k)) = table.col(token);
    }
  }
}

Eigen::MatrixXd PackedSequences::earlier(const Eigen::MatrixXd& columns) const {
  if (steps() == 0) return Eigen::MatrixXd(columns.rows(), 0);
  const Eigen::Index first = active(0);
  Eigen::MatrixXd out(columns.rows(), tokens() - first);
  for (Eigen::Index t = 1; t < steps(); ++t)
    out.middleCols(offset(t) - first, active(t)) = columns.middleCols(offset(t - 1), active(t));
  return out;
}

}  // namespace offprint::nn
