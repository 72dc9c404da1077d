#include "offprint/landscape/collapse_model.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <utility>
#include <vector>

#include <Eigen/Cholesky>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/landscape/class_means.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::multiply;
using linalg::Op;

// A^{-1} B for a symmetric positive definite A.
MatrixXd solve_positive(const MatrixXd& a, const MatrixXd& b) {
  const auto r = linalg::cholesky(a);
  if (!r) throw InputError("the features are so large that lambda_w n is lost in rounding; scale them");
  return linalg::solve_upper(*r, linalg::solve_upper(*r, b, Op::kAdjoint));
}

// Columns times the square roots of their weights; the matrix itself when all are 1.
MatrixXd weighted(const CollapseModel& model, const MatrixXd& features) {
  if (model.labels.is_balanced()) return features;
  MatrixXd out = features;
  for (Index i = 0; i < out.cols(); ++i) out.col(i) *= std::sqrt(model.weight(model.labels.of(i)));
  return out;
}

// H Omega Y^T: n times the class means, d x K.
MatrixXd class_sums(const CollapseModel& model, const MatrixXd& features) {
  return model.labels.mean_size() * class_means(model.labels, features);
}

// H Omega H^T, over blocks of columns whose size depends on the shape alone.
MatrixXd weighted_gram(const CollapseModel& model, const MatrixXd& features, const Parallel& how) {
  const Index width = std::max<Index>(1024, (features.cols() + 15) / 16);
  const Index blocks = (features.cols() + width - 1) / width;
  std::vector<MatrixXd> parts(static_cast<std::size_t>(blocks));
  const MatrixXd columns = weighted(model, features);
  parallel_for(parts.size(), how, [&](std::size_t b) {
    const Index first = static_cast<Index>(b) * width;
    const auto part = columns.middleCols(first, std::min(width, columns.cols() - first));
    parts[b] = multiply(part, part, Op::kNone, Op::kAdjoint);
  });
  for (std::size_t b = 1; b < parts.size(); ++b) parts.front() += parts[b];
  return parts.front();
}

// W H - Y.
MatrixXd residual(const CollapseModel& model, const MatrixXd& classifier, const MatrixXd& features) {
  MatrixXd out = multiply(classifier, features);
  for (Index i = 0; i < out.cols(); ++i) out(model.labels.of(i), i) -= 1.0;
  return out;
}

// Sum over samples of their weight times the squared length of their column.
double weighted_square(const CollapseModel& model, const MatrixXd& columns) {
  if (model.labels.is_balanced()) return columns.squaredNorm();
  double sum = 0.0;
  for (Index i = 0; i < columns.cols(); ++i) sum += model.weight(model.labels.of(i)) * columns.col(i).squaredNorm();
  return sum;
}

// Model (2) with the features eliminated, as a function of W: everything about H_0 is in two Gram matrices.
class EliminatedFeatures {
 public:
  EliminatedFeatures(const CollapseModel& model, const MatrixXd& h0, double beta, const Parallel& how)
      : n_(model.labels.mean_size()),
        lambda_w_(model.lambda_w),
        lambda_h_(model.lambda_h),
        beta_(beta),
        c_(model.lambda_h + beta),
        a_(beta / c_),
        g0_(weighted_gram(model, h0, how)),
        s0_(class_sums(model, h0)) {}

  struct Point {
    MatrixXd w;
    double value = 0;   // K n f
    MatrixXd gradient;  // of K n f: (W H - Y) Omega H^T + n lambda_W W
    MatrixXd a;         // H Omega H^T + n lambda_W I
    MatrixXd vv;        // V Omega V^T, where W H - Y = -c V
  };

