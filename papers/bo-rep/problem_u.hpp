// Runs of any method on problem U, as B1 to B5 need them: one method, one start, one seed, and what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/optimize/bo_rep.hpp"

namespace offprint::papers::bo_rep {

enum class Method { kBoRep, kMaSoba, kStocBio };
[[nodiscard]] const char* method_name(Method method);

/// What is done to d/dx <grad_y g, v>: controls that show what a wrong hypergradient does.
enum class Implicit { kRight, kLeftOut, kFlipped };

struct Trial {
  Method method = Method::kBoRep;
  double start = 1;            ///< X0: every component of x_0; y_0 = 0
  double rate = 0.03;          ///< eta, or the learning rate
  bool refined = true;         ///< y_0 by EpochSGD (baselines: a warm start)
  std::uint64_t steps = 1000;  ///< T
  double pull = 0;             ///< 1: problem U+
  double noise = 0.5;
  Implicit implicit = Implicit::kRight;
  optimize::BoRepOptions bo_rep{.nu = 0.1};  ///< all but steps, eta and refinement
  std::uint64_t seed = 0;
  double tail = 0;        ///< share of the last steps that `tail_gradient` averages over; 0: the last 200
  std::uint64_t log = 0;  ///< keep every log-th step; 0: none
};

/// G and its companions. Infinite: the iterate is not finite or ||x|| > 1e6.
struct Outcome {
  double tail_gradient = 0;    ///< G: mean exact ||grad Phi(x_t)|| over the last steps
  double start_error = 0;      ///< ||y_0 - y*(x_0)|| behind the refinement
  double tail_error = 0;       ///< mean ||y_t - y*(x_t)|| over the last steps
  std::uint64_t calls = 0;     ///< first-order oracle calls
  std::uint64_t steps = 0;     ///< done before it diverged, or all
  std::vector<double> step{};  ///< of the log
  std::vector<double> gradient{};
  std::vector<double> error{};

  [[nodiscard]] bool finite() const;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(tail_gradient, start_error, tail_error, calls, steps, step, gradient, error);
  }
};

[[nodiscard]] Outcome run_trial(const Run& run, const Trial& trial);
/// All of them over the machine's threads.
[[nodiscard]] std::vector<Outcome> run_trials(Run& run, const std::string& name, const std::vector<Trial>& trials);

}  // namespace offprint::papers::bo_rep
