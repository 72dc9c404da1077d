#include "offprint/optimize/function_objective.hpp"

#include "offprint/core/error.hpp"

namespace offprint::optimize {

FunctionObjective::FunctionObjective(FunctionParts parts) : parts_(std::move(parts)) {
  if (parts_.dimension < 1) throw InputError("a function must have at least one variable");
  if (!parts_.value_and_gradient) throw InputError("a function must give its value and gradient");
}

void FunctionObjective::value(Point& point) const {
  point.gradient.resize(parts_.dimension);
  point.value = parts_.value_and_gradient(point.x, point.gradient);
}

Curvature FunctionObjective::curvature(const Point& point, HessianKind kind) const {
  require_support(*this, kind);
  return parts_.curvature.at(kind)(point.x);
}

}  // namespace offprint::optimize
