// RAGE by FFT correlation.
#include "offprint/koopman/rage.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/fft.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::koopman {
namespace {

using Eigen::Index;
constexpr double kDriftLimit = 0.25;

void check(std::span<const double> signal, const RageOptions& o) {
  const auto samples = static_cast<Index>(signal.size());
  for (std::size_t t = 0; t < signal.size(); ++t)
    if (!std::isfinite(signal[t])) throw InputError(fmt::format("the signal is not finite at sample {}", t + 1));
  if (o.delays < 1 || o.stride < 1)
    throw InputError(fmt::format("{} delays with stride {}: both must be at least 1", o.delays, o.stride));
  if (o.rows < o.delays)
    throw InputError(fmt::format("M={} rows < N={} delays: give a longer record or fewer delays", o.rows, o.delays));
  const Index needed = std::max(o.rows + o.horizon, o.rows + o.stride * (o.delays - 1));
  if (o.horizon < 0 || needed > samples)
    throw InputError(fmt::format("M={} rows, L={} and {} delays of stride {} need {} samples, the record has {}",
                                 o.rows, o.horizon, o.delays, o.stride, needed, samples));
  if (o.projections.empty()) throw InputError("RAGE needs at least one projection size");
  for (const Index n : o.projections)
    if (n < 1 || n > o.delays)
      throw InputError(fmt::format("a projection onto {} delay columns: it must lie between 1 and {}", n, o.delays));
}

}  // namespace

Rage rage(std::span<const double> signal, const RageOptions& given, const Parallel& how) {
  RageOptions o = given;
  const auto samples = static_cast<Index>(signal.size());
  if (o.rows == 0) o.rows = samples / 2;
  if (o.horizon == 0) o.horizon = std::max<Index>(samples - o.rows, 0);
  check(signal, o);

  Eigen::VectorXd s = Eigen::Map<const Eigen::VectorXd>(signal.data(), samples);
  const double mean = s.mean();
  const double removed = o.removed_mean.value_or(mean);
  s.array() -= removed;
  const double energy = s.head(o.rows).squaredNorm();
  if (!(energy > 1e-28 * mean * mean * static_cast<double>(o.rows)))
    throw InputError(
        fmt::format("the signal is constant ({}) over its first {} samples: nothing is left after mean removal",
                    signal[0], o.rows));

  Eigen::MatrixXd px(o.rows, o.delays);
  for (Index j = 0; j < o.delays; ++j) px.col(j) = s.segment(o.stride * j, o.rows);
  const auto qr = linalg::thin_qr(px);
  const double largest = qr.r.diagonal().cwiseAbs().maxCoeff();

  Rage result;
  result.projections = o.projections;
  const double head = s.head(o.rows).mean();
  const double shift = std::abs(head + (removed - mean));
  const double variance = energy / static_cast<double>(o.rows) - head * head;
  result.drift = variance > 0.0 ? shift / std::sqrt(variance) : std::numeric_limits<double>::infinity();
  if (result.drift > kDriftLimit)
    result.warning = fmt::format(
        "the mean of the first {} samples is {:.2f} of their standard deviations from the record's: the signal drifts, "
        "and the "
        "curve shows drift as much as spectrum",
        o.rows, result.drift);

  // sum_m q(m) s(m + j) for j = 0..L: a circular correlation of length >= L + M does not wrap.
  const std::size_t length = linalg::fast_length(static_cast<std::size_t>(o.horizon + o.rows));
  const linalg::RealFft fft(length);
  std::vector<double> padded(length, 0.0);
  std::copy_n(s.data(), std::min<Index>(samples, static_cast<Index>(length)), padded.begin());
  const auto spectrum = fft.forward(padded);
  Eigen::MatrixXd share = Eigen::MatrixXd::Zero(o.horizon + 1, o.delays);  // (q_i . K^j s)^2 / ||s||^2
  std::vector<char> dropped(static_cast<std::size_t>(o.delays), 0);
  parallel_for(static_cast<std::size_t>(o.delays), how, [&](std::size_t i) {
    const auto column = static_cast<Index>(i);
    if (std::abs(qr.r(column, column)) <= o.drop_tolerance * largest) {
      dropped[i] = 1;
      return;
    }
    std::vector<double> q(length, 0.0);
    std::copy_n(qr.q.col(column).data(), o.rows, q.begin());
    auto transform = fft.forward(q);
    for (std::size_t k = 0; k < transform.size(); ++k) transform[k] = std::conj(transform[k]) * spectrum[k];
    const auto correlation = fft.inverse(transform);
    for (Index j = 0; j <= o.horizon; ++j) {
      const double c = correlation[static_cast<std::size_t>(j)];
      share(j, column) = c * c / energy;
    }
  });
  result.dropped = std::count(dropped.begin(), dropped.end(), 1);

  result.average.resize(o.horizon + 1, static_cast<Index>(o.projections.size()));
  for (std::size_t p = 0; p < o.projections.size(); ++p) {
    const Eigen::VectorXd c = share.leftCols(o.projections[p]).rowwise().sum();
    double sum = 0.0;
    for (Index j = 0; j <= o.horizon; ++j) {
      sum += std::min(c(j), 1.0);
      result.average(j, static_cast<Index>(p)) = sum / static_cast<double>(j + 1);
    }
  }
  return result;
}

}  // namespace offprint::koopman
