// The LSTM cell (Hochreiter and Schmidhuber 1997, with forget gates) in a recurrent layer: one time step of each of the
// four passes.
#include "offprint/nn/elementwise.hpp"
#include "offprint/nn/recurrent_pass.hpp"

namespace offprint::nn {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;

enum Gate : Index { kInput, kForget, kCandidate, kOutput };

}  // namespace

void RecurrentPass::activate_lstm(Index t) {
  const Index h = shape_.hidden;
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  auto now = gates_.middleCols(at, n);
  // sigma(x) = (1 + tanh(x/2))/2, so that one tanh serves all gates.
  const auto sigmoids = [&](double factor, double shift) {
    now.topRows(2 * h).array() = shift + factor * now.topRows(2 * h).array();
    now.bottomRows(h).array() = shift + factor * now.bottomRows(h).array();
  };
  sigmoids(0.5, 0);
  tanh_in_place({now.data(), static_cast<std::size_t>(now.size())});
  sigmoids(0.5, 0.5);
  const auto gate = [&](Gate g) { return gates_.block(g * h, at, h, n).array(); };
  auto cell = cell_.middleCols(at, n);
  cell.array() = gate(kInput) * gate(kCandidate);
  if (t > 0) cell.array() += gate(kForget) * cell_.middleCols(batch_->offset(t - 1), n).array();
  auto squashed = cell_tanh_.middleCols(at, n);
  squashed = cell;
  tanh_in_place({squashed.data(), static_cast<std::size_t>(squashed.size())});
  hidden_.middleCols(at, n).array() = gate(kOutput) * squashed.array();
}

void RecurrentPass::tangent_step_lstm(Index t, RecurrentTangent& out) const {
  const Index h = shape_.hidden;
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  const auto gate = [&](Gate g) { return gates_.block(g * h, at, h, n).array(); };
  const auto moved = [&](Gate g) { return out.gates.block(g * h, at, h, n).array(); };
  for (const Gate g : {kInput, kForget, kOutput}) moved(g) *= gate(g) * (1 - gate(g));
  moved(kCandidate) *= 1 - gate(kCandidate).square();
  auto cell = out.cell.middleCols(at, n).array();
  cell = moved(kInput) * gate(kCandidate) + gate(kInput) * moved(kCandidate);
  if (t > 0) {
    const Index before = batch_->offset(t - 1);
    cell +=
        moved(kForget) * cell_.middleCols(before, n).array() + gate(kForget) * out.cell.middleCols(before, n).array();
  }
  const auto squashed = cell_tanh_.middleCols(at, n).array();
  out.cell_tanh.middleCols(at, n).array() = (1 - squashed.square()) * cell;
  out.hidden.middleCols(at, n).array() =
      moved(kOutput) * squashed + gate(kOutput) * out.cell_tanh.middleCols(at, n).array();
}

void RecurrentPass::back_step_lstm(Index t, Back& back) const {
  const Index h = shape_.hidden;
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  const auto gate = [&](Gate g) { return gates_.block(g * h, at, h, n).array(); };
  const auto delta = [&](Gate g) { return back.gates.block(g * h, at, h, n).array(); };
  const auto squashed = cell_tanh_.middleCols(at, n).array();
  const auto hidden = back.hidden.middleCols(at, n).array();
  auto cell = back.cell.middleCols(at, n).array();
  cell += hidden * gate(kOutput) * (1 - squashed.square());
  delta(kOutput) = hidden * squashed * gate(kOutput) * (1 - gate(kOutput));
  delta(kInput) = cell * gate(kCandidate) * gate(kInput) * (1 - gate(kInput));
  delta(kCandidate) = cell * gate(kInput) * (1 - gate(kCandidate).square());
  if (t == 0) {
    delta(kForget) = 0;
    return;
  }
  const Index before = batch_->offset(t - 1);
  delta(kForget) = cell * cell_.middleCols(before, n).array() * gate(kForget) * (1 - gate(kForget));
  back.cell.middleCols(before, n).array() = cell * gate(kForget);
}

// back_step_lstm differentiated along the tangent; `back` has not taken this step yet.
void RecurrentPass::back_step_moved_lstm(Index t, const RecurrentTangent& tangent, const Back& back,
                                         Back& moved) const {
  const Index h = shape_.hidden;
  const Index at = batch_->offset(t);
  const Index n = batch_->active(t);
  const auto gate = [&](Gate g) { return gates_.block(g * h, at, h, n).array(); };
  const auto gate_moved = [&](Gate g) { return tangent.gates.block(g * h, at, h, n).array(); };
  const auto delta = [&](Gate g) { return moved.gates.block(g * h, at, h, n).array(); };
  // A sigmoid's slope s(1 - s) and its derivative.
  const auto slope = [&](Gate g) { return gate(g) * (1 - gate(g)); };
  const auto slope_moved = [&](Gate g) { return (1 - 2 * gate(g)) * gate_moved(g); };
  const auto squashed = cell_tanh_.middleCols(at, n).array();
  const auto squashed_moved = tangent.cell_tanh.middleCols(at, n).array();
  const auto hidden = back.hidden.middleCols(at, n).array();
  const auto hidden_moved = moved.hidden.middleCols(at, n).array();
  const ArrayXXd bend = 1 - squashed.square();
  const ArrayXXd cell = back.cell.middleCols(at, n).array() + hidden * gate(kOutput) * bend;
  auto cell_moved = moved.cell.middleCols(at, n).array();
  cell_moved += hidden_moved * gate(kOutput) * bend + hidden * gate_moved(kOutput) * bend -
                2 * hidden * gate(kOutput) * squashed * squashed_moved;
  delta(kOutput) =
      (hidden_moved * squashed + hidden * squashed_moved) * slope(kOutput) + hidden * squashed * slope_moved(kOutput);
  delta(kInput) = (cell_moved * gate(kCandidate) + cell * gate_moved(kCandidate)) * slope(kInput) +
                  cell * gate(kCandidate) * slope_moved(kInput);
  delta(kCandidate) = (cell_moved * gate(kInput) + cell * gate_moved(kInput)) * (1 - gate(kCandidate).square()) -
                      2 * cell * gate(kInput) * gate(kCandidate) * gate_moved(kCandidate);
  if (t == 0) {
    delta(kForget) = 0;
    return;
  }
  const Index before = batch_->offset(t - 1);
  const auto earlier = cell_.middleCols(before, n).array();
  const auto earlier_moved = tangent.cell.middleCols(before, n).array();
  delta(kForget) =
      (cell_moved * earlier + cell * earlier_moved) * slope(kForget) + cell * earlier * slope_moved(kForget);
  moved.cell.middleCols(before, n).array() = cell_moved * gate(kForget) + cell * gate_moved(kForget);
}

}  // namespace offprint::nn
