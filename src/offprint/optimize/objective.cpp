#include "offprint/optimize/objective.hpp"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::optimize {
namespace {

constexpr std::array<std::pair<HessianKind, std::string_view>, 6> kKinds{{{HessianKind::kExact, "exact"},
                                                                          {HessianKind::kFisher, "fisher"},
                                                                          {HessianKind::kGaussNewton, "gauss-newton"},
                                                                          {HessianKind::kMajorant, "majorant"},
                                                                          {HessianKind::kDiagonal, "diagonal"},
                                                                          {HessianKind::kNone, "none"}}};

}  // namespace

std::string_view to_string(HessianKind kind) {
  for (const auto& [known, name] : kKinds)
    if (known == kind) return name;
  return "none";
}

HessianKind parse_hessian_kind(std::string_view text) {
  std::vector<std::string> names;
  for (const auto& [known, name] : kKinds) {
    if (name == text) return known;
    names.emplace_back(name);
  }
  throw InputError(fmt::format("there is no approximation '{}' of the Hessian{}", text, suggestion(text, names)));
}

void require_support(const Objective& objective, HessianKind kind) {
  if (kind == HessianKind::kNone || objective.supports(kind)) return;
  std::string known;
  for (const auto& [other, name] : kKinds)
    if (other == HessianKind::kNone || objective.supports(other))
      known += (known.empty() ? "" : ", ") + std::string(name);
  throw InputError(
      fmt::format("this objective has no '{}' approximation of its Hessian; it has: {}", to_string(kind), known));
}

Point evaluated(const Objective& objective, const Eigen::VectorXd& x) {
  if (x.size() != objective.dimension())
    throw InputError(
        fmt::format("the point has {} entries but the objective has {} variables", x.size(), objective.dimension()));
  Point point;
  point.x = x;
  objective.evaluate(point);
  if (!std::isfinite(point.value))
    throw InputError(fmt::format("the objective is {} at the start; start where it is finite", point.value));
  for (Eigen::Index i = 0; i < point.gradient.size(); ++i)
    if (!std::isfinite(point.gradient(i)))
      throw InputError(fmt::format("entry {} of the gradient is {} at the start; start where it is finite", i + 1,
                                   point.gradient(i)));
  return point;
}

}  // namespace offprint::optimize
