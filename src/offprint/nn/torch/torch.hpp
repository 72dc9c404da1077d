// LibTorch's headers, precompiled: half a minute once instead of for every file. Works with 1.13 and 2.x.
#pragma once

#include <torch/script.h>
#include <torch/torch.h>
