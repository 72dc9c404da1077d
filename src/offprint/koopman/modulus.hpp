// The a-priori quadrature certificate: with a modulus of continuity of the map, the error of G, A and L is bounded
// before any limit is taken, and a residual becomes a proof.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <Eigen/Core>

namespace offprint::koopman {

/// Bounds on every entry of the quadrature errors of G, A and L.
struct EntryErrors {
  double g = 0;
  double a = 0;
  double l = 0;
};

/// What the bound needs to know of the dictionary and of the quadrature.
struct QuadratureSetting {
  Eigen::Index functions = 0;                          ///< N (block size for a block-diagonal dictionary)
  double mass = 1;                                     ///< w(X)
  double bound = 1;                                    ///< B = max |psi|
  std::function<double(double)> dictionary_modulus{};  ///< omega_psi(h)
  double sigma_min = 1;                                ///< smallest singular value of sqrt(D) PX
};

/// Entry errors for a map that is L-Lipschitz, alpha(h) = L h, and cells of radius at most h around the nodes:
/// |dL| <= w 2 B omega(L h), |dA| <= w B (omega(L h) + omega(h)), |dG| <= w 2 B omega(h).
/// Throws InputError unless L > 0 and h > 0.
[[nodiscard]] EntryErrors lipschitz_entry_errors(const QuadratureSetting& setting, double lipschitz, double mesh);

/// delta_q bounds the change of the squared residual's numerator for a unit vector, delta_g that of its norm.
struct QuadratureBound {
  double delta_q = 0;
  double delta_g = 0;
};

/// delta_q = N (e_L + 2 |z| e_A + |z|^2 e_G) / sigma_min^2 and delta_g = N e_G / sigma_min^2. With one e for all three
/// entries this is N e (1 + |z|)^2 / sigma_min^2.
[[nodiscard]] QuadratureBound quadrature_bound(const EntryErrors& errors, Eigen::Index functions, double modulus_of_z,
                                               double sigma_min = 1);

/// The general certificate: e = the largest of the three Lipschitz entry errors in delta_q, e_G in delta_g.
[[nodiscard]] QuadratureBound lipschitz_bound(const QuadratureSetting& setting, double lipschitz, double mesh,
                                              double modulus_of_z);

/// sqrt((res^2 + delta_q) / (1 - delta_g)), or nothing when delta_g >= 1 (void).
[[nodiscard]] std::optional<double> certified_residual(double residual, const QuadratureBound& bound);

/// The number of nodes that would bring delta_q down to epsilon^2 / 4, when delta_q shrinks like the mesh (Lipschitz
/// dictionary) and the mesh like nodes^(-1/dimension). Infinite when delta_q is.
[[nodiscard]] double nodes_needed(const QuadratureBound& bound, double nodes, double epsilon, int dimension);

/// What may be claimed. The bound is the verdict; it never alters the residuals.
struct ModulusVerdict {
  bool certified = false;
  std::string text;
};

struct ModulusQuestion {
  std::optional<double> lipschitz{};       ///< --modulus lipschitz:L
  std::optional<double> mesh{};            ///< --mesh h, or known from a grid
  bool residuals_void = false;             ///< N = M (Compression::residuals_void)
  std::optional<QuadratureBound> bound{};  ///< computed once both are known
  double epsilon = 0.1;                    ///< certified when delta_q <= epsilon^2 / 4 and delta_g < 1
  double nodes = 0;
  int dimension = 1;
};

/// "certified with L = ...", or "not certified: " and the reason: residuals meaningless, no modulus given, mesh
/// unknown, or a bound too large (with delta_q and the number of nodes that would do).
[[nodiscard]] ModulusVerdict modulus_verdict(const ModulusQuestion& question);

}  // namespace offprint::koopman
