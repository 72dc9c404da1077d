// The actions of the paper: what `offprint run neural-collapse ACTION` does with the reader's files.
#pragma once

#include "offprint/core/run.hpp"

namespace offprint::papers::neural_collapse {

/// Collapse metrics of features, layer by layer.
void metrics(Run& run);
/// The minimizer of the tied model on given features.
void model(Run& run);
/// The central path from given features.
void path(Run& run);
/// What one more layer would gain, and the staircase of singular values.
void response(Run& run);
/// A dense network trained layer by layer or end to end, with collapse behind every hidden layer.
void train(Run& run);

}  // namespace offprint::papers::neural_collapse
