// The injection modulus res_N(z) = min over g of ||(K - z) g|| / ||g||, at points, on grids and adaptively.
#pragma once

#include <complex>
#include <span>
#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/compression.hpp"

namespace offprint::koopman {

/// A rectangular grid of the complex plane: columns x columns by rows of points, both ends included, row by row from
/// im_min upwards (index = row * columns + column).
struct Grid {
  double re_min = -1.5;
  double re_max = 1.5;
  double im_min = -1.5;
  double im_max = 1.5;
  std::size_t columns = 0;
  std::size_t rows = 0;

  [[nodiscard]] std::size_t size() const { return columns * rows; }
  [[nodiscard]] Complex point(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::vector<Complex> points() const;
};

/// The grid of the given spacing on [re_min, re_max] x [im_min, im_max] (which are rounded to a whole number of steps,
/// the lower ends kept). Default spacing 0.05 on [-1.5, 1.5]^2, as in Algorithm 2. Throws InputError when the spacing
/// or a side is not positive, or when more than 10^8 points would result.
[[nodiscard]] Grid make_grid(double spacing = 0.05, double re_min = -1.5, double re_max = 1.5, double im_min = -1.5,
                             double im_max = 1.5);

/// res_N of one compression. Real data: only Im z >= 0 is computed, since res_N(conj z) = res_N(z).
///
/// Each value is the smallest singular value of the stack [A_q - zI; S]: Cholesky of the squared form gives the
/// minimising g by Lanczos on its inverse (warm-started from its neighbours, run until the bound of LanczosOptions
/// holds), and the value returned is ||[A_q - zI; S] g|| / ||g||, so that squaring costs no digits. Neighbours that are
/// done prove a lower bound of the smallest eigenvalue (it is |z|^2 plus a concave function, and its root 1-Lipschitz);
/// the form is shifted by it, so that Lanczos takes a few steps. Where the squared form is within 1e-8 of singular, a
/// triangular QR of the stack takes its place, and where that is singular too, its SVD. N^3/6 complex multiply-adds and
/// about six pairs of triangular solves a point. Points are worked on in fixed runs of 16, so that results do not
/// depend, in any bit, on the number of threads; lists in which neighbours are near are quickest.
template <class Scalar>
class Pseudospectrum {
 public:
  explicit Pseudospectrum(const Compression<Scalar>& compression);

  struct Minimiser {
    double residual = 0;
    Vector<Complex> g;  ///< unit norm, orthonormal basis; Compression::to_raw maps it to the dictionary
  };

  /// res_N at each point. Throws InputError for a NaN or infinite point, Interrupted when cancelled.
  [[nodiscard]] std::vector<double> residuals(std::span<const Complex> points, const Parallel& how = {}) const;
  /// The same with the minimising g of each point (Algorithm 2's pseudoeigenfunctions).
  [[nodiscard]] std::vector<Minimiser> minimisers(std::span<const Complex> points, const Parallel& how = {}) const;

  [[nodiscard]] Eigen::Index size() const { return a_.rows(); }

 private:
  struct Worker;
  void run(std::span<const Complex> points, const Parallel& how, std::span<double> residuals,
           std::span<Vector<Complex>> vectors) const;

  Matrix<Scalar> a_;
  Matrix<Scalar> s_;        // upper triangular
  Matrix<Scalar> l_;        // L_q
  Matrix<Scalar> real_;     // A + A*
  Matrix<Scalar> imag_;     // i (A* - A); for real data A^T - A, the i being put in when H is formed
  Vector<Complex> random_;  // unit norm, part of every start vector
  double scale_ = 1;        // largest eigenvalue of L_q
};

/// Which points of a grid have res_N < epsilon, without computing all of them: res_N is 1-Lipschitz, so a block whose
/// centre's value is farther from epsilon than the block's radius is settled at once (quadtree). The same membership as
/// evaluating every point.
struct LevelSet {
  std::vector<char> inside;      ///< 1 where res_N < epsilon, grid order
  std::vector<double> residual;  ///< the value where it was computed, NaN elsewhere
  std::size_t evaluated = 0;     ///< points computed
};
template <class Scalar>
[[nodiscard]] LevelSet level_set(const Pseudospectrum<Scalar>& pseudospectrum, const Grid& grid, double epsilon,
                                 const Parallel& how = {});

extern template class Pseudospectrum<double>;
extern template class Pseudospectrum<Complex>;

}  // namespace offprint::koopman
