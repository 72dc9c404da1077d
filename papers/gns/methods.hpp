// The methods that fit runs, by the names of the command line.
#pragma once

#include <string>
#include <vector>

#include "offprint/optimize/gns.hpp"
#include "picture.hpp"

namespace offprint::papers::gns {

struct MethodOptions {
  optimize::HessianKind hessian = optimize::HessianKind::kExact;
  double gamma0 = 1;
  optimize::StopRule stop{};
};

/// Splits "lbfgs,newton-cg,..." into names. Throws InputError for one that is neither a method (lbfgs, newton-cg,
/// cubic, super-universal, gd) nor an approximation of the Hessian for the paper's method (exact, fisher, ...).
[[nodiscard]] std::vector<std::string> parse_methods(const std::string& text);

/// Runs one of them. super-universal, cubic and newton-cg use options.hessian, or the exact one when that is none.
[[nodiscard]] NamedRun run_method(const std::string& name, const optimize::Objective& objective,
                                  const optimize::Metric& metric, const Eigen::VectorXd& start,
                                  const MethodOptions& options);

}  // namespace offprint::papers::gns
