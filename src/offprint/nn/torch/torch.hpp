// LibTorch's headers, the one place that includes them. Works with 1.13 and 2.x.
#pragma once

#include <torch/script.h>
#include <torch/torch.h>
