#include "offprint/landscape/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::landscape {

Outliers count_outliers(std::span<const double> values, Eigen::Index classes) {
  constexpr double kClear = 1.5;
  if (classes < 1) throw InputError(fmt::format("the number of classes is {}; at least 1 is needed", classes));
  if (values.size() < 2) throw InputError(fmt::format("{} eigenvalues given; a gap needs at least two", values.size()));
  if (!std::ranges::all_of(values, [](double x) { return std::isfinite(x); }))
    throw InputError("an eigenvalue is not finite; outliers are counted among finite ones");
  if (!std::ranges::is_sorted(values, std::greater<>{}))
    throw InputError("the eigenvalues are not sorted; give the algebraically largest first");
  if (values[0] <= 0)
    throw InputError("the largest eigenvalue is not positive; outliers are counted among positive ones");

  Outliers found;
  const auto last = std::min(values.size() - 1, static_cast<std::size_t>(2 * classes + 2));
  for (std::size_t i = 0; i < last && values[i] > 0; ++i) {
    const double next = values[i + 1];
    const Gap gap{static_cast<Eigen::Index>(i + 1),
                  next > 0 ? values[i] / next : std::numeric_limits<double>::infinity()};
    if (gap.ratio > found.largest.ratio) found.largest = gap;
    if (gap.ratio >= kClear) found.candidates.push_back(gap);
  }
  found.clear = found.largest.ratio >= kClear;
  return found;
}

}  // namespace offprint::landscape
