// Kernel matrices and kernel ResDMD.
#include "offprint/koopman/kernel_resdmd.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/memory.hpp"
#include "offprint/koopman/radial.hpp"

namespace offprint::koopman {
namespace {

using Eigen::MatrixXcd;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::Op;

constexpr Index kDense = 5000;  // snapshots: three dense M x M matrices and an O(M^3) eigensolve
constexpr Index kRows = 256;

// x^n by repeated squaring: one rounding per factor, and no dependence on the C library.
MatrixXd integer_power(MatrixXd base, int n) {
  MatrixXd result = MatrixXd::Ones(base.rows(), base.cols());
  for (; n > 0; n /= 2) {
    if (n % 2 == 1) result = result.cwiseProduct(base);
    base = base.cwiseProduct(base).eval();
  }
  return result;
}

RadialShape radial_shape(Kernel::Kind kind) {
  if (kind == Kernel::Kind::gaussian) return RadialShape::gaussian;
  return kind == Kernel::Kind::lorentzian ? RadialShape::lorentzian : RadialShape::exponential;
}

struct Parts {
  MatrixXd basis;
  MatrixXd k;
  MatrixXd l;
  Kernel kernel;
  Index dropped = 0;
  Index below = 0;        // directions under the tolerance
  double rounding = 0.0;  // of a squared residual: the basis amplifies by the condition of what is kept of k(X,X)
};

// A^T B over blocks of columns of B in parallel: the large products of this file.
MatrixXd transposed_product(const MatrixXd& a, const MatrixXd& b, const Parallel& how) {
  MatrixXd out(a.cols(), b.cols());
  parallel_for(static_cast<std::size_t>((b.cols() + kRows - 1) / kRows), how, [&](std::size_t block) {
    const Index from = static_cast<Index>(block) * kRows;
    const Index width = std::min(kRows, b.cols() - from);
    linalg::multiply_into(out.middleCols(from, width), 1.0, a, Op::kAdjoint, b.middleCols(from, width), Op::kNone, 0.0);
  });
  return out;
}

// B^T M B for a symmetric or general M.
MatrixXd compress_with(const MatrixXd& basis, const MatrixXd& m, const Parallel& how) {
  return transposed_product(transposed_product(m, basis, how), basis, how);
}

Parts kernel_parts(const SnapshotPairs& pairs, const KernelOptions& options) {
  const Index m = pairs.count();
  if (m > kDense)
    throw InputError(
        fmt::format("{} snapshots: dense kernel matrices stop at {}; thin the data, or use --dictionary rbf, "
                    "which needs centres for a part of them only",
                    m, kDense));
  if (m < 2) throw InputError("kernel ResDMD needs at least 2 snapshot pairs");
  // Five M x M matrices at the eigendecomposition of G1; then fourteen N x N ones, the complex eigenvectors among them.
  const auto n_most = static_cast<std::uint64_t>(options.rank > 0      ? std::min(options.rank, m)
                                                 : options.at_most > 0 ? std::min(options.at_most, m)
                                                                       : m);
  require_memory(40 * static_cast<std::uint64_t>(m * m) + 112 * n_most * n_most,
                 fmt::format("kernel ResDMD of {} snapshots with {} functions", m, n_most));
  Parts parts;
  parts.kernel = kernel_for(options.kernel, pairs.x);
  {
    const auto eigen = linalg::hermitian_eigen(kernel_matrix(parts.kernel, pairs.x, pairs.x, options.parallel));
    const VectorXd values = eigen.values.reverse();
    Index positive = 0;
    while (positive < m && values(positive) > options.tolerance * values(0)) ++positive;
    if (options.rank > positive)
      throw InputError(
          fmt::format("--rank {} exceeds the {} directions that the kernel matrix of {} snapshots supports",
                      options.rank, positive, m));
    const Index limit = options.at_most > 0 ? std::min(options.at_most, positive) : positive;
    const Index n = options.rank > 0 ? options.rank : limit;
    parts.below = m - positive;
    parts.rounding = std::numeric_limits<double>::epsilon() * values(0) / values(n - 1);
    parts.dropped = m - n;
    parts.basis =
        eigen.vectors.rowwise().reverse().leftCols(n) * values.head(n).cwiseSqrt().cwiseInverse().asDiagonal();
  }
  // A1_ij = k(y_i, x_j), not its transpose: K* k_x = k_F(x) puts the images in the rows.
  parts.k = compress_with(parts.basis, kernel_matrix(parts.kernel, pairs.y, pairs.x, options.parallel).transpose(),
                          options.parallel)
                .transpose();
  parts.l =
      compress_with(parts.basis, kernel_matrix(parts.kernel, pairs.y, pairs.y, options.parallel), options.parallel);
  return parts;
}

}  // namespace

Kernel kernel_from_name(std::string_view name) {
  Kernel kernel;
  if (name == "gaussian") return kernel;
  if (name == "laplacian") {
    kernel.kind = Kernel::Kind::laplacian;
    return kernel;
  }
  if (name == "lorentzian") {
    kernel.kind = Kernel::Kind::lorentzian;
    return kernel;
  }
  if (name == "poly_exp2") {
    kernel.kind = Kernel::Kind::poly_exp2;
    return kernel;
  }
  if (name.rfind("poly:", 0) == 0) {
    kernel.kind = Kernel::Kind::polynomial;
    const auto digits = name.substr(5);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), kernel.degree);
    if (error == std::errc{} && end == digits.data() + digits.size() && kernel.degree >= 1 && kernel.degree <= 100)
      return kernel;
    throw InputError(fmt::format("kernel '{}': the degree after 'poly:' must be an integer from 1 to 100", name));
  }
  throw InputError(fmt::format("unknown kernel '{}'{}", name,
                               suggestion(name, {"gaussian", "laplacian", "lorentzian", "poly:2", "poly_exp2"})));
}

