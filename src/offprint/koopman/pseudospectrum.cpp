#include "offprint/koopman/pseudospectrum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/linalg/lanczos.hpp"

namespace offprint::koopman {
namespace {

using linalg::Op;
using linalg::Triangle;

constexpr std::size_t kRun = 16;        // points in one unit of work: long enough for warm starts to pay
constexpr double kSquaredFloor = 1e-8;  // below this times the scale, the squared form has lost the eigenvector
constexpr double kRandomPart = 0.3;     // of a warm start vector: keeps every eigenvector reachable
constexpr double kShiftGap = 1e-3;  // the shift stays this share of the bound below it, so that H - shift is definite
constexpr double kLipschitzSlack = 1e-9;  // covers the accuracy of the computed values

// M v for complex vectors: real matrices act on real and imaginary parts.
Matrix<Complex> act(const Matrix<double>& m, const Matrix<Complex>& v) {
  Matrix<Complex> out(m.rows(), v.cols());
  out.real() = linalg::multiply(m, v.real().eval());
  out.imag() = linalg::multiply(m, v.imag().eval());
  return out;
}
Matrix<Complex> act(const Matrix<Complex>& m, const Matrix<Complex>& v) { return linalg::multiply(m, v); }

}  // namespace

Complex Grid::point(std::size_t row, std::size_t column) const {
  const auto at = [](double lo, double hi, std::size_t i, std::size_t count) {
    return count < 2 ? lo : lo + (hi - lo) * (static_cast<double>(i) / static_cast<double>(count - 1));
  };
  return {at(re_min, re_max, column, columns), at(im_min, im_max, row, rows)};
}

std::vector<Complex> Grid::points() const {
  std::vector<Complex> out;
  out.reserve(size());
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out.push_back(point(r, c));
  return out;
}

Grid make_grid(double spacing, double re_min, double re_max, double im_min, double im_max) {
  if (!(spacing > 0) || !std::isfinite(spacing))
    throw InputError(fmt::format("the grid spacing is {}: give a positive number, such as 0.05", spacing));
  if (!(re_max >= re_min) || !(im_max >= im_min) || !std::isfinite(re_max - re_min) || !std::isfinite(im_max - im_min))
    throw InputError(
        fmt::format("the grid [{}, {}] x [{}, {}] is empty: each upper end must not be below the lower one", re_min,
                    re_max, im_min, im_max));
  const double columns = std::round((re_max - re_min) / spacing) + 1;
  const double rows = std::round((im_max - im_min) / spacing) + 1;
  if (columns * rows > 1e8)
    throw InputError(
        fmt::format("a grid of {:.0f} x {:.0f} points was asked for: use a larger spacing", columns, rows));
  return {re_min,
          re_min + spacing * (columns - 1),
          im_min,
          im_min + spacing * (rows - 1),
          static_cast<std::size_t>(columns),
          static_cast<std::size_t>(rows)};
}

// One run of points on one thread, with its workspace.
//
// theta(z) - |z|^2 = lambda_min(L - z A* - conj(z) A) is concave, being a minimum of functions linear in z; and
// sqrt(theta) is 1-Lipschitz. So two points that are done bound theta from below at a third one: by the chord at its
// foot on the segment between them, then by the distance to that foot. H(z) minus such a bound is still positive
// definite (Cholesky proves it anew), and its inverse iteration converges at the rate of the gap over what the bound
// leaves, instead of the gap over theta. Runs are therefore worked on by bisection: ends, middle, quarters, ...
template <class Scalar>
struct Pseudospectrum<Scalar>::Worker {
  const Pseudospectrum& self;
  linalg::Lanczos lanczos;
  Matrix<Complex> h;

  explicit Worker(const Pseudospectrum& owner) : self(owner), lanczos(owner.size()), h(owner.size(), owner.size()) {}

  // A point that is done: theta to about 1e-11 relative.
  struct Done {
    Complex z;
    double theta = 0;
  };

