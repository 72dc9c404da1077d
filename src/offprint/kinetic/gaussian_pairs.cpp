#include "offprint/kinetic/gaussian_pairs.hpp"

#include <cmath>
#include <numbers>

#include <Eigen/Eigenvalues>
#include <Eigen/LU>

#include "offprint/core/error.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
using Eigen::Matrix2d;
using Eigen::Vector2d;

// E exp(-i xi.Y) given w, for Y = p v + r vhat.
class Conditional {
 public:
  Conditional(const Gaussian& light, const Gaussian& heavy, double eps, double p, double r, const Vector2d& xi) {
    const Matrix2d covariance_w = light.covariance + eps * eps * heavy.covariance;
    const Matrix2d cross = p * light.covariance - r * eps * heavy.covariance;
    const Matrix2d k = cross * covariance_w.inverse();
    const Matrix2d left = p * p * light.covariance + r * r * heavy.covariance - k * covariance_w * k.transpose();
    const Vector2d mean_w = light.mean - eps * heavy.mean;
    exponent_ = Complex(-0.5 * xi.dot(left * xi), -xi.dot(p * light.mean + r * heavy.mean - k * mean_w));
    slope_ = k.transpose() * xi;
  }
  [[nodiscard]] Complex operator()(const Vector2d& w) const { return std::exp(exponent_ - Complex(0, slope_.dot(w))); }

 private:
  Complex exponent_;
  Vector2d slope_;
};

}  // namespace

PairTransforms gaussian_pair_transforms(const std::vector<Gaussian>& light, const std::vector<Gaussian>& heavy,
                                        const VhsKernel& kernel, double eps,
                                        const Eigen::Ref<const Eigen::VectorXd>& xi, int radii, int angles) {
  kernel.check();
  if (xi.size() != 2) throw InputError("exact collisions of Gaussians are known here in 2 dimensions only");
  const double m = 1 + eps * eps;
  const Vector2d wave = xi;
  const double k = wave.norm();
  PairTransforms sum{0, 0};
  for (const Gaussian& l : light) {
    for (const Gaussian& h : heavy) {
      const Matrix2d covariance = l.covariance + eps * eps * h.covariance;
      const Matrix2d inverse = covariance.inverse();
      const Vector2d mean = l.mean - eps * h.mean;
      const double width = std::sqrt(Eigen::SelfAdjointEigenSolver<Matrix2d>(covariance).eigenvalues()[1]);
      const auto radial = linalg::gauss_legendre(radii, 0, mean.norm() + 9 * width);
      const Conditional light_gain(l, h, eps, eps * eps / m, eps / m, wave);
      const Conditional light_loss(l, h, eps, 1, 0, wave);
      const Conditional heavy_gain(l, h, eps, eps / m, 1 / m, wave);
      const Conditional heavy_loss(l, h, eps, 0, 1, wave);
      const double scale = l.density * h.density / (angles * std::sqrt(covariance.determinant()));
      for (Eigen::Index i = 0; i < radial.nodes.size(); ++i) {
        const double r = radial.nodes[i];
        const double light_phase = ::j0(k * r / m);
        const double heavy_phase = ::j0(eps * k * r / m);
        for (int j = 0; j < angles; ++j) {
          const double angle = 2 * std::numbers::pi * j / angles;
          const Vector2d w(r * std::cos(angle), r * std::sin(angle));
          const Vector2d off = w - mean;
          const double weight = scale * radial.weights[i] * r * kernel(r) * std::exp(-0.5 * off.dot(inverse * off));
          sum.light += weight * (light_phase * light_gain(w) - light_loss(w));
          sum.heavy += weight * (heavy_phase * heavy_gain(w) - heavy_loss(w));
        }
      }
    }
  }
  return sum;
}

}  // namespace offprint::kinetic
