#include "offprint/optimize/box.hpp"

#include <limits>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

Box::Box(Eigen::VectorXd lower, Eigen::VectorXd upper, Eigen::Index n, const char* level)
    : lower_(std::move(lower)), upper_(std::move(upper)) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (lower_.size() == 0) lower_ = Eigen::VectorXd::Constant(n, -kInfinity);
  if (upper_.size() == 0) upper_ = Eigen::VectorXd::Constant(n, kInfinity);
  if (lower_.size() != n || upper_.size() != n)
    throw InputError(
        fmt::format("{0}_lower and {0}_upper must have an entry for each of the {1} variables of {0}", level, n));
  for (Eigen::Index i = 0; i < n; ++i)
    if (!(lower_[i] <= upper_[i]))
      throw InputError(
          fmt::format("the box of {} is empty: entry {} has lower {} > upper {}", level, i + 1, lower_[i], upper_[i]));
}

}  // namespace offprint::optimize
