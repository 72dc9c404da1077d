#include "offprint/optimize/notebook_problems.hpp"

#include "offprint/optimize/numpy_random.hpp"

namespace offprint::optimize {

ZeroLogSumExp zero_log_sum_exp(Eigen::Index n, Eigen::Index m, double mu, std::uint32_t seed) {
  NumpyRandom random(seed);
  ZeroLogSumExp problem;
  const Eigen::MatrixXd a = 2 * random.rand(n, m).array() - 1;
  problem.b = 2 * random.rand(m).array() - 1;
  Eigen::VectorXd pi = (-problem.b / mu).array() - (-problem.b / mu).maxCoeff();
  pi = pi.array().exp();
  pi /= pi.sum();
  const Eigen::VectorXd centre = a * pi;
  problem.raw_rows = a.transpose();
  problem.rows = problem.raw_rows.rowwise() - centre.transpose();
  return problem;
}

LinearSystem random_system(Eigen::Index rows, Eigen::Index columns, std::uint32_t seed) {
  NumpyRandom random(seed);
  LinearSystem system;
  system.a = 2 * random.rand(rows, columns).array() - 1;
  system.b = 2 * random.rand(rows).array() - 1;
  return system;
}

}  // namespace offprint::optimize
