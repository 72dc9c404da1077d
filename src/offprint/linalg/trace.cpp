#include "offprint/linalg/trace.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

struct Mean {
  Estimate estimate;
  double error = std::numeric_limits<double>::quiet_NaN();
};

Mean mean_of(const std::vector<double>& values, double confidence) {
  MeanVariance all;
  for (const double x : values) all.add(x);
  if (values.size() < 2) return {Estimate(all.mean())};
  return {all.mean_estimate(confidence), all.standard_deviation() / std::sqrt(static_cast<double>(values.size()))};
}

void check(const SymmetricOperator& a, const TraceOptions& options) {
  if (a.size < 1) throw InputError("trace: the operator has size 0");
  if (options.block < 1) throw InputError(fmt::format("trace: blocks of {} vectors; give at least 1", options.block));
}

void apply_finite(const SymmetricOperator& a, const Eigen::Ref<const MatrixXd>& x, const Eigen::Ref<MatrixXd>& y) {
  a.apply(x, y);
  if (!y.allFinite()) throw Error("trace: a product is not finite; look for NaN or overflow in the operator");
}

// y = A x by blocks of the options' size.
void apply_blocks(const SymmetricOperator& a, const MatrixXd& x, MatrixXd& y, Index wanted) {
  const Index block = probe_block(a.size, wanted);
  y.resize(x.rows(), x.cols());
  for (Index j = 0; j < x.cols(); j += block) {
    const Index k = std::min(block, x.cols() - j);
    apply_finite(a, x.middleCols(j, k), y.middleCols(j, k));
  }
}

}  // namespace

HutchinsonEstimate hutchinson(const SymmetricOperator& a, const StreamSource& streams, Index samples,
                              const TraceOptions& options) {
  check(a, options);
  if (samples < 1) throw InputError(fmt::format("Hutchinson: {} probes; give at least 1", samples));
  std::vector<double> traces;
  std::vector<double> squares;
  const Index block = probe_block(a.size, options.block);
  for (Index first = 0; first < samples; first += block) {
    MatrixXd z(a.size, std::min(block, samples - first));
    MatrixXd az(z.rows(), z.cols());
    fill_probes(streams, static_cast<std::uint64_t>(first), options.probe, z);
    apply_finite(a, z, az);
    for (Index j = 0; j < z.cols(); ++j) {
      traces.push_back(z.col(j).dot(az.col(j)));
      squares.push_back(az.col(j).squaredNorm());
    }
  }
  const auto trace = mean_of(traces, options.confidence);
  const auto square = mean_of(squares, options.confidence);
  return {{trace.estimate, trace.error, samples}, square.estimate, square.error};
}

TraceEstimate hutch_plus_plus(const SymmetricOperator& a, const StreamSource& streams, Index budget,
                              const TraceOptions& options) {
  check(a, options);
  if (budget < 3)
    throw InputError(
        fmt::format("Hutch++: a budget of {} products; it needs 3 at least (a third each for the range, "
                    "its trace and the rest)",
                    budget));
  const Index k = std::min(budget / 3, a.size);
  MatrixXd probes(a.size, k);
  MatrixXd products;
  fill_probes(streams, 0, options.probe, probes);
  apply_blocks(a, probes, products, options.block);
  const MatrixXd q = thin_qr(products).q;
  apply_blocks(a, q, products, options.block);
  const double within = q.cwiseProduct(products).sum();

  fill_probes(streams, static_cast<std::uint64_t>(k), options.probe, probes);
  for (int pass = 0; pass < 2; ++pass) probes -= multiply(q, multiply(q, probes, Op::kAdjoint));
  apply_blocks(a, probes, products, options.block);
  std::vector<double> rest;
  for (Index j = 0; j < k; ++j) rest.push_back(probes.col(j).dot(products.col(j)));
  auto outside = mean_of(rest, options.confidence);
  outside.estimate.value += within;
  if (outside.estimate.lo) *outside.estimate.lo += within;
  if (outside.estimate.hi) *outside.estimate.hi += within;
  return {outside.estimate, outside.error, 3 * k};
}

}  // namespace offprint::linalg
