// The random problems of the authors' notebook (github epfml/grad-norm-smooth), number for number.
#pragma once

#include <cstdint>

#include <Eigen/Core>

namespace offprint::optimize {

/// Log-sum-exp whose minimiser is 0: with A = 2 rand(n, m) - 1 and b = 2 rand(m) - 1 (NumPy's legacy generator), the
/// rows of `rows` are the columns of A less c = A softmax(-b/mu). The metric keeps the raw matrix, B = A A^T
/// (`raw_rows` = A^T: Metric::gram(raw_rows)); with the centred rows it would be singular for n = m.
struct ZeroLogSumExp {
  Eigen::MatrixXd rows;      ///< m x n
  Eigen::MatrixXd raw_rows;  ///< m x n
  Eigen::VectorXd b;         ///< m
};
[[nodiscard]] ZeroLogSumExp zero_log_sum_exp(Eigen::Index n, Eigen::Index m, double mu, std::uint32_t seed = 3124);

/// A x - b with A = 2 rand(rows, columns) - 1, then b = 2 rand(rows) - 1.
struct LinearSystem {
  Eigen::MatrixXd a;
  Eigen::VectorXd b;
};
[[nodiscard]] LinearSystem random_system(Eigen::Index rows, Eigen::Index columns, std::uint32_t seed = 3124);

}  // namespace offprint::optimize
