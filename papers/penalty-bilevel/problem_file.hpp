// The reader's own bilevel problem: expressions in a TOML file, a TorchScript module, or one of the built-in examples.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/run.hpp"
#include "offprint/optimize/box.hpp"
#include "offprint/optimize/torch/script_bilevel.hpp"

namespace offprint::papers::penalty_bilevel {

struct Problem {
  std::unique_ptr<optimize::BilevelProblem> problem{};
  std::string name{};                  ///< for titles
  std::vector<std::string> x_names{};  ///< of the entries of x
  std::vector<std::string> y_names{};
  Eigen::VectorXd x;  ///< where it starts
  Eigen::VectorXd y;
  optimize::Box box_x{};
  /// The problem as what it is, where it is a module; else null.
  const optimize::ScriptBilevel* script = nullptr;
};

/// Reads --problem (.toml: expressions; anything else: TorchScript, on the run's device) or, without it, --example.
/// Throws InputError as the readers do; NotAvailable for a module in a build without LibTorch.
[[nodiscard]] Problem read_problem(const Run& run);

/// The option `name`, as many numbers as `x` has, in place of x. Throws InputError for another count.
void take_start(const Options& options, const std::string& name, Eigen::VectorXd& x);

}  // namespace offprint::papers::penalty_bilevel
