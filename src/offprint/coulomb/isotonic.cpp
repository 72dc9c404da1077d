#include "offprint/coulomb/isotonic.hpp"

#include <algorithm>

#include "offprint/core/error.hpp"

namespace offprint::coulomb {

std::vector<IsotonicBlock> isotonic_blocks(std::span<const double> y, std::span<const double> weight, double lo,
                                           double hi) {
  if (y.size() != weight.size()) throw Error("isotonic regression: as many weights as values are needed");
  std::vector<IsotonicBlock> blocks;
  std::vector<double> mass;
  for (std::size_t i = 0; i < y.size(); ++i) {
    blocks.push_back({i, i, y[i]});
    mass.push_back(weight[i]);
    while (blocks.size() > 1 && blocks[blocks.size() - 2].value >= blocks.back().value) {
      const IsotonicBlock last = blocks.back();
      const double m = mass.back();
      blocks.pop_back();
      mass.pop_back();
      IsotonicBlock& kept = blocks.back();
      kept.value = (mass.back() * kept.value + m * last.value) / (mass.back() + m);
      kept.last = last.last;
      mass.back() += m;
    }
  }
  for (auto& block : blocks) block.value = std::clamp(block.value, lo, hi);
  return blocks;
}

std::vector<double> isotonic_regression(std::span<const double> y, std::span<const double> weight, double lo,
                                        double hi) {
  std::vector<double> x(y.size());
  for (const auto& block : isotonic_blocks(y, weight, lo, hi))
    std::fill(x.begin() + static_cast<std::ptrdiff_t>(block.first),
              x.begin() + static_cast<std::ptrdiff_t>(block.last) + 1, block.value);
  return x;
}

}  // namespace offprint::coulomb
