#include "offprint/kinetic/collision_operator.hpp"

#include <cmath>
#include <map>
#include <mutex>
#include <numbers>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/kinetic/collision_passes.hpp"
#include "offprint/linalg/fft.hpp"
#include "offprint/linalg/gauss_legendre.hpp"

namespace offprint::kinetic {

namespace {

using Complex = std::complex<double>;
constexpr double kPi = std::numbers::pi;

// Parts of the sum over radii that are added up apart, so that the result does not depend on the threads.
constexpr std::size_t kBlocks = 16;

// A direction (along, rest) together with its mirror image (-along, rest) in axis 0; `weight` is that of each.
struct Direction {
  double along;
  std::vector<double> rest;
  double weight;
  bool mirrored;
};

std::vector<Direction> plane_directions(int count, bool like) {
  std::vector<Direction> directions;
  const double turn = like ? kPi : 2 * kPi;
  for (int j = 0; j < count; ++j) {
    const double angle = turn * (j + 0.5) / count;
    const double cosine = std::cos(angle);
    if (cosine > 1e-12) directions.push_back({cosine, {std::sin(angle)}, 1.0 / count, true});
    if (std::abs(cosine) <= 1e-12) directions.push_back({0.0, {std::sin(angle)}, 1.0 / count, false});
  }
  return directions;
}

std::vector<Direction> sphere_directions(int polar, int azimuths, bool like) {
  std::vector<Direction> directions;
  const auto nodes = linalg::gauss_legendre(polar, -1, 1);
  const int around = like ? azimuths : 2 * azimuths;
  for (int i = 0; i < polar; ++i) {
    const double mu = nodes.nodes[i];
    if (mu < -1e-12) continue;
    const bool equator = mu <= 1e-12;
    const double sine = std::sqrt(1 - mu * mu);
    for (int j = 0; j < around; ++j) {
      const double phi = kPi * (j + 0.5) / azimuths;
      directions.push_back({equator ? 0.0 : mu,
                            {sine * std::cos(phi), sine * std::sin(phi)},
                            nodes.weights[i] / (2 * around),
                            !equator});
    }
  }
  return directions;
}

CollisionOptions filled(CollisionOptions o, const VelocityGrid& grid, bool like) {
  if (o.directions == 0) o.directions = grid.dimension == 3 ? 6 : like ? 8 : 24;
  if (o.azimuths == 0) o.azimuths = o.directions;
  if (o.radii == 0) o.radii = grid.points / 2;
  return o;
}

// exp(i k step shift), k = 0..count-1 (count >= 2): each the product of two of half its k, so that rounding grows with
// log k only.
void fill_phases(double shift, double step, std::size_t count, Complex* out) {
  out[0] = 1.0;
  out[1] = std::polar(1.0, step * shift);
  for (std::size_t k = 2; k < count; ++k) {
    const Complex a = out[k / 2];
    const Complex b = out[k - k / 2];
    out[k] = Complex(a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real());
  }
}

}  // namespace

struct CollisionOperator::State {
  struct Workspace {
    std::vector<Complex> first, second, tile, mirror, plane_phase, spectrum;
    std::vector<double> sum;
  };

  VelocityGrid grid;
  VhsKernel kernel;
  bool like;
  double share1, share2;  // m1/M, m2/M
  CollisionOptions options;
  std::size_t n, half, rest, modes, width;  // points, points/2, points^(d-1), half-spectrum, columns of a tile
  std::vector<Direction> directions;
  Eigen::VectorXd radii;
  linalg::RealGridFft whole;
  linalg::BatchFft all, planes, lines;
  std::vector<std::uint32_t> ring;  // which |k|^2 a mode of the half-spectrum has
  Eigen::MatrixXd gain_weight;      // rings x radii
  Eigen::VectorXd loss_weight;      // per ring
  std::vector<std::vector<Complex>> blocks;
  std::vector<Complex> coefficients1, coefficients2, half1, half2, loss_modes;
  std::vector<double> loss;
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> idle;

