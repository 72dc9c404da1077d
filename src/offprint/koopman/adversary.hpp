// The adversary: area-preserving maps of the unit disc that no finite amount of data can tell apart, though their
// Koopman spectra lie sqrt(2) apart. Whatever an algorithm has read, a bump fits between its data points.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/modulus.hpp"

namespace offprint::koopman {

/// phi(r) = height exp(1 - 1/(1 - u^2)), u = (r - centre)/width for |u| < 1, and exactly 0 elsewhere: smooth, with its
/// maximum `height` at the centre. The default is no bump.
struct Bump {
  double height = 0.0;
  double centre = 0.5;
  double width = 0.1;

  [[nodiscard]] double operator()(double r) const;
  [[nodiscard]] double slope(double r) const;
  /// max |phi'| = 2.17036 height/width (at u^2 = 1/sqrt 3).
  [[nodiscard]] double max_slope() const;
  /// Share of the unit disc's area in the annulus |r - centre| < width: 4 centre width (for width <= centre and
  /// centre + width <= 1).
  [[nodiscard]] double area() const;
  /// (1 - area)^n: the chance that n uniformly random points of the disc all miss the annulus, and that any randomised
  /// algorithm which reads n points is fooled.
  [[nodiscard]] double miss_probability(double n) const;
  /// Lipschitz constant of F_phi on the disc: sup over r of the norm of its derivative, (a + sqrt(a^2 + 4))/2 with
  /// a = r |phi'(r)|. Scanned on 10^5 radii.
  [[nodiscard]] double map_lipschitz() const;
};

/// The bump of the given height whose annulus fills the share `fill` of the gap between two neighbouring radii, so that
/// neither is inside. Throws InputError unless 0 <= inner < outer and 0 < fill < 1.
[[nodiscard]] Bump bump_between(double inner, double outer, double height, double fill = 0.98);

/// The highest bump of this width that a Lipschitz bound on phi allows: L width/2.17036.
[[nodiscard]] double largest_height(double lipschitz, double width);

/// F_phi(r, theta) = (r, theta + pi + phi(r)) at a point of the plane: area-preserving, every circle |x| = r invariant.
[[nodiscard]] Eigen::Vector2d disc_map(const Bump& bump, const Eigen::Vector2d& x);

/// The radial points that would have to enter the annulus: index of the first radius with phi != 0, or nothing when the
/// data cannot see the bump.
[[nodiscard]] std::optional<std::size_t> first_seen(const Bump& bump, std::span<const double> radii);

/// The dictionary e^{ik theta} p_j(r), |k| <= modes, j < functions, p_j(r) = sqrt(2j+1) P_j(2 r^2 - 1) (orthonormal on
/// the disc), on a polar product grid: Gauss-Legendre nodes in s = r^2, exact in the angle. K acts on each k alone by
/// multiplication with e^{ik(pi + phi(r))}, so everything is block diagonal in k.
class DiscDictionary {
 public:
  /// Throws InputError unless 1 <= functions <= nodes and modes >= 0.
  DiscDictionary(Eigen::Index nodes, Eigen::Index functions, int modes = 8);

  [[nodiscard]] const Eigen::VectorXd& radii() const { return radii_; }      ///< ascending
  [[nodiscard]] const Eigen::VectorXd& weights() const { return weights_; }  ///< sum 1
  [[nodiscard]] int modes() const { return modes_; }

  /// The compressions of F_phi to the blocks k = 0..modes; block -k is the complex conjugate of block k.
  [[nodiscard]] std::vector<Compression<Complex>> blocks(const Bump& bump) const;

  /// What the certificate of modulus.hpp needs when phi is known to be Lipschitz: only the radius matters, so per block
  /// N = functions and sigma_min = 1, and quadrature_bound(errors, functions, |z|) gives delta_q and delta_G.
  struct LipschitzError {
    double mesh = 0;     ///< h: largest distance from a node to the edge of its cell
    double bound = 0;    ///< B = max |p_j|
    double slope = 0;    ///< B' >= max |dp_j/dr|
    EntryErrors errors;  ///< e_G = e_L = 2 B B' h (neither sees phi), e_A = h (2 B B' + modes B^2 L)
  };
  /// Throws InputError unless the Lipschitz constant of phi is positive.
  [[nodiscard]] LipschitzError lipschitz_error(double lipschitz) const;

 private:
  Eigen::Index functions_;
  int modes_;
  Eigen::VectorXd radii_;
  Eigen::VectorXd weights_;
  Eigen::MatrixXd values_;  // nodes x functions: p_j(r_m)
};

/// res_N(z) of a block-diagonal compression: the least over blocks k and -k, the latter being block k at conj(z).
/// O(points x blocks x functions^3); same bits for any number of threads.
[[nodiscard]] std::vector<double> disc_residuals(std::span<const Compression<Complex>> blocks,
                                                 std::span<const Complex> points, const Parallel& how = {});

/// Can an area-preserving involution (whose Koopman spectrum is {-1, 1}) have produced these pairs? Finitely many pairs
/// with 2n distinct points always can: such maps act n-transitively. A trajectory x, F(x), F^2(x) != x cannot, which is
/// why one-step pairs leave the question open for ever and a trajectory does not.
struct InvolutionVerdict {
  bool possible = true;
  std::string reason;  ///< one sentence, naming the pairs (1-based) when impossible
};
/// x and y: n x d, compared exactly. O(n log n). Throws InputError when the shapes differ.
[[nodiscard]] InvolutionVerdict involution_possible(const Eigen::Ref<const Eigen::MatrixXd>& x,
                                                    const Eigen::Ref<const Eigen::MatrixXd>& y);

}  // namespace offprint::koopman
