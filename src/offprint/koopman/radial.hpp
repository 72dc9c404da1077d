// Radial functions of distances between rows: the inner loop of RBF dictionaries and of kernel matrices.
#pragma once

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::koopman {

/// f(r) with r = |x - c| and rate a > 0: gaussian exp(-a r^2), exponential exp(-a r) (the Laplacian kernel),
/// lorentzian 1/(1 + a r^2).
enum class RadialShape { gaussian, exponential, lorentzian };

/// out(m, j) = f(|x_m - c_j|) for the rows of x (M x d) and c (N x d). Up to 16 coordinates the distances are summed
/// directly; beyond, they come from one matrix product, with the entries that cancel (r^2 < 1e-5 of the norms) summed
/// again directly. Highway chooses the widest instructions at run time. O(M N d); rows in parallel, the same bits for
/// any number of threads. Throws InputError when the shapes do not match or the rate is not positive and finite.
void radial_matrix(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& c,
                   RadialShape shape, double rate, Eigen::Ref<Eigen::MatrixXd> out, const Parallel& how = {});

/// out(m, j) = |x_m - c_j|^2, computed as above.
void squared_distances(const Eigen::Ref<const Eigen::MatrixXd>& x, const Eigen::Ref<const Eigen::MatrixXd>& c,
                       Eigen::Ref<Eigen::MatrixXd> out, const Parallel& how = {});

/// Mean over the rows of |x_m - mean|: the length scale d of the published RBF dictionaries and kernels. Throws
/// InputError when it is 0 (all points equal), for a radial function of scale 0 is not one.
[[nodiscard]] double mean_distance(const Eigen::Ref<const Eigen::MatrixXd>& x);

}  // namespace offprint::koopman