Kernel kernel_for(Kernel kernel, const Eigen::Ref<const MatrixXd>& x) {
  if (kernel.length > 0.0 && std::isfinite(kernel.length)) return kernel;
  if (kernel.length != 0.0) throw InputError(fmt::format("a kernel length of {}: it must be positive", kernel.length));
  if (kernel.kind == Kernel::Kind::polynomial) {
    kernel.length = x.rowwise().norm().mean();
    if (!(kernel.length > 0.0)) throw InputError("the polynomial kernel's length is 0: all states are 0");
    return kernel;
  }
  kernel.length = mean_distance(x) * (kernel.kind == Kernel::Kind::gaussian ? 0.9 : 1.0);
  return kernel;
}

MatrixXd kernel_matrix(const Kernel& kernel, const Eigen::Ref<const MatrixXd>& a, const Eigen::Ref<const MatrixXd>& b,
                       const Parallel& how) {
  if (!(kernel.length > 0.0)) throw InputError("the kernel has no length yet: kernel_for sets it from the data");
  if (a.cols() != b.cols())
    throw InputError(fmt::format("states of {} and of {} variables have no common kernel", a.cols(), b.cols()));
  MatrixXd out(a.rows(), b.rows());
  const double square = kernel.length * kernel.length;
  if (kernel.kind != Kernel::Kind::polynomial)
    radial_matrix(a, b, radial_shape(kernel.kind),
                  radial_shape(kernel.kind) == RadialShape::exponential ? 1.0 / kernel.length : 1.0 / square, out, how);
  if (kernel.kind == Kernel::Kind::polynomial || kernel.kind == Kernel::Kind::poly_exp2) {
    const bool product = kernel.kind == Kernel::Kind::poly_exp2;
    const int degree = product ? 20 : kernel.degree;
    parallel_for(static_cast<std::size_t>((a.rows() + kRows - 1) / kRows), how, [&](std::size_t block) {
      const Index from = static_cast<Index>(block) * kRows;
      const Index rows = std::min(kRows, a.rows() - from);
      MatrixXd inner = MatrixXd::Ones(rows, b.rows());
      linalg::multiply_into(inner, 1.0 / square, a.middleRows(from, rows), Op::kNone, b, Op::kAdjoint, 1.0);
      MatrixXd value = integer_power(std::move(inner), degree);
      if (product) value = value.cwiseProduct(out.middleRows(from, rows));
      out.middleRows(from, rows) = value;
    });
  }
  return out;
}