  [[nodiscard]] Point at(MatrixXd w) const {
    const Index classes = w.rows();
    const MatrixXd identity = MatrixXd::Identity(classes, classes);
    const MatrixXd ww = multiply(w, w, Op::kNone, Op::kAdjoint);
    const MatrixXd wg = multiply(w, g0_);
    const MatrixXd ws = multiply(w, s0_);
    const Eigen::LLT<MatrixXd> small(ww + c_ * identity);
    Point p;
    // H = a H_0 + W^T V with V = (W W^T + c I)^{-1} (Y - a W H_0).
    const MatrixXd vh = small.solve(s0_.transpose() - a_ * wg);
    const MatrixXd inner =
        n_ * identity - a_ * (ws + ws.transpose()) + a_ * a_ * multiply(wg, w, Op::kNone, Op::kAdjoint);
    p.vv = small.solve(small.solve(inner).transpose());
    const MatrixXd cross = multiply(vh, w, Op::kAdjoint);
    p.a = a_ * a_ * g0_ + a_ * (cross + cross.transpose()) + multiply(w, multiply(p.vv, w), Op::kAdjoint);
    p.a.diagonal().array() += n_ * lambda_w_;
    p.gradient = n_ * lambda_w_ * w - c_ * (a_ * vh + multiply(p.vv, w));
    const double g = g0_.trace();
    const double overlap = (vh.array() * w.array()).sum();
    const double own = (p.vv.array() * ww.array()).sum();
    const double moved = a_ - 1.0;
    p.value = 0.5 * (c_ * c_ * p.vv.trace() + n_ * lambda_w_ * w.squaredNorm() +
                     lambda_h_ * (a_ * a_ * g + 2 * a_ * overlap + own) +
                     beta_ * (moved * moved * g + 2 * moved * overlap + own));
    p.w = std::move(w);
    return p;
  }

  /// H at this W, d x N.
  [[nodiscard]] MatrixXd features(const CollapseModel& model, const MatrixXd& w, const MatrixXd& h0) const {
    MatrixXd target = -a_ * residual(model, w, h0);  // a (Y - W H_0)
    for (Index i = 0; i < target.cols(); ++i) target(model.labels.of(i), i) += 1.0 - a_;
    const MatrixXd small = multiply(w, w, Op::kNone, Op::kAdjoint) + c_ * MatrixXd::Identity(w.rows(), w.rows());
    return a_ * h0 + multiply(w, Eigen::LLT<MatrixXd>(small).solve(target), Op::kAdjoint);
  }

  /// Bound on |K n grad| after W is re-solved, which moves it by `step`; from Gram matrices only.
  [[nodiscard]] double gradient_bound(const Point& p, const MatrixXd& step) const {
    MatrixXd hh = p.a;
    hh.diagonal().array() -= n_ * lambda_w_;
    const double first = c_ * std::sqrt(std::max(0.0, (multiply(p.vv, step).array() * step.array()).sum()));
    const MatrixXd ww = multiply(p.w, p.w, Op::kNone, Op::kAdjoint);
    const MatrixXd shs = multiply(multiply(step, hh), step, Op::kNone, Op::kAdjoint);
    return first + std::sqrt(std::max(0.0, (ww.array() * shs.array()).sum()));
  }

  /// What gradients are measured against; the last term is the size of the unconstrained optimum, for minimizers at
  /// zero.
  [[nodiscard]] double scale(const MatrixXd& w) const {
    const double count = static_cast<double>(w.rows()) * n_;
    return std::max({beta_ * std::sqrt(g0_.trace()), std::sqrt(n_) * w.norm(),
                     std::sqrt(count * std::sqrt(lambda_h_ / lambda_w_))});
  }

 private:
  double n_, lambda_w_, lambda_h_, beta_, c_, a_;
  MatrixXd g0_;  // H_0 Omega H_0^T
  MatrixXd s0_;  // H_0 Omega Y^T
};

double dot(const MatrixXd& a, const MatrixXd& b) { return (a.array() * b.array()).sum(); }

// L-BFGS's two-loop recursion; the initial inverse Hessian is right multiplication with A^{-1}.
class Memory {
 public:
  void add(MatrixXd s, MatrixXd y) {
    constexpr std::size_t kPairs = 20;
    const double sy = dot(s, y);
    if (!(sy > 1e-14 * s.norm() * y.norm())) return;
    if (pairs_.size() == kPairs) pairs_.pop_front();
    pairs_.push_back({std::move(s), std::move(y), 1.0 / sy});
  }
  void clear() { pairs_.clear(); }
  [[nodiscard]] bool empty() const { return pairs_.empty(); }
  [[nodiscard]] MatrixXd direction(const MatrixXd& gradient, const MatrixXd& a) const {
    MatrixXd q = gradient;
    std::vector<double> alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].rho * dot(pairs_[i].s, q);
      q -= alpha[i] * pairs_[i].y;
    }
    MatrixXd r = solve_positive(a, q.transpose()).transpose();
    for (std::size_t i = 0; i < pairs_.size(); ++i) r += (alpha[i] - pairs_[i].rho * dot(pairs_[i].y, r)) * pairs_[i].s;
    return -r;
  }

 private:
  struct Pair {
    MatrixXd s, y;
    double rho;
  };
  std::deque<Pair> pairs_;
};

