#include "published.hpp"

#include "offprint/optimize/baselines.hpp"
#include "offprint/optimize/numpy_random.hpp"

namespace offprint::papers::gns {

using Eigen::Index;
using Eigen::VectorXd;
using namespace optimize;

LogSumExpStudy::LogSumExpStudy(Index n, double mu)
    : data_(zero_log_sum_exp(n, n, mu, kNotebookSeed)),
      f_(data_.rows, data_.b, {.mu = mu}),
      metric_(Metric::gram(data_.raw_rows)) {
  optimum_ = evaluated(f_, VectorXd::Zero(n)).value;
}

StopRule LogSumExpStudy::stop(int iterations, const CancelToken& cancel) const {
  return {.gradient_tolerance = 0,
          .optimum = optimum_,
          .value_tolerance = 1e-8,
          .max_iterations = iterations,
          .cancel = cancel};
}

Minimum LogSumExpStudy::minimize(HessianKind kind, const CancelToken& cancel) const {
  return minimize_gns(f_, metric_, VectorXd::Ones(f_.dimension()), {.hessian = kind, .stop = stop(1000, cancel)});
}

Minimum LogSumExpStudy::descend(bool euclidean, int iterations, const CancelToken& cancel) const {
  const Index n = f_.dimension();
  return minimize_gradient(f_, euclidean ? Metric::identity(n) : metric_, VectorXd::Ones(n),
                           {.stop = stop(iterations, cancel)});
}

Minimum chain_run(double q, HessianKind kind, const CancelToken& cancel) {
  const Chain f(200, q);
  return minimize_gns(f, Metric::identity(200), VectorXd::Zero(200),
                      {.hessian = kind, .stop = {.gradient_tolerance = 0, .max_iterations = 119, .cancel = cancel}});
}

namespace {

LinearResidualPower linear_problem() {
  auto system = random_system(100, 200, kNotebookSeed);
  return {std::move(system.a), std::move(system.b), 4};
}

Metric linear_metric(const LinearResidualPower& f) {
  Eigen::MatrixXd b = f.gram();
  b.diagonal().array() += 1e-8;
  return Metric::matrix(std::move(b));
}

}  // namespace

LinearStudy::LinearStudy() : f_(linear_problem()), metric_(linear_metric(f_)) {}

Minimum LinearStudy::minimize(HessianKind kind, const CancelToken& cancel) const {
  return minimize_gns(
      f_, metric_, VectorXd::Ones(f_.dimension()),
      {.hessian = kind,
       .stop = {
           .gradient_tolerance = 0, .optimum = 0, .value_tolerance = 1e-10, .max_iterations = 200, .cancel = cancel}});
}

ChebyshevStudy::ChebyshevStudy()
    : f_(BidiagonalResidualPower::chebyshev(1000, 4)), start_(NumpyRandom(kNotebookSeed).rand(1000)) {}

Minimum ChebyshevStudy::minimize(HessianKind kind, int iterations, const CancelToken& cancel) const {
  // The minimum is 0: what counts as rounding elsewhere is signal here.
  return minimize_gns(f_, Metric::identity(1000), start_,
                      {.hessian = kind,
                       .rounding = 0,
                       .stop = {.gradient_tolerance = 0, .max_iterations = iterations, .cancel = cancel}});
}

Minimum ChebyshevStudy::descend(int iterations, const CancelToken& cancel) const {
  return minimize_gradient(f_, Metric::identity(1000), start_,
                           {.stop = {.gradient_tolerance = 0, .max_iterations = iterations, .cancel = cancel}});
}

}  // namespace offprint::papers::gns
