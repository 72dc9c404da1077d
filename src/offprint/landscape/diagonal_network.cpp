// The training kernels work on rows padded with zeros to a common length: no loop has a remainder.
#include "offprint/landscape/diagonal_network.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/landscape/diagonal_network.cpp"
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

// a, b <- one step along x with the factor s; prediction and squared gradient norm of the next sample.
HWY_INLINE void StepAndLook(std::size_t d, double* HWY_RESTRICT a, double* HWY_RESTRICT b, const double* HWY_RESTRICT x,
                            double s, const double* HWY_RESTRICT next, double& prediction, double& norm) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  const auto factor = hn::Set(w, s);
  auto f0 = hn::Zero(w), f1 = hn::Zero(w), p0 = hn::Zero(w), p1 = hn::Zero(w), q0 = hn::Zero(w), q1 = hn::Zero(w);
  const auto one = [&](std::size_t i, auto& f, auto& p, auto& q) HWY_ATTR {
    const auto a0 = hn::Load(w, a + i);
    const auto b0 = hn::Load(w, b + i);
    const auto t = hn::Mul(factor, hn::Load(w, x + i));
    const auto a1 = hn::NegMulAdd(t, b0, a0);
    const auto b1 = hn::NegMulAdd(t, a0, b0);
    hn::Store(a1, w, a + i);
    hn::Store(b1, w, b + i);
    const auto z = hn::Load(w, next + i);
    const auto ax = hn::Mul(a1, z);
    const auto bx = hn::Mul(b1, z);
    f = hn::MulAdd(ax, b1, f);
    p = hn::MulAdd(ax, ax, p);
    q = hn::MulAdd(bx, bx, q);
  };
  for (std::size_t i = 0; i < d; i += 2 * lanes) {
    one(i, f0, p0, q0);
    one(i + lanes, f1, p1, q1);
  }
  prediction = Sum(w, hn::Add(f0, f1));
  norm = Sum(w, hn::Add(hn::Add(p0, q0), hn::Add(p1, q1)));
}

// SGD with batch one over the given samples; returns how many steps were clipped.
std::uint64_t Sgd(std::size_t d, double* a, double* b, const double* x, std::size_t stride, const double* y,
                  const std::uint32_t* samples, std::size_t count, double eta, double clip) {
  std::uint64_t clipped = 0;
  double f = 0;
  double norm = 0;
  StepAndLook(d, a, b, x + samples[0] * stride, 0, x + samples[0] * stride, f, norm);
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t i = samples[t];
    const std::size_t next = samples[t + 1 < count ? t + 1 : t];
    const double e = f - y[i];
    const double size = std::abs(e) * std::sqrt(norm);
    double s = eta * e;
    if (size > clip) {
      s *= clip / size;
      ++clipped;
    }
    StepAndLook(d, a, b, x + i * stride, s, x + next * stride, f, norm);
  }
  return clipped;
}

HWY_INLINE double Dot(std::size_t d, const double* HWY_RESTRICT x, const double* HWY_RESTRICT y) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  auto s0 = hn::Zero(w), s1 = hn::Zero(w);
  for (std::size_t i = 0; i < d; i += 2 * lanes) {
    s0 = hn::MulAdd(hn::Load(w, x + i), hn::Load(w, y + i), s0);
    s1 = hn::MulAdd(hn::Load(w, x + i + lanes), hn::Load(w, y + i + lanes), s1);
  }
  return Sum(w, hn::Add(s0, s1));
}

// Sum of squared residuals at the coefficients beta.
double SquaredResiduals(std::size_t d, const double* beta, const double* x, std::size_t stride, const double* y,
                        std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double e = Dot(d, x + i * stride, beta) - y[i];
    sum += e * e;
  }
  return sum;
}

