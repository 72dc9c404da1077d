// The bilevel problems on text: every oracle against finite differences, and the hypergradient of the recurrent network
// against the finite difference of Phi.
#include <cmath>
#include <memory>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/optimize/ranking.hpp"
#include "offprint/optimize/text_cleaning.hpp"
#include "offprint/optimize/text_regularization.hpp"
#include "offprint/optimize/text_representation.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

std::shared_ptr<const nn::TextSet> sentences(std::size_t count, std::size_t words) {
  Stream random(4, "sentences");
  MatrixXd table(4, 30);
  for (Index j = 0; j < table.cols(); ++j)
    for (Index i = 0; i < table.rows(); ++i) table(i, j) = random.normal();
  std::vector<std::vector<std::uint32_t>> tokens(count);
  for (auto& text : tokens) {
    text.resize(words);
    for (auto& token : text) token = static_cast<std::uint32_t>(random.below(30));
  }
  return std::make_shared<nn::TextSet>(std::move(tokens), std::move(table));
}

LabelledRows rows(std::size_t first, std::size_t count, const char* purpose) {
  Stream random(9, purpose);
  LabelledRows out;
  for (std::size_t i = first; i < first + count; ++i) {
    out.rows.push_back(i);
    out.labels.push_back(static_cast<int>(random.below(2)));
  }
  return out;
}

TextLoss toy_loss(std::size_t count, Index hidden = 3, std::size_t words = 5) {
  return {nn::Rnn({.inputs = 4, .hidden = hidden, .classes = 2, .pooling = nn::Pooling::kMean}),
          sentences(count, words),
          {.threads = 1}};
}

VectorXd wave(Index n, double phase) {
  VectorXd v(n);
  for (Index i = 0; i < n; ++i) v[i] = std::sin(phase + 1.7 * static_cast<double>(i));
  return v;
}

template <class F>
VectorXd difference(F&& value, const VectorXd& at, double h = 1e-5) {
  VectorXd out(at.size());
  for (Index i = 0; i < at.size(); ++i) {
    VectorXd up = at;
    VectorXd down = at;
    up[i] += h;
    down[i] -= h;
    out[i] = (value(up) - value(down)) / (2 * h);
  }
  return out;
}

// All six oracles at one point, on one sample.
void expect_consistent(const BilevelProblem& p, const VectorXd& x, const VectorXd& y, const Sample& sample) {
  VectorXd out;
  p.f_x(x, y, out, sample);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return p.f(w, y, sample); }, x)).norm(), 1e-8);
  p.f_y(x, y, out, sample);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return p.f(x, w, sample); }, y)).norm(), 1e-8);
  p.g_x(x, y, out, sample);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return p.g(w, y, sample); }, x)).norm(), 1e-8);
  p.g_y(x, y, out, sample);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return p.g(x, w, sample); }, y)).norm(), 1e-8);
  const VectorXd v = wave(y.size(), 0.4);
  const auto slope_along_v = [&](const VectorXd& a, const VectorXd& b) {
    VectorXd gradient;
    p.g_y(a, b, gradient, sample);
    return gradient.dot(v);
  };
  p.hvp(x, y, v, out, sample);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return slope_along_v(x, w); }, y)).norm(), 1e-8);
  p.jvp(x, y, v, out, sample);
  EXPECT_LT((out - difference([&](const VectorXd& w) { return slope_along_v(w, y); }, x)).norm(), 1e-8);
}

MatrixXd lower_hessian(const BilevelProblem& p, const VectorXd& x, const VectorXd& y) {
  MatrixXd h(y.size(), y.size());
  VectorXd column;
  for (Index j = 0; j < y.size(); ++j) {
    p.hvp(x, y, VectorXd::Unit(y.size(), j), column);
    h.col(j) = column;
  }
  return (h + h.transpose()) / 2;
}

// argmin of g(x, .) from y: damped Newton (Levenberg-Marquardt) to rounding.
VectorXd solve_lower(const BilevelProblem& p, const VectorXd& x, VectorXd y) {
  VectorXd gradient;
  double damping = 1;
  for (int i = 0; i < 3000; ++i) {
    p.g_y(x, y, gradient);
    if (gradient.norm() < 1e-15) break;
    const MatrixXd damped = lower_hessian(p, x, y) + damping * MatrixXd::Identity(y.size(), y.size());
    const auto factor = linalg::cholesky(damped);
    const VectorXd step = factor ? VectorXd(linalg::solve(damped, gradient)) : gradient;
    // Near the minimum g is flat to rounding, and the plain Newton step is right.
    if (factor && (gradient.norm() < 1e-6 || p.g(x, y - step) < p.g(x, y))) {
      y -= step;
      damping = gradient.norm() < 1e-6 ? 0 : damping / 3;
    } else {
      damping = std::max(4 * damping, 1e-6);
    }
  }
  return y;
}

