// The training kernels keep W by columns, m padded with zero neurons to a multiple of 32: neurons lie along the vector
// lanes, so that no sum runs across them.
#include "offprint/landscape/relu_network.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/landscape/relu_network.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace offprint::landscape::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::CappedTag<double, 8>;

template <class V>
HWY_INLINE double Sum(Wide w, V v) {
  return hn::GetLane(hn::SumOfLanes(w, v));
}

// W <- W - factor x^T and z <- W next, four vectors of neurons at a time.
HWY_INLINE void StepAndLook(std::size_t m, std::size_t d, double* HWY_RESTRICT weights,
                            const double* HWY_RESTRICT factor, const double* HWY_RESTRICT x,
                            const double* HWY_RESTRICT next, double* HWY_RESTRICT z) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  for (std::size_t j = 0; j < m; j += 4 * lanes) {
    const auto c0 = hn::Load(w, factor + j);
    const auto c1 = hn::Load(w, factor + j + lanes);
    const auto c2 = hn::Load(w, factor + j + 2 * lanes);
    const auto c3 = hn::Load(w, factor + j + 3 * lanes);
    auto z0 = hn::Zero(w), z1 = hn::Zero(w), z2 = hn::Zero(w), z3 = hn::Zero(w);
    double* HWY_RESTRICT column = weights + j;
    for (std::size_t k = 0; k < d; ++k, column += m) {
      const auto here = hn::Set(w, x[k]);
      const auto there = hn::Set(w, next[k]);
      const auto w0 = hn::NegMulAdd(c0, here, hn::Load(w, column));
      const auto w1 = hn::NegMulAdd(c1, here, hn::Load(w, column + lanes));
      const auto w2 = hn::NegMulAdd(c2, here, hn::Load(w, column + 2 * lanes));
      const auto w3 = hn::NegMulAdd(c3, here, hn::Load(w, column + 3 * lanes));
      hn::Store(w0, w, column);
      hn::Store(w1, w, column + lanes);
      hn::Store(w2, w, column + 2 * lanes);
      hn::Store(w3, w, column + 3 * lanes);
      z0 = hn::MulAdd(w0, there, z0);
      z1 = hn::MulAdd(w1, there, z1);
      z2 = hn::MulAdd(w2, there, z2);
      z3 = hn::MulAdd(w3, there, z3);
    }
    hn::Store(z0, w, z + j);
    hn::Store(z1, w, z + j + lanes);
    hn::Store(z2, w, z + j + 2 * lanes);
    hn::Store(z3, w, z + j + 3 * lanes);
  }
}

// SGD with batch one over the given samples; returns how many steps were clipped. `z` and `factor` are scratch.
std::uint64_t Sgd(std::size_t m, std::size_t d, double* weights, double* HWY_RESTRICT a, const double* x,
                  const double* lengths, const double* y, const std::uint32_t* samples, std::size_t count, double eta,
                  double clip, double* HWY_RESTRICT z, double* HWY_RESTRICT factor) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  const auto zero = hn::Zero(w);
  std::uint64_t clipped = 0;
  for (std::size_t j = 0; j < m; j += lanes) hn::Store(zero, w, factor + j);
  StepAndLook(m, d, weights, factor, x + samples[0] * d, x + samples[0] * d, z);
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t i = samples[t];
    const std::size_t next = samples[t + 1 < count ? t + 1 : t];
    auto f = zero, outer = zero, inner = zero;
    for (std::size_t j = 0; j < m; j += lanes) {
      const auto value = hn::Load(w, z + j);
      const auto active = hn::Max(value, zero);
      const auto weight = hn::IfThenElseZero(hn::Gt(value, zero), hn::Load(w, a + j));
      hn::Store(active, w, z + j);
      hn::Store(weight, w, factor + j);
      f = hn::MulAdd(weight, active, f);
      outer = hn::MulAdd(active, active, outer);
      inner = hn::MulAdd(weight, weight, inner);
    }
    const double e = Sum(w, f) - y[i];
    const double size = std::abs(e) * std::sqrt(Sum(w, outer) + lengths[i] * Sum(w, inner));
    double s = eta * e;
    if (size > clip) {
      s *= clip / size;
      ++clipped;
    }
    const auto scale = hn::Set(w, s);
    for (std::size_t j = 0; j < m; j += lanes) {
      hn::Store(hn::NegMulAdd(scale, hn::Load(w, z + j), hn::Load(w, a + j)), w, a + j);
      hn::Store(hn::Mul(scale, hn::Load(w, factor + j)), w, factor + j);
    }
    StepAndLook(m, d, weights, factor, x + i * d, x + next * d, z);
  }
  return clipped;
}

}  // namespace offprint::landscape::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <hwy/aligned_allocator.h>

#include "offprint/core/error.hpp"
#include "offprint/landscape/gram.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

