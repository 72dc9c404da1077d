#include "offprint/landscape/spectrum.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

linalg::SymmetricOperator dense(const MatrixXd& a) {
  return {a.rows(), [a](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) { y.noalias() = a * x; }};
}

TEST(ExactSpectrum, TwoLayerLinearNet) {
  // L = (ab - 1)^2 / 2 with one sample: H, G and R in closed form
  const auto spectrum_of = [](const MatrixXd& m) { return exact_spectrum(dense(m)).values; };
  const double a = 2;
  const double b = 1;
  MatrixXd g(2, 2);
  g << b * b, a * b, a * b, a * a;
  MatrixXd r(2, 2);
  r << 0, a * b - 1, a * b - 1, 0;
  const auto h = spectrum_of(g + r);
  EXPECT_NEAR(h[0], 5.854101966, 1e-9);
  EXPECT_NEAR(h[1], -0.854101966, 1e-9);
  EXPECT_NEAR(spectrum_of(g)[0], 5, 1e-12);
  EXPECT_NEAR(spectrum_of(g)[1], 0, 1e-12);
  EXPECT_NEAR(spectrum_of(r)[0], 1, 1e-12);
  EXPECT_NEAR(spectrum_of(r)[1], -1, 1e-12);
}

TEST(ExactSpectrum, BlocksOfUnitVectorsAndAsymmetry) {
  Stream random(1, "exact spectrum");
  MatrixXd a(75, 75);
  for (Index i = 0; i < a.size(); ++i) a.data()[i] = random.normal();
  const MatrixXd symmetric = a + a.transpose();
  const VectorXd expected = linalg::hermitian_eigenvalues(symmetric).reverse();
  for (const Index block : {1, 32, 200}) {
    const auto found = exact_spectrum(dense(symmetric), {.block = block});
    EXPECT_LT((found.values - expected).cwiseAbs().maxCoeff(), 1e-12);
    EXPECT_LT(found.asymmetry, 1e-13);
  }
  MatrixXd wrong = symmetric;
  wrong(3, 7) += 0.25;
  EXPECT_NEAR(exact_spectrum(dense(wrong)).asymmetry, 0.25, 1e-12);
  EXPECT_NEAR(form_matrix(dense(wrong)).matrix(7, 3), symmetric(3, 7) + 0.125, 1e-12);
}

TEST(ExactSpectrum, RefusesWhatIsTooLargeOrNotFinite) {
  EXPECT_THAT([] { (void)exact_spectrum(dense(MatrixXd::Identity(50, 50)), {.limit = 40}); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("50 unknowns are above the limit of 40"), HasSubstr("GB"))));
  EXPECT_THROW((void)exact_spectrum({}), InputError);
  MatrixXd bad = MatrixXd::Identity(5, 5);
  bad(1, 1) = std::nan("");
  EXPECT_THROW((void)exact_spectrum(dense(bad)), Error);
}

TEST(MassNearZero, CountsAtTwoScales) {
  const std::vector<double> values{10, 0.5, 0.05, 0.005, 0, -0.005, -0.05, -0.5, -2, 1};
  const auto mass = mass_near_zero(values);
  EXPECT_DOUBLE_EQ(mass.within_coarse, 0.5);  // below 0.1
  EXPECT_DOUBLE_EQ(mass.within_fine, 0.3);    // below 0.01
  EXPECT_DOUBLE_EQ(mass.below_coarse, 0.2);
  EXPECT_DOUBLE_EQ(mass.below_fine, 0.3);
  const linalg::SpectralQuadrature quadrature(
      10, {linalg::lanczos_rule(dense(Eigen::Map<const VectorXd>(values.data(), 10).asDiagonal()), VectorXd::Ones(10))},
      10);
  const auto estimated = mass_near_zero(quadrature, 10);  // all nodes: exact
  EXPECT_NEAR(estimated.within_coarse, 0.5, 1e-12);
  EXPECT_NEAR(estimated.below_fine, 0.3, 1e-12);
  EXPECT_THROW((void)mass_near_zero(std::vector<double>{}), InputError);
  EXPECT_THROW((void)mass_near_zero(std::vector<double>{-1, 0}), InputError);
  EXPECT_THROW((void)mass_near_zero(quadrature, 0), InputError);
}

TEST(SegmentTraces, OfDiagonalBlocks) {
  MatrixXd a(4, 4);
  a << 1, 2, 0, 0, 2, 5, 0, 0, 0, 0, -3, 1, 0, 0, 1, 7;
  const auto streams = [](std::uint64_t s) { return Stream(4, "segments", s); };
  const std::vector<Segment> segments{{0, 2}, {2, 2}, {1, 1}};
  const auto found = segment_traces(dense(a), segments, streams, 3000);
  EXPECT_NEAR(found[0].value, 6, 4 * found[0].error);
  EXPECT_NEAR(found[1].value, 4, 4 * found[1].error);
  EXPECT_NEAR(found[0].error, 4 / std::sqrt(3000.0), 0.01);  // 2 (2^2 + 2^2) = 16
  const auto diagonal = segment_traces(dense(VectorXd::LinSpaced(4, 1, 4).asDiagonal()), segments, streams, 2);
  EXPECT_NEAR(diagonal[0].value, 3, 1e-15);
  EXPECT_EQ(diagonal[0].error, 0);
  EXPECT_THROW((void)segment_traces(dense(a), segments, streams, 0), InputError);
  EXPECT_THROW((void)segment_traces(dense(a), std::vector<Segment>{{3, 2}}, streams, 5), InputError);
}

TEST(EffectiveRank, LiesBetweenOneAndTheRank) {
  EXPECT_DOUBLE_EQ(effective_rank(6, 12), 3);  // 2, 2, 2
  EXPECT_DOUBLE_EQ(effective_rank(5, 25), 1);  // 5, 0, 0
  EXPECT_THROW((void)effective_rank(0, 0), InputError);
  EXPECT_EQ(numerical_rank(std::vector<double>{3, -1e-5, 1e-13, 0}), 2);
  EXPECT_EQ(numerical_rank(std::vector<double>{0, 0}), 0);
}

TEST(CumulativeDistance, StepsOutsideTheWindow) {
  // exact: mass 1/4 at each of -1, 0, 1, 2; quadrature: 1/2 at -1, 1/2 at 2
  const std::vector<double> values{2, 1, 0, -1};
  linalg::GaussRule rule;
  rule.nodes = VectorXd(2);
  rule.nodes << -1, 2;
  rule.weights = VectorXd::Constant(2, 0.5);
  const linalg::SpectralQuadrature quadrature(4, {rule}, 2);
  EXPECT_NEAR(cumulative_distance(values, quadrature), 0.25, 1e-15);       // 1/2 - 1/4 on [-1, 0), 1/2 - 3/4 on [1, 2)
  EXPECT_NEAR(cumulative_distance(values, quadrature, 0.5), 0.25, 1e-15);  // [-1, -1/2) still counts
  EXPECT_NEAR(cumulative_distance(values, quadrature, 2), 0, 1e-15);       // only |t| > 2
  // node shifted outwards: the difference sits on [1.5, 2) alone
  rule.nodes << -1, 1.5;
  rule.weights << 0.75, 0.25;
  const linalg::SpectralQuadrature shifted(4, {rule}, 2);
  EXPECT_NEAR(cumulative_distance(values, shifted, 1.2), 0.25, 1e-15);
  EXPECT_THROW((void)cumulative_distance(values, shifted, -1), InputError);
  EXPECT_THROW((void)cumulative_distance({}, shifted), InputError);
}

}  // namespace
}  // namespace offprint::landscape
