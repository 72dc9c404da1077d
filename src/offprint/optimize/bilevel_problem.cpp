#include "offprint/optimize/bilevel_problem.hpp"

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

[[noreturn]] void refuse_second_order() {
  throw InputError(
      "the bilevel problem gives no second derivatives (hvp, jvp), which this method needs; use a penalty method, or "
      "implement them");
}

}  // namespace

OracleCalls& OracleCalls::operator+=(const OracleCalls& other) {
  upper_values += other.upper_values;
  lower_values += other.lower_values;
  upper_gradients += other.upper_gradients;
  lower_gradients += other.lower_gradients;
  hvps += other.hvps;
  jvps += other.jvps;
  samples += other.samples;
  return *this;
}

void BilevelProblem::g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                                    const Sample& sample) const {
  Eigen::VectorXd at_z;
  g_x(x, y, out, sample);
  g_x(x, z, at_z, sample);
  out -= at_z;
}

void BilevelProblem::hvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& /*v*/,
                         Eigen::VectorXd& /*out*/, const Sample& /*sample*/) const {
  refuse_second_order();
}

void BilevelProblem::jvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& /*v*/,
                         Eigen::VectorXd& /*out*/, const Sample& /*sample*/) const {
  refuse_second_order();
}

double CountedProblem::f(const VectorRef& x, const VectorRef& y, const Sample& sample) {
  ++calls_.upper_values;
  calls_.samples += problem_->rows_upper(sample);
  return problem_->f(x, y, sample);
}

double CountedProblem::g(const VectorRef& x, const VectorRef& y, const Sample& sample) {
  ++calls_.lower_values;
  calls_.samples += problem_->rows_lower(sample);
  return problem_->g(x, y, sample);
}

void CountedProblem::f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) {
  ++calls_.upper_gradients;
  calls_.samples += problem_->rows_upper(sample);
  problem_->f_x(x, y, out, sample);
}

void CountedProblem::f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) {
  ++calls_.upper_gradients;
  calls_.samples += problem_->rows_upper(sample);
  problem_->f_y(x, y, out, sample);
}

void CountedProblem::g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) {
  ++calls_.lower_gradients;
  calls_.samples += problem_->rows_lower(sample);
  problem_->g_x(x, y, out, sample);
}

void CountedProblem::g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample) {
  ++calls_.lower_gradients;
  calls_.samples += problem_->rows_lower(sample);
  problem_->g_y(x, y, out, sample);
}

void CountedProblem::g_x_difference(const VectorRef& x, const VectorRef& y, const VectorRef& z, Eigen::VectorXd& out,
                                    const Sample& sample) {
  calls_.lower_gradients += 2;
  calls_.samples += 2 * problem_->rows_lower(sample);
  problem_->g_x_difference(x, y, z, out, sample);
}

void CountedProblem::hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
                         const Sample& sample) {
  ++calls_.hvps;
  calls_.samples += problem_->rows_lower(sample);
  problem_->hvp(x, y, v, out, sample);
}

void CountedProblem::jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
                         const Sample& sample) {
  ++calls_.jvps;
  calls_.samples += problem_->rows_lower(sample);
  problem_->jvp(x, y, v, out, sample);
}

}  // namespace offprint::optimize
