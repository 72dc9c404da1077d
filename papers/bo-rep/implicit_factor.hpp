// A problem whose implicit term is left out or has its sign flipped: what a wrong hypergradient does.
#pragma once

#include "offprint/optimize/forwarding_problem.hpp"

namespace offprint::papers::bo_rep {

/// d/dx <grad_y g, v> times a factor: 0 leaves the term out, -1 flips its sign.
class ImplicitFactor final : public optimize::ForwardingProblem {
 public:
  ImplicitFactor(const optimize::BilevelProblem& inner, double factor) : ForwardingProblem(inner), factor_(factor) {}
  void jvp(const optimize::VectorRef& x, const optimize::VectorRef& y, const optimize::VectorRef& v,
           Eigen::VectorXd& out, const optimize::Sample& sample) const override {
    inner().jvp(x, y, v, out, sample);
    out *= factor_;
  }

 private:
  double factor_;
};

}  // namespace offprint::papers::bo_rep