// One step: L-BFGS with backtracking, or the alternating step (which always descends) when that finds nothing.
EliminatedFeatures::Point step_from(const EliminatedFeatures& problem, const EliminatedFeatures::Point& from,
                                    Memory& memory) {
  constexpr int kHalvings = 30;
  const double rounding = 1e-13 * std::abs(from.value);
  for (;;) {
    const MatrixXd direction = memory.direction(from.gradient, from.a);
    const double slope = dot(from.gradient, direction);
    double length = 1.0;
    for (int i = 0; slope < 0 && i < kHalvings; ++i, length /= 2) {
      auto to = problem.at(from.w + length * direction);
      // Near the end values no longer tell better from worse, but slopes do.
      const bool lower = to.value <= from.value + 1e-4 * length * slope;
      const bool flatter = to.value <= from.value + rounding && std::abs(dot(to.gradient, direction)) <= -0.9 * slope;
      if (!lower && !flatter) continue;
      memory.add(to.w - from.w, to.gradient - from.gradient);
      return to;
    }
    if (memory.empty()) return from;
    memory.clear();
  }
}

CollapseMinimizer minimize_in_span(const CollapseModel& model, const MatrixXd& h0, double beta, const MatrixXd& start,
                                   const MinimizerOptions& options) {
  const EliminatedFeatures problem(model, h0, beta, options.parallel);
  auto point = problem.at(ridge_classifier(model, start));
  Memory memory;
  CollapseMinimizer out;
  double target = options.tolerance;
  for (;; ++out.iterations) {
    options.parallel.cancel.check();
    const MatrixXd resolve = -solve_positive(point.a, point.gradient.transpose()).transpose();
    const double bound = problem.gradient_bound(point, resolve) / problem.scale(point.w);
    const bool last = out.iterations >= options.max_iterations;
    bool stuck = false;
    if (bound >= target && !last) {
      auto next = step_from(problem, point, memory);
      stuck = next.w == point.w;
      if (!stuck) {
        point = std::move(next);
        continue;
      }
    }
    // The Gram matrices say it is done (or cannot get further): measure the gradient itself.
    out.features = problem.features(model, point.w, h0);
    out.classifier = point.w + resolve;
    const MatrixXd error = residual(model, out.classifier, out.features);
    MatrixXd gradient = multiply(out.classifier, error, Op::kAdjoint) + model.lambda_h * out.features;
    gradient += beta * (out.features - h0);
    out.gradient = std::sqrt(weighted_square(model, gradient)) / problem.scale(out.classifier);
    out.value = unconstrained_loss(model, out.classifier, out.features) +
                beta * weighted_square(model, out.features - h0) / (2.0 * static_cast<double>(h0.cols()));
    out.converged = out.gradient < options.tolerance;
    if (out.converged || last || stuck) return out;
    target /= 10;
  }
}

}  // namespace

void CollapseModel::check(const Eigen::Ref<const MatrixXd>& features) const {
  if (!(lambda_w > 0) || !std::isfinite(lambda_w))
    throw InputError(fmt::format("lambda_w is {}; the theory needs a finite number > 0", lambda_w));
  if (!(lambda_h >= 0) || !std::isfinite(lambda_h))
    throw InputError(fmt::format("lambda_h is {}; it must be a finite number >= 0", lambda_h));
  if (features.cols() != labels.samples())
    throw InputError(fmt::format("there are {} labels for {} rows of features", labels.samples(), features.cols()));
  if (features.rows() < 1) throw InputError("the features have no columns");
  if (features.allFinite()) return;
  for (Index i = 0; i < features.cols(); ++i)
    if (!features.col(i).allFinite())
      throw InputError(fmt::format("the features of row {} hold a NaN or infinity", i + 1));
}

MatrixXd ridge_classifier(const CollapseModel& model, const MatrixXd& features) {
  model.check(features);
  const double ridge = model.labels.mean_size() * model.lambda_w;
  if (features.cols() >= features.rows()) {
    MatrixXd a = weighted_gram(model, features, {.threads = 1});
    a.diagonal().array() += ridge;
    return solve_positive(a, class_sums(model, features)).transpose();
  }
  // (H Omega H^T + r I)^{-1} H Omega Y^T = G (G^T G + r I)^{-1} Omega^{1/2} Y^T with G = H Omega^{1/2}.
  const MatrixXd g = weighted(model, features);
  MatrixXd a = multiply(g, g, Op::kAdjoint);
  a.diagonal().array() += ridge;
  MatrixXd y = MatrixXd::Zero(features.cols(), model.labels.classes());
  for (Index i = 0; i < y.rows(); ++i) y(i, model.labels.of(i)) = std::sqrt(model.weight(model.labels.of(i)));
  return multiply(solve_positive(a, y), g, Op::kAdjoint, Op::kAdjoint);
}