  static double lower_bound(const Done& a, const Done& b, Complex z) {
    const double length = std::norm(b.z - a.z);
    const double along = length > 0 ? std::clamp((std::conj(b.z - a.z) * (z - a.z)).real() / length, 0.0, 1.0) : 0.0;
    double bound = 0;
    for (const double t : {0.0, along, 1.0}) {
      const Complex foot = a.z + t * (b.z - a.z);
      const double concave = (1 - t) * (a.theta - std::norm(a.z)) + t * (b.theta - std::norm(b.z)) + std::norm(foot);
      bound = std::max(bound, std::sqrt(std::max(concave, 0.0)) - std::abs(z - foot));
    }
    return bound * bound;
  }

  // Lower triangle of L - z A* - conj(z) A + (|z|^2 - shift) I.
  void form_squared(Complex z, double shift) {
    const double x = z.real();
    const double y = z.imag();
    for (Eigen::Index j = 0; j < h.cols(); ++j) {
      for (Eigen::Index i = j; i < h.rows(); ++i) {
        if constexpr (std::is_same_v<Scalar, double>) {
          h(i, j) = Complex(self.l_(i, j) - x * self.real_(i, j), -y * self.imag_(i, j));
        } else {
          h(i, j) = self.l_(i, j) - x * self.real_(i, j) - y * self.imag_(i, j);
        }
      }
      h(j, j) += std::norm(z) - shift;
    }
  }

  // The minimising vector by the squared form; false where that form is too close to singular to be trusted.
  bool by_cholesky(Complex z, double shift, const Vector<Complex>& start, Vector<Complex>& g, double& theta) {
    form_squared(z, shift);
    if (!linalg::cholesky_lower_in_place(h)) return false;
    const auto pair = lanczos.largest(
        [this](Eigen::Ref<Vector<Complex>> v) {
          linalg::solve_triangular_in_place(h, Triangle::kLower, Op::kNone, v);
          linalg::solve_triangular_in_place(h, Triangle::kLower, Op::kAdjoint, v);
        },
        start);
    theta = shift + 1 / pair.value;
    if (!pair.converged || !(theta > kSquaredFloor * (self.scale_ + std::norm(z)))) return false;
    g = pair.vector;
    return true;
  }

  // The minimising vector by a QR of the stack, whose R has the stack's singular values.
  void by_qr(Complex z, const Vector<Complex>& start, Vector<Complex>& g) {
    Matrix<Complex> top = self.a_.template cast<Complex>();
    top.diagonal().array() -= z;
    const Matrix<Complex> r = linalg::update_qr_factor(self.s_.template cast<Complex>().eval(), top);
    const Eigen::VectorXd diagonal = r.diagonal().cwiseAbs();
    if (diagonal.minCoeff() > 1e-14 * diagonal.maxCoeff()) {
      const auto pair = lanczos.largest(
          [&r](Eigen::Ref<Vector<Complex>> v) {
            linalg::solve_triangular_in_place(r, Triangle::kUpper, Op::kAdjoint, v);
            linalg::solve_triangular_in_place(r, Triangle::kUpper, Op::kNone, v);
          },
          start);
      if (pair.converged) {
        g = pair.vector;
        return;
      }
    }
    g = linalg::svd(r).v_adjoint.bottomRows(1).adjoint();
  }