HWY_EXPORT(Sgd);

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kPadding = 32;  // four vectors of eight, what the kernel takes at a time

void require_fit(const ReluNetwork& network, const RowMatrix& x) {
  if (x.rows() < 1) throw InputError("there are no samples; at least one is needed");
  if (x.cols() != network.inputs())
    throw InputError(fmt::format("the samples have {} inputs but the network {}", x.cols(), network.inputs()));
  if (network.a.size() != network.neurons())
    throw InputError(
        fmt::format("the network has {} neurons but {} output weights", network.neurons(), network.a.size()));
}

// W x_i for all samples, neurons x samples.
MatrixXd products(const ReluNetwork& network, const RowMatrix& x) {
  const Eigen::Map<const MatrixXd> w(network.w.data(), network.inputs(), network.neurons());
  const Eigen::Map<const MatrixXd> points(x.data(), x.cols(), x.rows());
  return linalg::multiply(w, points, linalg::Op::kAdjoint);
}

MatrixXd unit_directions(Index count, Index dimension, Stream& random) {
  MatrixXd out(dimension, count);
  random.fill_normal({out.data(), static_cast<std::size_t>(out.size())});
  out.colwise().normalize();
  return out;
}

/// Weights, samples and scratch of one training, as the kernels want them.
class Workspace {
 public:
  Workspace(const ReluNetwork& network, const RegressionData& data)
      : m_(network.neurons()),
        padded_((m_ + kPadding - 1) / kPadding * kPadding),
        d_(network.inputs()),
        n_(data.x.rows()),
        memory_(hwy::AllocateAligned<double>(static_cast<std::size_t>(padded_ * (d_ + 3)))),
        x_(data.x.data(), d_, n_),
        y_(data.y.data(), data.y.size()),
        lengths_(data.x.rowwise().squaredNorm()) {
    if (!memory_) throw std::bad_alloc();
    std::fill_n(memory_.get(), padded_ * (d_ + 3), 0.0);
    weights().topRows(m_) = network.w;
    outer().head(m_) = network.a;
  }

  void store(ReluNetwork& network) {
    network.w = weights().topRows(m_);
    network.a = outer().head(m_);
  }

  std::uint64_t sgd(const std::vector<std::uint32_t>& samples, double eta, double clip) {
    return HWY_DYNAMIC_DISPATCH(Sgd)(static_cast<std::size_t>(padded_), static_cast<std::size_t>(d_), memory_.get(),
                                     outer().data(), x_.data(), lengths_.data(), y_.data(), samples.data(),
                                     samples.size(), eta, clip, column(1), column(2));
  }

  // One step along the mean gradient of the samples that are the columns of x.
  std::uint64_t batch_step(const Eigen::Ref<const MatrixXd>& x, const Eigen::Ref<const VectorXd>& y, double eta,
                           double clip) {
    forward(x);
    const VectorXd e = (z_.transpose() * outer() - y) / static_cast<double>(y.size());
    const VectorXd outer_gradient = z_ * e;
    for (Index i = 0; i < z_.cols(); ++i) z_.col(i) = (z_.col(i).array() > 0).select(e(i) * outer().array(), 0.0);
    gradient_.resize(padded_, d_);
    linalg::multiply_into(gradient_, 1.0, z_, linalg::Op::kNone, x, linalg::Op::kAdjoint, 0.0);
    const double norm = std::sqrt(gradient_.squaredNorm() + outer_gradient.squaredNorm());
    const bool clipped = norm > clip;
    const double s = clipped ? eta * clip / norm : eta;
    weights() -= s * gradient_;
    outer() -= s * outer_gradient;
    return clipped ? 1 : 0;
  }
  std::uint64_t full_step(double eta, double clip) { return batch_step(x_, y_, eta, clip); }
  std::uint64_t batch_step(const std::vector<std::uint32_t>& samples, double eta, double clip) {
    MatrixXd x(d_, static_cast<Index>(samples.size()));
    VectorXd y(x.cols());
    for (Index k = 0; k < x.cols(); ++k) {
      x.col(k) = x_.col(samples[static_cast<std::size_t>(k)]);
      y(k) = y_(samples[static_cast<std::size_t>(k)]);
    }
    return batch_step(x, y, eta, clip);
  }

  DescentPoint evaluate() {
    forward(x_);
    const double loss = (z_.transpose() * outer() - y_).squaredNorm() / (2 * static_cast<double>(n_));
    const VectorXd squares = outer().cwiseAbs2();
    double trace = 0;
    for (Index i = 0; i < n_; ++i)
      trace += z_.col(i).squaredNorm() + lengths_(i) * (z_.col(i).array() > 0).select(squares.array(), 0.0).sum();
    return {0, loss, trace / static_cast<double>(n_)};
  }

