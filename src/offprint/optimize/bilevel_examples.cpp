#include "offprint/optimize/bilevel_examples.hpp"

#include <cmath>

#include <Eigen/Dense>

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

// P v with P = I - 0.3 (sub- and superdiagonal), which is symmetric.
void coupled(const VectorRef& v, VectorXd& out) {
  const Index d = v.size();
  out.resize(d);
  for (Index i = 0; i < d; ++i) {
    const double below = i > 0 ? v[i - 1] : 0.0;
    const double above = i + 1 < d ? v[i + 1] : 0.0;
    out[i] = v[i] - 0.3 * (below + above);
  }
}

}  // namespace

// ---------------------------------------------------------------- Q

ProblemQ::ProblemQ(double pull, Index dimension) : pull_(pull), q_(dimension), t_(dimension) {
  for (Index i = 0; i < dimension; ++i) {
    q_[i] = dimension > 1 ? 1 + 4 * static_cast<double>(i) / static_cast<double>(dimension - 1) : 1;
    t_[i] = std::cos(static_cast<double>(i));
  }
}

double ProblemQ::f(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return ((x + y - t_).array().cosh() - 1).sum() + pull_ * (x.array() - 2).square().sum();
}

double ProblemQ::g(const VectorRef& x, const VectorRef& y, const Sample&) const {
  VectorXd px;
  coupled(x, px);
  return 0.5 * (q_.array() * y.array().square()).sum() - y.dot(px);
}

void ProblemQ::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = (x + y - t_).array().sinh() + 2 * pull_ * (x.array() - 2);
}

void ProblemQ::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = (x + y - t_).array().sinh();
}

void ProblemQ::g_x(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample&) const {
  coupled(y, out);
  out = -out;
}

void ProblemQ::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  coupled(x, out);
  out = q_.cwiseProduct(y) - out;
}

void ProblemQ::g_x_difference(const VectorRef& /*x*/, const VectorRef& y, const VectorRef& z, VectorXd& out,
                              const Sample&) const {
  const Index d = y.size();
  out.resize(d);
  for (Index i = 0; i < d; ++i) {
    const double below = i > 0 ? z[i - 1] - y[i - 1] : 0.0;
    const double above = i + 1 < d ? z[i + 1] - y[i + 1] : 0.0;
    out[i] = z[i] - y[i] - 0.3 * (below + above);
  }
}

void ProblemQ::hvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, VectorXd& out,
                   const Sample&) const {
  out = q_.cwiseProduct(v);
}

void ProblemQ::jvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, VectorXd& out,
                   const Sample&) const {
  coupled(v, out);
  out = -out;
}

std::optional<VectorXd> ProblemQ::exact_lower(const VectorRef& x) const {
  VectorXd y;
  coupled(x, y);
  return y.cwiseQuotient(q_);
}

// ---------------------------------------------------------------- R

ProblemR::ProblemR() {
  c_ << 1, 2, 0, 0, 1, 1;
  d_ << 1, 0, 0.5, -1;
  m_ << 0.3, 0, -0.2, 0, 0.5, 0.1;
  a_ << 1, -1, 0.5;
  b_ << 0.2, 0.4;
  // C has full row rank: C^+ = C^T (C C^T)^{-1}.
  pinv_d_ = c_.transpose() * (c_ * c_.transpose()).inverse() * d_;
}

Eigen::Vector3d ProblemR::null_direction() { return Eigen::Vector3d(2, -1, 1) / std::sqrt(6.0); }

double ProblemR::f(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return 0.5 * (y - a_).squaredNorm() + 0.5 * (x - b_).squaredNorm() + x.dot(m_ * y);
}

double ProblemR::g(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return 0.5 * (c_ * y - d_ * x).squaredNorm();
}

void ProblemR::f_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = x - b_ + m_ * y;
}

void ProblemR::f_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = y - a_ + m_.transpose() * x;
}

void ProblemR::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = -d_.transpose() * (c_ * y - d_ * x);
}

void ProblemR::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = c_.transpose() * (c_ * y - d_ * x);
}

void ProblemR::hvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, VectorXd& out,
                   const Sample&) const {
  out = c_.transpose() * (c_ * v);
}

void ProblemR::jvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, VectorXd& out,
                   const Sample&) const {
  out = -d_.transpose() * (c_ * v);
}

std::optional<VectorXd> ProblemR::exact_lower(const VectorRef& x) const {
  const Eigen::Vector3d shortest = pinv_d_ * x;
  const Eigen::Vector3d n = null_direction();
  return VectorXd(shortest + n * n.dot(a_ - m_.transpose() * x - shortest));
}

// ---------------------------------------------------------------- J

double ProblemJ::f(const VectorRef& x, const VectorRef& y, const Sample&) const { return -y[0] + x[0] * x[0]; }
double ProblemJ::g(const VectorRef& x, const VectorRef& y, const Sample&) const { return x[0] * y[0]; }
void ProblemJ::f_x(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out, const Sample&) const { out = 2 * x; }
void ProblemJ::f_y(const VectorRef& /*x*/, const VectorRef& /*y*/, VectorXd& out, const Sample&) const {
  out = VectorXd::Constant(1, -1);
}
void ProblemJ::g_x(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample&) const { out = y; }
void ProblemJ::g_y(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out, const Sample&) const { out = x; }

std::optional<VectorXd> ProblemJ::exact_lower(const VectorRef& x) const {
  return VectorXd::Constant(1, x[0] > 0 ? -1.0 : 1.0);
}

// ---------------------------------------------------------------- K

double ProblemK::f(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return 0.5 * (y[0] - 1) * (y[0] - 1) + 0.05 * x[0] * x[0];
}
double ProblemK::g(const VectorRef& x, const VectorRef& y, const Sample&) const {
  return 0.5 * (y[0] - x[0]) * (y[0] - x[0]);
}
void ProblemK::f_x(const VectorRef& x, const VectorRef& /*y*/, VectorXd& out, const Sample&) const { out = 0.1 * x; }
void ProblemK::f_y(const VectorRef& /*x*/, const VectorRef& y, VectorXd& out, const Sample&) const {
  out = VectorXd::Constant(1, y[0] - 1);
}
void ProblemK::g_x(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const { out = x - y; }
void ProblemK::g_y(const VectorRef& x, const VectorRef& y, VectorXd& out, const Sample&) const { out = y - x; }
void ProblemK::hvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, VectorXd& out,
                   const Sample&) const {
  out = v;
}
void ProblemK::jvp(const VectorRef& /*x*/, const VectorRef& /*y*/, const VectorRef& v, VectorXd& out,
                   const Sample&) const {
  out = -v;
}

std::optional<VectorXd> ProblemK::exact_lower(const VectorRef& x) const {
  return VectorXd::Constant(1, std::max(x[0], 0.0));
}

}  // namespace offprint::optimize
