// The training loss of the reader's TorchScript network.
#pragma once

#include <memory>

#include "offprint/core/run.hpp"
#include "offprint/optimize/torch/script_objective.hpp"

namespace offprint::papers::gns {

/// Reads --model, --data, --targets, --loss, --l2; computes on the run's device. Throws InputError for what is missing
/// or does not fit, NotAvailable without LibTorch.
[[nodiscard]] std::unique_ptr<optimize::ScriptObjective> read_network_objective(Run& run);

}  // namespace offprint::papers::gns
