// Which devices LibTorch has here. This header is free of LibTorch.
#pragma once

#include <string>
#include <vector>

namespace offprint::nn {

/// The device that a name stands for: "auto" is the first GPU where there is one, else "cpu"; "cpu", "cuda" and
/// "cuda:N" are themselves. Throws InputError for another name, NotAvailable for a device that is not here.
[[nodiscard]] std::string choose_device(const std::string& wanted);

/// Name and version of LibTorch, and of CUDA where there is a GPU, for a paper's run record.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> torch_versions();

}  // namespace offprint::nn
