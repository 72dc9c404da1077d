#include "offprint/landscape/collapse_labels.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::landscape {
namespace {

std::vector<std::int64_t> as_integers(const Eigen::Ref<const Eigen::VectorXd>& numbers) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  std::vector<std::int64_t> labels;
  labels.reserve(static_cast<std::size_t>(numbers.size()));
  for (Eigen::Index i = 0; i < numbers.size(); ++i) {
    const double x = numbers(i);
    if (!(std::abs(x) <= kExact) || x != std::trunc(x))
      throw InputError(fmt::format("the label of row {} is {}; labels are integers", i + 1, x));
    labels.push_back(static_cast<std::int64_t>(x));
  }
  return labels;
}

}  // namespace

ClassLabels::ClassLabels(std::span<const std::int64_t> labels) {
  std::map<std::int64_t, Eigen::Index> code;
  for (const auto label : labels) code.try_emplace(label, 0);
  for (auto& [label, index] : code) {
    index = static_cast<Eigen::Index>(labels_.size());
    labels_.push_back(label);
  }
  sizes_.assign(labels_.size(), 0);
  of_.reserve(labels.size());
  for (const auto label : labels) {
    of_.push_back(code.find(label)->second);
    ++sizes_[static_cast<std::size_t>(of_.back())];
  }
  if (labels_.size() < 2)
    throw InputError(fmt::format("the labels name {} class{}; collapse is about at least 2", labels_.size(),
                                 labels_.size() == 1 ? "" : "es"));
  for (std::size_t k = 0; k < sizes_.size(); ++k)
    if (sizes_[k] < 2) throw InputError(fmt::format("class {} has 1 sample; every class needs at least 2", labels_[k]));
}

ClassLabels::ClassLabels(const Eigen::Ref<const Eigen::VectorXd>& labels) : ClassLabels(as_integers(labels)) {}

ClassLabels ClassLabels::balanced(Eigen::Index classes, Eigen::Index per_class) {
  if (classes < 2 || per_class < 2)
    throw InputError(fmt::format("{} classes of {} samples; at least 2 of 2 are needed", classes, per_class));
  std::vector<std::int64_t> labels;
  labels.reserve(static_cast<std::size_t>(classes * per_class));
  for (Eigen::Index k = 0; k < classes; ++k) labels.insert(labels.end(), static_cast<std::size_t>(per_class), k);
  return ClassLabels(labels);
}

Eigen::Index ClassLabels::smallest() const { return *std::min_element(sizes_.begin(), sizes_.end()); }
Eigen::Index ClassLabels::largest() const { return *std::max_element(sizes_.begin(), sizes_.end()); }

std::vector<Eigen::Index> ClassLabels::balanced_subset() const {
  std::vector<Eigen::Index> left(sizes_.size(), smallest());
  std::vector<Eigen::Index> kept;
  for (Eigen::Index i = 0; i < samples(); ++i) {
    auto& room = left[static_cast<std::size_t>(of(i))];
    if (room == 0) continue;
    --room;
    kept.push_back(i);
  }
  return kept;
}

ClassLabels ClassLabels::subset(std::span<const Eigen::Index> samples) const {
  std::vector<std::int64_t> labels;
  labels.reserve(samples.size());
  for (const Eigen::Index i : samples) labels.push_back(label(of(i)));
  return ClassLabels(labels);
}

}  // namespace offprint::landscape
