#include "offprint/coulomb/tree.hpp"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "offprint/coulomb/tree.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "offprint/coulomb/tree_group.hpp"

HWY_BEFORE_NAMESPACE();
namespace offprint::coulomb::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Wide = hn::CappedTag<double, 8>;
using Vec = hn::Vec<Wide>;

void NearPlane(const TreeGroup& g, const double* HWY_RESTRICT sx, const double* HWY_RESTRICT sy, std::size_t sources) {
  const Wide w;
  for (std::size_t t = 0; t < g.padded; t += hn::Lanes(w)) {
    const Vec x = hn::Load(w, g.x[0] + t);
    const Vec y = hn::Load(w, g.x[1] + t);
    Vec fx = hn::Load(w, g.f[0] + t);
    Vec fy = hn::Load(w, g.f[1] + t);
    for (std::size_t j = 0; j < sources; ++j) {
      const Vec dx = hn::Sub(x, hn::Set(w, sx[j]));
      const Vec dy = hn::Sub(y, hn::Set(w, sy[j]));
      const Vec r2 = hn::MulAdd(dx, dx, hn::Mul(dy, dy));
      // The charge itself: differences of 0 times a large finite number.
      const Vec strength = hn::Div(hn::Set(w, 1.0), hn::Max(r2, hn::Set(w, 1e-300)));
      fx = hn::MulAdd(dx, strength, fx);
      fy = hn::MulAdd(dy, strength, fy);
    }
    hn::Store(fx, w, g.f[0] + t);
    hn::Store(fy, w, g.f[1] + t);
  }
}

void FarPlane(const TreeGroup& g, const TreeNode* const* nodes, std::size_t count) {
  const Wide w;
  for (std::size_t t = 0; t < g.padded; t += hn::Lanes(w)) {
    const Vec x = hn::Load(w, g.x[0] + t);
    const Vec y = hn::Load(w, g.x[1] + t);
    Vec fx = hn::Load(w, g.f[0] + t);
    Vec fy = hn::Load(w, g.f[1] + t);
    for (std::size_t k = 0; k < count; ++k) {
      const TreeNode& node = *nodes[k];
      const Vec dx = hn::Sub(x, hn::Set(w, node.centre[0]));
      const Vec dy = hn::Sub(y, hn::Set(w, node.centre[1]));
      const Vec over = hn::Div(hn::Set(w, 1.0), hn::MulAdd(dx, dx, hn::Mul(dy, dy)));
      const Vec u = hn::Mul(dx, over);  // 1/(z - c) = u - i v
      const Vec v = hn::Neg(hn::Mul(dy, over));
      Vec re = hn::Set(w, node.moment[2 * kTreeOrder]);
      Vec im = hn::Set(w, node.moment[2 * kTreeOrder + 1]);
      for (int m = kTreeOrder - 1; m >= 0; --m) {
        const Vec r = hn::MulAdd(re, u, hn::NegMulAdd(im, v, hn::Set(w, node.moment[2 * m])));
        im = hn::MulAdd(re, v, hn::MulAdd(im, u, hn::Set(w, node.moment[2 * m + 1])));
        re = r;
      }
      fx = hn::Add(fx, hn::NegMulAdd(im, v, hn::Mul(re, u)));
      fy = hn::Sub(fy, hn::MulAdd(re, v, hn::Mul(im, u)));
    }
    hn::Store(fx, w, g.f[0] + t);
    hn::Store(fy, w, g.f[1] + t);
  }
}

void NearSpace(const TreeGroup& g, const double* HWY_RESTRICT sx, const double* HWY_RESTRICT sy,
               const double* HWY_RESTRICT sz, std::size_t sources) {
  const Wide w;
  for (std::size_t t = 0; t < g.padded; t += hn::Lanes(w)) {
    const Vec x = hn::Load(w, g.x[0] + t);
    const Vec y = hn::Load(w, g.x[1] + t);
    const Vec z = hn::Load(w, g.x[2] + t);
    Vec fx = hn::Load(w, g.f[0] + t);
    Vec fy = hn::Load(w, g.f[1] + t);
    Vec fz = hn::Load(w, g.f[2] + t);
    for (std::size_t j = 0; j < sources; ++j) {
      const Vec dx = hn::Sub(x, hn::Set(w, sx[j]));
      const Vec dy = hn::Sub(y, hn::Set(w, sy[j]));
      const Vec dz = hn::Sub(z, hn::Set(w, sz[j]));
      const Vec r2 = hn::Max(hn::MulAdd(dx, dx, hn::MulAdd(dy, dy, hn::Mul(dz, dz))), hn::Set(w, 1e-200));
      const Vec strength = hn::Div(hn::Set(w, 1.0), hn::Mul(r2, hn::Sqrt(r2)));
      fx = hn::MulAdd(dx, strength, fx);
      fy = hn::MulAdd(dy, strength, fy);
      fz = hn::MulAdd(dz, strength, fz);
    }
    hn::Store(fx, w, g.f[0] + t);
    hn::Store(fy, w, g.f[1] + t);
    hn::Store(fz, w, g.f[2] + t);
  }
}