KernelCompression kernel_compression(const SnapshotPairs& pairs, const KernelOptions& options) {
  Parts parts = kernel_parts(pairs, options);
  KernelCompression out;
  const Index n = parts.k.rows();
  auto& c = out.adjoint;
  c.a = parts.k.transpose();
  // The part of K* q_l outside the span: a square root of L - K K^T, negative rounding set to 0.
  MatrixXd rest = parts.l;
  linalg::multiply_into(rest, -1.0, parts.k, Op::kNone, parts.k, Op::kAdjoint, 1.0);
  const auto eigen = linalg::hermitian_eigen((0.5 * (rest + rest.transpose())).eval());
  const MatrixXd scaled = eigen.vectors * eigen.values.cwiseMax(0.0).cwiseSqrt().asDiagonal();
  c.s = linalg::multiply(scaled, eigen.vectors, Op::kNone, Op::kAdjoint);
  c.to_raw = MatrixXd::Identity(n, n);
  c.from_raw = MatrixXd::Identity(n, n);
  c.functions = n;
  out.basis = std::move(parts.basis);
  out.kernel = parts.kernel;
  out.dropped = parts.dropped;
  return out;
}

KernelResDmd kernel_resdmd(const SnapshotPairs& pairs, const KernelOptions& options) {
  const Parts parts = kernel_parts(pairs, options);
  const Index n = parts.k.rows();
  const auto eigen = linalg::eigen_pairs(parts.k, true);
  const MatrixXcd lw = linalg::multiply(parts.l.cast<Complex>(), eigen.left);
  VectorXd residuals(n);
  for (Index j = 0; j < n; ++j) {
    const double energy = eigen.left.col(j).dot(lw.col(j)).real() / eigen.left.col(j).squaredNorm();
    residuals(j) = std::sqrt(std::max(energy - std::norm(eigen.values(j)), 0.0));
  }
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return residuals(a) < residuals(b); });
  KernelResDmd out;
  out.kernel = parts.kernel;
  out.eigenvalues = eigen.values(order);
  out.residuals = residuals(order);
  out.left = eigen.left(Eigen::all, order);
  out.right = eigen.right(Eigen::all, order);
  out.basis = parts.basis;
  out.dropped = parts.dropped;
  out.states = pairs.x;
  out.residual_floor = std::sqrt(parts.rounding);
  if (out.residual_floor > 1e-3)
    out.warnings.push_back(fmt::format(
        "kernel residuals below {:.1e} may be rounding, because the kernel matrix is nearly singular; a rougher "
        "kernel (laplacian) or fewer --functions lowers the floor",
        out.residual_floor));
  if (parts.below > 0 && options.rank == 0)
    out.warnings.push_back(
        fmt::format("{} of {} directions of the kernel matrix were below {} of the largest and left out", parts.below,
                    pairs.count(), options.tolerance));
  if (out.dropped > parts.below && options.rank == 0)
    out.warnings.push_back(fmt::format("the {} leading directions of the kernel matrix were kept, {} more carry signal",
                                       pairs.count() - out.dropped, out.dropped - parts.below));
  return out;
}

MatrixXcd KernelResDmd::eigenfunctions(const Eigen::Ref<const MatrixXd>& x, const std::vector<Index>& which,
                                       const Parallel& how) const {
  const MatrixXd values = linalg::multiply(kernel_matrix(kernel, x, states, how), basis);
  return linalg::multiply(values.cast<Complex>(), right(Eigen::all, which).eval());
}

Index knee(const Eigen::Ref<const VectorXd>& v) {
  const Index n = v.size();
  if (n < 4) return n;
  // Prefix sums of 1, i, i^2, y, iy, y^2: the squared error of the best line through any stretch in O(1).
  const auto error = [](double count, double i, double ii, double y, double iy, double yy) {
    const double spread = ii - i * i / count;
    const double cross = iy - i * y / count;
    const double rest = yy - y * y / count - (spread > 0.0 ? cross * cross / spread : 0.0);
    return std::max(rest, 0.0);
  };
  Eigen::Matrix<double, 5, Eigen::Dynamic> sums = Eigen::Matrix<double, 5, Eigen::Dynamic>::Zero(5, n + 1);
  for (Index k = 0; k < n; ++k) {
    const auto i = static_cast<double>(k);
    sums.col(k + 1) = sums.col(k) + (Eigen::Matrix<double, 5, 1>() << i, i * i, v(k), i * v(k), v(k) * v(k)).finished();
  }
  const auto between = [&](Index from, Index to) {
    const Eigen::Matrix<double, 5, 1> s = sums.col(to) - sums.col(from);
    return error(static_cast<double>(to - from), s(0), s(1), s(2), s(3), s(4));
  };
  Index best = n;
  double least = between(0, n) * (1.0 - 1e-9);  // a straight curve has no knee
  for (Index k = 2; k + 2 <= n; ++k) {
    const double total = between(0, k) + between(k, n);
    if (total < least) {
      least = total;
      best = k;
    }
  }
  return best;
}

}  // namespace offprint::koopman
