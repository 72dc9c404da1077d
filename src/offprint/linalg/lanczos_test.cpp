#include "offprint/linalg/lanczos.hpp"

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::linalg {
namespace {

Vector<Complex> random_vector(Eigen::Index n) {
  Stream stream(1, "lanczos test");
  Vector<Complex> v(n);
  for (Eigen::Index i = 0; i < n; ++i) v[i] = stream.normal();
  return v;
}

TEST(Lanczos, LargestOfADiagonalOperator) {
  const Eigen::Index n = 120;
  Eigen::VectorXd d(n);
  for (Eigen::Index i = 0; i < n; ++i) d[i] = static_cast<double>(i * i) / 100;
  d[n - 2] = d[n - 1] * (1 - 1e-4);  // a near-double top
  Lanczos lanczos(n);
  const auto apply = [&](Eigen::Ref<Vector<Complex>> x) { x.array() *= d.array().cast<Complex>(); };
  const LanczosPair top = lanczos.largest(apply, random_vector(n));
  EXPECT_TRUE(top.converged);
  EXPECT_NEAR(top.value, d[n - 1], 1e-9 * d[n - 1]);
  EXPECT_NEAR(std::abs(top.vector[n - 1]), 1.0, 1e-4);
  // a start that lies in an invariant subspace stops there
  Vector<Complex> e = Vector<Complex>::Zero(n);
  e[3] = 2;
  const LanczosPair trapped = lanczos.largest(apply, e);
  EXPECT_TRUE(trapped.converged);
  EXPECT_DOUBLE_EQ(trapped.value, d[3]);
}

TEST(Lanczos, SaysWhenItDidNotConverge) {
  const Eigen::VectorXd d = Eigen::VectorXd::LinSpaced(400, 1.0, 1.01);
  Lanczos lanczos(400);
  const auto apply = [&](Eigen::Ref<Vector<Complex>> x) { x.array() *= d.array().cast<Complex>(); };
  const LanczosPair pair = lanczos.largest(apply, random_vector(400), {.max_steps = 5});
  EXPECT_FALSE(pair.converged);
  EXPECT_EQ(pair.steps, 5);
  EXPECT_LE(pair.value, 1.01);
  const auto singular = [](Eigen::Ref<Vector<Complex>> x) { x[7] /= 0.0; };
  EXPECT_FALSE(lanczos.largest(singular, random_vector(400)).converged);
  EXPECT_THROW((void)lanczos.largest(apply, Vector<Complex>::Zero(400)), Error);
}

}  // namespace
}  // namespace offprint::linalg
