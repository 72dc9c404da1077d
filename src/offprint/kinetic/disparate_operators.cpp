#include "offprint/kinetic/disparate_operators.hpp"

#include <cmath>
#include <complex>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
constexpr Complex kI(0, 1);

void check_order(int order) {
  if (order < 0 || order > 2) {
    throw InputError(fmt::format("the expansion in the mass ratio is known to order 0, 1 and 2, not {}", order));
  }
}

Eigen::MatrixXd all_coordinates(const VelocityGrid& grid) {
  Eigen::MatrixXd v(grid.size(), grid.dimension);
  for (int i = 0; i < grid.dimension; ++i) v.col(i) = grid.coordinates(i);
  return v;
}

Eigen::VectorXd rates(const VelocityGrid& grid, const VhsKernel& kernel) {
  return grid.squared_speeds().unaryExpr([&](double square) { return kernel(std::sqrt(square)); });
}

}  // namespace

LightOperator::LightOperator(const VelocityGrid& grid, const VhsKernel& kernel, double eps, int order)
    : grid_(grid), sphere_(grid_), eps_(eps), order_(order), maxwell_(kernel.maxwell()) {
  kernel.check();
  check_order(order);
  if (!(eps > 0)) throw InputError(fmt::format("eps (root of the mass ratio) is {}, but must be positive", eps));
  rate_ = rates(grid, kernel);
  velocity_ = all_coordinates(grid);
}

Eigen::VectorXcd LightOperator::transform(const Eigen::Ref<const Eigen::VectorXd>& light, const Moments& heavy) const {
  const int d = grid_.velocities().dimension;
  const Eigen::MatrixXd& xi = grid_.waves();
  const Eigen::VectorXcd fhat = grid_.transform(light);
  const Eigen::VectorXd drift = eps_ * (xi * heavy.mean);  // eps u.xi
  const Eigen::MatrixXd s_xi = xi * heavy.second;
  const Eigen::VectorXd spread = 0.5 * eps_ * eps_ * s_xi.cwiseProduct(xi).rowwise().sum();

  // With C h = B (A h - h): Q / n_H = C f - eps u.grad C f + (eps^2/2) S:grad grad C f + C h_1 - eps^2 div C w
  // + eps^2 C_2 f, where h_1 = eps u.grad f + (eps^2/2) S:grad grad f and w = S grad f.
  std::vector<Eigen::VectorXcd> fields{fhat};
  if (order_ >= 1) {
    fields.emplace_back(kI * drift.cwiseProduct(fhat));
    if (order_ == 2) fields.back() -= spread.cwiseProduct(fhat);
  }
  if (order_ == 2) {
    for (int i = 0; i < d; ++i) fields.emplace_back(kI * s_xi.col(i).cwiseProduct(fhat));
  }
  const auto smooth = static_cast<Eigen::Index>(fields.size());
  Eigen::MatrixXd values(light.size(), order_ == 2 ? smooth + d : smooth);
  values.col(0) = light;
  for (Eigen::Index j = 1; j < smooth; ++j) values.col(j) = grid_.inverse(fields[static_cast<std::size_t>(j)]);
  for (Eigen::Index j = smooth; j < values.cols(); ++j) {
    values.col(j) = velocity_.col(j - smooth).cwiseProduct(light);
  }
  const Eigen::MatrixXd mean = sphere_.average(values);

  // A h of column j at the modes.
  const auto& ring = sphere_.ring_of_mode();
  const auto averaged = [&](Eigen::Index j) {
    Eigen::VectorXcd h(fhat.size());
    for (Eigen::Index m = 0; m < h.size(); ++m) h[m] = mean(ring[static_cast<std::size_t>(m)], j);
    return h;
  };
  const auto times_rate = [&](const Eigen::VectorXcd& h) -> Eigen::VectorXcd {
    if (maxwell_) return rate_[0] * h;
    return grid_.transform(rate_.cwiseProduct(grid_.inverse(h)));
  };
  for (Eigen::Index j = 0; j < smooth; ++j) {
    auto& field = fields[static_cast<std::size_t>(j)];
    field = times_rate(averaged(j) - field);
  }
  Eigen::VectorXcd q = fields[0];
  if (order_ >= 1) q += fields[1] - kI * drift.cwiseProduct(fields[0]);
  if (order_ == 2) {
    q -= spread.cwiseProduct(fields[0]);
    const double square = eps_ * eps_;
    const Eigen::VectorXd mean_light = maxwell_ ? Eigen::VectorXd() : grid_.inverse(averaged(0));
    if (maxwell_) {
      const Eigen::VectorXd dilated = sphere_.dilation(light);
      for (Eigen::Index m = 0; m < q.size(); ++m)
        q[m] += square * rate_[0] * dilated[ring[static_cast<std::size_t>(m)]];
    }
    for (int i = 0; i < d; ++i) {
      Eigen::VectorXcd flux = -fields[2 + static_cast<std::size_t>(i)];
      if (maxwell_) {
        flux -= rate_[0] * averaged(smooth + i);
      } else {
        const Eigen::VectorXd recoil = velocity_.col(i).cwiseProduct(mean_light) - grid_.inverse(averaged(smooth + i));
        flux += grid_.transform(rate_.cwiseProduct(recoil));
      }
      q += square * kI * xi.col(i).cwiseProduct(flux);
    }
  }
  return heavy.density * q;
}

