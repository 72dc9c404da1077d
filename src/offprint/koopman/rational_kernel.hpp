// High-order rational kernels: spectral densities and generalised eigenfunctions with error O(epsilon^m
// log(1/epsilon)).
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/mpedmd.hpp"

namespace offprint::koopman {

/// The kernel of order m (rigged DMD): poles a_j = 2j/(m+1) - 1 + i and residues alpha with sum alpha_j a_j^k =
/// delta_k0, k = 0..m-1 (the Lagrange weights at 0, computed as products, which lose no digits).
struct RationalKernel {
  std::vector<Complex> poles;
  std::vector<Complex> residues;
  [[nodiscard]] std::size_t order() const { return poles.size(); }
};
/// Throws InputError unless 1 <= m <= 8: beyond that sum |alpha_j| amplifies the data's error more than the order
/// gains.
[[nodiscard]] RationalKernel rational_kernel(int order);

/// z_j = e^{i theta - i epsilon a_j}, outside the unit disc: |z_j| = e^epsilon.
[[nodiscard]] Complex kernel_point(Complex pole, double theta, double epsilon);

/// Smoothed density at each angle (per radian) of a measure given by atoms, as mpEDMD makes it:
/// xi(theta) = -(1/2 pi) sum_j Re(alpha_j sum_k p_k (lambda_k + z_j)/(lambda_k - z_j)). Choose epsilon at least a few
/// times the spacing of the atoms, or the atoms show. O(angles m atoms). Throws InputError unless epsilon > 0.
[[nodiscard]] std::vector<double> smoothed_density(const SpectralMeasure& measure, std::span<const double> angles,
                                                   double epsilon, const RationalKernel& kernel,
                                                   const Parallel& how = {});

/// The same of a measure given by its moments c_0 (real), c_1, c_2, ... = <g, K^n g> with c_{-n} = conj c_n:
/// xi = (1/2 pi) Re sum_j alpha_j [c_0 + 2 sum_n c_n z_j^{-n}].
[[nodiscard]] std::vector<double> smoothed_density_of_moments(std::span<const Complex> moments,
                                                              std::span<const double> angles, double epsilon,
                                                              const RationalKernel& kernel);

/// Algorithm 5(c), for isometries that need not be invertible: solves (A_q - z_j) u_j = f per pole through one Schur
/// form, xi = -(1/2 pi) sum_j Re(alpha_j [f* f + 2 z_j f* u_j]); f in the orthonormal basis. O(25 n^3) once, then O(m
/// n^2) an angle. Throws InputError unless epsilon > 0 and f has n entries.
template <class Scalar>
[[nodiscard]] std::vector<double> resolvent_density(const Compression<Scalar>& compression, const Vector<Complex>& f,
                                                    std::span<const double> angles, double epsilon,
                                                    const RationalKernel& kernel, const Parallel& how = {});

/// Generalised eigenfunction g_theta of rigged DMD, as coefficients in the raw dictionary, for g with coefficients c in
/// the orthonormal basis: -(1/4 pi) sum_j [alpha_j C(z_j) - conj(alpha_j) C(e^{i theta - i epsilon conj a_j})],
/// C(z) = V diag((lambda + z)/(lambda - z)) V* c. O(m n + n N).
[[nodiscard]] Vector<Complex> generalised_eigenfunction(const MpEdmd& mpedmd, const Vector<Complex>& c, double theta,
                                                        double epsilon, const RationalKernel& kernel);

extern template std::vector<double> resolvent_density<double>(const Compression<double>&, const Vector<Complex>&,
                                                              std::span<const double>, double, const RationalKernel&,
                                                              const Parallel&);
extern template std::vector<double> resolvent_density<Complex>(const Compression<Complex>&, const Vector<Complex>&,
                                                               std::span<const double>, double, const RationalKernel&,
                                                               const Parallel&);

}  // namespace offprint::koopman
