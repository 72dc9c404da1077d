// Angular laws of a collision: how the line of centres omega lies to the relative velocity.
#pragma once

#include <complex>
#include <span>
#include <string_view>
#include <vector>

namespace offprint::kinetic {

/// The law of x = |n . omega|, n the direction of the relative velocity and omega uniform around n with density
/// weighted by the cross-section: B(n . omega) d omega. All laws have total probability one; the strength is the rate.
class AngularLaw {
 public:
  /// B constant on the sphere: x uniform on [0, 1] (default, sheet's choice).
  [[nodiscard]] static AngularLaw uniform();
  /// B proportional to |n . omega|, as for hard spheres: x has density 2x.
  [[nodiscard]] static AngularLaw cosine();
  /// B given at angles between n and omega, in degrees on [0, 90], linear between them and constant beyond the ends.
  /// Throws InputError: fewer than two rows, unequal lengths, angles not ascending or outside [0, 90], a value that is
  /// negative or not finite, zero everywhere.
  [[nodiscard]] static AngularLaw table(std::span<const double> degrees, std::span<const double> cross_section);
  /// "uniform" or "cosine"; throws InputError naming both otherwise.
  [[nodiscard]] static AngularLaw named(std::string_view name);

  enum class Kind { kUniform, kCosine, kTable };
  [[nodiscard]] Kind kind() const { return kind_; }

  /// x below which a fraction u of the collisions lies, u in [0, 1]. O(1).
  [[nodiscard]] double quantile(double u) const;
  /// Density of x on [0, 1]. O(log rows).
  [[nodiscard]] double density(double x) const;
  /// E x^power, by quadrature (closed form for the named laws).
  [[nodiscard]] double moment(int power) const;
  /// E |omega_1 omega_2|^p for n = e_1 and Re p > -1: the characteristic function of ln|omega_1 omega_2| at p = ik.
  /// Closed form for the named laws, otherwise quadrature to about 1e-9.
  [[nodiscard]] std::complex<double> product_moment(std::complex<double> p) const;
  /// m = E ln|omega_1 omega_2| (-2 for the uniform law).
  [[nodiscard]] double mean_log_product() const;
  /// Var ln|omega_1 omega_2|.
  [[nodiscard]] double variance_log_product() const;

  /// x at u = i / (size - 1): what the vector engine interpolates; empty for the named laws.
  [[nodiscard]] const std::vector<double>& quantiles() const { return quantiles_; }

 private:
  explicit AngularLaw(Kind kind) : kind_(kind) {}
  [[nodiscard]] double cross_section(double x) const;

  Kind kind_;
  std::vector<double> x_{};  // cosines of the angles, ascending
  std::vector<double> b_{};
  double norm_ = 1.0;
  std::vector<double> quantiles_{};
};

/// ln Gamma(z) for complex z off the poles: Stirling's series after a shift; relative error about 1e-14.
[[nodiscard]] std::complex<double> log_gamma(std::complex<double> z);

}  // namespace offprint::kinetic