// Steps of a batch of `size` samples each: u = mean of e_i x_i, then a, b <- a - s b u, b - s a u. With `samples` null
// the batch is all rows in order. `beta` and `u` are scratch.
std::uint64_t BatchSteps(std::size_t d, double* HWY_RESTRICT a, double* HWY_RESTRICT b, const double* x,
                         std::size_t stride, const double* y, const std::uint32_t* samples, std::size_t size,
                         std::size_t count, double eta, double clip, double* HWY_RESTRICT beta,
                         double* HWY_RESTRICT u) {
  const Wide w;
  const std::size_t lanes = hn::Lanes(w);
  std::uint64_t clipped = 0;
  for (std::size_t t = 0; t < count; ++t) {
    for (std::size_t i = 0; i < d; i += lanes) {
      hn::Store(hn::Mul(hn::Load(w, a + i), hn::Load(w, b + i)), w, beta + i);
      hn::Store(hn::Zero(w), w, u + i);
    }
    for (std::size_t k = 0; k < size; ++k) {
      const std::size_t row = samples == nullptr ? k : samples[t * size + k];
      const double* HWY_RESTRICT xi = x + row * stride;
      const auto e = hn::Set(w, (Dot(d, xi, beta) - y[row]) / static_cast<double>(size));
      for (std::size_t i = 0; i < d; i += lanes)
        hn::Store(hn::MulAdd(e, hn::Load(w, xi + i), hn::Load(w, u + i)), w, u + i);
    }
    auto squared = hn::Zero(w);
    for (std::size_t i = 0; i < d; i += lanes) {
      const auto a0 = hn::Mul(hn::Load(w, a + i), hn::Load(w, u + i));
      const auto b0 = hn::Mul(hn::Load(w, b + i), hn::Load(w, u + i));
      squared = hn::MulAdd(a0, a0, hn::MulAdd(b0, b0, squared));
    }
    const double norm = std::sqrt(Sum(w, squared));
    double s = eta;
    if (norm > clip) {
      s *= clip / norm;
      ++clipped;
    }
    const auto factor = hn::Set(w, s);
    for (std::size_t i = 0; i < d; i += lanes) {
      const auto a0 = hn::Load(w, a + i);
      const auto b0 = hn::Load(w, b + i);
      const auto h = hn::Mul(factor, hn::Load(w, u + i));
      hn::Store(hn::NegMulAdd(h, b0, a0), w, a + i);
      hn::Store(hn::NegMulAdd(h, a0, b0), w, b + i);
    }
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

namespace offprint::landscape {
namespace {

HWY_EXPORT(Sgd);
HWY_EXPORT(SquaredResiduals);
HWY_EXPORT(BatchSteps);

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::size_t kPadding = 16;  // two vectors of eight, what the kernels take at a time

class Aligned {
 public:
  explicit Aligned(std::size_t size) : size_(size), data_(hwy::AllocateAligned<double>(size)) {
    if (!data_) throw std::bad_alloc();
    std::fill_n(data_.get(), size, 0.0);
  }
  [[nodiscard]] double* data() const { return data_.get(); }
  void copy(const double* from, std::size_t count, std::size_t at = 0) { std::copy_n(from, count, data_.get() + at); }
  [[nodiscard]] Eigen::Map<VectorXd> map(Index count) const { return {data_.get(), count}; }

 private:
  std::size_t size_;
  hwy::AlignedFreeUniquePtr<double[]> data_;
};

void require_fit(Index inputs, const RowMatrix& x) {
  if (x.rows() < 1) throw InputError("there are no samples; at least one is needed");
  if (x.cols() != inputs)
    throw InputError(fmt::format("the samples have {} inputs but the network {}", x.cols(), inputs));
}

}  // namespace

double DiagonalNetwork::balance_ratio() const {
  return (a.squaredNorm() + b.squaredNorm()) / (2 * coefficients().lpNorm<1>());
}

double DiagonalNetwork::mean_squared_error(const RegressionData& data) const {
  require_fit(inputs(), data.x);
  return (data.x * coefficients() - data.y).squaredNorm() / static_cast<double>(data.y.size());
}

DiagonalNetwork normal_network(Index inputs, Stream random) {
  DiagonalNetwork out{VectorXd(inputs), VectorXd(inputs)};
  random.fill_normal({out.a.data(), static_cast<std::size_t>(inputs)});
  random.fill_normal({out.b.data(), static_cast<std::size_t>(inputs)});
  return out;
}

DiagonalNetwork unbalanced_network(Index inputs, double variance, double ratio, Stream random) {
  if (!(ratio >= 1)) throw InputError(fmt::format("the balance ratio is {}; it is at least 1", ratio));
  const double c = ratio + std::sqrt(ratio * ratio - 1);
  DiagonalNetwork out{VectorXd(inputs), VectorXd(inputs)};
  for (Index j = 0; j < inputs; ++j) out.a(j) = random.normal(0, std::sqrt(variance));
  for (Index j = 0; j < inputs; ++j) out.b(j) = (random.below(2) == 0 ? c : -c) * out.a(j);
  return out;
}

RegressionData sparse_regression(Index samples, Index inputs, Index nonzero, Stream random) {
  RegressionData data{RowMatrix(samples, inputs), {}};
  for (Index i = 0; i < data.x.size(); ++i) data.x.data()[i] = 2 * random.uniform() - 1;
  data.y = data.x.leftCols(nonzero).rowwise().sum();
  return data;
}

double trace(const DiagonalNetwork& network, const RowMatrix& x) {
  require_fit(network.inputs(), x);
  const VectorXd q = x.cwiseAbs2().colwise().mean().transpose();
  return q.dot(network.a.cwiseAbs2() + network.b.cwiseAbs2());
}

Eigen::MatrixXd gradient_gram(const DiagonalNetwork& network, const RowMatrix& x, const Parallel& how) {
  require_fit(network.inputs(), x);
  const VectorXd scale = (network.a.cwiseAbs2() + network.b.cwiseAbs2()).cwiseSqrt();
  return gram_matrix({x.rows(), x.cols(),
                      [&](Index first, Eigen::Ref<Eigen::MatrixXd> block) {
                        block.noalias() =
                            x.middleCols(first, block.cols()) * scale.segment(first, block.cols()).asDiagonal();
                      }},
                     how);
}

DescentReport train(DiagonalNetwork& network, const RegressionData& data, const DescentOptions& options,
                    Stream random) {
  require_fit(network.inputs(), data.x);
  if (network.a.size() != network.b.size())
    throw InputError(fmt::format("the layers have {} and {} weights; they must be equally many", network.a.size(),
                                 network.b.size()));
  if (data.y.size() != data.x.rows())
    throw InputError(fmt::format("there are {} targets for {} samples", data.y.size(), data.x.rows()));
  const auto n = static_cast<std::size_t>(data.x.rows());
  const auto d = static_cast<std::size_t>(data.x.cols());
  const std::size_t padded = (d + kPadding - 1) / kPadding * kPadding;
  Aligned a(padded), b(padded), beta(padded), u(padded), x(n * padded);
  a.copy(network.a.data(), d);
  b.copy(network.b.data(), d);
  for (std::size_t i = 0; i < n; ++i) x.copy(data.x.data() + i * d, d, i * padded);
  const double* y = data.y.data();
  const VectorXd q = data.x.cwiseAbs2().colwise().mean().transpose();
  const auto size = static_cast<Index>(d);

  std::vector<std::uint32_t> samples;
  const auto advance = [&](std::uint64_t count) {
    const auto steps = static_cast<std::size_t>(count);
    const auto batch = static_cast<std::size_t>(options.batch);
    samples.resize(steps * batch);
    for (auto& i : samples) i = static_cast<std::uint32_t>(random.below(n));
    if (batch == 1)
      return HWY_DYNAMIC_DISPATCH(Sgd)(padded, a.data(), b.data(), x.data(), padded, y, samples.data(), steps,
                                       options.learning_rate, options.clip_norm);
    return HWY_DYNAMIC_DISPATCH(BatchSteps)(padded, a.data(), b.data(), x.data(), padded, y,
                                            batch == 0 ? nullptr : samples.data(), batch == 0 ? n : batch, steps,
                                            options.learning_rate, options.clip_norm, beta.data(), u.data());
  };
  const auto evaluate = [&] {
    beta.map(size) = a.map(size).cwiseProduct(b.map(size));
    const double squared = HWY_DYNAMIC_DISPATCH(SquaredResiduals)(padded, beta.data(), x.data(), padded, y, n);
    return DescentPoint{0, squared / (2 * static_cast<double>(n)),
                        q.dot(a.map(size).cwiseAbs2() + b.map(size).cwiseAbs2())};
  };
  auto report = descend(options, data.x.rows(), advance, evaluate);
  network.a = a.map(size);
  network.b = b.map(size);
  return report;
}

}  // namespace offprint::landscape

#endif  // HWY_ONCE