  State(const VelocityGrid& g, const VhsKernel& k, double m1, double m2, bool alike, const CollisionOptions& o)
      : grid(g),
        kernel(k),
        like(alike),
        share1(m1 / (m1 + m2)),
        share2(m2 / (m1 + m2)),
        options(filled(o, g, alike)),
        n(static_cast<std::size_t>(g.points)),
        half(n / 2),
        rest(static_cast<std::size_t>(g.size()) / n),
        whole(std::vector<std::size_t>(static_cast<std::size_t>(g.dimension), n)),
        all({.shape = std::vector<std::size_t>(static_cast<std::size_t>(g.dimension), n)}),
        planes({.shape = std::vector<std::size_t>(static_cast<std::size_t>(g.dimension - 1), n),
                .count = half,
                .distance = rest}),
        lines(tile_layout()) {
    directions = grid.dimension == 2 ? plane_directions(options.directions, like)
                                     : sphere_directions(options.directions, options.azimuths, like);
    modes = whole.modes();
    weigh();
    blocks.assign(std::min<std::size_t>(kBlocks, static_cast<std::size_t>(options.radii)), std::vector<Complex>(modes));
    half1.resize(half * rest);
    if (!like) half2.resize(half * rest);
    coefficients1.resize(n * rest);
    loss_modes.resize(modes);
    loss.resize(n * rest);
  }

  linalg::BatchLayout tile_layout() {
    width = 16;
    while (rest % width != 0) width /= 2;
    return {.shape = {n}, .count = width, .stride = width, .distance = 1};
  }

  // Rings of equal |k|^2 and the radial weights of gain and loss on them.
  void weigh() {
    const double reach = 4 * grid.half_width / (3 + std::numbers::sqrt2);
    const auto quadrature = linalg::gauss_legendre(options.radii, 0, reach);
    radii = quadrature.nodes;
    std::map<std::uint32_t, std::uint32_t> seen;
    ring.resize(modes);
    const std::size_t last = half + 1;
    for (std::size_t m = 0; m < modes; ++m) {
      std::uint32_t square = static_cast<std::uint32_t>((m % last) * (m % last));
      std::size_t outer = m / last;
      for (int axis = 0; axis + 1 < grid.dimension; ++axis, outer /= n) {
        const std::size_t j = outer % n;
        const std::size_t k = j > half ? n - j : j;
        square += static_cast<std::uint32_t>(k * k);
      }
      ring[m] = seen.try_emplace(square, static_cast<std::uint32_t>(seen.size())).first->second;
    }
    const auto count = static_cast<Eigen::Index>(seen.size());
    gain_weight.resize(count, options.radii);
    loss_weight = Eigen::VectorXd::Zero(count);
    const double step = grid.mode_spacing();
    const auto sphere = [&](double x) {
      return grid.dimension == 2 ? 2 * kPi * ::j0(x) : 4 * kPi * (x == 0 ? 1.0 : std::sin(x) / x);
    };
    for (const auto& [square, index] : seen) {
      const double k = step * std::sqrt(static_cast<double>(square));
      for (Eigen::Index r = 0; r < options.radii; ++r) {
        const double w = quadrature.weights[r] * std::pow(radii[r], grid.dimension - 1) * kernel(radii[r]);
        gain_weight(index, r) = w * sphere(share2 * radii[r] * k);
        loss_weight[index] += w * sphere(radii[r] * k);
      }
    }
  }

  // Fourier coefficients without Nyquist modes: all of them, of which the half over axis 0 goes into `out`.
  void coefficients(const Eigen::Ref<const Eigen::VectorXd>& f, std::vector<Complex>& out) {
    for (std::size_t i = 0; i < coefficients1.size(); ++i) coefficients1[i] = f[static_cast<Eigen::Index>(i)];
    all.forward(coefficients1);
    const double scale = 1.0 / static_cast<double>(coefficients1.size());
    for (std::size_t i = 0; i < coefficients1.size(); ++i) {
      bool nyquist = false;
      for (std::size_t index = i, axis = 0; axis < static_cast<std::size_t>(grid.dimension); ++axis, index /= n) {
        nyquist = nyquist || index % n == half;
      }
      coefficients1[i] = nyquist ? 0.0 : coefficients1[i] * scale;
    }
    std::copy_n(coefficients1.begin(), out.size(), out.begin());
  }

  // f1 times the convolution of f2 with B; coefficients1 holds f2's.
  void find_loss(const Eigen::Ref<const Eigen::VectorXd>& f1) {
    const std::size_t last = half + 1;
    for (std::size_t m = 0; m < modes; ++m) {
      loss_modes[m] = loss_weight[ring[m]] * coefficients1[m / last * n + m % last];
    }
    whole.backward(loss_modes, loss);
    for (std::size_t i = 0; i < loss.size(); ++i) loss[i] *= f1[static_cast<Eigen::Index>(i)];
  }

