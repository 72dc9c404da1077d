#include "offprint/coulomb/k_statistics.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::coulomb {

PowerSums& PowerSums::operator+=(const PowerSums& other) {
  if (centre_ != other.centre_) throw Error("power sums about different centres cannot be added");
  for (std::size_t q = 0; q < sums_.size(); ++q) sums_[q] += other.sums_[q];
  return *this;
}

PowerSums& PowerSums::operator-=(const PowerSums& other) {
  if (centre_ != other.centre_) throw Error("power sums about different centres cannot be subtracted");
  for (std::size_t q = 0; q < sums_.size(); ++q) sums_[q] -= other.sums_[q];
  return *this;
}

namespace {

// sum over distinct i, j, ... of x_i^b1 x_j^b2 ...: the last index is free, less the cases where it meets another.
long double distinct(const PowerSums& sums, std::vector<int>& powers) {
  if (powers.empty()) return 1;
  const int last = powers.back();
  powers.pop_back();
  long double total = sums.sum(static_cast<std::size_t>(last)) * distinct(sums, powers);
  for (std::size_t j = 0; j < powers.size(); ++j) {
    powers[j] += last;
    std::vector<int> merged = powers;
    total -= distinct(sums, merged);
    powers[j] -= last;
  }
  powers.push_back(last);
  return total;
}

long double factorial(int n) { return std::tgamma(static_cast<long double>(n) + 1); }

// Adds the terms of all partitions of `rest` into parts <= largest, after the parts chosen so far.
void add_partitions(const PowerSums& sums, int order, int rest, int largest, std::vector<int>& parts,
                    long double& total) {
  if (rest == 0) {
    const int m = static_cast<int>(parts.size());
    long double number = factorial(order);  // of set partitions with these sizes
    int equal = 1;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      number /= factorial(parts[i]);
      equal = i > 0 && parts[i] == parts[i - 1] ? equal + 1 : 1;
      number /= equal;
    }
    long double falling = 1;
    for (int i = 0; i < m; ++i) falling *= sums.sum(0) - i;
    std::vector<int> powers = parts;
    total += (m % 2 == 1 ? 1 : -1) * factorial(m - 1) * number * distinct(sums, powers) / falling;
    return;
  }
  for (int part = std::min(rest, largest); part >= 1; --part) {
    parts.push_back(part);
    add_partitions(sums, order, rest - part, part, parts, total);
    parts.pop_back();
  }
}

}  // namespace

std::vector<double> k_statistics(const PowerSums& sums, int order) {
  if (order < 1 || order > kMaxOrder)
    throw InputError(fmt::format("k-statistics are computed for orders 1 to {}, not {}", kMaxOrder, order));
  std::vector<double> k(static_cast<std::size_t>(order) + 1, 0.0);
  for (int q = 1; q <= order; ++q) {
    long double total = 0;
    std::vector<int> parts;
    add_partitions(sums, q, q, q, parts, total);
    k[static_cast<std::size_t>(q)] =
        sums.count() < q ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(total);
  }
  k[1] += sums.centre();
  return k;
}

std::vector<CumulantEstimate> jackknife_cumulants(std::span<const PowerSums> blocks, int order) {
  const std::size_t g = blocks.size();
  if (g < 2) throw InputError("the jackknife needs at least 2 blocks");
  PowerSums all(blocks[0].centre());
  for (const auto& block : blocks) all += block;
  const auto whole = k_statistics(all, order);
  std::vector<std::vector<double>> without;
  for (const auto& block : blocks) {
    PowerSums rest = all;
    rest -= block;
    without.push_back(k_statistics(rest, order));
  }
  std::vector<CumulantEstimate> out(whole.size());
  for (std::size_t q = 1; q < whole.size(); ++q) {
    double mean = 0;
    for (const auto& k : without) mean += k[q] / static_cast<double>(g);
    double spread = 0;
    for (const auto& k : without) spread += (k[q] - mean) * (k[q] - mean);
    out[q] = {whole[q], std::sqrt(spread * static_cast<double>(g - 1) / static_cast<double>(g))};
  }
  return out;
}

double autocorrelation_time(std::span<const double> chain) {
  const std::size_t n = chain.size();
  if (n < 10) return std::numeric_limits<double>::quiet_NaN();
  const double mean = std::accumulate(chain.begin(), chain.end(), 0.0) / static_cast<double>(n);
  const auto covariance = [&](std::size_t lag) {
    double sum = 0;
    for (std::size_t i = 0; i + lag < n; ++i) sum += (chain[i] - mean) * (chain[i + lag] - mean);
    return sum / static_cast<double>(n - lag);
  };
  const double variance = covariance(0);
  if (!(variance > 0)) return std::numeric_limits<double>::quiet_NaN();
  double tau = 1;
  for (std::size_t lag = 1; lag < n / 2; ++lag) {
    tau += 2 * covariance(lag) / variance;
    if (static_cast<double>(lag) >= 5 * tau && lag >= 5) break;
  }
  return std::max(tau, 1.0 / static_cast<double>(n));
}

double split_r_hat(std::span<const std::vector<double>> chains) {
  if (chains.empty() || chains[0].size() < 4) return std::numeric_limits<double>::quiet_NaN();
  const std::size_t half = chains[0].size() / 2;
  std::vector<PowerSums> pieces;
  for (const auto& chain : chains)
    for (const std::size_t first : {std::size_t{0}, chain.size() - half}) {
      pieces.emplace_back(chains[0][0]);
      for (std::size_t i = 0; i < half; ++i) pieces.back().add(chain[first + i]);
    }
  return r_hat(pieces);
}

double r_hat(std::span<const PowerSums> pieces) {
  if (pieces.size() < 2 || pieces[0].count() < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto m = static_cast<double>(pieces.size());
  const double n = pieces[0].count();
  std::vector<double> means;
  double within = 0;
  double mean = 0;
  for (const auto& piece : pieces) {
    const auto k = k_statistics(piece, 2);
    means.push_back(k[1]);
    within += k[2] / m;
    mean += k[1] / m;
  }
  double between = 0;
  for (const double x : means) between += (x - mean) * (x - mean) / (m - 1);
  return std::sqrt((n - 1) / n + between / within);
}

}  // namespace offprint::coulomb