// Relative difference of f_x - jvp(H^{-1} f_y) and the finite difference of Phi along a few coordinates of x.
double hypergradient_error(const BilevelProblem& p, const VectorXd& x, const VectorXd& y) {
  VectorXd direct;
  VectorXd slope;
  VectorXd implicit;
  p.f_x(x, y, direct);
  p.f_y(x, y, slope);
  p.jvp(x, y, linalg::solve(lower_hessian(p, x, y), slope), implicit);
  const VectorXd exact = direct - implicit;
  const VectorXd numeric = difference([&](const VectorXd& w) { return p.f(w, solve_lower(p, w, y)); }, x, 1e-4);
  return (exact - numeric).norm() / exact.norm();
}

TEST(TextCleaning, OraclesAreDerivatives) {
  const TextCleaning problem(toy_loss(20), rows(0, 14, "train"), rows(14, 6, "clean"),
                             {.decay = 0.01, .batch = 5, .validation = 4});
  const VectorXd x = wave(14, 0.2);
  const VectorXd y = wave(problem.dimension_y(), 0.9);
  for (const Sample& sample : {Sample{}, Sample{3}}) expect_consistent(problem, x, y, sample);
  EXPECT_EQ(problem.rows_lower({3}), 5U);
  EXPECT_EQ(problem.rows_lower({}), 14U);
  EXPECT_EQ(problem.rows_upper({3}), 4U);
}

TEST(TextCleaning, BatchesAreUnbiasedAndBelongToTheSample) {
  const TextCleaning problem(toy_loss(20), rows(0, 14, "train"), rows(14, 6, "clean"),
                             {.decay = 0.01, .batch = 5, .validation = 4});
  const VectorXd x = wave(14, 0.2);
  const VectorXd y = wave(problem.dimension_y(), 0.9);
  VectorXd exact;
  VectorXd once;
  VectorXd mean = VectorXd::Zero(y.size());
  problem.g_y(x, y, exact);
  for (std::uint64_t k = 0; k < 3000; ++k) {
    problem.g_y(x, y, once, {k});
    mean += once / 3000;
  }
  EXPECT_LT((mean - exact).norm(), 0.02 * exact.norm());
  problem.g_y(x, y, once, {7});
  problem.g_y(x, y, mean, {7});
  EXPECT_EQ(once, mean);
}

TEST(TextCleaning, HypergradientOfTheRecurrentNetworkIsTheDerivativeOfPhi) {
  const TextCleaning problem(toy_loss(24), rows(0, 12, "train"), rows(12, 12, "clean"), {.decay = 0.005});
  const VectorXd x = wave(12, 0.2);
  const VectorXd y = solve_lower(problem, x, problem.loss().net().initial(Stream(1, "toy")));
  VectorXd residual;
  problem.g_y(x, y, residual);
  EXPECT_LT(residual.norm(), 1e-13);
  EXPECT_GT(linalg::hermitian_eigenvalues(lower_hessian(problem, x, y))[0], 1e-3) << "g_yy is positive definite";
  EXPECT_GT(y.segment(12, 9).norm(), 0.1) << "the recurrent weights are not switched off";
  EXPECT_GT(y.segment(24, 6).norm(), 0.1) << "nor is the head";
  EXPECT_LT(hypergradient_error(problem, x, y), 1e-6);
}

TEST(TextCleaning, RefusesEmptySets) {
  EXPECT_THROW(TextCleaning(toy_loss(3), {}, rows(0, 3, "c")), InputError);
  EXPECT_THROW(TextCleaning(toy_loss(3), rows(0, 3, "t"), {}), InputError);
  EXPECT_THROW(TextCleaning(toy_loss(3), rows(0, 2, "t"), rows(2, 1, "c"), {.decay = 0}), InputError);
}

std::vector<TextTask> toy_tasks(std::size_t count) {
  std::vector<TextTask> tasks;
  for (std::size_t k = 0; k < count; ++k) tasks.push_back({rows(6 * k, 3, "support"), rows(6 * k + 3, 3, "query")});
  return tasks;
}

TEST(TextRepresentation, OraclesAreDerivativesAndTheDirectTermIsThere) {
  const TextRepresentation problem(toy_loss(36), toy_tasks(6), {.decay = 0.05, .tasks = 2});
  const VectorXd x = wave(problem.dimension_x(), 0.2);
  const VectorXd y = wave(problem.dimension_y(), 0.9);
  for (const Sample& sample : {Sample{}, Sample{3}}) expect_consistent(problem, x, y, sample);
  VectorXd direct;
  problem.f_x(x, y, direct);
  EXPECT_GT(direct.norm(), 0.01);
  EXPECT_LT(hypergradient_error(problem, x, solve_lower(problem, x, y)), 1e-6);
}

