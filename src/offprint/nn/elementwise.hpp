// Elementwise functions over long arrays, with the widest instructions of the machine.
#pragma once

#include <span>

namespace offprint::nn {

/// x <- tanh(x) for every entry, to a few units in the last place. About a tenth of the time of std::tanh.
void tanh_in_place(std::span<double> x);

}  // namespace offprint::nn
