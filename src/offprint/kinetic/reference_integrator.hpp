// Internal: explicit integration of the mixture by Boost.Odeint, without anything of the asymptotic-preserving scheme.
#pragma once

#include <functional>

#include <Eigen/Core>

namespace offprint::kinetic::detail {

using Slopes = std::function<void(const Eigen::VectorXd& state, Eigen::VectorXd& slope)>;

/// One classical Runge-Kutta step of order 4.
void runge_kutta_step(const Slopes& slopes, double dt, Eigen::VectorXd& state);
/// Over `duration` by the embedded pair of Fehlberg, orders 7 and 8: the error of every step and entry is below
/// tolerance (1 + |entry|). `first` is the first step that is tried. Throws Error when no step is small enough.
void integrate_to_tolerance(const Slopes& slopes, double duration, double first, double tolerance,
                            Eigen::VectorXd& state);

}  // namespace offprint::kinetic::detail
