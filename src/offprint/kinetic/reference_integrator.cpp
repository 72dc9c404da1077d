#include "offprint/kinetic/reference_integrator.hpp"

#include <boost/numeric/odeint/algebra/algebra_dispatcher.hpp>
#include <boost/numeric/odeint/algebra/vector_space_algebra.hpp>
#include <boost/numeric/odeint/external/eigen/eigen.hpp>
#include <boost/numeric/odeint/integrate/integrate_adaptive.hpp>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta4.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>
#include <boost/numeric/odeint/util/odeint_error.hpp>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic::detail {

namespace odeint = boost::numeric::odeint;
using Eigen::VectorXd;

void runge_kutta_step(const Slopes& slopes, double dt, VectorXd& state) {
  odeint::runge_kutta4<VectorXd, double, VectorXd, double, odeint::vector_space_algebra> stepper;
  stepper.do_step([&](const VectorXd& x, VectorXd& slope, double) { slopes(x, slope); }, state, 0.0, dt);
}

void integrate_to_tolerance(const Slopes& slopes, double duration, double first, double tolerance, VectorXd& state) {
  using Pair = odeint::runge_kutta_fehlberg78<VectorXd, double, VectorXd, double, odeint::vector_space_algebra>;
  // Of the state alone: by default the slope, which is stiff here, would widen what is allowed.
  using Checker = odeint::default_error_checker<double, odeint::vector_space_algebra, odeint::default_operations>;
  try {
    odeint::integrate_adaptive(
        odeint::controlled_runge_kutta<Pair>(Checker(tolerance, tolerance, 1.0, 0.0)),
        [&](const VectorXd& x, VectorXd& slope, double) { slopes(x, slope); }, state, 0.0, duration, first);
  } catch (const odeint::odeint_error& error) {
    throw Error(fmt::format("the reference integrator found no step that meets a tolerance of {}: {}", tolerance,
                            error.what()));
  }
}

}  // namespace offprint::kinetic::detail
