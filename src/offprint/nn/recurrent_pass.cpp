// What all cells share: the products with W and U, and the loops over time; and the tanh cell.
#include "offprint/nn/recurrent_pass.hpp"

#include <optional>
#include <utility>

#include "offprint/linalg/lapack.hpp"
#include "offprint/nn/elementwise.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using linalg::multiply_into;
using linalg::Op;

// Row-by-row W read column by column is W^T: the maps hold transposes (in x out).
template <class Matrix, class Vector, class Pointer>
struct LayerView {
  LayerView(Pointer p, const RecurrentShape& s)
      : input(p, s.inputs, s.gates()),
        recurrent(p + s.inputs * s.gates(), s.hidden, s.gates()),
        bias(p + (s.inputs + s.hidden) * s.gates(), s.gates()) {}
  Matrix input;
  Matrix recurrent;
  Vector bias;
};
using Layer = LayerView<Eigen::Map<const MatrixXd>, Eigen::Map<const VectorXd>, const double*>;
using LayerOut = LayerView<Eigen::Map<MatrixXd>, Eigen::Map<VectorXd>, double*>;

}  // namespace

RecurrentPass::RecurrentPass(const RecurrentShape& shape, std::span<const double> parameters,
                             const PackedSequences& batch, const MatrixXd& inputs)
    : shape_(shape), batch_(&batch) {
  const Layer w(parameters.data(), shape);
  gates_.resize(shape.gates(), batch.tokens());
  hidden_.resize(shape.hidden, batch.tokens());
  if (shape.cell == Cell::kLstm) {
    cell_.resize(shape.hidden, batch.tokens());
    cell_tanh_.resize(shape.hidden, batch.tokens());
  }
  multiply_into(gates_, 1, w.input, Op::kAdjoint, inputs, Op::kNone, 0);
  gates_.colwise() += w.bias;
  for (Index t = 0; t < batch.steps(); ++t) {
    const Index n = batch.active(t);
    if (t > 0)
      multiply_into(gates_.middleCols(batch.offset(t), n), 1, w.recurrent, Op::kAdjoint,
                    hidden_.middleCols(batch.offset(t - 1), n), Op::kNone, 1);
    activate(t);
  }
  if (shape.cell == Cell::kTanh) gates_ = 1 - hidden_.array().square();
  previous_ = batch.earlier(hidden_);
}

RecurrentTangent RecurrentPass::tangent(std::span<const double> parameters, const MatrixXd& inputs,
                                        std::span<const double> v, const MatrixXd* inputs_moved) const {
  const Layer w(parameters.data(), shape_);
  const Layer direction(v.data(), shape_);
  RecurrentTangent out;
  out.gates.resize(gates_.rows(), gates_.cols());
  out.hidden.resize(hidden_.rows(), hidden_.cols());
  out.cell.resize(cell_.rows(), cell_.cols());
  out.cell_tanh.resize(cell_.rows(), cell_.cols());
  multiply_into(out.gates, 1, direction.input, Op::kAdjoint, inputs, Op::kNone, 0);
  out.gates.colwise() += direction.bias;
  if (inputs_moved != nullptr) multiply_into(out.gates, 1, w.input, Op::kAdjoint, *inputs_moved, Op::kNone, 1);
  multiply_into(out.gates.rightCols(previous_.cols()), 1, direction.recurrent, Op::kAdjoint, previous_, Op::kNone, 1);
  for (Index t = 0; t < batch_->steps(); ++t) {
    const Index n = batch_->active(t);
    if (t > 0)
      multiply_into(out.gates.middleCols(batch_->offset(t), n), 1, w.recurrent, Op::kAdjoint,
                    out.hidden.middleCols(batch_->offset(t - 1), n), Op::kNone, 1);
    tangent_step(t, out);
  }
  return out;
}

RecurrentPass::Back RecurrentPass::start_back(MatrixXd hidden) const {
  Back back;
  back.hidden = std::move(hidden);
  back.gates.resize(gates_.rows(), gates_.cols());
  back.cell.setZero(cell_.rows(), cell_.cols());
  return back;
}

void RecurrentPass::backward(std::span<const double> parameters, const MatrixXd& inputs, MatrixXd hidden,
                             std::span<double> gradient, MatrixXd* to_inputs) const {
  const Layer w(parameters.data(), shape_);
  Back back = start_back(std::move(hidden));
  for (Index t = batch_->steps() - 1; t >= 0; --t) {
    if (t + 1 < batch_->steps()) {
      const Index n = batch_->active(t + 1);
      multiply_into(back.hidden.middleCols(batch_->offset(t), n), 1, w.recurrent, Op::kNone,
                    back.gates.middleCols(batch_->offset(t + 1), n), Op::kNone, 1);
    }
    back_step(t, back);
  }
  LayerOut out(gradient.data(), shape_);
  multiply_into(out.input, 1, inputs, Op::kNone, back.gates, Op::kAdjoint, 0);
  multiply_into(out.recurrent, 1, previous_, Op::kNone, back.gates.rightCols(previous_.cols()), Op::kAdjoint, 0);
  out.bias = back.gates.rowwise().sum();
  if (to_inputs == nullptr) return;
  to_inputs->resize(shape_.inputs, batch_->tokens());
  multiply_into(*to_inputs, 1, w.input, Op::kNone, back.gates, Op::kNone, 0);
}

