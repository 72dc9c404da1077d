#include "offprint/optimize/noisy_problem.hpp"

#include <cmath>

#include "offprint/core/random.hpp"

namespace offprint::optimize {

using Eigen::VectorXd;

void NoisyProblem::add(VectorXd& out, const char* purpose, const Sample& sample) const {
  if (sample.exact()) return;
  Stream random(seed_, purpose, *sample.index);
  const double scale = deviation_ / std::sqrt(static_cast<double>(out.size()));
  for (double& entry : out) entry += scale * random.normal();
}

double NoisyProblem::f(const VectorRef& x, const VectorRef& y, const Sample&) const { return inner().f(x, y); }
double NoisyProblem::g(const VectorRef& x, const VectorRef& y, const Sample&) const { return inner().g(x, y); }

void NoisyProblem::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  inner().f_x(x, y, out);
  add(out, "upper x", sample);
}
void NoisyProblem::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  inner().f_y(x, y, out);
  add(out, "upper y", sample);
}
void NoisyProblem::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  inner().g_x(x, y, out);
  add(out, "lower x", sample);
}
void NoisyProblem::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample& sample) const {
  inner().g_y(x, y, out);
  add(out, "lower y", sample);
}

// The same draw in both: it cancels.
void NoisyProblem::g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, VectorXd& out,
                                  const Sample&) const {
  inner().g_x_difference(x, y, z, out);
}

void NoisyProblem::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out, const Sample&) const {
  inner().hvp(x, y, v, out);
}
void NoisyProblem::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, VectorXd& out, const Sample&) const {
  inner().jvp(x, y, v, out);
}

}  // namespace offprint::optimize