Eigen::VectorXd LightOperator::operator()(const Eigen::Ref<const Eigen::VectorXd>& light, const Moments& heavy) const {
  return grid_.inverse(transform(light, heavy));
}

bool LightOperator::stable(double light_density, double heavy_density, double heavy_temperature) const {
  if (order_ < 2) return true;
  const VelocityGrid& grid = grid_.velocities();
  const double k2 = std::pow(grid.largest_mode(), 2);
  return eps_ * eps_ * heavy_density * heavy_temperature * k2 / 2 <= light_density + heavy_density;
}

int LightOperator::largest_stable_points(double light_density, double heavy_density, double heavy_temperature) const {
  const VelocityGrid& grid = grid_.velocities();
  const double k2 = 2 * (light_density + heavy_density) / (eps_ * eps_ * heavy_density * heavy_temperature);
  const double points = 2 * std::sqrt(k2) / grid.mode_spacing();
  return static_cast<int>(points) / 2 * 2;
}

LightForces light_forces(const SpectralGrid& grid, const VhsKernel& kernel,
                         const Eigen::Ref<const Eigen::VectorXd>& light) {
  const VelocityGrid& v_grid = grid.velocities();
  const int d = v_grid.dimension;
  const Eigen::MatrixXd v = all_coordinates(v_grid);
  const Eigen::VectorXd b = rates(v_grid, kernel);
  const Eigen::VectorXd weighted = b.cwiseProduct(light) * v_grid.cell();
  LightForces forces;
  forces.drift = v.transpose() * weighted;
  forces.diffusion = v.transpose() * weighted.asDiagonal() * v;
  forces.diffusion += forces.diffusion.trace() / d * Eigen::MatrixXd::Identity(d, d);
  forces.friction.resize(d, d);
  if (kernel.maxwell()) {
    forces.friction = b[0] * light.sum() * v_grid.cell() * Eigen::MatrixXd::Identity(d, d);
    return forces;
  }
  const Eigen::VectorXcd fhat = grid.transform(light);
  for (int j = 0; j < d; ++j) {
    const Eigen::VectorXd slope = grid.inverse(kI * grid.waves().col(j).cwiseProduct(fhat));
    forces.friction.col(j) = -v_grid.cell() * (v.transpose() * b.cwiseProduct(slope));
  }
  return forces;
}

Eigen::VectorXcd heavy_operator_transform(const SpectralGrid& grid, const Eigen::Ref<const Eigen::VectorXd>& heavy,
                                          const LightForces& forces, double eps, int order) {
  check_order(order);
  const VelocityGrid& v_grid = grid.velocities();
  const Eigen::MatrixXd& xi = grid.waves();
  const Eigen::VectorXcd fhat = grid.transform(heavy);
  Eigen::VectorXcd q = Eigen::VectorXcd::Zero(fhat.size());
  if (order >= 1) q -= kI * eps * (xi * forces.drift).cwiseProduct(fhat);
  if (order == 2) {
    const Eigen::MatrixXd v = all_coordinates(v_grid);
    for (int i = 0; i < v_grid.dimension; ++i) {
      const Eigen::VectorXd flux = (v * forces.friction.row(i).transpose()).cwiseProduct(heavy);
      q += eps * eps * kI * xi.col(i).cwiseProduct(grid.transform(flux));
    }
    q -= 0.5 * eps * eps * (xi * forces.diffusion).cwiseProduct(xi).rowwise().sum().cwiseProduct(fhat);
  }
  return q;
}

}  // namespace offprint::kinetic
