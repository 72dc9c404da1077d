#include "offprint/kinetic/rayleigh_moments.hpp"

#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <utility>

#include <Eigen/Dense>
#include <boost/math/quadrature/gauss.hpp>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::kinetic {

namespace {

using Eigen::Matrix3d;
using Eigen::MatrixXd;
using Eigen::Vector3d;
using Vector6 = Eigen::Matrix<double, 6, 1>;
using Matrix6 = Eigen::Matrix<double, 6, 6>;

void require(const MaxwellShear& model) {
  if (!(model.rate > 0) || !std::isfinite(model.rate))
    throw InputError(fmt::format("the collision rate nu is {}: it must be positive and finite", model.rate));
  if (!(model.shear >= 0) || !std::isfinite(model.shear))
    throw InputError(fmt::format("the shear rate K is {}: it must be at least 0 and finite", model.shear));
}

constexpr std::array<std::pair<int, int>, 6> kEntries{{{0, 0}, {1, 1}, {2, 2}, {0, 1}, {0, 2}, {1, 2}}};

Vector6 pack(const Matrix3d& m) {
  Vector6 v;
  for (int k = 0; k < 6; ++k) {
    const auto& [i, j] = kEntries.at(static_cast<std::size_t>(k));
    v(k) = m(i, j);
  }
  return v;
}

Matrix3d unpack(const Vector6& v) {
  Matrix3d m;
  for (int k = 0; k < 6; ++k) {
    const auto& [i, j] = kEntries.at(static_cast<std::size_t>(k));
    m(i, j) = m(j, i) = v(k);
  }
  return m;
}

// d/dt m = A m + b
std::pair<Matrix6, Vector6> linear_system(const MaxwellShear& model) {
  const Vector6 b = pack(second_moment_rate(model, Matrix3d::Zero()));
  Matrix6 a;
  for (int k = 0; k < 6; ++k) a.col(k) = pack(second_moment_rate(model, unpack(Vector6::Unit(k)))) - b;
  return {a, b};
}

// Scaling and squaring of a Taylor series: the matrix is 7 x 7.
MatrixXd exponential(MatrixXd a) {
  int squarings = 0;
  while (a.lpNorm<1>() > 0.5 && squarings < 60) {
    a /= 2;
    ++squarings;
  }
  MatrixXd term = MatrixXd::Identity(a.rows(), a.cols());
  MatrixXd sum = term;
  for (int k = 1; k < 20; ++k) {
    term = term * a / k;
    sum += term;
  }
  for (int k = 0; k < squarings; ++k) sum = sum * sum;
  return sum;
}

struct Monomial {
  std::array<int, 3> power;
};

// Even in w_3 and, the degree being even, even under w -> -w.
std::vector<Monomial> monomials(int degree) {
  std::vector<Monomial> list;
  for (int k = 0; k <= degree; k += 2)
    for (int j = 0; j <= degree - k; ++j) list.push_back({{degree - k - j, j, k}});
  return list;
}

double power(double x, int n) {
  double p = 1;
  for (int i = 0; i < n; ++i) p *= x;
  return p;
}

double value(const Monomial& m, const Vector3d& w) {
  return power(w(0), m.power[0]) * power(w(1), m.power[1]) * power(w(2), m.power[2]);
}

// The collision's part: E p(w - f (omega . w) omega) - p(w), as a matrix on monomials, from its values at points.
MatrixXd collision_matrix(const MaxwellShear& model, int degree) {
  const auto basis = monomials(degree);
  const auto n = static_cast<Eigen::Index>(basis.size());
  // A polynomial of degree 2 degree in omega: midpoints in the azimuth are exact, x goes by its quantiles' density.
  using Gauss = boost::math::quadrature::gauss<double, 30>;
  std::vector<std::pair<double, double>> nodes;  // x and its weight
  const int pieces = model.angular.kind() == AngularLaw::Kind::kTable ? 64 : 1;
  for (int piece = 0; piece < pieces; ++piece) {
    for (std::size_t i = 0; i < Gauss::abscissa().size(); ++i) {
      for (const double side : {-1.0, 1.0}) {
        const double x = (piece + 0.5 + 0.5 * side * Gauss::abscissa()[i]) / pieces;
        nodes.emplace_back(x, Gauss::weights()[i] / 2 / pieces * model.angular.density(x));
      }
    }
  }
  double total = 0;
  for (const auto& node : nodes) total += node.second;
  const int azimuths = 2 * degree + 2;
  const Eigen::Index points = 3 * n;
  MatrixXd values(points, n);
  MatrixXd images(points, n);
  Stream random(1, "moment points");
  for (Eigen::Index row = 0; row < points; ++row) {
    const Vector3d w = Vector3d(random.normal(), random.normal(), random.normal()).normalized();
    const Vector3d e1 = w.unitOrthogonal();
    const Vector3d e2 = w.cross(e1);
    images.row(row).setZero();
    for (const auto& node : nodes) {
      const double x = node.first;
      for (int k = 0; k < azimuths; ++k) {
        const double phi = 2 * std::numbers::pi * (k + 0.5) / azimuths;
        const Vector3d omega = x * w + std::sqrt(std::max(0.0, 1 - x * x)) * (std::cos(phi) * e1 + std::sin(phi) * e2);
        const Vector3d after = w - model.factor * x * omega;
        for (Eigen::Index c = 0; c < n; ++c)
          images(row, c) += node.second / total / azimuths * value(basis[static_cast<std::size_t>(c)], after);
      }
    }
    for (Eigen::Index c = 0; c < n; ++c) values(row, c) = value(basis[static_cast<std::size_t>(c)], w);
  }
  return MatrixXd(values.colPivHouseholderQr().solve(images)) - MatrixXd::Identity(n, n);
}

// The shear's part: -w_2 d/dw_1 on monomials.
MatrixXd shear_matrix(int degree) {
  const auto basis = monomials(degree);
  const auto n = static_cast<Eigen::Index>(basis.size());
  MatrixXd a = MatrixXd::Zero(n, n);
  for (Eigen::Index c = 0; c < n; ++c) {
    const auto& from = basis[static_cast<std::size_t>(c)].power;
    if (from[0] == 0) continue;
    for (Eigen::Index r = 0; r < n; ++r) {
      const auto& to = basis[static_cast<std::size_t>(r)].power;
      if (to[0] == from[0] - 1 && to[1] == from[1] + 1 && to[2] == from[2]) a(r, c) = -from[0];
    }
  }
  return a;
}

double largest_real_part(const MatrixXd& a) {
  return Eigen::EigenSolver<MatrixXd>(a, false).eigenvalues().real().maxCoeff();
}

void require_degree(int degree) {
  if (degree < 2 || degree > 12 || degree % 2 != 0)
    throw InputError(fmt::format("moments of degree {}: the degree must be even, 2 to 12", degree));
}

}  // namespace