// Monopole and traceless quadrupole T: M r/r^3 - T r/r^5 + (5/2) (r.T.r) r/r^7.
void FarSpace(const TreeGroup& g, const TreeNode* const* nodes, std::size_t count) {
  const Wide w;
  for (std::size_t t = 0; t < g.padded; t += hn::Lanes(w)) {
    const Vec x = hn::Load(w, g.x[0] + t);
    const Vec y = hn::Load(w, g.x[1] + t);
    const Vec z = hn::Load(w, g.x[2] + t);
    Vec fx = hn::Load(w, g.f[0] + t);
    Vec fy = hn::Load(w, g.f[1] + t);
    Vec fz = hn::Load(w, g.f[2] + t);
    for (std::size_t k = 0; k < count; ++k) {
      const TreeNode& node = *nodes[k];
      const Vec dx = hn::Sub(x, hn::Set(w, node.centre[0]));
      const Vec dy = hn::Sub(y, hn::Set(w, node.centre[1]));
      const Vec dz = hn::Sub(z, hn::Set(w, node.centre[2]));
      const Vec r2 = hn::MulAdd(dx, dx, hn::MulAdd(dy, dy, hn::Mul(dz, dz)));
      const Vec over2 = hn::Div(hn::Set(w, 1.0), r2);
      const Vec over3 = hn::Mul(over2, hn::Sqrt(over2));
      const Vec over5 = hn::Mul(over3, over2);
      const auto moment = [&](std::size_t i) HWY_ATTR { return hn::Set(w, node.moment[i]); };
      const Vec tx = hn::MulAdd(moment(1), dx, hn::MulAdd(moment(2), dy, hn::Mul(moment(3), dz)));
      const Vec ty = hn::MulAdd(moment(2), dx, hn::MulAdd(moment(4), dy, hn::Mul(moment(5), dz)));
      const Vec tz = hn::MulAdd(moment(3), dx, hn::MulAdd(moment(5), dy, hn::Mul(moment(6), dz)));
      const Vec along = hn::MulAdd(dx, tx, hn::MulAdd(dy, ty, hn::Mul(dz, tz)));
      const Vec radial = hn::MulAdd(hn::Set(w, 2.5), hn::Mul(hn::Mul(along, over5), over2), hn::Mul(moment(0), over3));
      fx = hn::MulAdd(dx, radial, hn::NegMulAdd(tx, over5, fx));
      fy = hn::MulAdd(dy, radial, hn::NegMulAdd(ty, over5, fy));
      fz = hn::MulAdd(dz, radial, hn::NegMulAdd(tz, over5, fz));
    }
    hn::Store(fx, w, g.f[0] + t);
    hn::Store(fy, w, g.f[1] + t);
    hn::Store(fz, w, g.f[2] + t);
  }
}

}  // namespace offprint::coulomb::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::coulomb {

HWY_EXPORT(NearPlane);
HWY_EXPORT(FarPlane);
HWY_EXPORT(NearSpace);
HWY_EXPORT(FarSpace);

namespace {

class Tree {
 public:
  Tree(int d, std::size_t n, std::span<const double> x, const TreeOptions& options)
      : d_(static_cast<std::size_t>(d)), n_(n), options_(options), order_(n) {
    for (std::size_t i = 0; i < n; ++i) order_[i] = i;
    nodes_.reserve(4 * n / static_cast<std::size_t>(options.leaf) + 8);
    split(x, 0, n);
    for (std::size_t c = 0; c < d_; ++c) {
      sorted_[c].resize(n);
      for (std::size_t i = 0; i < n; ++i) sorted_[c][i] = x[c * n + order_[i]];
    }
    for (auto& node : nodes_) describe(node);
  }

  [[nodiscard]] const std::vector<std::size_t>& leaves() const { return leaves_; }

  void forces_on(std::size_t leaf, std::span<double> force) const {
    const TreeNode& target = nodes_[leaf];
    alignas(64) std::array<std::array<double, 64>, 3> x{};
    alignas(64) std::array<std::array<double, 64>, 3> f{};
    const std::size_t count = target.last - target.first;
    TreeGroup group;
    group.padded = (count + 7) / 8 * 8;
    for (std::size_t c = 0; c < d_; ++c) {
      for (std::size_t i = 0; i < group.padded; ++i) x[c][i] = sorted_[c][target.first + std::min(i, count - 1)];
      group.x[c] = x[c].data();
      group.f[c] = f[c].data();
    }
    std::vector<const TreeNode*> far;
    std::vector<std::size_t> open{0};
    while (!open.empty()) {
      const TreeNode& node = nodes_[open.back()];
      open.pop_back();
      double distance = 0;
      for (std::size_t c = 0; c < d_; ++c)
        distance += (node.centre[c] - target.centre[c]) * (node.centre[c] - target.centre[c]);
      distance = std::sqrt(distance) - target.radius;
      if (node.radius < options_.theta * distance) {
        far.push_back(&node);
      } else if (node.left == 0) {
        const std::size_t from = node.first;
        const std::size_t many = node.last - node.first;
        if (d_ == 2)
          HWY_DYNAMIC_DISPATCH(NearPlane)(group, &sorted_[0][from], &sorted_[1][from], many);
        else
          HWY_DYNAMIC_DISPATCH(NearSpace)(group, &sorted_[0][from], &sorted_[1][from], &sorted_[2][from], many);
      } else {
        open.push_back(node.right);
        open.push_back(node.left);
      }
    }
    if (d_ == 2)
      HWY_DYNAMIC_DISPATCH(FarPlane)(group, far.data(), far.size());
    else
      HWY_DYNAMIC_DISPATCH(FarSpace)(group, far.data(), far.size());
    for (std::size_t c = 0; c < d_; ++c)
      for (std::size_t i = 0; i < count; ++i) force[c * n_ + order_[target.first + i]] = f[c][i];
  }