  // Points z[i] -> the minimising vectors, as columns.
  Matrix<Complex> minimise(std::span<const Complex> z, const CancelToken& cancel) {
    Matrix<Complex> g(self.size(), static_cast<Eigen::Index>(z.size()));
    std::vector<Done> done(z.size());
    const auto column = [&g](std::size_t i) { return g.col(static_cast<Eigen::Index>(i)); };
    const auto solve = [&](std::size_t i, const Vector<Complex>& start, double bound) {
      cancel.check();
      Vector<Complex> found(self.size());
      const double shift = bound * (1 - kShiftGap) - kSquaredFloor * (self.scale_ + std::norm(z[i]));
      double theta = 0;
      if ((shift > 0 && by_cholesky(z[i], shift, start, found, theta)) || by_cholesky(z[i], 0, start, found, theta)) {
        done[i] = {z[i], theta};
      } else {
        by_qr(z[i], start, found);
        done[i] = {z[i], 0};
      }
      column(i) = found;
    };

    solve(0, self.random_, 0);
    const std::size_t last = z.size() - 1;
    if (last > 0) solve(last, column(0) + kRandomPart * self.random_, lower_bound(done[0], done[0], z[last]));
    std::vector<std::pair<std::size_t, std::size_t>> stretches{{0, last}};
    for (std::size_t s = 0; s < stretches.size(); ++s) {
      const auto [from, to] = stretches[s];
      if (to - from < 2) continue;
      const std::size_t middle = from + (to - from) / 2;
      // the mean of both ends' vectors, in phase, errs by the second order of the distance
      const Complex inner = column(from).dot(column(to));
      const Complex phase = std::abs(inner) > 0 ? std::conj(inner) / std::abs(inner) : Complex(1);
      Vector<Complex> start = column(from) + phase * column(to);
      start = start / start.norm() + kRandomPart * self.random_;
      solve(middle, start, lower_bound(done[from], done[to], z[middle]));
      stretches.emplace_back(from, middle);
      stretches.emplace_back(middle, to);
    }
    return g;
  }
};

template <class Scalar>
Pseudospectrum<Scalar>::Pseudospectrum(const Compression<Scalar>& compression) : a_(compression.a) {
  if (compression.size() == 0) throw InputError("the pseudospectrum of an empty dictionary was asked for");
  s_ = linalg::qr_factor(compression.s);
  l_ = compression.l();
  real_ = a_ + a_.adjoint();
  if constexpr (std::is_same_v<Scalar, double>) {
    imag_ = a_.transpose() - a_;
  } else {
    imag_ = Complex(0, 1) * (a_.adjoint() - a_);
  }
  scale_ = compression.l_extremes().largest;
  random_.resize(size());
  Stream stream(0, "koopman pseudospectrum start");
  for (Eigen::Index i = 0; i < size(); ++i) {
    const double re = stream.normal();
    random_[i] = Complex(re, stream.normal());
  }
  random_.normalize();
}

template <class Scalar>
void Pseudospectrum<Scalar>::run(std::span<const Complex> points, const Parallel& how, std::span<double> residuals,
                                 std::span<Vector<Complex>> vectors) const {
  // Points that coincide, or mirror each other for real data, are computed once.
  constexpr bool kReal = std::is_same_v<Scalar, double>;
  std::vector<Complex> distinct;
  std::vector<std::size_t> where(points.size());
  std::map<std::pair<double, double>, std::size_t> index;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Complex z = points[i];
    if (!std::isfinite(z.real()) || !std::isfinite(z.imag()))
      throw InputError(fmt::format("point {} of the pseudospectrum is NaN or infinite", i + 1));
    const Complex folded = kReal && z.imag() < 0 ? std::conj(z) : z;
    const auto [it, fresh] = index.try_emplace({folded.real(), folded.imag()}, distinct.size());
    if (fresh) distinct.push_back(folded);
    where[i] = it->second;
  }

  std::vector<double> values(distinct.size());
  Matrix<Complex> kept;
  if (!vectors.empty()) kept.resize(size(), static_cast<Eigen::Index>(distinct.size()));
  parallel_for((distinct.size() + kRun - 1) / kRun, how, [&](std::size_t unit) {
    const std::size_t first = unit * kRun;
    const std::size_t count = std::min(kRun, distinct.size() - first);
    const std::span<const Complex> z(distinct.data() + first, count);
    Worker worker(*this);
    const Matrix<Complex> g = worker.minimise(z, how.cancel);
    Matrix<Complex> image = act(a_, g);
    for (std::size_t i = 0; i < count; ++i) {
      const auto column = static_cast<Eigen::Index>(i);
      image.col(column) -= z[i] * g.col(column);
    }
    const Matrix<Complex> rest = act(s_, g);
    for (std::size_t i = 0; i < count; ++i) {
      const auto column = static_cast<Eigen::Index>(i);
      values[first + i] = std::hypot(image.col(column).norm(), rest.col(column).norm()) / g.col(column).norm();
    }
    if (!vectors.empty()) kept.middleCols(static_cast<Eigen::Index>(first), static_cast<Eigen::Index>(count)) = g;
  });

