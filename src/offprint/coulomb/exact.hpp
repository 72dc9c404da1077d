// Exact values at finite N in the solvable cases: d = 2 with beta = 2 for any trap, and r^2 in the quadratic plane
// trap.
#pragma once

#include <vector>

#include "offprint/core/parallel.hpp"
#include "offprint/coulomb/radial_function.hpp"

namespace offprint::coulomb {

/// The plane gas at beta = 2: the set of radii has the law of independent r_k, k = 1..N, with density proportional to
/// r^(2k-1) exp(-2 N U(r)) (Kostlan 1992 for the Ginibre ensemble). Everything is a sum over k of one-dimensional
/// integrals, by Gauss-Legendre on panels common to all k, around the saddles of the k-th integrand, in log space;
/// logarithm and potential are kept in two doubles, so that N = 1e6 costs no digits. About 1 microsecond per k and
/// power of f.
class IndependentRadii {
 public:
  /// Throws InputError for n < 1 or above 1e7, and as droplet_edge does.
  IndependentRadii(RadialFunction potential, long n);

  /// kappa_q of sum_i f(|x_i|), q = 1..order (entry 0 is 0). The same bits for any number of threads.
  [[nodiscard]] std::vector<double> cumulants(const RadialFunction& f, int order, const Parallel& how = {}) const;
  /// sum_k ln int r^(2k-1) exp(-2 N U) dr: differences between two traps are ln of ratios of partition functions.
  [[nodiscard]] double log_partition(const Parallel& how = {}) const;
  /// Cumulants of the number of charges within radius a: a sum of independent Bernoulli variables.
  [[nodiscard]] std::vector<double> counting_cumulants(double a, int order, const Parallel& how = {}) const;

 private:
  struct Node {
    double weight;
    double log_hi, log_lo;
    double potential_hi, potential_lo;
  };
  void lay_panels(double split);
  template <class Visit>
  double integrate(long k, Visit&& visit) const;  // visit(node, unnormalised weight); returns the peak's exponent

  RadialFunction potential_;
  long n_;
  double reach_ = 0;
  double width_ = 0;  // of a panel, before rounding
  std::vector<double> radius_;
  std::vector<Node> nodes_;
  std::vector<double> middle_log_;  // one a panel
  std::vector<double> middle_potential_;
};

/// kappa_q, q = 1..order, of sum |x_i|^2 for d = 2, U = r^2/2 and any beta: it is Gamma with shape N + beta N(N-1)/4
/// and rate beta N/2. Throws InputError for n < 1 or beta <= 0.
[[nodiscard]] std::vector<double> quadratic_cumulants(long n, double beta, int order);

/// Cumulants 1..order of a Bernoulli variable of probability p: kappa_(q+1) = p (1-p) d kappa_q/dp.
[[nodiscard]] std::vector<double> bernoulli_cumulants(double p, int order);

}  // namespace offprint::coulomb