  std::unique_ptr<Workspace> take() {
    {
      const std::lock_guard lock(mutex);
      if (!idle.empty()) {
        auto w = std::move(idle.back());
        idle.pop_back();
        return w;
      }
    }
    auto w = std::make_unique<Workspace>();
    w->first.resize(half * rest);
    w->second.resize(half * rest);
    w->tile.resize(n * width);
    w->mirror.resize(n * width);
    w->plane_phase.resize(rest);
    w->spectrum.resize(modes);
    w->sum.resize(n * rest);
    return w;
  }

  // The phases of a translation along the axes after the first, at all modes k'.
  void fill_plane_phase(const std::vector<double>& shift, std::vector<Complex>& out) const {
    std::vector<Complex> axis(n);
    out[0] = 1.0;
    std::size_t filled_so_far = 1;
    // From the last axis outwards: out[k * filled + i] = axis[k] out[i], from the top so that nothing is overwritten.
    for (std::size_t a = shift.size(); a-- > 0;) {
      fill_phases(shift[a], grid.mode_spacing(), half, axis.data());
      axis[half] = 0;
      for (std::size_t k = 1; k < half; ++k) axis[n - k] = std::conj(axis[k]);
      for (std::size_t k = n; k-- > 0;) {
        const Complex p = axis[k];
        for (std::size_t i = 0; i < filled_so_far; ++i) {
          const Complex b = out[i];
          out[k * filled_so_far + i] =
              Complex(p.real() * b.real() - p.imag() * b.imag(), p.real() * b.imag() + p.imag() * b.real());
        }
      }
      filled_so_far *= n;
    }
  }

  void add_radius(Eigen::Index r, Workspace& w, std::vector<Complex>& block) const {
    std::fill(w.sum.begin(), w.sum.end(), 0.0);
    std::vector<Complex> phase1(half);
    std::vector<Complex> phase2(half);
    std::vector<double> shift(static_cast<std::size_t>(grid.dimension - 1));
    const std::vector<Complex>& modes2 = like ? half1 : half2;
    for (const Direction& direction : directions) {
      for (std::size_t a = 0; a < shift.size(); ++a) shift[a] = share2 * radii[r] * direction.rest[a];
      fill_plane_phase(shift, w.plane_phase);
      passes::multiply_rows(half1.data(), w.plane_phase.data(), w.first.data(), half, rest);
      for (std::size_t a = 0; a < shift.size(); ++a) shift[a] = -share1 * radii[r] * direction.rest[a];
      fill_plane_phase(shift, w.plane_phase);
      passes::multiply_rows(modes2.data(), w.plane_phase.data(), w.second.data(), half, rest);
      planes.backward(w.first);
      planes.backward(w.second);
      fill_phases(share2 * radii[r] * direction.along, grid.mode_spacing(), half, phase1.data());
      fill_phases(share1 * radii[r] * direction.along, grid.mode_spacing(), half, phase2.data());
      for (std::size_t c = 0; c < rest; c += width) {
        passes::build_lines({w.first.data() + c, w.second.data() + c, phase1.data(), phase2.data(), half, rest}, width,
                            w.tile.data(), w.mirror.data());
        lines.backward(w.tile);
        if (direction.mirrored) lines.backward(w.mirror);
        passes::add_products(w.tile.data(), direction.mirrored ? w.mirror.data() : nullptr, direction.weight,
                             w.sum.data() + c, n, width, rest);
      }
    }
    whole.forward(w.sum, w.spectrum);
    const double* weights = gain_weight.col(r).data();
    for (std::size_t m = 0; m < modes; ++m) block[m] += weights[ring[m]] * w.spectrum[m];
  }

