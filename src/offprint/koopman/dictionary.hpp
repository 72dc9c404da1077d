// Dictionaries: the observables psi_1..psi_N that the Koopman operator is compressed to. All are real-valued.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"
#include "offprint/koopman/radial.hpp"

namespace offprint::koopman {

/// N real functions of a d-dimensional state. Immutable and safe to evaluate from several threads at once.
/// (Delay dictionaries are the identity on delay-embedded trajectories: see delay_embed.)
class Dictionary {
 public:
  Dictionary(Eigen::Index dimension, bool constant) : dimension_(dimension), constant_(constant) {}
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  virtual ~Dictionary() = default;

  [[nodiscard]] Eigen::Index dimension() const { return dimension_; }
  /// N, the constant included.
  [[nodiscard]] Eigen::Index size() const { return varying() + (constant_ ? 1 : 0); }
  [[nodiscard]] bool has_constant() const { return constant_; }
  /// "monomials of degree <= 3 in 2 variables": for reports.
  [[nodiscard]] virtual std::string name() const = 0;
  /// Readable formula of function j, 0-based; the constant, when there is one, is function 0.
  [[nodiscard]] std::string function_name(Eigen::Index j) const;

  /// out(m, j) = psi_j(x_m) for the rows of x (M x d), out M x N. Rows are evaluated in fixed blocks of 256 on the
  /// threads of `how`, so any number of threads gives the same bits. Throws InputError when shapes do not match.
  void evaluate(const Eigen::Ref<const Eigen::MatrixXd>& x, Eigen::Ref<Eigen::MatrixXd> out,
                const Parallel& how = Parallel{1, {}, {}}) const;
  [[nodiscard]] Eigen::MatrixXd operator()(const Eigen::Ref<const Eigen::MatrixXd>& x, const Parallel& how = {}) const;

  /// Over the box low <= x <= high: a bound on every |psi_j| and on every Lipschitz constant (Euclidean norm). Proven,
  /// not sharp: what an a-priori certificate may build on. Throws InputError when the box has another dimension.
  struct Regularity {
    double bound = 0;
    double lipschitz = 0;
  };
  [[nodiscard]] Regularity regularity(const Eigen::VectorXd& low, const Eigen::VectorXd& high) const;

 protected:
  /// Functions without the constant.
  [[nodiscard]] virtual Eigen::Index varying() const = 0;
  [[nodiscard]] virtual std::string varying_name(Eigen::Index j) const = 0;
  /// One block of at most 256 rows into out (rows x varying()).
  virtual void evaluate_block(const Eigen::Ref<const Eigen::MatrixXd>& x, Eigen::Ref<Eigen::MatrixXd> out) const = 0;
  [[nodiscard]] virtual Regularity varying_regularity(const Eigen::VectorXd& low,
                                                      const Eigen::VectorXd& high) const = 0;

 private:
  Eigen::Index dimension_;
  bool constant_;
};

/// The coordinates themselves: EDMD with it is DMD.
[[nodiscard]] std::unique_ptr<Dictionary> identity_dictionary(Eigen::Index dimension, bool constant = false);

/// All monomials of total degree 1..degree, in graded order; C(d+p, p) functions with the constant. They are badly
/// conditioned beyond degree ~6: prefer Hermite there. Throws InputError for degree < 1 or more than 10^6 functions.
[[nodiscard]] std::unique_ptr<Dictionary> monomial_dictionary(Eigen::Index dimension, int degree, bool constant = true);

/// Products of probabilists' Hermite polynomials He_n((x_c - mean_c)/sd_c)/sqrt(n!) of total degree 1..degree:
/// orthonormal for Gaussian data. `sd` must be positive. Throws InputError as above.
[[nodiscard]] std::unique_ptr<Dictionary> hermite_dictionary(const Eigen::VectorXd& mean, const Eigen::VectorXd& sd,
                                                             int degree, bool constant = true);

/// sqrt(2) cos and sqrt(2) sin of 2 pi k.(x - origin)/period for every k != 0 up to sign with |k_c| <= modes: the real
/// form of the Fourier modes, orthonormal on the period box; (2 modes + 1)^d - 1 functions and the constant. Throws
/// InputError for a period that is not positive, modes < 1, or more than 10^6 functions.
[[nodiscard]] std::unique_ptr<Dictionary> fourier_dictionary(const Eigen::VectorXd& origin,
                                                             const Eigen::VectorXd& period, int modes,
                                                             bool constant = true);

/// f(|x - c_j|) for the rows c_j of `centres`, with `rate` as in RadialShape. Throws InputError without centres.
[[nodiscard]] std::unique_ptr<Dictionary> rbf_dictionary(Eigen::MatrixXd centres, RadialShape shape, double rate,
                                                         bool constant = false);

/// What to build, in the command's words. Fields that a kind does not use are ignored.
struct DictionarySpec {
  std::string kind = "rbf";      ///< identity (or dmd), poly, hermite, fourier, rbf
  std::optional<bool> constant;  ///< default: yes for poly, hermite and fourier, no for identity and rbf
  int degree = 3;                ///< poly, hermite: total degree
  int modes = 5;                 ///< fourier: largest |k| per coordinate
  std::vector<double> periods;   ///< fourier: per coordinate; empty = the data's range (x -> period from its minimum)
  Eigen::Index centres = 100;    ///< rbf: k-means centres of the data
  RadialShape shape = RadialShape::exponential;
  /// rbf: length scale; 0 = mean_distance of the data. exponential is exp(-2 r/scale) (the paper's), gaussian
  /// exp(-r^2/scale^2), lorentzian 1/(1 + r^2/scale^2).
  double scale = 0.0;
  std::uint64_t seed = 1;  ///< rbf: k-means seeding
};

/// Builds the dictionary for the training states `data` (M x d), from which centres, scales, ranges and moments are
/// taken. Throws InputError for an unknown kind (with a suggestion) and whatever the kinds above refuse.
[[nodiscard]] std::unique_ptr<Dictionary> make_dictionary(const DictionarySpec& spec,
                                                          const Eigen::Ref<const Eigen::MatrixXd>& data,
                                                          const Parallel& how = {});

/// The rate of a radial function whose length scale is `scale`, as DictionarySpec::scale defines it. Throws
/// InputError unless the scale is positive and finite.
[[nodiscard]] double radial_rate(RadialShape shape, double scale);

}  // namespace offprint::koopman
