#include "verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/modulus.hpp"

namespace offprint::papers::koopman {
namespace {

// "lipschitz:L".
double lipschitz_constant(const std::string& text) {
  constexpr std::string_view kKind = "lipschitz:";
  double value = 0;
  if (text.starts_with(kKind)) {
    const std::string digits = text.substr(kKind.size());
    char* end = nullptr;
    value = std::strtod(digits.c_str(), &end);
    if (*end != '\0') value = 0;
  }
  if (!(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("--modulus '{}': give lipschitz:L with a positive number L", text));
  return value;
}

}  // namespace

void report_verdict(Run& run, const Problem& problem, const lib::Compression<double>* compression, double epsilon) {
  const Options& o = run.options();
  lib::ModulusQuestion question;
  question.epsilon = epsilon;
  if (o.has("modulus")) question.lipschitz = lipschitz_constant(o.text("modulus"));
  if (o.has("mesh")) question.mesh = o.real("mesh");
  if (compression == nullptr) {
    run.note(question.lipschitz ? "not certified: the a-priori bound is for dictionaries, not for kernels"
                                : "not certified: no modulus given");
    return;
  }
  question.residuals_void = compression->residuals_void();
  question.nodes = static_cast<double>(problem.train.count());
  question.dimension = static_cast<int>(problem.train.dimension());
  if (question.lipschitz && question.mesh) {
    const double mesh = *question.mesh;
    // Cells reach h beyond their nodes, and their images L h beyond the nodes' images.
    const double reach = mesh * std::max(1.0, *question.lipschitz);
    const auto& [x, y] = std::tie(problem.train.x, problem.train.y);
    const Eigen::VectorXd low = x.colwise().minCoeff().cwiseMin(y.colwise().minCoeff()).transpose().array() - reach;
    const Eigen::VectorXd high = x.colwise().maxCoeff().cwiseMax(y.colwise().maxCoeff()).transpose().array() + reach;
    const auto regularity = problem.dictionary->regularity(low, high);
    lib::QuadratureSetting setting;
    setting.functions = compression->functions;
    setting.bound = regularity.bound;
    setting.dictionary_modulus = [&](double h) { return regularity.lipschitz * h; };
    setting.sigma_min = compression->sigma_min;
    question.bound = lib::lipschitz_bound(setting, *question.lipschitz, mesh, 1.0);
    run.metric("delta_q", question.bound->delta_q);
    run.metric("delta_g", question.bound->delta_g);
  }
  const auto verdict = lib::modulus_verdict(question);
  run.note(verdict.text);
}

}  // namespace offprint::papers::koopman
