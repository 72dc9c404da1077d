#include "offprint/landscape/collapse_response.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/landscape/class_means.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using linalg::multiply;
using linalg::Op;

void check_beta(double beta) {
  if (!(beta > 0) || !std::isfinite(beta)) throw InputError(fmt::format("beta is {}; it must be > 0", beta));
}

void check_dimension(Index d, Index classes) {
  if (d < classes) throw InputError(fmt::format("the closed form needs d >= K, got d = {} and K = {}", d, classes));
}

// sqrt(lambda_H lambda_W), below 1.
double nontrivial_c(double lambda_w, double lambda_h) {
  if (!(lambda_w > 0)) throw InputError(fmt::format("lambda_w is {}; the theory needs it > 0", lambda_w));
  if (!(lambda_h >= 0)) throw InputError(fmt::format("lambda_h is {}; it must be >= 0", lambda_h));
  if (lambda_w * lambda_h >= 1)
    throw InputError(
        fmt::format("lambda_h * lambda_w is {} >= 1: the model's only minimizer is 0 (trivial minimizer), "
                    "which has no response; take smaller ones",
                    lambda_w * lambda_h));
  return std::sqrt(lambda_w * lambda_h);
}

}  // namespace

CollapseResponse::CollapseResponse(const CollapseModel& model, double beta, MatrixXd features)
    : labels_(model.labels),
      lambda_h_(model.lambda_h),
      beta_(beta),
      h_(std::move(features)),
      w_(ridge_classifier(model, h_)),
      error_(multiply(w_, h_)) {
  check_beta(beta);
  if (!labels_.is_balanced())
    throw InputError(fmt::format("classes have {} to {} samples; the response theory needs equally many",
                                 labels_.smallest(), labels_.largest()));
  for (Index i = 0; i < error_.cols(); ++i) error_(labels_.of(i), i) -= 1.0;
  MatrixXd a = multiply(h_, h_, Op::kNone, Op::kAdjoint);
  a.diagonal().array() += labels_.mean_size() * model.lambda_w;
  auto r = linalg::cholesky(a);
  if (!r) throw InputError("the features are so large that lambda_w n is lost in rounding; scale them");
  factor_ = std::move(*r);
}

MatrixXd CollapseResponse::z(const MatrixXd& x) const {
  MatrixXd t = multiply(error_, x, Op::kNone, Op::kAdjoint);
  t += multiply(w_, multiply(x, h_, Op::kNone, Op::kAdjoint));
  t = linalg::solve_upper(factor_, linalg::solve_upper(factor_, t.transpose(), Op::kAdjoint)).transpose();
  return multiply(t, error_, Op::kAdjoint) + multiply(w_, multiply(t, h_), Op::kAdjoint);
}

MatrixXd CollapseResponse::apply(const MatrixXd& change) const {
  return (1.0 - lambda_h_ / beta_) * change + (z(change) - multiply(w_, multiply(w_, change), Op::kAdjoint)) / beta_;
}

MatrixXd CollapseResponse::exact_operator(const MatrixXd& x) const {
  return (lambda_h_ + beta_) * x + multiply(w_, multiply(w_, x), Op::kAdjoint) - z(x);
}

MatrixXd CollapseResponse::apply_exact(const MatrixXd& change, double tolerance) const {
  MatrixXd x = change;
  MatrixXd r = beta_ * change - exact_operator(x);
  MatrixXd p = r;
  double rr = r.squaredNorm();
  const double stop = tolerance * tolerance * beta_ * beta_ * change.squaredNorm();
  const int most = static_cast<int>(std::min<Index>(10 * change.size() + 100, 100000));
  for (int i = 0; rr > stop; ++i) {
    if (i == most)
      throw Error(fmt::format("conjugate gradients did not reach a relative residual of {} in {} steps", tolerance, i));
    const MatrixXd ap = exact_operator(p);
    const double curvature = (p.array() * ap.array()).sum();
    if (!(curvature > 0))
      throw InputError("the features are no strict minimizer of the model: the response is not defined there");
    const double length = rr / curvature;
    x += length * p;
    r -= length * ap;
    const double next = r.squaredNorm();
    p = r + (next / rr) * p;
    rr = next;
  }
  return x;
}

