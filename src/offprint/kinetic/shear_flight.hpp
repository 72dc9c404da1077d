// The flight of a sheared particle among scatterers at rest: dw_1/dt = -w_2 (time in units of 1/K), collision rate
// C|w|^-a. Everything is in closed form through J(u) = int_0^u (1 + x^2)^(-a/2) dx.
#pragma once

#include <vector>

#include <Eigen/Core>

#include "offprint/kinetic/rayleigh_angles.hpp"

namespace offprint::kinetic {

/// J and its inverse for one exponent, 0 <= a < 3, a != 1. With u = sinh y both are smooth functions, tabulated as
/// quintic Hermite pieces: J over y up to 20 (then J = J_0 + c e^((1-a)y) to rounding), y over a variable s in which it
/// is nearly straight (a < 1: J = sinh s; a > 1: |J| = J(inf)(1 - e^(-s/J(inf)))). Relative error about 1e-14
/// throughout; O(1) per call.
class FlightLaw {
 public:
  static constexpr double kCells = 64.0;  ///< pieces per unit of y and of s
  static constexpr double kYEnd = 20.0;

  /// Throws InputError unless 0 <= a < 3 and a != 1 (the borderline between flights that end and flights that freeze).
  explicit FlightLaw(double a);

  [[nodiscard]] double exponent() const { return a_; }
  /// J(u), odd and increasing.
  [[nodiscard]] double primitive(double u) const;
  /// u with J(u) = x; +-infinity when |x| >= limit().
  [[nodiscard]] double inverse(double x) const;
  /// J(infinity) = sqrt(pi) Gamma((a-1)/2)/(2 Gamma(a/2)) for a > 1, infinite otherwise.
  [[nodiscard]] double limit() const { return limit_; }

  /// int_0^T |w - s w_2 e_1|^-a ds; T may be infinite. Needs w_2 != 0.
  [[nodiscard]] double exposure(const Eigen::Vector3d& w, double time) const;
  /// The time T at which the exposure is x: infinite when the flight has no end before that.
  [[nodiscard]] double time_of_exposure(const Eigen::Vector3d& w, double x) const;
  /// Flight probability: no collision within T is exp(-rate * exposure).
  [[nodiscard]] double survival(const Eigen::Vector3d& w, double time, double rate) const;
  /// Density of the time of the first collision.
  [[nodiscard]] double flight_density(const Eigen::Vector3d& w, double time, double rate) const;

  // For vector code: six coefficients a piece, in powers of the place within it.
  [[nodiscard]] const std::vector<double>& forward_pieces() const { return forward_; }
  [[nodiscard]] const std::vector<double>& inverse_pieces() const { return inverse_; }
  /// Where the inverse's table ends; beyond, y = ln((|J| - offset)/scale)/(1 - a).
  [[nodiscard]] double s_end() const { return s_end_; }
  /// J = offset + scale e^((1-a)y) for y > kYEnd.
  [[nodiscard]] double offset() const { return offset_; }
  [[nodiscard]] double scale() const { return scale_; }

 private:
  void tabulate_forward();
  void tabulate_inverse();
  double a_;
  double limit_;
  std::vector<double> forward_;
  std::vector<double> inverse_;
  std::vector<double> j_;           // J at the nodes of y
  std::vector<double> complement_;  // J(inf) - J there, a > 1
  double s_end_ = 0;
  double offset_ = 0;
  double scale_ = 0;
};

/// Jump probability with the background at rest: w' = w - f (omega . w) omega (f = 1 for equal masses) lies on the
/// sphere that has the segment from (1 - f) w to w as diameter. Density per unit area of that sphere, for |w'| <= |w|
/// on it. Throws InputError when w = 0.
[[nodiscard]] double jump_density(const AngularLaw& angular, const Eigen::Vector3d& from, const Eigen::Vector3d& to,
                                  double factor = 1.0);

/// Transition kernel of the skeleton chain: flight_density at T times jump_density from the velocity reached to `to`.
[[nodiscard]] double transition_density(const FlightLaw& flight, const AngularLaw& angular, double rate,
                                        const Eigen::Vector3d& from, double time, const Eigen::Vector3d& to,
                                        double factor = 1.0);

}  // namespace offprint::kinetic
