// The training loop that the model classes share: constant learning rate, gradient clipping, a stop rule on the full
// loss, and a log of loss and sharpness on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/parallel.hpp"

namespace offprint::landscape {

/// Inputs row by row and one target each.
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
struct RegressionData {
  RowMatrix x;        ///< n x d
  Eigen::VectorXd y;  ///< n
};

struct DescentOptions {
  double learning_rate = 0.01;
  /// Samples a step, drawn with replacement; 0: all of them (gradient descent).
  Eigen::Index batch = 1;
  /// The gradient of the step's loss is scaled down to this norm; infinity: never. 10 is what large initial weights
  /// need: there the learning rate is above 2/Tr(G) and plain SGD overflows within ten steps.
  double clip_norm = 10;
  /// Stop when the full loss (half the mean squared error) is below.
  double tolerance = 1e-12;
  std::uint64_t max_steps = 1'000'000;
  /// Steps between two looks at the full loss; 0: n for batches, 10 for gradient descent.
  std::uint64_t check_every = 0;
  CancelToken cancel{};
};

/// Where training stands: half the mean squared error and the trace of G.
struct DescentPoint {
  std::uint64_t step = 0;
  double loss = std::numeric_limits<double>::quiet_NaN();
  double trace = std::numeric_limits<double>::quiet_NaN();

  template <class Archive>
  void serialize(Archive& archive) {
    archive(step, loss, trace);
  }
};

struct DescentReport {
  std::uint64_t steps = 0;
  double loss = std::numeric_limits<double>::quiet_NaN();
  bool converged = false;
  bool diverged = false;           ///< the loss is no longer finite; training stopped there
  std::uint64_t clipped = 0;       ///< steps whose gradient was clipped
  std::uint64_t last_clipped = 0;  ///< no step after this one was (to within check_every)
  std::vector<DescentPoint> log;   ///< at most 1000 points, evenly spaced, the last one included

  [[nodiscard]] double clipped_share() const {
    return steps == 0 ? 0 : static_cast<double>(clipped) / static_cast<double>(steps);
  }
  template <class Archive>
  void serialize(Archive& archive) {
    archive(steps, loss, converged, diverged, clipped, last_clipped, log);
  }
};

/// Takes `advance(count)` steps (it returns how many were clipped) and looks at `evaluate()` in between, until the
/// tolerance, the limit or an overflow is reached. `samples` gives the default of check_every. Throws InputError for a
/// learning rate or clip norm that is not positive, a negative batch or tolerance; Interrupted.
[[nodiscard]] DescentReport descend(const DescentOptions& options, Eigen::Index samples,
                                    const std::function<std::uint64_t(std::uint64_t)>& advance,
                                    const std::function<DescentPoint()>& evaluate);

}  // namespace offprint::landscape