TEST(TextRepresentation, EveryPassOverTheTasksSeesEachOnce) {
  const TextRepresentation problem(toy_loss(36), toy_tasks(6), {.decay = 0.05, .tasks = 2});
  const VectorXd x = wave(problem.dimension_x(), 0.2);
  const VectorXd y = wave(problem.dimension_y(), 0.9);
  for (std::uint64_t pass = 0; pass < 3; ++pass) {
    double f = 0;
    double g = 0;
    for (std::uint64_t k = 3 * pass; k < 3 * pass + 3; ++k) {
      f += problem.f(x, y, {k}) / 3;
      g += problem.g(x, y, {k}) / 3;
    }
    EXPECT_NEAR(f, problem.f(x, y), 1e-12);
    EXPECT_NEAR(g, problem.g(x, y), 1e-12);
  }
}

TEST(TextRepresentation, AnAdapterSeparatesWhatIsSeparable) {
  MatrixXd features(2, 6);
  features << 1, 2, 1.5, -1, -2, -1.5, 0.3, -0.2, 0.1, 0.2, 0.1, -0.3;
  EXPECT_EQ(adapted_accuracy(features, {1, 1, 1, 0, 0, 0}, features, {1, 1, 1, 0, 0, 0}, 2), 1.0);
  EXPECT_EQ(adapted_accuracy(features, {1, 1, 1, 0, 0, 0}, features, {0, 0, 0, 1, 1, 1}, 2), 0.0);
}

TEST(TextRepresentation, AnAdapterOfItsOwnStepDescendsWhereFeaturesAreLarge) {
  // A large common entry, as max-pooled features have it: a step of 0.5 is far above the stable one.
  MatrixXd features(2, 7);
  features << 20, 20, 20, 20, 20, 20, 20, 2, 1, 3, 2, -2, -1, -3;
  EXPECT_EQ(adapted_accuracy(features, {1, 1, 1, 1, 0, 0, 0}, features, {1, 1, 1, 1, 0, 0, 0}, 2, {.steps = 3000}),
            1.0);
}

TEST(TextRegularization, OraclesAreDerivatives) {
  for (const bool common : {false, true}) {
    const TextRegularization problem(toy_loss(20), rows(0, 14, "train"), rows(14, 6, "validation"),
                                     {.batch = 5, .validation = 4, .common = common});
    const VectorXd x = wave(problem.dimension_x(), 0.2);
    const VectorXd y = wave(problem.dimension_y(), 0.9);
    for (const Sample& sample : {Sample{}, Sample{3}}) expect_consistent(problem, x, y, sample);
    VectorXd far = VectorXd::Constant(problem.dimension_x(), 100);
    problem.project_x(far);
    EXPECT_EQ(far[0], 5);
  }
}

TEST(TextLoss, ResultsDoNotDependOnTheThreads) {
  const auto texts = sentences(200, 5);
  const nn::Rnn net({.inputs = 4, .hidden = 3});
  const LabelledRows all = rows(0, 200, "all");
  const VectorXd theta = net.initial(Stream(2, "theta"));
  const VectorXd weights = wave(200, 0.3);
  std::vector<VectorXd> gradients;
  for (const unsigned threads : {1U, 3U}) {
    const TextLoss loss(net, texts, {.threads = threads});
    VectorXd out(net.parameters());
    const auto n = static_cast<std::size_t>(net.encoder_parameters());
    loss.gradient(theta.head(net.encoder_parameters()), theta.tail(net.head_parameters()), all, weights,
                  {out.data(), n}, {out.data() + n, static_cast<std::size_t>(net.head_parameters())});
    gradients.push_back(out);
  }
  EXPECT_EQ(gradients[0], gradients[1]);
}

TEST(TextLoss, DrawnRowsAreDistinct) {
  for (const std::size_t batch : {3U, 40U, 90U, 100U, 120U}) {
    const auto drawn = draw_rows(Stream(1, "draw", batch), 100, batch);
    EXPECT_EQ(std::set<std::size_t>(drawn.begin(), drawn.end()).size(), std::min<std::size_t>(batch, 100));
    EXPECT_LT(drawn.back(), 100U);
  }
}

TEST(Ranking, AreaUnderTheCurve) {
  const VectorXd scores = (VectorXd(5) << 0.1, 0.4, 0.4, 0.8, 0.9).finished();
  EXPECT_DOUBLE_EQ(area_under_curve(scores, {false, false, true, true, true}), 5.5 / 6);
  EXPECT_DOUBLE_EQ(area_under_curve(scores, {true, true, false, false, false}), 0.5 / 6);
  EXPECT_THROW((void)area_under_curve(scores, {true, true, true, true, true}), InputError);
  EXPECT_THROW((void)area_under_curve(scores, {true}), InputError);
}

}  // namespace
}  // namespace offprint::optimize
