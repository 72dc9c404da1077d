#include "offprint/koopman/rational_kernel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr std::size_t kAnglesPerUnit = 16;

void check_epsilon(double epsilon) {
  if (!(epsilon > 0) || !std::isfinite(epsilon))
    throw InputError(fmt::format("the smoothing epsilon is {}: give a positive number, such as 0.1", epsilon));
}

// xi at one angle of what has the Caratheodory-type transform F(z) = sum_k p_k (lambda_k + z)/(lambda_k - z).
template <class F>
double density_at(double theta, double epsilon, const RationalKernel& kernel, const F& transform) {
  double sum = 0;
  for (std::size_t j = 0; j < kernel.order(); ++j)
    sum += (kernel.residues[j] * transform(kernel_point(kernel.poles[j], theta, epsilon))).real();
  return -sum / kTwoPi;
}

}  // namespace

RationalKernel rational_kernel(int order) {
  if (order < 1 || order > 8) throw InputError(fmt::format("the kernel order is {}: give 1 to 8", order));
  RationalKernel out;
  for (int j = 1; j <= order; ++j) out.poles.emplace_back(2.0 * j / (order + 1) - 1.0, 1.0);
  for (std::size_t j = 0; j < out.poles.size(); ++j) {
    Complex alpha = 1;
    for (std::size_t i = 0; i < out.poles.size(); ++i)
      if (i != j) alpha *= out.poles[i] / (out.poles[i] - out.poles[j]);
    out.residues.push_back(alpha);
  }
  return out;
}

Complex kernel_point(Complex pole, double theta, double epsilon) {
  return std::exp(Complex(0, 1) * (theta - epsilon * pole));
}

std::vector<double> smoothed_density(const SpectralMeasure& measure, std::span<const double> angles, double epsilon,
                                     const RationalKernel& kernel, const Parallel& how) {
  check_epsilon(epsilon);
  std::vector<Complex> lambdas;
  for (const double angle : measure.angles) lambdas.push_back(std::polar(1.0, angle));
  std::vector<double> out(angles.size());
  parallel_for((angles.size() + kAnglesPerUnit - 1) / kAnglesPerUnit, how, [&](std::size_t unit) {
    for (std::size_t i = unit * kAnglesPerUnit; i < std::min(angles.size(), (unit + 1) * kAnglesPerUnit); ++i)
      out[i] = density_at(angles[i], epsilon, kernel, [&](Complex z) {
        Complex sum = 0;
        for (std::size_t k = 0; k < lambdas.size(); ++k) sum += measure.masses[k] * (lambdas[k] + z) / (lambdas[k] - z);
        return sum;
      });
  });
  return out;
}

std::vector<double> smoothed_density_of_moments(std::span<const Complex> moments, std::span<const double> angles,
                                                double epsilon, const RationalKernel& kernel) {
  check_epsilon(epsilon);
  if (moments.empty()) throw InputError("no moments were given: at least c_0 is needed");
  std::vector<double> out;
  for (const double theta : angles)
    out.push_back(density_at(theta, epsilon, kernel, [&](Complex z) {
      Complex sum = 0;  // Horner in 1/z
      for (std::size_t n = moments.size(); n-- > 1;) sum = (sum + moments[n]) / z;
      return -(moments[0] + 2.0 * sum);
    }));
  return out;
}

template <class Scalar>
std::vector<double> resolvent_density(const Compression<Scalar>& compression, const Vector<Complex>& f,
                                      std::span<const double> angles, double epsilon, const RationalKernel& kernel,
                                      const Parallel& how) {
  check_epsilon(epsilon);
  if (f.size() != compression.size())
    throw InputError(fmt::format("a function has {} coefficients, the orthonormal dictionary {} functions", f.size(),
                                 compression.size()));
  const auto [u, t] = linalg::schur(compression.a);
  const Vector<Complex> rotated = u.adjoint() * f;
  const double mass = f.squaredNorm();
  std::vector<double> out(angles.size());
  parallel_for((angles.size() + kAnglesPerUnit - 1) / kAnglesPerUnit, how, [&, &schur_t = t](std::size_t unit) {
    Matrix<Complex> shifted = schur_t;
    Vector<Complex> x(rotated.size());
    for (std::size_t i = unit * kAnglesPerUnit; i < std::min(angles.size(), (unit + 1) * kAnglesPerUnit); ++i)
      out[i] = density_at(angles[i], epsilon, kernel, [&](Complex z) {
        shifted.diagonal().array() = schur_t.diagonal().array() - z;
        x = rotated;
        linalg::solve_triangular_in_place(shifted, linalg::Triangle::kUpper, linalg::Op::kNone, x);
        return mass + 2.0 * z * rotated.dot(x);
      });
  });
  return out;
}

Vector<Complex> generalised_eigenfunction(const MpEdmd& mpedmd, const Vector<Complex>& c, double theta, double epsilon,
                                          const RationalKernel& kernel) {
  check_epsilon(epsilon);
  if (c.size() != mpedmd.vectors.rows())
    throw InputError(fmt::format("a function has {} coefficients, the orthonormal dictionary {} functions", c.size(),
                                 mpedmd.vectors.rows()));
  Eigen::ArrayXcd weights = Eigen::ArrayXcd::Zero(c.size());
  const auto& lambda = mpedmd.values.array();
  for (std::size_t j = 0; j < kernel.order(); ++j) {
    const Complex outside = kernel_point(kernel.poles[j], theta, epsilon);
    const Complex inside = kernel_point(std::conj(kernel.poles[j]), theta, epsilon);
    weights += kernel.residues[j] * (lambda + outside) / (lambda - outside) -
               std::conj(kernel.residues[j]) * (lambda + inside) / (lambda - inside);
  }
  const Vector<Complex> coefficients = mpedmd.vectors.adjoint() * c;
  return mpedmd.raw_vectors * (-weights * coefficients.array() / (2 * kTwoPi)).matrix();
}

template std::vector<double> resolvent_density<double>(const Compression<double>&, const Vector<Complex>&,
                                                       std::span<const double>, double, const RationalKernel&,
                                                       const Parallel&);
template std::vector<double> resolvent_density<Complex>(const Compression<Complex>&, const Vector<Complex>&,
                                                        std::span<const double>, double, const RationalKernel&,
                                                        const Parallel&);

}  // namespace offprint::koopman
