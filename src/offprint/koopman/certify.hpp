// Algorithm 3: the spectrum with a certificate, by local minimisation of the distance bound D(z).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/pseudospectrum.hpp"

namespace offprint::koopman {

enum class MeasurePreserving { kAuto, kYes, kNo };

/// Whether K is treated as an isometry (its approximate point spectrum then lies on the unit circle).
struct IsometryDecision {
  bool isometry = false;
  std::string warning;  ///< empty, or one sentence naming both extreme eigenvalues of L_q
};

/// `auto` = yes only for one orbit whose L_q has its eigenvalues in [0.95, 1.05]. `yes` outside that interval: warned
/// of, and refused (InputError) only for one orbit with M >= 10 N that leaves [0.5, 2].
template <class Scalar>
[[nodiscard]] IsometryDecision decide_isometry(MeasurePreserving wanted, const Compression<Scalar>& compression,
                                               bool one_orbit);

/// The eigenpair that speaks most clearly against an isometry, where res >= |1 - |lambda|| for every pair: one with
/// |1 - |lambda|| > 10 residual (and > 1e-8, which rounding does not reach), the largest |1 - |lambda|| first; nothing
/// when there is none. A slowly damped orbit is found out by it though its L_q lies within [0.95, 1.05].
[[nodiscard]] std::optional<std::size_t> isometry_contradiction(std::span<const Complex> lambdas,
                                                                std::span<const double> residuals);

struct CertifiedPoint {
  Complex z;
  double distance = 0;    ///< D(z): some approximate point spectrum lies within this of z
  double residual = 0;    ///< raw res_N(z), before the maximum with |1 - |z||
  std::size_t index = 0;  ///< of the candidate
};

struct CertifiedSpectrum {
  std::vector<CertifiedPoint> points;  ///< Gamma, in candidate order
  double error = 0;  ///< E = max D over Gamma; says nothing when Gamma is empty or short: see coverage
};

/// Algorithm 3's local minimisation over candidates z_k with raw residuals res_N(z_k): D = res_N, or
/// max(res_N, |1 - |z||) for an isometry; every z_j with D(z_j) < 1 contributes the point of least D (the first on
/// ties) in the closed disc |z_k - z_j| <= c D(z_j) (1 + 1e-9). c = 5 by default, as in the published scripts: larger c
/// keeps fewer and better points; the theory has c = 1. O(G log G) in practice (k-d tree with subtree minima). Throws
/// InputError when the sizes differ, a residual is NaN or negative, or c < 1.
[[nodiscard]] CertifiedSpectrum certify_spectrum(std::span<const Complex> candidates, std::span<const double> residuals,
                                                 bool isometry, double disc_factor = 5);

/// sup of res_N(e^{i theta}) over the arc of the unit circle that a search covered: small only where the certified set
/// cannot have missed spectrum.
struct Coverage {
  double supremum = 0;     ///< over the sampled angles
  double upper_bound = 0;  ///< over the whole arc: res_N is 1-Lipschitz, so at most half the sample spacing more
  double worst_angle = 0;  ///< radians
  double arc = 0;          ///< length covered, radians; 0: the search did not touch the circle
};

/// Coverage over the angles in [0, 2 pi) whose point of the unit circle lies in the box; sampled every `spacing`.
template <class Scalar>
[[nodiscard]] Coverage arc_coverage(const Pseudospectrum<Scalar>& pseudospectrum, const Grid& box, double spacing,
                                    const Parallel& how = {});

/// `count` points e^{i theta}, theta evenly from `first` to `last` inclusive, radians: candidates on an arc.
/// Throws InputError when count < 2.
[[nodiscard]] std::vector<Complex> circle_arc(double first, double last, std::size_t count);

extern template Coverage arc_coverage<double>(const Pseudospectrum<double>&, const Grid&, double, const Parallel&);
extern template Coverage arc_coverage<Complex>(const Pseudospectrum<Complex>&, const Grid&, double, const Parallel&);

}  // namespace offprint::koopman
