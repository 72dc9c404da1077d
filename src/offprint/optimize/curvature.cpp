#include "offprint/optimize/curvature.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Size {
  Index operator()(const NoCurvature& h) const { return h.size; }
  Index operator()(const DenseCurvature& h) const { return h.matrix.rows(); }
  Index operator()(const LowRankCurvature& h) const { return h.u.rows() > 0 ? h.u.rows() : h.diagonal.size(); }
  Index operator()(const TridiagonalCurvature& h) const { return h.diagonal.size(); }
  Index operator()(const OperatorCurvature& h) const { return h.product.size; }
};

struct Multiply {
  const VectorXd& v;

  VectorXd operator()(const NoCurvature&) const { return VectorXd::Zero(v.size()); }
  VectorXd operator()(const DenseCurvature& h) const { return h.matrix.selfadjointView<Eigen::Lower>() * v; }
  VectorXd operator()(const LowRankCurvature& h) const {
    VectorXd out = h.diagonal.size() > 0 ? VectorXd(h.diagonal.cwiseProduct(v)) : VectorXd::Zero(v.size());
    if (h.u.cols() > 0) out.noalias() += h.u * h.weights.cwiseProduct(h.u.transpose() * v);
    return out;
  }
  VectorXd operator()(const TridiagonalCurvature& h) const {
    const Index n = v.size();
    VectorXd out = h.diagonal.cwiseProduct(v);
    out.head(n - 1) += h.off_diagonal.cwiseProduct(v.tail(n - 1));
    out.tail(n - 1) += h.off_diagonal.cwiseProduct(v.head(n - 1));
    if (h.q.size() > 0) out += h.weight * h.q.dot(v) * h.q;
    return out;
  }
  VectorXd operator()(const OperatorCurvature& h) const {
    VectorXd out(v.size());
    h.product.apply(v, out);
    return out;
  }
};

}  // namespace

Index size(const Curvature& h) { return std::visit(Size{}, h); }

VectorXd multiply(const Curvature& h, const VectorXd& v) { return std::visit(Multiply{v}, h); }

MatrixXd to_dense(const Curvature& h) {
  const Index n = size(h);
  if (const auto* dense = std::get_if<DenseCurvature>(&h)) return dense->matrix.selfadjointView<Eigen::Lower>();
  if (const auto* op = std::get_if<OperatorCurvature>(&h)) {
    MatrixXd out(n, n);
    op->product.apply(MatrixXd::Identity(n, n), out);
    return out;
  }
  MatrixXd out = MatrixXd::Zero(n, n);
  if (const auto* low = std::get_if<LowRankCurvature>(&h)) {
    if (low->u.cols() > 0) out.noalias() = low->u * low->weights.asDiagonal() * low->u.transpose();
    if (low->diagonal.size() > 0) out.diagonal() += low->diagonal;
  } else if (const auto* tri = std::get_if<TridiagonalCurvature>(&h)) {
    out.diagonal() = tri->diagonal;
    out.diagonal(1) = tri->off_diagonal;
    out.diagonal(-1) = tri->off_diagonal;
    if (tri->q.size() > 0) out.noalias() += tri->weight * tri->q * tri->q.transpose();
  }
  return out;
}

}  // namespace offprint::optimize
