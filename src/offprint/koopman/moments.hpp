// Spectral measures from one long trajectory: autocorrelation moments, filters, filtered densities and point masses
// (Algorithm 5a).
#pragma once

#include <complex>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "offprint/core/parallel.hpp"

namespace offprint::koopman {

/// phi(n/Nm): how moments are damped towards the last one. In increasing smoothness at the end points and so in order
/// of convergence where the density is smooth; fejer alone gives a nonnegative density and point masses.
enum class Filter { fejer, cosine, vandermonde, sharp_cosine, bump };

/// "fejer", "cosine", "vand" or "vandermonde", "sharp-cosine", "bump". Throws InputError otherwise.
[[nodiscard]] Filter filter_from_name(std::string_view name);

/// phi(|x|): 1 at 0, exactly 0 at 1 and beyond; the bump's limits at both ends are filled in.
[[nodiscard]] double filter_value(Filter filter, double x);

/// a_n = <g, K^n g>/(2 pi), n = 0..count, from g along one trajectory: the mean over m of g(x_m) conj(g(x_{m+n})),
/// divided by 2 pi. An eigenvalue e^{i theta} of g shows at +theta. FFT, O(M log M). Throws InputError unless
/// count < g.size(), and for non-finite values.
[[nodiscard]] std::vector<std::complex<double>> moments(std::span<const double> g, std::size_t count);
[[nodiscard]] std::vector<std::complex<double>> moments(std::span<const std::complex<double>> g, std::size_t count);

/// nu(theta) = sum_{|n| <= Nm} phi(n/Nm) a_n e^{i n theta} with a_{-n} = conj a_n, at each angle. O(Nm) per angle.
/// Throws InputError for fewer than two moments.
[[nodiscard]] std::vector<double> filtered_density(std::span<const std::complex<double>> a, Filter filter,
                                                   std::span<const double> angles, const Parallel& how = {});

/// The same at theta_k = -pi + 2 pi k/points by one FFT: O(points log points). Throws InputError unless
/// points >= 2 Nm + 1.
[[nodiscard]] std::vector<double> filtered_density_grid(std::span<const std::complex<double>> a, Filter filter,
                                                        std::size_t points);

/// Mass of the spectral measure at e^{i theta}: the Fejer density there over the Fejer kernel's peak Nm/(2 pi). Tends
/// to the mass as Nm grows; a continuous part adds O(1/Nm).
[[nodiscard]] double point_mass(std::span<const std::complex<double>> a, double theta);

/// A point mass found among the moments.
struct Atom {
  double angle = 0;        ///< in (-pi, pi]
  double mass = 0;         ///< by all moments
  double persistence = 0;  ///< mass by all moments over mass by half of them: 1 for an atom, 1/2 for smooth density
};

/// The peaks of the Fejer density that persist as point masses: local maxima on a grid of 8 Nm angles, refined, with at
/// least `threshold` of the total mass 2 pi a_0 and a persistence of at least 3/4; by decreasing mass. Two atoms nearer
/// than about 2 pi/Nm count as one; the masses' sum over 2 pi a_0 estimates the share of the point spectrum. O(Nm log
/// Nm + Nm peaks). Throws InputError for fewer than 8 moments.
[[nodiscard]] std::vector<Atom> find_atoms(std::span<const std::complex<double>> a, double threshold = 1e-4);

}  // namespace offprint::koopman