void RecurrentPass::backward_moved(std::span<const double> parameters, const MatrixXd& inputs, MatrixXd hidden,
                                   Moved moved, std::span<double> product, MatrixXd* to_inputs) const {
  const Layer w(parameters.data(), shape_);
  const bool moves = moved.tangent != nullptr;
  std::optional<Layer> direction;
  if (moves) direction.emplace(moved.v.data(), shape_);
  Back back;
  if (moves) back = start_back(std::move(hidden));
  Back back_moved = start_back(std::move(moved.hidden));
  for (Index t = batch_->steps() - 1; t >= 0; --t) {
    const Index at = batch_->offset(t);
    if (t + 1 < batch_->steps()) {
      const Index n = batch_->active(t + 1);
      const Index next = batch_->offset(t + 1);
      multiply_into(back_moved.hidden.middleCols(at, n), 1, w.recurrent, Op::kNone,
                    back_moved.gates.middleCols(next, n), Op::kNone, 1);
      if (moves) {
        multiply_into(back_moved.hidden.middleCols(at, n), 1, direction->recurrent, Op::kNone,
                      back.gates.middleCols(next, n), Op::kNone, 1);
        multiply_into(back.hidden.middleCols(at, n), 1, w.recurrent, Op::kNone, back.gates.middleCols(next, n),
                      Op::kNone, 1);
      }
    }
    if (moves) {
      back_step_moved(t, *moved.tangent, back, back_moved);
      back_step(t, back);
    } else {
      back_step(t, back_moved);
    }
  }
  LayerOut out(product.data(), shape_);
  const Index later = previous_.cols();
  multiply_into(out.input, 1, inputs, Op::kNone, back_moved.gates, Op::kAdjoint, 0);
  multiply_into(out.recurrent, 1, previous_, Op::kNone, back_moved.gates.rightCols(later), Op::kAdjoint, 0);
  if (moves)
    multiply_into(out.recurrent, 1, batch_->earlier(moved.tangent->hidden), Op::kNone, back.gates.rightCols(later),
                  Op::kAdjoint, 1);
  if (moved.inputs != nullptr) multiply_into(out.input, 1, *moved.inputs, Op::kNone, back.gates, Op::kAdjoint, 1);
  out.bias = back_moved.gates.rowwise().sum();
  if (moved.to_inputs == nullptr) return;
  moved.to_inputs->resize(shape_.inputs, batch_->tokens());
  multiply_into(*moved.to_inputs, 1, w.input, Op::kNone, back_moved.gates, Op::kNone, 0);
  if (!moves) return;
  multiply_into(*moved.to_inputs, 1, direction->input, Op::kNone, back.gates, Op::kNone, 1);
  to_inputs->resize(shape_.inputs, batch_->tokens());
  multiply_into(*to_inputs, 1, w.input, Op::kNone, back.gates, Op::kNone, 0);
}

// ---------------------------------------------------------------- steps of a cell

void RecurrentPass::activate(Index t) {
  if (shape_.cell == Cell::kLstm) return activate_lstm(t);
  auto now = hidden_.middleCols(batch_->offset(t), batch_->active(t));
  now = gates_.middleCols(batch_->offset(t), batch_->active(t));
  tanh_in_place({now.data(), static_cast<std::size_t>(now.size())});
}

void RecurrentPass::tangent_step(Index t, RecurrentTangent& out) const {
  if (shape_.cell == Cell::kLstm) return tangent_step_lstm(t, out);
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  out.hidden.middleCols(at, n) = out.gates.middleCols(at, n).cwiseProduct(gates_.middleCols(at, n));
}

void RecurrentPass::back_step(Index t, Back& back) const {
  if (shape_.cell == Cell::kLstm) return back_step_lstm(t, back);
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  back.gates.middleCols(at, n) = back.hidden.middleCols(at, n).cwiseProduct(gates_.middleCols(at, n));
}

void RecurrentPass::back_step_moved(Index t, const RecurrentTangent& tangent, const Back& back, Back& moved) const {
  if (shape_.cell == Cell::kLstm) return back_step_moved_lstm(t, tangent, back, moved);
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  // slope' = -2 h h'
  moved.gates.middleCols(at, n).array() = moved.hidden.middleCols(at, n).array() * gates_.middleCols(at, n).array() -
                                          2 * back.hidden.middleCols(at, n).array() *
                                              hidden_.middleCols(at, n).array() *
                                              tangent.hidden.middleCols(at, n).array();
}

}  // namespace offprint::nn
