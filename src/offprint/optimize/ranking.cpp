#include "offprint/optimize/ranking.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {

double area_under_curve(const Eigen::Ref<const Eigen::VectorXd>& scores, const std::vector<bool>& positive) {
  const auto n = positive.size();
  if (static_cast<std::size_t>(scores.size()) != n)
    throw InputError(fmt::format("area under the curve: {} scores for {} rows", scores.size(), n));
  const auto positives = static_cast<double>(std::count(positive.begin(), positive.end(), true));
  const double negatives = static_cast<double>(n) - positives;
  if (positives == 0 || negatives == 0) throw InputError("area under the curve: it needs rows of both groups");
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto score = [&](std::size_t i) { return scores[static_cast<Eigen::Index>(i)]; };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return score(a) < score(b); });
  double rank_sum = 0;  // of the positives, tied rows sharing the mean of their ranks
  for (std::size_t first = 0; first < n;) {
    std::size_t last = first;
    while (last < n && score(order[last]) == score(order[first])) ++last;
    const double rank = (static_cast<double>(first) + static_cast<double>(last) + 1) / 2;
    for (std::size_t k = first; k < last; ++k)
      if (positive[order[k]]) rank_sum += rank;
    first = last;
  }
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

}  // namespace offprint::optimize
