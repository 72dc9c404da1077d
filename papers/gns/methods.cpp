#include "methods.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/optimize/baselines.hpp"

namespace offprint::papers::gns {

using namespace optimize;

namespace {

constexpr std::array kMethods{"lbfgs",  "newton-cg", "cubic",        "super-universal", "gd",  "exact",
                              "fisher", "majorant",  "gauss-newton", "diagonal",        "none"};

}  // namespace

std::vector<std::string> parse_methods(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::string name = text.substr(at, comma - at);
    if (!name.empty()) {
      if (std::find(kMethods.begin(), kMethods.end(), name) == kMethods.end())
        throw InputError(fmt::format("--compare: there is no method '{}'{}", name,
                                     suggestion(name, {kMethods.begin(), kMethods.end()})));
      names.push_back(name);
    }
    at = comma + 1;
  }
  return names;
}

NamedRun run_method(const std::string& name, const Objective& objective, const Metric& metric,
                    const Eigen::VectorXd& start, const MethodOptions& options) {
  const HessianKind hessian = options.hessian == HessianKind::kNone ? HessianKind::kExact : options.hessian;
  if (name == "lbfgs") return {"L-BFGS", minimize_lbfgs(objective, start, {.stop = options.stop})};
  if (name == "newton-cg")
    return {"Newton-CG", minimize_newton_cg(objective, start, {.hessian = hessian, .stop = options.stop})};
  if (name == "cubic")
    return {"cubic Newton", minimize_cubic(objective, metric, start, {.hessian = hessian, .stop = options.stop})};
  if (name == "super-universal")
    return {"super-universal Newton",
            minimize_super_universal(objective, metric, start, {.hessian = hessian, .stop = options.stop})};
  if (name == "gd") return {"gradient, L-search", minimize_gradient(objective, metric, start, {.stop = options.stop})};
  const HessianKind kind = parse_hessian_kind(name);
  return {"gns, " + name,
          minimize_gns(objective, metric, start, {.hessian = kind, .gamma0 = options.gamma0, .stop = options.stop})};
}

}  // namespace offprint::papers::gns