 private:
  [[nodiscard]] double* column(Index extra) { return memory_.get() + padded_ * (d_ + extra); }
  Eigen::Map<MatrixXd> weights() { return {memory_.get(), padded_, d_}; }
  Eigen::Map<VectorXd> outer() { return {column(0), padded_}; }
  // z = relu(W x)
  void forward(const Eigen::Ref<const MatrixXd>& x) {
    z_.resize(padded_, x.cols());
    linalg::multiply_into(z_, 1.0, weights(), linalg::Op::kNone, x, linalg::Op::kNone, 0.0);
    z_ = z_.cwiseMax(0.0);
  }

  Index m_, padded_, d_, n_;
  hwy::AlignedFreeUniquePtr<double[]> memory_;  // W by columns, then a, then two columns of scratch
  Eigen::Map<const MatrixXd> x_;                // samples are columns
  Eigen::Map<const VectorXd> y_;
  VectorXd lengths_;  // |x_i|^2
  MatrixXd z_;
  MatrixXd gradient_;
};

}  // namespace

double ReluNetwork::path_norm() const { return a.cwiseAbs().dot(w.rowwise().norm()); }

VectorXd ReluNetwork::predict(const RowMatrix& x) const {
  require_fit(*this, x);
  return products(*this, x).cwiseMax(0.0).transpose() * a;
}

double ReluNetwork::mean_squared_error(const RegressionData& data) const {
  return (predict(data.x) - data.y).squaredNorm() / static_cast<double>(data.y.size());
}

ReluNetwork normal_network(Index neurons, Index inputs, Stream random) {
  ReluNetwork out{RowMatrix(neurons, inputs), VectorXd(neurons)};
  random.fill_normal({out.a.data(), static_cast<std::size_t>(neurons)});
  random.fill_normal({out.w.data(), static_cast<std::size_t>(out.w.size())});
  out.w /= std::pow(static_cast<double>(inputs), 0.25);
  return out;
}

ReluNetwork relu_teacher(Index neurons, Index inputs, Stream random) {
  return {unit_directions(neurons, inputs, random).transpose(), VectorXd::Ones(neurons)};
}

RowMatrix sphere_points(Index samples, Index inputs, Stream random) {
  return std::sqrt(static_cast<double>(inputs)) * unit_directions(samples, inputs, random).transpose();
}

double trace(const ReluNetwork& network, const RowMatrix& x) {
  require_fit(network, x);
  const MatrixXd z = products(network, x);
  const VectorXd squares = network.a.cwiseAbs2();
  double sum = 0;
  for (Index i = 0; i < x.rows(); ++i)
    sum += z.col(i).cwiseMax(0.0).squaredNorm() +
           x.row(i).squaredNorm() * (z.col(i).array() > 0).select(squares.array(), 0.0).sum();
  return sum / static_cast<double>(x.rows());
}

MatrixXd gradient_gram(const ReluNetwork& network, const RowMatrix& x, const Parallel& how) {
  require_fit(network, x);
  const MatrixXd z = products(network, x).transpose();
  MatrixXd masked(z.rows(), z.cols());
  for (Index j = 0; j < z.cols(); ++j)
    masked.col(j) = (z.col(j).array() > 0).select(std::abs(network.a(j)), VectorXd::Zero(z.rows()).array());
  const MatrixXd points = x;
  const MatrixXd active = z.cwiseMax(0.0);
  return gram_matrix(active, how) + gram_matrix(points, how).cwiseProduct(gram_matrix(masked, how));
}

DescentReport train(ReluNetwork& network, const RegressionData& data, const DescentOptions& options, Stream random) {
  require_fit(network, data.x);
  if (data.y.size() != data.x.rows())
    throw InputError(fmt::format("there are {} targets for {} samples", data.y.size(), data.x.rows()));
  Workspace work(network, data);
  const auto n = static_cast<std::uint64_t>(data.x.rows());
  std::vector<std::uint32_t> samples;
  const auto draw = [&](std::uint64_t count) {
    samples.resize(static_cast<std::size_t>(count));
    for (auto& i : samples) i = static_cast<std::uint32_t>(random.below(n));
  };
  const auto advance = [&](std::uint64_t count) {
    if (options.batch == 1) {
      draw(count);
      return work.sgd(samples, options.learning_rate, options.clip_norm);
    }
    std::uint64_t clipped = 0;
    for (std::uint64_t t = 0; t < count; ++t) {
      if (options.batch == 0) {
        clipped += work.full_step(options.learning_rate, options.clip_norm);
      } else {
        draw(static_cast<std::uint64_t>(options.batch));
        clipped += work.batch_step(samples, options.learning_rate, options.clip_norm);
      }
    }
    return clipped;
  };
  auto report = descend(options, data.x.rows(), advance, [&] { return work.evaluate(); });
  work.store(network);
  return report;
}

}  // namespace offprint::landscape

#endif  // HWY_ONCE
