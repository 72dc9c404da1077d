// Small inputs with known answers, for tests and claims.
#pragma once

#include <cmath>

#include <Eigen/Core>
#include <Eigen/QR>

#include "offprint/core/random.hpp"
#include "offprint/landscape/collapse_model.hpp"

namespace offprint::landscape::oracle {

inline Eigen::MatrixXd normal(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  Eigen::MatrixXd out(rows, columns);
  Stream(seed, "collapse test").fill_normal({out.data(), static_cast<std::size_t>(out.size())});
  return out;
}

inline Eigen::MatrixXd orthonormal(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(normal(rows, columns, seed));
  return qr.householderQ() * Eigen::MatrixXd::Identity(rows, columns);
}

/// K = 2, d = 3, n = 2.
inline Eigen::MatrixXd small_h0() {
  Eigen::MatrixXd h(3, 4);
  h << 1, .5, -.2, .1, .2, -.1, 1, .7, .3, .1, -.4, .2;
  return h;
}
inline CollapseModel small_model() { return {ClassLabels::balanced(2, 2), 0.1, 0.05}; }

/// K = 3, d = 6, n = 20.
inline Eigen::MatrixXd wave_h0() {
  Eigen::MatrixXd h(6, 60);
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 60; ++j) {
      const int k = j / 20;
      h(i, j) = 1 + std::sin(1.3 * i + .7 * j + .05 * i * j) + .3 * std::cos(2.0 * i * k + k);
    }
  return h;
}
inline CollapseModel wave_model(double lambda_h) { return {ClassLabels::balanced(3, 20), 0.1, lambda_h}; }

}  // namespace offprint::landscape::oracle
