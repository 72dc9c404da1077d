#include "offprint/optimize/conjugate_gradient.hpp"

namespace offprint::optimize {

using Eigen::VectorXd;

ConjugateGradientReport conjugate_gradient(const std::function<void(const VectorXd&, VectorXd&)>& product,
                                           const VectorXd& jacobi, const VectorXd& b,
                                           const ConjugateGradientOptions& options, VectorXd& x) {
  const auto norm = [&](const VectorXd& r) { return options.norm ? options.norm(r) : r.norm(); };
  const VectorXd scale = (jacobi.array() > 0).select(jacobi.array().inverse(), 1.0);
  ConjugateGradientReport report;
  x = VectorXd::Zero(b.size());
  VectorXd r = b;
  VectorXd z = scale.cwiseProduct(r);
  VectorXd p = z;
  VectorXd ap(b.size());
  double rz = r.dot(z);
  report.residual = norm(r);
  while (report.residual > options.tolerance && report.iterations < options.max_iterations) {
    product(p, ap);
    ++report.iterations;
    const double curvature = p.dot(ap);
    if (!(curvature > 0)) {
      report.positive = false;
      break;
    }
    const double alpha = rz / curvature;
    x += alpha * p;
    r -= alpha * ap;
    report.residual = norm(r);
    z = scale.cwiseProduct(r);
    const double next = r.dot(z);
    p = z + (next / rz) * p;
    rz = next;
  }
  return report;
}

}  // namespace offprint::optimize
