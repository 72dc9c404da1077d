#include "offprint/optimize/text_loss.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::size_t kChunk = 64;

Eigen::Map<VectorXd> vector_of(std::span<double> s) { return {s.data(), static_cast<Index>(s.size())}; }

std::span<double> part(VectorXd& v, Index first, std::size_t count) { return {v.data() + first, count}; }

}  // namespace

LabelledRows LabelledRows::select(std::span<const std::size_t> positions) const {
  LabelledRows out;
  out.rows.reserve(positions.size());
  out.labels.reserve(positions.size());
  for (const std::size_t p : positions) {
    out.rows.push_back(rows[p]);
    out.labels.push_back(labels[p]);
  }
  return out;
}

void LabelledRows::append(const LabelledRows& more) {
  rows.insert(rows.end(), more.rows.begin(), more.rows.end());
  labels.insert(labels.end(), more.labels.begin(), more.labels.end());
}

std::vector<std::size_t> draw_rows(Stream random, std::size_t n, std::size_t batch) {
  std::vector<std::size_t> out;
  if (batch >= n) {
    out.resize(n);
    std::iota(out.begin(), out.end(), std::size_t{0});
    return out;
  }
  if (batch * 3 > n) {
    out = random.permutation(n);
    out.resize(batch);
  } else {
    std::unordered_set<std::size_t> seen;
    while (seen.size() < batch) seen.insert(random.below(n));
    out.assign(seen.begin(), seen.end());
  }
  std::sort(out.begin(), out.end());
  return out;
}

TextLoss::TextLoss(nn::Rnn net, std::shared_ptr<const nn::TextSet> texts, Parallel how)
    : net_(std::move(net)), texts_(std::move(texts)), how_(std::move(how)) {
  if (texts_->dimension() != net_.shape().inputs)
    throw InputError(fmt::format("the word vectors have {} entries; the network takes {}", texts_->dimension(),
                                 net_.shape().inputs));
}

template <class F>
void TextLoss::for_chunks(const Parameters& encoder, const Parameters& head, const LabelledRows& rows, F&& f) const {
  const std::size_t n = rows.size();
  const std::size_t chunks = (n + kChunk - 1) / kChunk;
  const std::span<const std::size_t> all(rows.rows);
  const std::span<const int> labels(rows.labels);
  const auto one = [&](std::size_t c) {
    const std::size_t first = c * kChunk;
    const std::size_t count = std::min(kChunk, n - first);
    const auto batch = texts_->pack(all.subspan(first, count));
    const nn::RnnPass pass(net_, encoder, head, batch, labels.subspan(first, count));
    f(c, pass, static_cast<Index>(first), static_cast<Index>(count));
  };
  if (chunks == 1)
    one(0);
  else
    parallel_for(chunks, how_, one);
}

template <class F>
void TextLoss::sum_chunks(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                          std::span<double> encoder_out, std::span<double> head_out, F&& f) const {
  const std::size_t chunks = (rows.size() + kChunk - 1) / kChunk;
  const auto ne = static_cast<Index>(encoder_out.size());
  const auto nh = static_cast<Index>(head_out.size());
  std::vector<VectorXd> sums(chunks);
  for_chunks(encoder, head, rows, [&](std::size_t c, const nn::RnnPass& pass, Index first, Index count) {
    sums[c].resize(ne + nh);
    f(pass, first, count, part(sums[c], 0, encoder_out.size()), part(sums[c], ne, head_out.size()));
  });
  VectorXd total = VectorXd::Zero(ne + nh);
  for (const auto& sum : sums) total += sum;
  vector_of(encoder_out) = total.head(ne);
  vector_of(head_out) = total.tail(nh);
}

VectorXd TextLoss::losses(const Parameters& encoder, const Parameters& head, const LabelledRows& rows) const {
  VectorXd out(static_cast<Index>(rows.size()));
  for_chunks(encoder, head, rows, [&](std::size_t, const nn::RnnPass& pass, Index first, Index count) {
    out.segment(first, count) = pass.losses();
  });
  return out;
}

double TextLoss::accuracy(const Parameters& encoder, const Parameters& head, const LabelledRows& rows) const {
  std::vector<double> right((rows.size() + kChunk - 1) / kChunk);
  for_chunks(encoder, head, rows, [&](std::size_t c, const nn::RnnPass& pass, Index, Index count) {
    right[c] = pass.accuracy() * static_cast<double>(count);
  });
  return std::accumulate(right.begin(), right.end(), 0.0) / static_cast<double>(rows.size());
}

MatrixXd TextLoss::features(const Parameters& encoder, const LabelledRows& rows) const {
  MatrixXd out(net_.shape().hidden, static_cast<Index>(rows.size()));
  const VectorXd head = VectorXd::Zero(net_.head_parameters());
  for_chunks(encoder, head, rows, [&](std::size_t, const nn::RnnPass& pass, Index first, Index count) {
    out.middleCols(first, count) = pass.features();
  });
  return out;
}

void TextLoss::gradient(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                        const Eigen::Ref<const VectorXd>& weights, std::span<double> encoder_out,
                        std::span<double> head_out) const {
  sum_chunks(encoder, head, rows, encoder_out, head_out,
             [&](const nn::RnnPass& pass, Index first, Index count, std::span<double> e, std::span<double> h) {
               pass.gradient(weights.segment(first, count), e, h);
             });
}

void TextLoss::hessian_product(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                               const Eigen::Ref<const VectorXd>& weights, std::span<const double> encoder_direction,
                               std::span<const double> head_direction, std::span<double> encoder_out,
                               std::span<double> head_out) const {
  sum_chunks(encoder, head, rows, encoder_out, head_out,
             [&](const nn::RnnPass& pass, Index first, Index count, std::span<double> e, std::span<double> h) {
               pass.hessian_product(weights.segment(first, count), encoder_direction, head_direction, e, h);
             });
}

VectorXd TextLoss::directional(const Parameters& encoder, const Parameters& head, const LabelledRows& rows,
                               std::span<const double> encoder_direction,
                               std::span<const double> head_direction) const {
  VectorXd out(static_cast<Index>(rows.size()));
  for_chunks(encoder, head, rows, [&](std::size_t, const nn::RnnPass& pass, Index first, Index count) {
    out.segment(first, count) = pass.directional(encoder_direction, head_direction);
  });
  return out;
}

}  // namespace offprint::optimize
