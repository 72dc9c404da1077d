// Class labels of samples: what every measure and model of neural collapse groups features by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

namespace offprint::landscape {

/// N samples in K classes. Labels may be any integers; classes are numbered 0..K-1 by ascending label.
class ClassLabels {
 public:
  /// Throws InputError for fewer than 2 classes, or a class with fewer than 2 samples (named by its label). O(N log K).
  explicit ClassLabels(std::span<const std::int64_t> labels);
  /// The same for numbers as files hold them. Throws InputError also for one that is no integer, naming its row.
  explicit ClassLabels(const Eigen::Ref<const Eigen::VectorXd>& labels);
  /// K classes of n samples each, class by class (the paper's order). Throws InputError for K < 2 or n < 2.
  [[nodiscard]] static ClassLabels balanced(Eigen::Index classes, Eigen::Index per_class);

  [[nodiscard]] Eigen::Index samples() const { return static_cast<Eigen::Index>(of_.size()); }
  [[nodiscard]] Eigen::Index classes() const { return static_cast<Eigen::Index>(sizes_.size()); }
  /// The class of sample i.
  [[nodiscard]] Eigen::Index of(Eigen::Index i) const { return of_[static_cast<std::size_t>(i)]; }
  [[nodiscard]] const std::vector<Eigen::Index>& codes() const { return of_; }
  /// Number of samples of class k.
  [[nodiscard]] Eigen::Index size(Eigen::Index k) const { return sizes_[static_cast<std::size_t>(k)]; }
  /// The label that class k had.
  [[nodiscard]] std::int64_t label(Eigen::Index k) const { return labels_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] Eigen::Index smallest() const;
  [[nodiscard]] Eigen::Index largest() const;
  [[nodiscard]] bool is_balanced() const { return smallest() == largest(); }
  /// N / K: the n of the balanced theory.
  [[nodiscard]] double mean_size() const { return static_cast<double>(samples()) / static_cast<double>(classes()); }

  /// The first smallest() samples of every class, in sample order.
  [[nodiscard]] std::vector<Eigen::Index> balanced_subset() const;
  /// The labels of some samples, in that order. Throws as the constructor does.
  [[nodiscard]] ClassLabels subset(std::span<const Eigen::Index> samples) const;

 private:
  std::vector<Eigen::Index> of_;
  std::vector<Eigen::Index> sizes_;
  std::vector<std::int64_t> labels_;
};

}  // namespace offprint::landscape
