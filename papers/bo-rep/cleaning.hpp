// Hyper-cleaning of texts by any method, logged and followed by the same short refit: B6 and the action clean-text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "method.hpp"
#include "offprint/core/run.hpp"
#include "offprint/optimize/text_cleaning.hpp"

namespace offprint::papers::bo_rep {

/// What one method did.
struct CleaningOutcome {
  Eigen::VectorXd scores;    ///< x
  Eigen::VectorXd network;   ///< y after the refit
  double accuracy_last = 0;  ///< test accuracy of the last iterate
  double accuracy = 0;       ///< and after the refit
  double validation_loss = 0;
  double seconds = 0;  ///< of the method, without logging and refit
  double calls = 0;    ///< gradients; products count two
  std::uint64_t steps = 0;
  std::string stopped{};
  // the log
  std::vector<double> step{};
  std::vector<double> logged_calls{};
  std::vector<double> logged_seconds{};
  std::vector<double> loss{};      ///< upper loss on all clean texts
  std::vector<double> test{};      ///< test accuracy of the iterate (empty without test texts)
  std::vector<double> momentum{};  ///< ||m||
  std::vector<double> residual{};  ///< ||g_yy z - f_y|| / ||f_y|| on all texts
  std::vector<double> drift{};     ///< ||y_t - y_{t-1}|| of the last period

  template <class Archive>
  void serialize(Archive& archive) {
    archive(scores, network, accuracy_last, accuracy, validation_loss, seconds, calls, steps, stopped, step,
            logged_calls, logged_seconds, loss, test, momentum, residual, drift);
  }
};

struct CleaningSetup {
  MethodOptions method{};
  bool flip_jvp = false;      ///< a control: the sign of the implicit term
  std::uint64_t log = 0;      ///< steps between entries of the log; 0: none
  bool residual = false;      ///< log the linear system's residual too (two passes over all texts an entry)
  std::uint64_t refit = 200;  ///< SGD steps on g at the final scores; the mean of the second half is the network
  std::uint64_t seed = 0;     ///< of the initial weights
  Clock clock = Clock::kThread;
};

/// Runs the method from x = 0 and PyTorch's initial weights. `cancel` is polled every step.
[[nodiscard]] CleaningOutcome clean(const optimize::TextCleaning& problem, const optimize::LabelledRows& test,
                                    const CleaningSetup& setup, const CancelToken& cancel = {});
/// No cleaning: `steps` SGD steps on g at x = 0 and the same refit.
[[nodiscard]] CleaningOutcome train_uniform(const optimize::TextCleaning& problem, const optimize::LabelledRows& test,
                                            std::uint64_t steps, const CleaningSetup& setup,
                                            const CancelToken& cancel = {});

}  // namespace offprint::papers::bo_rep
