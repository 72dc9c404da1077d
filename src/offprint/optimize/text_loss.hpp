// Losses of a recurrent network on chosen rows of a set of texts, in chunks over threads: what the bilevel problems on
// text are made of.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/core/random.hpp"
#include "offprint/nn/rnn.hpp"
#include "offprint/nn/text_set.hpp"

namespace offprint::optimize {

/// Rows of a text set with a label for each (which need not be the file's).
struct LabelledRows {
  std::vector<std::size_t> rows;
  std::vector<int> labels;

  [[nodiscard]] std::size_t size() const { return rows.size(); }
  /// The given positions of these rows.
  [[nodiscard]] LabelledRows select(std::span<const std::size_t> positions) const;
  void append(const LabelledRows& more);
};

/// `batch` distinct positions below n, in ascending order; all of them when batch >= n. O(batch log batch), or O(n)
/// when the batch is more than a third of n.
[[nodiscard]] std::vector<std::size_t> draw_rows(Stream random, std::size_t n, std::size_t batch);

/// The network and the texts it reads. Weights, losses and directional derivatives are in the order of the rows.
/// Results do not depend on the number of threads: chunks are of 64 rows, their sums added in order.
class TextLoss {
 public:
  /// Throws InputError when the network does not take the texts' vectors.
  TextLoss(nn::Rnn net, std::shared_ptr<const nn::TextSet> texts, Parallel how = {});

  [[nodiscard]] const nn::Rnn& net() const { return net_; }
  [[nodiscard]] const nn::TextSet& texts() const { return *texts_; }

  using Parameters = Eigen::Ref<const Eigen::VectorXd>;

  [[nodiscard]] Eigen::VectorXd losses(const Parameters& encoder, const Parameters& head,
                                       const LabelledRows& rows) const;
  [[nodiscard]] double accuracy(const Parameters& encoder, const Parameters& head, const LabelledRows& rows) const;
  /// Pooled hidden states, H x rows.
  [[nodiscard]] Eigen::MatrixXd features(const Parameters& encoder, const LabelledRows& rows) const;
  /// See nn::RnnPass: gradient of sum_i weights_i CE_i (empty spans are left out), ...
  void gradient(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                const Eigen::Ref<const Eigen::VectorXd>& weights, std::span<double> encoder_out,
                std::span<double> head_out) const;
  /// ... its Hessian times a direction (empty spans: zero, or left out), ...
  void hessian_product(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                       const Eigen::Ref<const Eigen::VectorXd>& weights, std::span<const double> encoder_direction,
                       std::span<const double> head_direction, std::span<double> encoder_out,
                       std::span<double> head_out) const;
  /// ... and <grad CE_i, v> for each row.
  [[nodiscard]] Eigen::VectorXd directional(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                                            std::span<const double> encoder_direction,
                                            std::span<const double> head_direction) const;

 private:
  template <class F>
  void for_chunks(const Parameters& encoder, const Parameters& head, const LabelledRows& rows, F&& f) const;
  template <class F>
  void sum_chunks(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                  std::span<double> encoder_out, std::span<double> head_out, F&& f) const;

  nn::Rnn net_;
  std::shared_ptr<const nn::TextSet> texts_;
  Parallel how_;
};

}  // namespace offprint::optimize
