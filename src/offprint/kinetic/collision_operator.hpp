// The Boltzmann collision operator by the fast Fourier spectral method, for like and for unlike particles on one grid.
#pragma once

#include <cstddef>
#include <memory>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/kinetic/velocity_grid.hpp"
#include "offprint/kinetic/vhs_kernel.hpp"

namespace offprint::kinetic {

struct CollisionOptions {
  /// Scattering directions: in 2-D angles on the half circle (like particles; 8 is enough near isotropy, 12 to 16 where
  /// deviators matter beyond 1e-4) or, for unlike ones, on the whole circle (24; even). In 3-D polar nodes. 0: 8,
  /// 24, 6.
  int directions = 0;
  /// 3-D only: azimuths per half turn. 0: as many as polar nodes.
  int azimuths = 0;
  /// Gauss-Legendre nodes in |q|. 0: points / 2.
  int radii = 0;
  Parallel parallel{};
};

/// Q(f1, f2)(v) = int dv* B(|v - v*|) avg_sigma [ f1(v') f2(v*') - f1(v) f2(v*) ], |v - v*| <= R = 4 half_width/(3 +
/// sqrt 2) (so that periodic images do not meet), masses m1 and m2, v' = (m1 v + m2 v*)/M + (m2/M)|v - v*| sigma.
///
/// Fourier-Galerkin after Mouhot and Pareschi (2006) and Gamba, Haack, Hauck and Hu (2017): for every radius the
/// product of two translated real fields is averaged over directions and transformed once. Both translations come out
/// of ONE complex transform (real and imaginary part), directions that are mirror images in v_1 share the transforms
/// over the other axes, and lines are transformed in tiles that stay in the first-level cache. Nyquist modes are taken
/// as zero. O(directions radii N^d log N); memory O(threads N^d).
///
/// Results are the same bits for any number of threads. One evaluation at a time per object.
class CollisionOperator {
 public:
  /// Like particles. Throws InputError for a bad grid, kernel or number of directions or radii.
  CollisionOperator(const VelocityGrid& grid, const VhsKernel& kernel, const CollisionOptions& options = {});
  /// Unlike particles of masses m1 (of f1) and m2 on ONE unscaled grid, which must resolve both thermal speeds: the
  /// direct method whose cost the expansion in the mass ratio avoids.
  CollisionOperator(const VelocityGrid& grid, const VhsKernel& kernel, double m1, double m2,
                    const CollisionOptions& options = {});
  ~CollisionOperator();
  CollisionOperator(CollisionOperator&&) noexcept;
  CollisionOperator& operator=(CollisionOperator&&) noexcept;

  /// Q(f, f). Throws InputError when f has another size than the grid; Interrupted when cancelled.
  [[nodiscard]] Eigen::VectorXd operator()(const Eigen::Ref<const Eigen::VectorXd>& f);
  /// Q(f1, f2).
  [[nodiscard]] Eigen::VectorXd operator()(const Eigen::Ref<const Eigen::VectorXd>& f1,
                                           const Eigen::Ref<const Eigen::VectorXd>& f2);

  [[nodiscard]] const VelocityGrid& grid() const;
  /// Complex one-dimensional transforms of length `points` in one evaluation: what the time is compared with.
  [[nodiscard]] std::size_t line_transforms() const;
  /// Bytes an operator of these sizes would need; the constructor refuses more than half of what is free.
  [[nodiscard]] static double bytes(const VelocityGrid& grid, const CollisionOptions& options, bool like);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace offprint::kinetic