  Eigen::VectorXd gain_less_loss() {
    parallel_for(blocks.size(), options.parallel, [&](std::size_t b) {
      auto workspace = take();
      std::fill(blocks[b].begin(), blocks[b].end(), Complex(0));
      for (auto r = static_cast<Eigen::Index>(b); r < options.radii; r += static_cast<Eigen::Index>(blocks.size())) {
        add_radius(r, *workspace, blocks[b]);
      }
      const std::lock_guard lock(mutex);
      idle.push_back(std::move(workspace));
    });
    for (std::size_t b = 1; b < blocks.size(); ++b) {
      for (std::size_t m = 0; m < modes; ++m) blocks[0][m] += blocks[b][m];
    }
    Eigen::VectorXd q(static_cast<Eigen::Index>(n * rest));
    whole.backward(blocks[0], {q.data(), n * rest});
    q *= 1.0 / static_cast<double>(n * rest);
    for (std::size_t i = 0; i < loss.size(); ++i) q[static_cast<Eigen::Index>(i)] -= loss[i];
    return q;
  }
};

namespace {

void check(const VelocityGrid& grid, const VhsKernel& kernel, const CollisionOptions& options, bool like) {
  grid.check();
  kernel.check();
  const auto o = filled(options, grid, like);
  if (o.directions < 1 || o.azimuths < 1 || o.radii < 1) {
    throw InputError(fmt::format("collision operator: {} directions and {} radii were asked for, at least 1 is needed",
                                 o.directions, o.radii));
  }
  if (!like && grid.dimension == 2 && o.directions % 2 != 0) {
    throw InputError(
        fmt::format("collision operator: {} angles on the whole circle, but their number must be even", o.directions));
  }
  const double need = CollisionOperator::bytes(grid, options, like);
  const double have = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (need > have / 2) {
    throw InputError(fmt::format(
        "collision operator: N = {} points an axis need {:.1f} GB in {} dimensions, of which this machine has {:.1f}",
        grid.points, need / 1e9, grid.dimension, have / 1e9));
  }
}

}  // namespace

double CollisionOperator::bytes(const VelocityGrid& grid, const CollisionOptions& options, bool like) {
  const auto o = filled(options, grid, like);
  const double size = std::pow(static_cast<double>(grid.points), grid.dimension);
  const double threads = o.parallel.threads == 0 ? hardware_threads() : o.parallel.threads;
  const double blocks = std::min<double>(kBlocks, o.radii);
  return size * 16 * (4 + 0.5 * blocks + 2 * threads) + 0.35 * size * 8 * (o.radii + 1);
}

CollisionOperator::CollisionOperator(const VelocityGrid& grid, const VhsKernel& kernel,
                                     const CollisionOptions& options) {
  check(grid, kernel, options, true);
  state_ = std::make_unique<State>(grid, kernel, 1.0, 1.0, true, options);
}

CollisionOperator::CollisionOperator(const VelocityGrid& grid, const VhsKernel& kernel, double m1, double m2,
                                     const CollisionOptions& options) {
  check(grid, kernel, options, false);
  if (!(m1 > 0) || !(m2 > 0)) throw InputError(fmt::format("particle masses are positive, not {} and {}", m1, m2));
  state_ = std::make_unique<State>(grid, kernel, m1, m2, false, options);
}

CollisionOperator::~CollisionOperator() = default;
CollisionOperator::CollisionOperator(CollisionOperator&&) noexcept = default;
CollisionOperator& CollisionOperator::operator=(CollisionOperator&&) noexcept = default;

Eigen::VectorXd CollisionOperator::operator()(const Eigen::Ref<const Eigen::VectorXd>& f) { return (*this)(f, f); }

Eigen::VectorXd CollisionOperator::operator()(const Eigen::Ref<const Eigen::VectorXd>& f1,
                                              const Eigen::Ref<const Eigen::VectorXd>& f2) {
  State& s = *state_;
  for (const Eigen::Index size : {f1.size(), f2.size()}) {
    if (size != s.grid.size()) {
      throw InputError(fmt::format("collision operator: {} values on a grid of {} points", size, s.grid.size()));
    }
  }
  s.coefficients(f1, s.half1);
  if (!s.like) s.coefficients(f2, s.half2);
  s.find_loss(f1);
  return s.gain_less_loss();
}

const VelocityGrid& CollisionOperator::grid() const { return state_->grid; }

std::size_t CollisionOperator::line_transforms() const {
  const State& s = *state_;
  std::size_t lines = 0;
  for (const Direction& direction : s.directions) {
    lines += 2 * s.half * s.rest / s.n * static_cast<std::size_t>(s.grid.dimension - 1);
    lines += s.rest * (direction.mirrored ? 2 : 1);
  }
  const std::size_t grid_transform = s.rest * static_cast<std::size_t>(s.grid.dimension);
  return static_cast<std::size_t>(s.options.radii) * (lines + grid_transform / 2) + 2 * grid_transform;
}

}  // namespace offprint::kinetic
