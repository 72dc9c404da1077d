#include "offprint/optimize/text_cleaning.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

std::span<double> encoder_span(VectorXd& v, const nn::Rnn& net) {
  return {v.data(), static_cast<std::size_t>(net.encoder_parameters())};
}
std::span<double> head_span(VectorXd& v, const nn::Rnn& net) {
  return {v.data() + net.encoder_parameters(), static_cast<std::size_t>(net.head_parameters())};
}
std::span<const double> encoder_span(const VectorRef& v, const nn::Rnn& net) {
  return {v.data(), static_cast<std::size_t>(net.encoder_parameters())};
}
std::span<const double> head_span(const VectorRef& v, const nn::Rnn& net) {
  return {v.data() + net.encoder_parameters(), static_cast<std::size_t>(net.head_parameters())};
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// sigmoid(x_i) / B on the batch
VectorXd batch_weights(const VectorRef& x, const std::vector<std::size_t>& batch) {
  VectorXd weights(static_cast<Index>(batch.size()));
  for (std::size_t k = 0; k < batch.size(); ++k)
    weights[static_cast<Index>(k)] = logistic(x[static_cast<Index>(batch[k])]) / static_cast<double>(batch.size());
  return weights;
}

}  // namespace

VectorXd sigmoid(const VectorRef& x) {
  return x.unaryExpr([](double v) { return logistic(v); });
}

TextCleaning::TextCleaning(TextLoss loss, LabelledRows train, LabelledRows clean, const TextCleaningOptions& options)
    : loss_(std::move(loss)), train_(std::move(train)), clean_(std::move(clean)), options_(options) {
  if (train_.size() == 0) throw InputError("text cleaning: there are no training texts");
  if (clean_.size() == 0) throw InputError("text cleaning: there are no clean validation texts");
  if (!(options.decay > 0))
    throw InputError(fmt::format("text cleaning: the decay is {}; it must be positive", options.decay));
  if (options.batch == 0 || options.validation == 0) throw InputError("text cleaning: a batch has at least 1 text");
}

std::vector<std::size_t> TextCleaning::lower_batch(const Sample& sample) const {
  return draw_rows(Stream(options_.seed, "lower batch", sample.index.value_or(0)), train_.size(),
                   sample.exact() ? train_.size() : options_.batch);
}

LabelledRows TextCleaning::upper_batch(const Sample& sample) const {
  if (sample.exact()) return clean_;
  return clean_.select(
      draw_rows(Stream(options_.seed, "upper batch", *sample.index), clean_.size(), options_.validation));
}

std::uint64_t TextCleaning::rows_upper(const Sample& sample) const {
  return sample.exact() ? clean_.size() : std::min(options_.validation, clean_.size());
}

std::uint64_t TextCleaning::rows_lower(const Sample& sample) const {
  return sample.exact() ? train_.size() : std::min(options_.batch, train_.size());
}

double TextCleaning::f(const VectorRef& /*x*/, const VectorRef& y, const Sample& sample) const {
  return loss_.losses(encoder(y), head(y), upper_batch(sample)).mean();
}

double TextCleaning::g(const VectorRef& x, const VectorRef& y, const Sample& sample) const {
  const auto batch = lower_batch(sample);
  return batch_weights(x, batch).dot(loss_.losses(encoder(y), head(y), train_.select(batch))) +
         options_.decay * y.squaredNorm();
}

void TextCleaning::f_x(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out, const Sample& /*sample*/) const {
  out.setZero(x.size());
}

void TextCleaning::f_y(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const LabelledRows batch = upper_batch(sample);
  out.resize(y.size());
  loss_.gradient(encoder(y), head(y), batch,
                 VectorXd::Constant(static_cast<Index>(batch.size()), 1 / static_cast<double>(batch.size())),
                 encoder_span(out, loss_.net()), head_span(out, loss_.net()));
}

void TextCleaning::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto batch = lower_batch(sample);
  const VectorXd losses = loss_.losses(encoder(y), head(y), train_.select(batch));
  out.setZero(x.size());
  for (std::size_t k = 0; k < batch.size(); ++k) {
    const double s = logistic(x[static_cast<Index>(batch[k])]);
    out[static_cast<Index>(batch[k])] = s * (1 - s) * losses[static_cast<Index>(k)] / static_cast<double>(batch.size());
  }
}

void TextCleaning::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  const auto batch = lower_batch(sample);
  out.resize(y.size());
  loss_.gradient(encoder(y), head(y), train_.select(batch), batch_weights(x, batch), encoder_span(out, loss_.net()),
                 head_span(out, loss_.net()));
  out += 2 * options_.decay * y;
}

void TextCleaning::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                       const Sample& sample) const {
  const auto batch = lower_batch(sample);
  out.resize(y.size());
  loss_.hessian_product(encoder(y), head(y), train_.select(batch), batch_weights(x, batch),
                        encoder_span(v, loss_.net()), head_span(v, loss_.net()), encoder_span(out, loss_.net()),
                        head_span(out, loss_.net()));
  out += 2 * options_.decay * v;
}

void TextCleaning::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out,
                       const Sample& sample) const {
  const auto batch = lower_batch(sample);
  const VectorXd along = loss_.directional(encoder(y), head(y), train_.select(batch), encoder_span(v, loss_.net()),
                                           head_span(v, loss_.net()));
  out.setZero(x.size());
  for (std::size_t k = 0; k < batch.size(); ++k) {
    const double s = logistic(x[static_cast<Index>(batch[k])]);
    out[static_cast<Index>(batch[k])] = s * (1 - s) * along[static_cast<Index>(k)] / static_cast<double>(batch.size());
  }
}

double TextCleaning::accuracy(const VectorRef& y, const LabelledRows& rows) const {
  return loss_.accuracy(encoder(y), head(y), rows);
}

}  // namespace offprint::optimize
