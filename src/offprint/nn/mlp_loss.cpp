// The loss of a dense network and its derivatives. Work is cut into fixed slices of samples whose sums are added in
// order, so that the number of threads changes nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/nn/dense_pass.hpp"
#include "offprint/nn/mlp.hpp"

namespace offprint::nn {
namespace {

using dense::weights;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::Op;

constexpr Index kSlices = 4;  // partial sums over samples: enough for a few threads, little memory
constexpr Index kProbes = 8;  // vectors that go through the network together

/// Slice s of n samples.
std::pair<Index, Index> slice(Index n, Index s) {
  const Index first = n * s / kSlices;
  return {first, n * (s + 1) / kSlices - first};
}

/// Samples that go through together: so many that the activations of kProbes vectors stay in a second-level cache.
Index chunk_of(const Mlp& net) {
  constexpr double kCacheBytes = 1 << 20;
  Index widths = 0;
  for (const auto& layer : net.layers()) widths += layer.out;
  return std::clamp<Index>(static_cast<Index>(kCacheBytes / (3.0 * kProbes * 8.0 * static_cast<double>(widths))), 32,
                           256);
}

void check_inputs(const Mlp& net, const MatrixXd& inputs) {
  if (inputs.cols() == 0) throw InputError("the data set is empty; a loss needs at least one sample");
  if (inputs.rows() != net.inputs())
    throw InputError(fmt::format("samples of {} values given; the network takes {}", inputs.rows(), net.inputs()));
  for (Index i = 0; i < inputs.cols(); ++i)
    if (!inputs.col(i).allFinite()) throw InputError(fmt::format("sample {} has a value that is not finite", i));
}

}  // namespace

MlpLoss::MlpLoss(Mlp net, MatrixXd inputs, std::vector<int> labels, Parallel how)
    : net_(std::move(net)), inputs_(std::move(inputs)), labels_(std::move(labels)), how_(std::move(how)) {
  check_inputs(net_, inputs_);
  if (static_cast<Index>(labels_.size()) != samples())
    throw InputError(fmt::format("{} labels given for {} samples", labels_.size(), samples()));
  for (std::size_t i = 0; i < labels_.size(); ++i)
    if (labels_[i] < 0 || labels_[i] >= net_.outputs())
      throw InputError(fmt::format("label {} of sample {} is outside [0, {})", labels_[i], i, net_.outputs()));
}

MlpLoss::MlpLoss(Mlp net, MatrixXd inputs, MatrixXd targets, Loss loss, Parallel how)
    : net_(std::move(net)),
      inputs_(std::move(inputs)),
      targets_(std::move(targets)),
      loss_(loss),
      how_(std::move(how)) {
  check_inputs(net_, inputs_);
  if (loss == Loss::kCrossEntropy) throw InputError("cross-entropy takes class labels, not numeric targets");
  if (targets_.rows() != net_.outputs() || targets_.cols() != samples())
    throw InputError(fmt::format("targets are {} x {}; {} outputs and {} samples need {} x {}", targets_.rows(),
                                 targets_.cols(), net_.outputs(), samples(), net_.outputs(), samples()));
}

void MlpLoss::check(const Eigen::Ref<const VectorXd>& theta) const {
  if (theta.size() != net_.parameters())
    throw InputError(fmt::format("{} parameters given; the network has {}", theta.size(), net_.parameters()));
}

TargetView MlpLoss::target(Index sample) const {
  if (loss_ == Loss::kCrossEntropy) return labels_[static_cast<std::size_t>(sample)];
  return Eigen::Ref<const VectorXd>(targets_.col(sample));
}

double MlpLoss::value(const Eigen::Ref<const VectorXd>& theta) const {
  check(theta);
  std::array<double, kSlices> sums{};
  parallel_for(kSlices, how_, [&](std::size_t s) {
    const auto [first, count] = slice(samples(), static_cast<Index>(s));
    const MatrixXd f = net_.evaluate(theta, inputs_.middleCols(first, count));
    for (Index i = 0; i < count; ++i) sums[s] += loss_value(loss_, f.col(i), target(first + i));
  });
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum / static_cast<double>(samples());
}

double MlpLoss::accuracy(const Eigen::Ref<const VectorXd>& theta) const {
  check(theta);
  const MatrixXd f = net_.evaluate(theta, inputs_);
  Index right = 0;
  for (Index i = 0; i < samples(); ++i) {
    Index said = 0;
    Index meant = 0;
    f.col(i).maxCoeff(&said);
    if (loss_ == Loss::kCrossEntropy)
      meant = labels_[static_cast<std::size_t>(i)];
    else
      targets_.col(i).maxCoeff(&meant);
    right += said == meant ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(samples());
}

double MlpLoss::add_gradient(const Eigen::Ref<const VectorXd>& theta, const Eigen::Ref<const MatrixXd>& inputs,
                             const std::function<TargetView(Index)>& target, Eigen::Ref<VectorXd> gradient) const {
  const auto& layers = net_.layers();
  const auto a = dense::forward(net_, theta, inputs, layers.size());
  const MatrixXd& f = a.back();
  MatrixXd delta(f.rows(), f.cols());
  double sum = 0.0;
  for (Index i = 0; i < f.cols(); ++i) {
    const TargetView y = target(i);
    sum += loss_value(loss_, f.col(i), y);
    loss_gradient(loss_, f.col(i), y, delta.col(i));
  }
  for (std::size_t l = layers.size(); l-- > 0;) {
    const auto& layer = layers[l];
    auto g = weights(gradient.data(), layer);
    if (l == 0)
      linalg::multiply_into(g, 1.0, inputs, Op::kNone, delta, Op::kAdjoint, 1.0);
    else
      linalg::multiply_into(g, 1.0, a[l - 1], Op::kNone, delta, Op::kAdjoint, 1.0);
    if (layer.bias >= 0) gradient.segment(layer.bias, layer.out) += delta.rowwise().sum();
    if (l == 0) break;
    MatrixXd before(layer.in, delta.cols());
    linalg::multiply_into(before, 1.0, weights(theta.data(), layer), Op::kNone, delta, Op::kNone, 0.0);
    dense::times_slope(net_.activation(), a[l - 1], before);
    delta = std::move(before);
  }
  return sum;
}

double MlpLoss::gradient(const Eigen::Ref<const VectorXd>& theta, Eigen::Ref<VectorXd> gradient) const {
  check(theta);
  MatrixXd parts = MatrixXd::Zero(net_.parameters(), kSlices);
  std::array<double, kSlices> sums{};
  parallel_for(kSlices, how_, [&](std::size_t s) {
    const auto [first, count] = slice(samples(), static_cast<Index>(s));
    if (count == 0) return;
    sums[s] = add_gradient(
        theta, inputs_.middleCols(first, count), [this, start = first](Index i) { return target(start + i); },
        parts.col(static_cast<Index>(s)));
  });
  const auto n = static_cast<double>(samples());
  double sum = 0.0;
  gradient.setZero();
  for (Index s = 0; s < kSlices; ++s) {
    gradient += parts.col(s);
    sum += sums[static_cast<std::size_t>(s)];
  }
  gradient /= n;
  return sum / n;
}

double MlpLoss::gradient(const Eigen::Ref<const VectorXd>& theta, std::span<const std::size_t> batch,
                         Eigen::Ref<VectorXd> gradient) const {
  check(theta);
  if (batch.empty()) throw InputError("the mini-batch is empty");
  MatrixXd inputs(inputs_.rows(), static_cast<Index>(batch.size()));
  for (Index i = 0; i < inputs.cols(); ++i)
    inputs.col(i) = inputs_.col(static_cast<Index>(batch[static_cast<std::size_t>(i)]));
  gradient.setZero();
  const double sum = add_gradient(
      theta, inputs, [&](Index i) { return target(static_cast<Index>(batch[static_cast<std::size_t>(i)])); }, gradient);
  const auto n = static_cast<double>(batch.size());
  gradient /= n;
  return sum / n;
}

MatrixXd MlpLoss::output_gradients(const Eigen::Ref<const MatrixXd>& f, Index first) const {
  MatrixXd delta(f.rows(), f.cols());
  for (Index i = 0; i < f.cols(); ++i) loss_gradient(loss_, f.col(i), target(first + i), delta.col(i));
  return delta;
}

linalg::SymmetricOperator MlpLoss::hessian(VectorXd theta) const { return products(std::move(theta), Part::kHessian); }
linalg::SymmetricOperator MlpLoss::gauss_newton(VectorXd theta) const {
  return products(std::move(theta), Part::kGaussNewton);
}
linalg::SymmetricOperator MlpLoss::residual(VectorXd theta) const {
  return products(std::move(theta), Part::kResidual);
}

linalg::SymmetricOperator MlpLoss::products(VectorXd theta, Part part) const {
  check(theta);
  return {net_.parameters(),
          [this, theta = std::move(theta), part](const Eigen::Ref<const MatrixXd>& x, const Eigen::Ref<MatrixXd>& y) {
            multiply(theta, part, x, y);
          }};
}

void MlpLoss::multiply(const VectorXd& theta, Part part, const Eigen::Ref<const MatrixXd>& x,
                       Eigen::Ref<MatrixXd> y) const {
  const Index groups = (x.cols() + kProbes - 1) / kProbes;
  const Index chunk = chunk_of(net_);
  const Index rows = x.rows();
  std::vector<MatrixXd> parts(static_cast<std::size_t>(groups * kSlices));
  parallel_for(parts.size(), how_, [&](std::size_t item) {
    const Index group = static_cast<Index>(item) / kSlices;
    const Index begin = group * kProbes;
    const Index width = std::min(kProbes, x.cols() - begin);
    const auto [first, count] = slice(samples(), static_cast<Index>(item) % kSlices);
    parts[item] = MatrixXd::Zero(rows, width);
    for (Index i = 0; i < count; i += chunk)
      add_products(theta, part, first + i, std::min(chunk, count - i), x.middleCols(begin, width), parts[item]);
  });
  for (Index group = 0; group < groups; ++group) {
    auto out = y.middleCols(group * kProbes, std::min(kProbes, x.cols() - group * kProbes));
    out = parts[static_cast<std::size_t>(group * kSlices)];
    for (Index s = 1; s < kSlices; ++s) out += parts[static_cast<std::size_t>(group * kSlices + s)];
    out /= static_cast<double>(samples());
  }
}

void MlpLoss::add_products(const VectorXd& theta, Part part, Index first, Index count,
                           const Eigen::Ref<const MatrixXd>& v, Eigen::Ref<MatrixXd> y) const {
  const auto& layers = net_.layers();
  const std::size_t depth = layers.size();
  const Index k = v.cols();
  const auto inputs = inputs_.middleCols(first, count);
  const auto a = dense::forward(net_, theta, inputs, depth);
  const auto direction = [&](Index p) { return v.col(p).data(); };

  // Forward: the derivative of every activation along each direction, directions side by side.
  std::vector<MatrixXd> ra(depth);  // of a
  std::vector<MatrixXd> rz(depth);  // of z, kept where s'' needs it
  for (std::size_t l = 0; l < depth; ++l) {
    const auto& layer = layers[l];
    MatrixXd r(layer.out, count * k);
    if (l > 0) linalg::multiply_into(r, 1.0, weights(theta.data(), layer), Op::kAdjoint, ra[l - 1], Op::kNone, 0.0);
    for (Index p = 0; p < k; ++p) {
      auto block = r.middleCols(p * count, count);
      if (l == 0)
        linalg::multiply_into(block, 1.0, weights(direction(p), layer), Op::kAdjoint, inputs, Op::kNone, 0.0);
      else
        linalg::multiply_into(block, 1.0, weights(direction(p), layer), Op::kAdjoint, a[l - 1], Op::kNone, 1.0);
      if (layer.bias >= 0) block.colwise() += v.col(p).segment(layer.bias, layer.out);
    }
    if (l + 1 < depth) {
      if (net_.activation() == Activation::kTanh) rz[l] = r;
      for (Index p = 0; p < k; ++p) dense::times_slope(net_.activation(), a[l], r.middleCols(p * count, count));
    }
    ra[l] = std::move(r);
  }

  const bool curved = part != Part::kGaussNewton;  // whether terms with the second derivative of f take part
  MatrixXd delta;
  if (curved) delta = output_gradients(a.back(), first);
  MatrixXd rdelta(a.back().rows(), count * k);
  if (part == Part::kResidual)
    rdelta.setZero();
  else
    for (Index p = 0; p < k; ++p)
      for (Index i = 0; i < count; ++i)
        loss_curvature(loss_, a.back().col(i), ra.back().col(p * count + i), rdelta.col(p * count + i));

  for (std::size_t l = depth; l-- > 0;) {
    const auto& layer = layers[l];
    for (Index p = 0; p < k; ++p) {
      auto g = weights(y.col(p).data(), layer);
      const auto block = rdelta.middleCols(p * count, count);
      if (l == 0)
        linalg::multiply_into(g, 1.0, inputs, Op::kNone, block, Op::kAdjoint, 1.0);
      else
        linalg::multiply_into(g, 1.0, a[l - 1], Op::kNone, block, Op::kAdjoint, 1.0);
      if (curved && l > 0)
        linalg::multiply_into(g, 1.0, ra[l - 1].middleCols(p * count, count), Op::kNone, delta, Op::kAdjoint, 1.0);
      if (layer.bias >= 0) y.col(p).segment(layer.bias, layer.out) += block.rowwise().sum();
    }
    if (l == 0) break;
    MatrixXd before(layer.in, count * k);
    linalg::multiply_into(before, 1.0, weights(theta.data(), layer), Op::kNone, rdelta, Op::kNone, 0.0);
    if (curved)
      for (Index p = 0; p < k; ++p)
        linalg::multiply_into(before.middleCols(p * count, count), 1.0, weights(direction(p), layer), Op::kNone, delta,
                              Op::kNone, 1.0);
    for (Index p = 0; p < k; ++p) dense::times_slope(net_.activation(), a[l - 1], before.middleCols(p * count, count));
    if (curved) {
      MatrixXd back(layer.in, count);
      linalg::multiply_into(back, 1.0, weights(theta.data(), layer), Op::kNone, delta, Op::kNone, 0.0);
      if (MatrixXd bend; dense::second_slope(net_.activation(), a[l - 1], bend)) {
        bend.array() *= back.array();
        for (Index p = 0; p < k; ++p)
          before.middleCols(p * count, count).array() += bend.array() * rz[l - 1].middleCols(p * count, count).array();
      }
      dense::times_slope(net_.activation(), a[l - 1], back);
      delta = std::move(back);
    }
    rdelta = std::move(before);
  }
}

MatrixXd MlpLoss::backpropagate(const Eigen::Ref<const VectorXd>& theta, const std::vector<MatrixXd>& activations,
                                const MatrixXd& output_weights, Index per) const {
  const auto& layers = net_.layers();
  MatrixXd columns(net_.parameters(), output_weights.cols());
  MatrixXd delta = output_weights;
  for (std::size_t l = layers.size(); l-- > 0;) {
    const auto& layer = layers[l];
    // activations[0] holds the inputs here
    for (Index j = 0; j < delta.cols(); ++j) {
      weights(columns.col(j).data(), layer).noalias() = activations[l].col(j / per) * delta.col(j).transpose();
      if (layer.bias >= 0) columns.col(j).segment(layer.bias, layer.out) = delta.col(j);
    }
    if (l == 0) break;
    MatrixXd before(layer.in, delta.cols());
    linalg::multiply_into(before, 1.0, weights(theta.data(), layer), Op::kNone, delta, Op::kNone, 0.0);
    for (Index j = 0; j < delta.cols(); ++j)
      dense::times_slope(net_.activation(), activations[l].col(j / per), before.col(j));
    delta = std::move(before);
  }
  return columns;
}

namespace {

/// The inputs followed by the activations of all layers.
std::vector<MatrixXd> with_inputs(const Mlp& net, const Eigen::Ref<const VectorXd>& theta,
                                  const Eigen::Ref<const MatrixXd>& inputs) {
  auto a = dense::forward(net, theta, inputs, net.layers().size());
  a.insert(a.begin(), inputs);
  return a;
}

}  // namespace

MatrixXd MlpLoss::jacobian_columns(const Eigen::Ref<const VectorXd>& theta, Index first, Index count) const {
  check(theta);
  const Index k = net_.outputs();
  const auto a = with_inputs(net_, theta, inputs_.middleCols(first, count));
  return backpropagate(theta, a, MatrixXd::Identity(k, k).replicate(1, count), k);
}

MatrixXd MlpLoss::gauss_newton_columns(const Eigen::Ref<const VectorXd>& theta, Index first, Index count) const {
  check(theta);
  const Index k = net_.outputs();
  const auto a = with_inputs(net_, theta, inputs_.middleCols(first, count));
  MatrixXd factors(k, count * k);
  for (Index i = 0; i < count; ++i) factors.middleCols(i * k, k) = curvature_factor(loss_, a.back().col(i));
  factors /= std::sqrt(static_cast<double>(samples()));
  return backpropagate(theta, a, factors, k);
}

MatrixXd MlpLoss::gauss_newton_matrix(const Eigen::Ref<const VectorXd>& theta) const {
  MatrixXd g = MatrixXd::Zero(net_.parameters(), net_.parameters());
  const Index chunk = std::max<Index>(1, 2048 / net_.outputs());
  for (Index first = 0; first < samples(); first += chunk)
    linalg::self_product_into(g, 1.0, gauss_newton_columns(theta, first, std::min(chunk, samples() - first)), Op::kNone,
                              1.0);
  return g;
}

MatrixXd MlpLoss::sample_gradients(const Eigen::Ref<const VectorXd>& theta) const {
  check(theta);
  const auto a = with_inputs(net_, theta, inputs_);
  return backpropagate(theta, a, output_gradients(a.back(), 0), 1);
}

}  // namespace offprint::nn
