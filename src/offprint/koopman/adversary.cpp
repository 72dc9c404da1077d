// The disc family, its block compressions and the questions that finite data leave open.
#include "offprint/koopman/adversary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/pseudospectrum.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::koopman {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// max over u of |d/du exp(1 - 1/(1 - u^2))|, reached at u^2 = 1/sqrt(3).
constexpr double kSlope = 2.1703570857103385;

}  // namespace

double Bump::operator()(double r) const {
  const double u = (r - centre) / width;
  return std::abs(u) < 1.0 ? height * std::exp(1.0 - 1.0 / (1.0 - u * u)) : 0.0;
}

double Bump::slope(double r) const {
  const double u = (r - centre) / width;
  if (std::abs(u) >= 1.0) return 0.0;
  const double rest = 1.0 - u * u;
  return -height * std::exp(1.0 - 1.0 / rest) * 2.0 * u / (rest * rest * width);
}

double Bump::max_slope() const { return kSlope * height / width; }

double Bump::area() const { return 4.0 * centre * width; }

double Bump::miss_probability(double n) const { return std::exp(n * std::log1p(-area())); }

double Bump::map_lipschitz() const {
  constexpr int kRadii = 100000;
  double largest = 0.0;
  for (int i = 0; i <= kRadii; ++i) {
    const double r = centre - width + 2 * width * i / kRadii;
    largest = std::max(largest, r * std::abs(slope(r)));
  }
  return 0.5 * (largest + std::sqrt(largest * largest + 4.0));
}

Bump bump_between(double inner, double outer, double height, double fill) {
  if (!(inner >= 0.0 && inner < outer) || !(fill > 0.0 && fill < 1.0))
    throw InputError(
        fmt::format("no bump fits between radii {} and {} with fill {}: need 0 <= inner < outer, 0 < fill < 1", inner,
                    outer, fill));
  return {height, 0.5 * (inner + outer), fill * 0.5 * (outer - inner)};
}

double largest_height(double lipschitz, double width) { return lipschitz * width / kSlope; }

Eigen::Vector2d disc_map(const Bump& bump, const Eigen::Vector2d& x) {
  const double turn = bump(x.norm());
  const double c = std::cos(turn);
  const double s = std::sin(turn);
  return {-(c * x(0) - s * x(1)), -(s * x(0) + c * x(1))};
}

std::optional<std::size_t> first_seen(const Bump& bump, std::span<const double> radii) {
  for (std::size_t m = 0; m < radii.size(); ++m)
    if (bump(radii[m]) != 0.0) return m;
  return std::nullopt;
}

DiscDictionary::DiscDictionary(Index nodes, Index functions, int modes) : functions_(functions), modes_(modes) {
  if (functions < 1 || functions > nodes || modes < 0)
    throw InputError(
        fmt::format("{} radial functions on {} nodes with modes up to {}: need 1 <= functions <= nodes and "
                    "modes >= 0",
                    functions, nodes, modes));
  const linalg::Quadrature q = linalg::gauss_legendre(nodes, 0, 1);
  radii_ = q.nodes.cwiseSqrt();
  weights_ = q.weights / q.weights.sum();
  values_.resize(nodes, functions);
  for (Index m = 0; m < nodes; ++m) {
    const double t = 2.0 * q.nodes(m) - 1.0;
    double before = 0.0;
    double now = 1.0;
    for (Index j = 0; j < functions; ++j) {
      const auto n = static_cast<double>(j);
      values_(m, j) = std::sqrt(2 * n + 1) * now;
      const double next = ((2 * n + 1) * t * now - n * before) / (n + 1);
      before = now;
      now = next;
    }
  }
}