double unconstrained_loss(const CollapseModel& model, const MatrixXd& classifier, const MatrixXd& features) {
  const auto count = static_cast<double>(model.labels.samples());
  return (weighted_square(model, residual(model, classifier, features)) +
          model.lambda_h * weighted_square(model, features)) /
             (2.0 * count) +
         model.lambda_w * classifier.squaredNorm() / (2.0 * static_cast<double>(model.labels.classes()));
}

double reduced_loss(const CollapseModel& model, const MatrixXd& features) {
  return unconstrained_loss(model, ridge_classifier(model, features), features);
}

MatrixXd reduced_gradient(const CollapseModel& model, const MatrixXd& features) {
  const MatrixXd w = ridge_classifier(model, features);
  return multiply(w, residual(model, w, features), Op::kAdjoint) + model.lambda_h * features;
}

UnconstrainedOptimum unconstrained_optimum(double lambda_w, double lambda_h) {
  if (!(lambda_w > 0) || !(lambda_h > 0) || !std::isfinite(lambda_w) || !std::isfinite(lambda_h))
    throw InputError(
        fmt::format("lambda_w is {} and lambda_h is {}; the closed form needs both positive", lambda_w, lambda_h));
  UnconstrainedOptimum out;
  out.c = std::sqrt(lambda_w * lambda_h);
  out.w_over_h = std::sqrt(lambda_h / lambda_w);
  if (out.trivial()) {
    out.value = 0.5;
    return out;
  }
  out.rho = (1.0 - out.c) * std::sqrt(lambda_w / lambda_h);
  out.value = out.c - out.c * out.c / 2.0;
  return out;
}

MatrixXd collapsed_features(const CollapseModel& model, const MatrixXd& frame) {
  const Index classes = model.labels.classes();
  if (frame.rows() < classes || frame.cols() != classes)
    throw InputError(fmt::format("a collapsed frame of {} classes needs d >= K, got d = {} and {} columns", classes,
                                 frame.rows(), frame.cols()));
  if ((frame.transpose() * frame - MatrixXd::Identity(classes, classes)).norm() > 1e-10)
    throw InputError("the frame's columns are not orthonormal");
  const double length = std::sqrt(unconstrained_optimum(model.lambda_w, model.lambda_h).rho);
  MatrixXd out(frame.rows(), model.labels.samples());
  for (Index i = 0; i < out.cols(); ++i) out.col(i) = length * frame.col(model.labels.of(i));
  return out;
}

CollapseMinimizer minimize_tied(const CollapseModel& model, const MatrixXd& h0, double beta,
                                const MinimizerOptions& options) {
  return minimize_tied(model, h0, beta, h0, options);
}

CollapseMinimizer minimize_tied(const CollapseModel& model, const MatrixXd& h0, double beta, const MatrixXd& start,
                                const MinimizerOptions& options) {
  model.check(h0);
  if (!(beta >= 0) || !std::isfinite(beta))
    throw InputError(fmt::format("beta is {}; it must be a finite number >= 0", beta));
  if (!(model.lambda_h + beta > 0)) throw InputError("lambda_h and beta are both 0: the features have no bound");
  if (start.rows() != h0.rows() || start.cols() != h0.cols())
    throw InputError(
        fmt::format("the start is {} x {} but H_0 is {} x {}", start.rows(), start.cols(), h0.rows(), h0.cols()));
  model.check(start);
  const bool same = &start == &h0;
  if (h0.rows() <= (same ? 1 : 2) * h0.cols()) return minimize_in_span(model, h0, beta, start, options);
  MatrixXd both = h0;
  if (!same) {
    both.conservativeResize(Eigen::NoChange, 2 * h0.cols());
    both.rightCols(h0.cols()) = start;
  }
  const MatrixXd basis = linalg::thin_qr(both).q;
  const MatrixXd inside = multiply(basis, h0, Op::kAdjoint);
  auto out = minimize_in_span(model, inside, beta, same ? inside : multiply(basis, start, Op::kAdjoint), options);
  out.features = multiply(basis, out.features);
  out.classifier = multiply(out.classifier, basis, Op::kNone, Op::kAdjoint);
  return out;
}

}  // namespace offprint::landscape
