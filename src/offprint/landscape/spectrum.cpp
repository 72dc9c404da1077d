#include "offprint/landscape/spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/statistics.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kCoarse = 1e-2;
constexpr double kFine = 1e-3;

// A distribution function as its jumps.
struct Jump {
  double at = 0;
  double difference = 0;  // of F_quadrature - F_exact
};

}  // namespace

FormedMatrix form_matrix(const linalg::SymmetricOperator& a, const ExactOptions& options, const Parallel& how) {
  const Index n = a.size;
  if (n < 1) throw InputError("exact spectrum: the operator has size 0");
  if (n > options.limit)
    throw InputError(
        fmt::format("exact spectrum: {} unknowns are above the limit of {} (it would take {:.1f} GB and {:.0e} "
                    "operations): raise the limit, or use Lanczos quadrature",
                    n, options.limit, 16.0 * static_cast<double>(n) * static_cast<double>(n) / 1e9,
                    4.0 / 3 * std::pow(static_cast<double>(n), 3)));
  const Index block = std::clamp<Index>(options.block, 1, n);
  FormedMatrix out;
  out.matrix.resize(n, n);
  MatrixXd units = MatrixXd::Zero(n, block);
  for (Index first = 0; first < n; first += block) {
    how.cancel.check();
    const Index width = std::min(block, n - first);
    for (Index j = 0; j < width; ++j) units(first + j, j) = 1;
    a.apply(units.leftCols(width), out.matrix.middleCols(first, width));
    for (Index j = 0; j < width; ++j) units(first + j, j) = 0;
    if (!out.matrix.middleCols(first, width).allFinite())
      throw Error(
          fmt::format("exact spectrum: a product of unit vectors {} to {} is not finite", first + 1, first + width));
    if (how.done) how.done(static_cast<std::size_t>(first + width));
  }
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < j; ++i) {
      out.asymmetry = std::max(out.asymmetry, std::abs(out.matrix(i, j) - out.matrix(j, i)));
      out.matrix(i, j) = out.matrix(j, i) = 0.5 * (out.matrix(i, j) + out.matrix(j, i));
    }
  return out;
}

VectorXd descending_eigenvalues(const Eigen::Ref<const MatrixXd>& matrix) {
  return linalg::hermitian_eigenvalues(matrix).reverse();
}

ExactSpectrum exact_spectrum(const linalg::SymmetricOperator& a, const ExactOptions& options, const Parallel& how) {
  const auto formed = form_matrix(a, options, how);
  return {descending_eigenvalues(formed.matrix), formed.asymmetry};
}

MassNearZero mass_near_zero(std::span<const double> values) {
  if (values.empty()) throw InputError("mass near zero: there are no eigenvalues");
  const double largest = *std::ranges::max_element(values);
  if (!(largest > 0))
    throw InputError(fmt::format("mass near zero: the largest eigenvalue is {}, not positive", largest));
  MassNearZero out;
  for (const double x : values) {
    out.within_coarse += std::abs(x) < kCoarse * largest ? 1 : 0;
    out.within_fine += std::abs(x) < kFine * largest ? 1 : 0;
    out.below_coarse += x <= -kCoarse * largest ? 1 : 0;
    out.below_fine += x <= -kFine * largest ? 1 : 0;
  }
  const auto n = static_cast<double>(values.size());
  return {out.within_coarse / n, out.within_fine / n, out.below_coarse / n, out.below_fine / n};
}

MassNearZero mass_near_zero(const linalg::SpectralQuadrature& quadrature, double largest) {
  if (!(largest > 0))
    throw InputError(fmt::format("mass near zero: the largest eigenvalue is {}, not positive", largest));
  return {quadrature.mass_within(kCoarse * largest).value, quadrature.mass_within(kFine * largest).value,
          quadrature.mass_below(-kCoarse * largest).value, quadrature.mass_below(-kFine * largest).value};
}

double effective_rank(double trace, double frobenius_squared) {
  if (!(frobenius_squared > 0))
    throw InputError(fmt::format("effective rank: the squared norm is {}, not positive", frobenius_squared));
  return trace * trace / frobenius_squared;
}

std::vector<linalg::Sampled> segment_traces(const linalg::SymmetricOperator& a, std::span<const Segment> segments,
                                            const linalg::StreamSource& streams, Index samples) {
  const Index block = linalg::probe_block(a.size, 32);
  if (samples < 1) throw InputError(fmt::format("traces of segments: {} probes; give at least 1", samples));
  for (const auto& segment : segments)
    if (segment.offset < 0 || segment.size < 0 || segment.offset + segment.size > a.size)
      throw InputError(fmt::format("traces of segments: [{}, {}) is not within an operator of size {}", segment.offset,
                                   segment.offset + segment.size, a.size));
  std::vector<MeanVariance> sums(segments.size());
  for (Index first = 0; first < samples; first += block) {
    MatrixXd z(a.size, std::min(block, samples - first));
    MatrixXd product(z.rows(), z.cols());
    linalg::fill_probes(streams, static_cast<std::uint64_t>(first), linalg::Probe::kRademacher, z);
    a.apply(z, product);
    for (Index j = 0; j < z.cols(); ++j)
      for (std::size_t k = 0; k < segments.size(); ++k)
        sums[k].add(z.col(j)
                        .segment(segments[k].offset, segments[k].size)
                        .dot(product.col(j).segment(segments[k].offset, segments[k].size)));
  }
  std::vector<linalg::Sampled> out;
  for (const auto& sum : sums)
    out.push_back({sum.mean(), sum.standard_deviation() / std::sqrt(static_cast<double>(samples))});
  return out;
}

Index numerical_rank(std::span<const double> values, double cut) {
  double largest = 0;
  for (const double x : values) largest = std::max(largest, std::abs(x));
  return std::ranges::count_if(values, [&](double x) { return std::abs(x) > cut * largest; });
}

double cumulative_distance(std::span<const double> values, const linalg::SpectralQuadrature& quadrature, double inner) {
  if (values.empty()) throw InputError("cumulative distance: there are no eigenvalues");
  if (!(inner >= 0)) throw InputError(fmt::format("cumulative distance: a window of half-width {} around zero", inner));
  std::vector<Jump> jumps;
  jumps.reserve(values.size());
  for (const double x : values) jumps.push_back({x, -1 / static_cast<double>(values.size())});
  const auto vectors = static_cast<double>(quadrature.rules().size());
  for (const auto& rule : quadrature.rules())
    for (Index j = 0; j < rule.nodes.size(); ++j) jumps.push_back({rule.nodes[j], rule.weights[j] / vectors});
  std::ranges::sort(jumps, {}, &Jump::at);
  // The difference is constant between jumps: each stretch counts when some |t| > inner lies in it.
  double difference = 0;
  double most = 0;
  for (std::size_t k = 0; k < jumps.size(); ++k) {
    difference += jumps[k].difference;
    const bool last = k + 1 == jumps.size();
    if (!last && jumps[k + 1].at == jumps[k].at) continue;
    const double from = jumps[k].at;
    if (from < -inner || last || jumps[k + 1].at > inner) most = std::max(most, std::abs(difference));
  }
  return most;
}

}  // namespace offprint::landscape