  for (std::size_t i = 0; i < points.size(); ++i) {
    residuals[i] = values[where[i]];
    if (vectors.empty()) continue;
    vectors[i] = kept.col(static_cast<Eigen::Index>(where[i]));
    if (kReal && points[i].imag() < 0) vectors[i] = vectors[i].conjugate().eval();
  }
}

template <class Scalar>
std::vector<double> Pseudospectrum<Scalar>::residuals(std::span<const Complex> points, const Parallel& how) const {
  std::vector<double> out(points.size());
  run(points, how, out, {});
  return out;
}

template <class Scalar>
std::vector<typename Pseudospectrum<Scalar>::Minimiser> Pseudospectrum<Scalar>::minimisers(
    std::span<const Complex> points, const Parallel& how) const {
  std::vector<double> values(points.size());
  std::vector<Vector<Complex>> vectors(points.size());
  run(points, how, values, vectors);
  std::vector<Minimiser> out;
  out.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) out.push_back({values[i], std::move(vectors[i])});
  return out;
}

template <class Scalar>
LevelSet level_set(const Pseudospectrum<Scalar>& pseudospectrum, const Grid& grid, double epsilon,
                   const Parallel& how) {
  struct Block {
    std::size_t r0, r1, c0, c1;  // half open
  };
  LevelSet out;
  out.inside.assign(grid.size(), 0);
  out.residual.assign(grid.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<Block> frontier;
  if (grid.size() > 0) frontier.push_back({0, grid.rows, 0, grid.columns});
  while (!frontier.empty()) {
    std::vector<Complex> centres;  // those not computed yet
    std::vector<std::size_t> missing;
    const auto centre = [&](const Block& b) { return std::pair{b.r0 + (b.r1 - b.r0) / 2, b.c0 + (b.c1 - b.c0) / 2}; };
    for (const Block& b : frontier) {
      const auto [r, c] = centre(b);
      if (!std::isnan(out.residual[r * grid.columns + c])) continue;
      centres.push_back(grid.point(r, c));
      missing.push_back(r * grid.columns + c);
    }
    const std::vector<double> values = pseudospectrum.residuals(centres, how);
    for (std::size_t i = 0; i < missing.size(); ++i) out.residual[missing[i]] = values[i];
    out.evaluated += missing.size();

    std::vector<Block> next;
    for (const Block& b : frontier) {
      const auto [r, c] = centre(b);
      const double value = out.residual[r * grid.columns + c];
      double radius = 0;  // to the farthest point of the block
      for (const std::size_t row : {b.r0, b.r1 - 1})
        for (const std::size_t column : {b.c0, b.c1 - 1})
          radius = std::max(radius, std::abs(grid.point(row, column) - grid.point(r, c)));
      const bool single = b.r1 - b.r0 == 1 && b.c1 - b.c0 == 1;
      if (single || std::abs(value - epsilon) > radius + kLipschitzSlack) {
        for (std::size_t row = b.r0; row < b.r1; ++row)
          for (std::size_t column = b.c0; column < b.c1; ++column)
            out.inside[row * grid.columns + column] = value < epsilon ? 1 : 0;
        continue;
      }
      for (const auto& [r0, r1] : {std::pair{b.r0, r}, std::pair{r, b.r1}})
        for (const auto& [c0, c1] : {std::pair{b.c0, c}, std::pair{c, b.c1}})
          if (r0 < r1 && c0 < c1) next.push_back({r0, r1, c0, c1});
    }
    frontier = std::move(next);
  }
  return out;
}

template class Pseudospectrum<double>;
template class Pseudospectrum<Complex>;
template LevelSet level_set<double>(const Pseudospectrum<double>&, const Grid&, double, const Parallel&);
template LevelSet level_set<Complex>(const Pseudospectrum<Complex>&, const Grid&, double, const Parallel&);

}  // namespace offprint::koopman