std::vector<Compression<Complex>> DiscDictionary::blocks(const Bump& bump) const {
  const Matrix<Complex> px = values_.cast<Complex>();
  std::vector<Compression<Complex>> out;
  for (int k = 0; k <= modes_; ++k) {
    Matrix<Complex> py = px;
    for (Index m = 0; m < px.rows(); ++m) {
      // e^{ik pi} is the exact sign, so that a node outside the bump is turned by exactly half a turn.
      const Complex factor = (k % 2 == 0 ? 1.0 : -1.0) * std::polar(1.0, k * bump(radii_(m)));
      py.row(m) *= factor;
    }
    CompressionOptions options;
    options.parallel.threads = 1;
    out.push_back(compress(stored_pairs(px, py, weights_), options));
  }
  return out;
}

DiscDictionary::LipschitzError DiscDictionary::lipschitz_error(double lipschitz) const {
  if (!(lipschitz > 0.0)) throw InputError(fmt::format("a Lipschitz constant of {}: it must be positive", lipschitz));
  LipschitzError e;
  double left = 0.0;
  for (Index m = 0; m < radii_.size(); ++m) {
    const double right = m + 1 == radii_.size() ? 1.0 : left + weights_(m);
    e.mesh = std::max({e.mesh, radii_(m) - std::sqrt(left), std::sqrt(right) - radii_(m)});
    left = right;
  }
  const auto n = static_cast<double>(functions_);
  e.bound = std::sqrt(2 * n - 1);
  e.slope = 2 * n * (n - 1) * e.bound;
  e.errors.g = e.errors.l = 2 * e.bound * e.slope * e.mesh;
  e.errors.a = e.mesh * (2 * e.bound * e.slope + modes_ * e.bound * e.bound * lipschitz);
  return e;
}

std::vector<double> disc_residuals(std::span<const Compression<Complex>> blocks, std::span<const Complex> points,
                                   const Parallel& how) {
  std::vector<Complex> mirrored(points.size());
  std::transform(points.begin(), points.end(), mirrored.begin(), [](const Complex& z) { return std::conj(z); });
  std::vector<double> least(points.size(), std::numeric_limits<double>::infinity());
  for (const auto& block : blocks) {
    const Pseudospectrum<Complex> pseudospectrum(block);
    for (const auto& side : {std::span<const Complex>(points), std::span<const Complex>(mirrored)}) {
      const auto residuals = pseudospectrum.residuals(side, how);
      for (std::size_t i = 0; i < least.size(); ++i) least[i] = std::min(least[i], residuals[i]);
    }
  }
  return least;
}

InvolutionVerdict involution_possible(const Eigen::Ref<const MatrixXd>& x, const Eigen::Ref<const MatrixXd>& y) {
  if (x.rows() != y.rows() || x.cols() != y.cols())
    throw InputError(fmt::format("X is {} x {} but Y is {} x {}: row m of Y must be the image of row m of X", x.rows(),
                                 x.cols(), y.rows(), y.cols()));
  const auto row = [](const Eigen::Ref<const MatrixXd>& m, Index i) {
    std::vector<double> v(static_cast<std::size_t>(m.cols()));
    for (Index c = 0; c < m.cols(); ++c) v[static_cast<std::size_t>(c)] = m(i, c);
    return v;
  };
  // What the data say of F, and what an involution adds: F(y) = x.
  std::map<std::vector<double>, std::pair<std::vector<double>, Index>> image;
  Index fixed = -1;
  for (Index m = 0; m < x.rows(); ++m) {
    const auto from = row(x, m);
    const auto to = row(y, m);
    if (from == to) {
      if (fixed >= 0 && row(x, fixed) != from)
        return {false, fmt::format("pairs {} and {} are two fixed points, a rotation by half a turn has one", fixed + 1,
                                   m + 1)};
      fixed = m;
    }
    for (const auto& [a, b] : {std::pair{from, to}, std::pair{to, from}}) {
      const auto [it, fresh] = image.try_emplace(a, b, m);
      if (!fresh && it->second.first != b)
        return {false, fmt::format("pairs {} and {} contradict F(F(x)) = x: the spectrum is not {{-1, 1}}",
                                   it->second.second + 1, m + 1)};
    }
  }
  return {true, "an area-preserving involution, of Koopman spectrum {-1, 1}, passes through all pairs"};
}

}  // namespace offprint::koopman
