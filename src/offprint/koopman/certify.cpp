#include "offprint/koopman/certify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::koopman {
namespace {

// A k-d tree over the candidates; every node knows its box and the index of its least D (the first on ties), so that
// the least D in a disc is found by looking only into boxes that cut the disc's edge and could still improve.
class LeastInDisc {
 public:
  LeastInDisc(std::span<const Complex> points, std::span<const double> distance)
      : points_(points), distance_(distance), order_(points.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    if (!order_.empty()) build(0, order_.size());
  }

  std::size_t operator()(Complex centre, double radius) const {
    std::size_t best = points_.size();
    search(0, centre, radius, best);
    return best;
  }

 private:
  static constexpr std::size_t kLeaf = 8;
  struct Node {
    std::size_t begin, end;
    double re_min, re_max, im_min, im_max;
    std::size_t least;
    std::size_t left = 0, right = 0;  // 0: a leaf
  };

  bool better(std::size_t i, std::size_t j) const {
    if (j == points_.size()) return true;
    return distance_[i] < distance_[j] || (distance_[i] == distance_[j] && i < j);
  }

  std::size_t build(std::size_t begin, std::size_t end) {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    Node node{begin, end, kInf, -kInf, kInf, -kInf, points_.size()};
    for (std::size_t k = begin; k < end; ++k) {
      const Complex z = points_[order_[k]];
      node.re_min = std::min(node.re_min, z.real());
      node.re_max = std::max(node.re_max, z.real());
      node.im_min = std::min(node.im_min, z.imag());
      node.im_max = std::max(node.im_max, z.imag());
      if (better(order_[k], node.least)) node.least = order_[k];
    }
    const std::size_t id = nodes_.size();
    nodes_.push_back(node);
    if (end - begin <= kLeaf) return id;
    const bool by_real = node.re_max - node.re_min >= node.im_max - node.im_min;
    const std::size_t middle = begin + (end - begin) / 2;
    const auto at = [this](std::size_t k) { return order_.begin() + static_cast<std::ptrdiff_t>(k); };
    std::nth_element(at(begin), at(middle), at(end), [&](std::size_t i, std::size_t j) {
      return by_real ? points_[i].real() < points_[j].real() : points_[i].imag() < points_[j].imag();
    });
    const std::size_t left = build(begin, middle);
    const std::size_t right = build(middle, end);
    nodes_[id].left = left;
    nodes_[id].right = right;
    return id;
  }

  void search(std::size_t id, Complex centre, double radius, std::size_t& best) const {
    const Node& node = nodes_[id];
    if (!better(node.least, best)) return;
    const double near_re = std::clamp(centre.real(), node.re_min, node.re_max) - centre.real();
    const double near_im = std::clamp(centre.imag(), node.im_min, node.im_max) - centre.imag();
    if (std::hypot(near_re, near_im) > radius * (1 + 1e-12)) return;
    const double far_re = std::max(std::abs(node.re_min - centre.real()), std::abs(node.re_max - centre.real()));
    const double far_im = std::max(std::abs(node.im_min - centre.imag()), std::abs(node.im_max - centre.imag()));
    if (std::hypot(far_re, far_im) <= radius * (1 - 1e-12)) {
      best = node.least;
      return;
    }
    if (node.left == 0) {
      for (std::size_t k = node.begin; k < node.end; ++k) {
        const std::size_t i = order_[k];
        if (better(i, best) && std::abs(points_[i] - centre) <= radius) best = i;
      }
      return;
    }
    const bool left_first = better(nodes_[node.left].least, nodes_[node.right].least);
    search(left_first ? node.left : node.right, centre, radius, best);
    search(left_first ? node.right : node.left, centre, radius, best);
  }

  std::span<const Complex> points_;
  std::span<const double> distance_;
  std::vector<std::size_t> order_;
  std::vector<Node> nodes_;
};

}  // namespace

template <class Scalar>
IsometryDecision decide_isometry(MeasurePreserving wanted, const Compression<Scalar>& compression, bool one_orbit) {
  if (wanted == MeasurePreserving::kNo) return {};
  const auto [smallest, largest] = compression.l_extremes();
  const bool close = smallest >= 0.95 && largest <= 1.05;
  if (wanted == MeasurePreserving::kAuto) return {one_orbit && close, {}};
  if (one_orbit && compression.pairs >= 10 * compression.size() && (smallest < 0.5 || largest > 2))
    throw InputError(fmt::format(
        "--measure-preserving yes contradicts the data: the eigenvalues of L span {:.4g} to {:.4g}, and all "
        "would be near 1; use --measure-preserving no",
        smallest, largest));
  if (close) return {true, {}};
  return {true, fmt::format("the eigenvalues of L span {:.4g} to {:.4g}, not [0.95, 1.05]: the sampled weights are not "
                            "invariant under the map, and residuals inside the unit disc say little",
                            smallest, largest)};
}