 private:
  // Median cuts across the longer side of the box.
  std::size_t split(std::span<const double> x, std::size_t first, std::size_t last) {
    const std::size_t self = nodes_.size();
    nodes_.push_back({});
    nodes_[self].first = first;
    nodes_[self].last = last;
    if (last - first <= static_cast<std::size_t>(options_.leaf)) {
      leaves_.push_back(self);
      return self;
    }
    std::size_t axis = 0;
    double widest = -1;
    for (std::size_t c = 0; c < d_; ++c) {
      double lo = x[c * n_ + order_[first]];
      double hi = lo;
      for (std::size_t i = first; i < last; ++i) {
        lo = std::min(lo, x[c * n_ + order_[i]]);
        hi = std::max(hi, x[c * n_ + order_[i]]);
      }
      if (hi - lo > widest) {
        widest = hi - lo;
        axis = c;
      }
    }
    const std::size_t middle = (first + last) / 2;
    const auto begin = order_.begin();
    std::nth_element(begin + static_cast<std::ptrdiff_t>(first), begin + static_cast<std::ptrdiff_t>(middle),
                     begin + static_cast<std::ptrdiff_t>(last),
                     [&](std::size_t a, std::size_t b) { return x[axis * n_ + a] < x[axis * n_ + b]; });
    const std::size_t left = split(x, first, middle);
    const std::size_t right = split(x, middle, last);
    nodes_[self].left = left;
    nodes_[self].right = right;
    return self;
  }

  void describe(TreeNode& node) const {
    const auto count = static_cast<double>(node.last - node.first);
    for (std::size_t c = 0; c < d_; ++c) {
      double sum = 0;
      for (std::size_t i = node.first; i < node.last; ++i) sum += sorted_[c][i];
      node.centre[c] = sum / count;
    }
    double furthest = 0;
    for (std::size_t i = node.first; i < node.last; ++i) {
      double r2 = 0;
      for (std::size_t c = 0; c < d_; ++c) {
        const double step = sorted_[c][i] - node.centre[c];
        r2 += step * step;
      }
      furthest = std::max(furthest, r2);
    }
    node.radius = std::sqrt(furthest);
    node.moment.fill(0);
    for (std::size_t i = node.first; i < node.last; ++i) {
      if (d_ == 2) {
        const std::complex<double> z(sorted_[0][i] - node.centre[0], sorted_[1][i] - node.centre[1]);
        double re = 1;
        double im = 0;
        for (std::size_t m = 0; m <= kTreeOrder; ++m) {
          node.moment[2 * m] += re;
          node.moment[2 * m + 1] += im;
          const double next = re * z.real() - im * z.imag();
          im = re * z.imag() + im * z.real();
          re = next;
        }
      } else {
        std::array<double, 3> r{};
        double r2 = 0;
        for (std::size_t c = 0; c < 3; ++c) {
          r[c] = sorted_[c][i] - node.centre[c];
          r2 += r[c] * r[c];
        }
        node.moment[0] += 1;
        std::size_t at = 1;
        for (std::size_t a = 0; a < 3; ++a)
          for (std::size_t b = a; b < 3; ++b) node.moment[at++] += 3 * r[a] * r[b] - (a == b ? r2 : 0);
      }
    }
  }

  std::size_t d_;
  std::size_t n_;
  TreeOptions options_;
  std::vector<std::size_t> order_;
  std::array<std::vector<double>, 3> sorted_;
  std::vector<TreeNode> nodes_;
  std::vector<std::size_t> leaves_;
};

}  // namespace

void tree_forces(int d, std::size_t n, std::span<const double> x, std::span<double> force, const TreeOptions& options,
                 const Parallel& how) {
  if (d != 2 && d != 3) throw InputError(fmt::format("the tree works in d = 2 and 3, not {}", d));
  if (!(options.theta > 0 && options.theta < 1) || options.leaf < 8 || options.leaf > 64)
    throw InputError("the tree's theta must be between 0 and 1 and its leaf between 8 and 64");
  const Tree tree(d, n, x, options);
  const auto& leaves = tree.leaves();
  parallel_for(leaves.size(), how, [&](std::size_t i) { tree.forces_on(leaves[i], force); });
}

}  // namespace offprint::coulomb

#endif  // HWY_ONCE