MatrixXd CollapseResponse::block(Index to, Index from, bool exact) const {
  std::vector<Index> source;
  std::vector<Index> target;
  for (Index i = 0; i < labels_.samples(); ++i) {
    if (labels_.of(i) == from) source.push_back(i);
    if (labels_.of(i) == to) target.push_back(i);
  }
  const Index d = h_.rows();
  MatrixXd out(d * static_cast<Index>(target.size()), d * static_cast<Index>(source.size()));
  for (std::size_t s = 0; s < source.size(); ++s) {
    for (Index row = 0; row < d; ++row) {
      MatrixXd unit = MatrixXd::Zero(d, h_.cols());
      unit(row, source[s]) = 1.0;
      const MatrixXd answer = exact ? apply_exact(unit) : apply(unit);
      for (std::size_t t = 0; t < target.size(); ++t)
        out.col(static_cast<Index>(s) * d + row).segment(static_cast<Index>(t) * d, d) = answer.col(target[t]);
    }
  }
  return out;
}

CollapseSpectrum collapse_spectrum(Index d, Index classes, Index per_class, double lambda_w, double lambda_h,
                                   double beta) {
  check_beta(beta);
  check_dimension(d, classes);
  const double c = nontrivial_c(lambda_w, lambda_h);
  const double cross = 2 * lambda_h * (1 - c) / beta;
  CollapseSpectrum out;
  out.off_diagonal = cross;
  const auto add = [&](double value, Index multiplicity, const char* directions) {
    if (multiplicity > 0) out.diagonal.push_back({value, multiplicity, directions});
  };
  add(1.0, d - classes, "class mean, orthogonal to all class means");
  add(1.0 - cross, classes - 1, "class mean, along another class's");
  add(1.0 - 2 * cross, 1, "class mean, along its own");
  add(1.0 - lambda_h / beta, (d - classes) * (per_class - 1), "within class, outside the span of the means");
  add(1.0 - std::sqrt(lambda_h / lambda_w) / beta, classes * (per_class - 1), "within class, inside that span");
  std::stable_sort(out.diagonal.begin(), out.diagonal.end(),
                   [](const SpectrumLevel& a, const SpectrumLevel& b) { return a.value > b.value; });
  return out;
}

double LayerContraction::isotropic_gain(Index d, Index classes) const {
  check_dimension(d, classes);
  const auto k = static_cast<double>(classes);
  return ((static_cast<double>(d) - k) * outside * outside + k * inside * inside) / static_cast<double>(d);
}

LayerContraction layer_contraction(double lambda_w, double lambda_h, double beta) {
  check_beta(beta);
  (void)nontrivial_c(lambda_w, lambda_h);
  return {beta / (beta + lambda_h), beta / (beta + std::sqrt(lambda_h / lambda_w))};
}

LayerGain layer_gain(const CollapseModel& model, const MatrixXd& features, double beta) {
  model.check(features);
  const LayerContraction factor = layer_contraction(model.lambda_w, model.lambda_h, beta);
  const Index classes = model.labels.classes();
  check_dimension(features.rows(), classes);
  const MatrixXd means = class_means(model.labels, features);
  const auto svd = linalg::svd(means);
  LayerGain out;
  while (out.span < svd.s.size() && svd.s(out.span) > 1e-8 * svd.s(0)) ++out.span;
  const MatrixXd basis = svd.u.leftCols(out.span);
  out.within.setZero(classes);
  out.inside.setZero(classes);
  for (Index i = 0; i < features.cols(); ++i) {
    const Index k = model.labels.of(i);
    const Eigen::VectorXd deviation = features.col(i) - means.col(k);
    out.within(k) += deviation.squaredNorm() / static_cast<double>(model.labels.size(k));
    out.inside(k) += (basis.transpose() * deviation).squaredNorm() / static_cast<double>(model.labels.size(k));
  }
  // Deviations below the means' own rounding are none.
  if (!(out.within.sum() > 1e-28 * means.squaredNorm()))
    throw InputError("the features have no deviation within classes: nothing to contract");
  out.predicted =
      factor.outside * factor.outside * (out.within - out.inside) + factor.inside * factor.inside * out.inside;
  out.gain = out.predicted.sum() / out.within.sum();
  return out;
}

}  // namespace offprint::landscape