std::optional<std::size_t> isometry_contradiction(std::span<const Complex> lambdas, std::span<const double> residuals) {
  if (lambdas.size() != residuals.size())
    throw InputError(fmt::format("{} eigenvalues with {} residuals", lambdas.size(), residuals.size()));
  std::optional<std::size_t> worst;
  double most = 1e-8;
  for (std::size_t k = 0; k < lambdas.size(); ++k) {
    const double defect = std::abs(1 - std::abs(lambdas[k]));
    if (defect > most && defect > 10 * residuals[k]) {
      worst = k;
      most = defect;
    }
  }
  return worst;
}

CertifiedSpectrum certify_spectrum(std::span<const Complex> candidates, std::span<const double> residuals,
                                   bool isometry, double disc_factor) {
  if (candidates.size() != residuals.size())
    throw InputError(fmt::format("{} candidates with {} residuals", candidates.size(), residuals.size()));
  if (!(disc_factor >= 1))
    throw InputError(fmt::format("the disc factor c is {}: give at least 1 (5 is customary)", disc_factor));
  std::vector<double> distance(residuals.begin(), residuals.end());
  for (std::size_t j = 0; j < distance.size(); ++j) {
    if (!(distance[j] >= 0))
      throw InputError(fmt::format("the residual of candidate {} is {}: it must be a number >= 0", j + 1, distance[j]));
    if (isometry) distance[j] = std::max(distance[j], std::abs(1 - std::abs(candidates[j])));
  }
  const LeastInDisc least(candidates, distance);
  std::vector<char> kept(candidates.size(), 0);
  for (std::size_t j = 0; j < candidates.size(); ++j)
    if (distance[j] < 1) kept[least(candidates[j], disc_factor * distance[j] * (1 + 1e-9))] = 1;

  CertifiedSpectrum out;
  for (std::size_t j = 0; j < candidates.size(); ++j) {
    if (kept[j] == 0) continue;
    out.points.push_back({candidates[j], distance[j], residuals[j], j});
    out.error = std::max(out.error, distance[j]);
  }
  return out;
}

template <class Scalar>
Coverage arc_coverage(const Pseudospectrum<Scalar>& pseudospectrum, const Grid& box, double spacing,
                      const Parallel& how) {
  if (!(spacing > 0)) throw InputError(fmt::format("the angle spacing is {}: give a positive number", spacing));
  const auto count = static_cast<std::size_t>(std::ceil(2 * std::numbers::pi / spacing));
  const double step = 2 * std::numbers::pi / static_cast<double>(count);
  std::vector<Complex> points;
  std::vector<double> angles;
  constexpr double kEdge = 1e-12;  // the box's own edges count
  for (std::size_t k = 0; k < count; ++k) {
    const double angle = step * static_cast<double>(k);
    const Complex z = std::polar(1.0, angle);
    if (z.real() < box.re_min - kEdge || z.real() > box.re_max + kEdge || z.imag() < box.im_min - kEdge ||
        z.imag() > box.im_max + kEdge)
      continue;
    points.push_back(z);
    angles.push_back(angle);
  }
  const std::vector<double> residuals = pseudospectrum.residuals(points, how);
  Coverage out;
  out.arc = step * static_cast<double>(points.size());
  for (std::size_t k = 0; k < points.size(); ++k)
    if (k == 0 || residuals[k] > out.supremum) {
      out.supremum = residuals[k];
      out.worst_angle = angles[k];
    }
  if (!points.empty()) out.upper_bound = out.supremum + step / 2;
  return out;
}

std::vector<Complex> circle_arc(double first, double last, std::size_t count) {
  if (count < 2) throw InputError(fmt::format("an arc of {} points was asked for: give at least 2", count));
  std::vector<Complex> out;
  out.reserve(count);
  for (std::size_t k = 0; k < count; ++k)
    out.push_back(std::polar(1.0, first + (last - first) * (static_cast<double>(k) / static_cast<double>(count - 1))));
  return out;
}

template IsometryDecision decide_isometry<double>(MeasurePreserving, const Compression<double>&, bool);
template IsometryDecision decide_isometry<Complex>(MeasurePreserving, const Compression<Complex>&, bool);
template Coverage arc_coverage<double>(const Pseudospectrum<double>&, const Grid&, double, const Parallel&);
template Coverage arc_coverage<Complex>(const Pseudospectrum<Complex>&, const Grid&, double, const Parallel&);

}  // namespace offprint::koopman
