// One recurrent layer by hand, over a packed batch of sequences: a forward pass that is kept, and all its derivatives
// up to the second in batched matrix products. What networks for texts (nn/rnn.hpp) are stacked from.
#pragma once

#include <span>

#include <Eigen/Core>

#include "offprint/nn/packed_sequences.hpp"

namespace offprint::nn {

enum class Cell {
  kTanh,  ///< h_t = tanh(W x_t + U h_{t-1} + b)
  kLstm,  ///< (i, f, g, o) = (sigma, sigma, tanh, sigma)(W x_t + U h_{t-1} + b), c_t = f c_{t-1} + i g, h_t = o
          ///< tanh(c_t)
};

struct RecurrentShape {
  Eigen::Index inputs = 1;  ///< d
  Eigen::Index hidden = 1;  ///< H
  Cell cell = Cell::kTanh;

  /// Rows of W, U and b: H, or 4 H for the LSTM (i, f, g, o: PyTorch's order).
  [[nodiscard]] Eigen::Index gates() const { return cell == Cell::kLstm ? 4 * hidden : hidden; }
  /// W (gates x d, row by row), U (gates x H, row by row), b (gates), in this order.
  [[nodiscard]] Eigen::Index parameters() const { return gates() * (inputs + hidden + 1); }
};

/// What a direction does to a layer: derivatives of its activations, states and outputs.
struct RecurrentTangent {
  Eigen::MatrixXd gates;
  Eigen::MatrixXd cell;
  Eigen::MatrixXd cell_tanh;
  Eigen::MatrixXd hidden;  ///< H x tokens
};

/// Columns over tokens are in packed order. Inputs and parameters are handed to each call and must be those of the
/// construction. Memory O(tokens gates). Costs in flops a token: G = gates (d + H).
class RecurrentPass {
 public:
  /// 2 G. Sizes are the caller's business.
  RecurrentPass(const RecurrentShape& shape, std::span<const double> parameters, const PackedSequences& batch,
                const Eigen::MatrixXd& inputs);

  [[nodiscard]] const Eigen::MatrixXd& hidden() const { return hidden_; }  ///< H x tokens

  /// Derivative along v in the parameters and inputs_moved in the inputs (null: they stay). About 4 G.
  [[nodiscard]] RecurrentTangent tangent(std::span<const double> parameters, const Eigen::MatrixXd& inputs,
                                         std::span<const double> v, const Eigen::MatrixXd* inputs_moved) const;

  /// From dL/d hidden (spoiled): dL/d parameters, and dL/d inputs unless null. About 4 G.
  void backward(std::span<const double> parameters, const Eigen::MatrixXd& inputs, Eigen::MatrixXd hidden,
                std::span<double> gradient, Eigen::MatrixXd* to_inputs) const;

  /// The derivatives along a direction of what backward() gives.
  struct Moved {
    std::span<const double> v;        ///< the direction in the parameters; empty: nothing in this layer moves
    const Eigen::MatrixXd* inputs;    ///< derivative of the inputs, null: they stay
    const RecurrentTangent* tangent;  ///< what tangent() gave; null where nothing moves
    Eigen::MatrixXd hidden;           ///< derivative of dL/d hidden
    Eigen::MatrixXd* to_inputs;       ///< out: derivative of dL/d inputs; null: not wanted
  };
  /// `hidden` (dL/d hidden) is looked at only where something moves; likewise to_inputs is set only there. About 8 G.
  void backward_moved(std::span<const double> parameters, const Eigen::MatrixXd& inputs, Eigen::MatrixXd hidden,
                      Moved moved, std::span<double> product, Eigen::MatrixXd* to_inputs) const;

 private:
  /// What goes back through time beside the outputs: dL/dc of the LSTM.
  struct Back {
    Eigen::MatrixXd hidden;
    Eigen::MatrixXd gates;
    Eigen::MatrixXd cell;
  };
  [[nodiscard]] Back start_back(Eigen::MatrixXd hidden) const;
  void activate(Eigen::Index t);
  void tangent_step(Eigen::Index t, RecurrentTangent& out) const;
  void back_step(Eigen::Index t, Back& back) const;
  void back_step_moved(Eigen::Index t, const RecurrentTangent& tangent, const Back& back, Back& moved) const;
  void activate_lstm(Eigen::Index t);
  void tangent_step_lstm(Eigen::Index t, RecurrentTangent& out) const;
  void back_step_lstm(Eigen::Index t, Back& back) const;
  void back_step_moved_lstm(Eigen::Index t, const RecurrentTangent& tangent, const Back& back, Back& moved) const;

  RecurrentShape shape_;
  const PackedSequences* batch_;
  Eigen::MatrixXd gates_;      // activations; for the tanh cell the slopes 1 - h^2
  Eigen::MatrixXd cell_;       // c, LSTM only
  Eigen::MatrixXd cell_tanh_;  // tanh(c)
  Eigen::MatrixXd hidden_;
  Eigen::MatrixXd previous_;  // h_{t-1} beside each later token
};

}  // namespace offprint::nn