Matrix3d second_moment_rate(const MaxwellShear& model, const Matrix3d& m) {
  const double f = model.factor;
  const double x2 = model.angular.moment(2);
  const double x4 = model.angular.moment(4);
  const double y = (x2 - x4) / 2;
  Matrix3d rate =
      -2 * f * x2 * m + f * f * ((x4 - y) * (m + Matrix3d::Identity()) + y * (m.trace() + 3) * Matrix3d::Identity());
  rate *= model.rate;
  rate.row(0) -= model.shear * m.row(1);
  rate.col(0) -= model.shear * m.col(1);
  return rate;
}

std::vector<Matrix3d> second_moments(const MaxwellShear& model, const Matrix3d& start,
                                     const std::vector<double>& times) {
  require(model);
  const auto [a, b] = linear_system(model);
  MatrixXd affine = MatrixXd::Zero(7, 7);
  affine.topLeftCorner(6, 6) = a;
  affine.topRightCorner(6, 1) = b;
  std::vector<Matrix3d> out;
  Eigen::VectorXd state(7);
  state << pack(start), 1.0;
  double now = 0;
  for (const double t : times) {
    if (!(t >= now) || !std::isfinite(t))
      throw InputError(fmt::format("time {} after {}: times must ascend from 0 and be finite", t, now));
    state = exponential(affine * (t - now)) * state;
    now = t;
    out.push_back(unpack(state.head<6>()));
  }
  return out;
}

Matrix3d stationary_second_moments(const MaxwellShear& model) {
  require(model);
  if (moment_growth_rate(model, 2) >= 0) {
    throw InputError(fmt::format(
        "K/nu = {:.6g} is at or above the threshold {:.9g}: the second moments grow for ever and no stationary state "
        "with finite temperature exists",
        model.shear / model.rate, moment_threshold(model, 2) / model.rate));
  }
  const auto [a, b] = linear_system(model);
  return unpack(-a.partialPivLu().solve(b));
}

double moment_growth_rate(const MaxwellShear& model, int degree) {
  require(model);
  require_degree(degree);
  return largest_real_part(model.rate * collision_matrix(model, degree) + model.shear * shear_matrix(degree));
}

double moment_threshold(const MaxwellShear& model, int degree) {
  require(model);
  require_degree(degree);
  const MatrixXd collisions = model.rate * collision_matrix(model, degree);
  const MatrixXd shear = shear_matrix(degree);
  double lo = 0;
  double hi = model.rate;
  while (largest_real_part(collisions + hi * shear) < 0) {
    lo = hi;
    hi *= 2;
    if (hi > 1e6 * model.rate) return std::numeric_limits<double>::infinity();
  }
  while (hi - lo > 1e-10 * hi) {
    const double mid = 0.5 * (lo + hi);
    (largest_real_part(collisions + mid * shear) < 0 ? lo : hi) = mid;
  }
  return 0.5 * (lo + hi);
}

}  // namespace offprint::kinetic
