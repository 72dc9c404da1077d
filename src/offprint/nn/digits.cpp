// Digits as polylines in the unit square (x to the right, y down), deformed and drawn by distance to the pen's path.
#include "offprint/nn/digits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

using Eigen::Vector2d;
using Stroke = std::vector<Vector2d>;
using Glyph = std::vector<Stroke>;

constexpr double kTurn = 2 * std::numbers::pi;

/// An arc of an ellipse, angles in turns, clockwise from the right.
Stroke arc(double cx, double cy, double rx, double ry, double from, double to) {
  constexpr int kPoints = 14;
  Stroke stroke;
  for (int i = 0; i <= kPoints; ++i) {
    const double angle = kTurn * (from + (to - from) * i / kPoints);
    stroke.emplace_back(cx + rx * std::cos(angle), cy + ry * std::sin(angle));
  }
  return stroke;
}

Stroke join(Stroke a, const Stroke& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// The ways in which each digit is written.
const std::vector<Glyph>& styles(int digit) {
  static const std::array<std::vector<Glyph>, 10> kStyles{{
      {{arc(.5, .5, .22, .36, 0, 1)}},
      {{{{.5, .14}, {.5, .86}}},
       {{{.34, .3}, {.52, .14}, {.52, .86}}},
       {{{.34, .3}, {.52, .14}, {.52, .86}}, {{.34, .86}, {.7, .86}}}},
      {{join(arc(.5, .34, .22, .2, -.5, .1), {{.28, .86}, {.74, .86}})}},
      {{join(arc(.47, .32, .21, .18, -.42, .25), arc(.47, .68, .24, .18, -.25, .42))}},
      {{{{.6, .86}, {.6, .14}, {.26, .62}, {.78, .62}}},
       {{{.32, .14}, {.3, .52}, {.72, .52}}, {{.66, .2}, {.64, .86}}}},
      {{join({{.7, .14}, {.36, .14}, {.33, .44}}, arc(.48, .63, .23, .22, -.33, .38))}},
      {{join({{.62, .14}, {.36, .42}}, arc(.5, .64, .21, .21, -.45, .55))}},
      {{{{.27, .14}, {.73, .14}, {.43, .86}}}, {{{.27, .14}, {.73, .14}, {.43, .86}}, {{.36, .5}, {.66, .5}}}},
      {{arc(.5, .32, .18, .17, .25, 1.25), arc(.5, .68, .22, .19, -.25, .75)}},
      {{join(arc(.5, .35, .2, .2, 0, 1), {{.69, .4}, {.62, .86}})}},
  }};
  return kStyles[static_cast<std::size_t>(digit)];
}

double distance(const Vector2d& p, const Vector2d& a, const Vector2d& b) {
  const Vector2d ab = b - a;
  const double length = ab.squaredNorm();
  const double t = length > 0 ? std::clamp((p - a).dot(ab) / length, 0.0, 1.0) : 0.0;
  return (p - a - t * ab).norm();
}

/// The glyph as this image's hand writes it.
Glyph deformed(const Glyph& glyph, double variation, Stream& random) {
  const double angle = variation * 0.12 * random.normal();
  const double shear = variation * 0.12 * random.normal();
  const double scale_x = std::exp(variation * 0.10 * random.normal());
  const double scale_y = std::exp(variation * 0.10 * random.normal());
  const Vector2d shift = variation * 0.025 * Vector2d(random.normal(), random.normal());
  Eigen::Matrix2d turn;
  turn << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle);
  Eigen::Matrix2d skew;
  skew << scale_x, shear, 0.0, scale_y;
  const Eigen::Matrix2d affine = turn * skew;
  // A smooth bend of the whole sheet and a little wobble of each stroke.
  const Vector2d bend = variation * 0.03 * Vector2d(random.normal(), random.normal());
  const Vector2d phase = kTurn * Vector2d(random.uniform(), random.uniform());
  Glyph out;
  for (const Stroke& stroke : glyph) {
    const Vector2d wobble = variation * 0.02 * Vector2d(random.normal(), random.normal());
    const double stretch = 1.0 + variation * 0.06 * random.normal();
    Vector2d centre = Vector2d::Zero();
    for (const Vector2d& p : stroke) centre += p / static_cast<double>(stroke.size());
    Stroke written;
    for (const Vector2d& p : stroke) {
      Vector2d q = centre + stretch * (p - centre) + wobble;
      q += Vector2d(bend.x() * std::sin(kTurn * q.y() + phase.x()), bend.y() * std::sin(kTurn * q.x() + phase.y()));
      written.push_back(affine * (q - Vector2d(.5, .5)) + Vector2d(.5, .5) + shift);
    }
    out.push_back(std::move(written));
  }
  return out;
}

}  // namespace

Labelled rendered_digits(Eigen::Index n, std::uint64_t seed, const DigitOptions& options) {
  if (n < 1 || options.side < 8)
    throw InputError(fmt::format("{} digits of {} pixels; at least 1 of at least 8 x 8", n, options.side));
  const Eigen::Index side = options.side;
  Labelled data{Eigen::MatrixXd(side * side, n),
                std::vector<int>(static_cast<std::size_t>(n)),
                10,
                {1, static_cast<std::size_t>(side), static_cast<std::size_t>(side)}};
  for (Eigen::Index i = 0; i < n; ++i) {
    Stream random(seed, "digit", static_cast<std::uint64_t>(i));
    const int digit = static_cast<int>(i % 10);
    data.labels[static_cast<std::size_t>(i)] = digit;
    const auto& ways = styles(digit);
    const Glyph glyph =
        deformed(ways[options.variation > 0 ? random.below(ways.size()) : 0], options.variation, random);
    const double pen = 0.045 * std::exp(options.variation * 0.25 * random.normal());
    const double ink = std::clamp(1.0 - options.variation * 0.15 * std::abs(random.normal()), 0.4, 1.0);
    const double soft = 0.5 / static_cast<double>(side);
    for (Eigen::Index row = 0; row < side; ++row)
      for (Eigen::Index column = 0; column < side; ++column) {
        const Vector2d pixel((static_cast<double>(column) + .5) / static_cast<double>(side),
                             (static_cast<double>(row) + .5) / static_cast<double>(side));
        double nearest = 1.0;
        for (const Stroke& stroke : glyph)
          for (std::size_t s = 0; s + 1 < stroke.size(); ++s)
            nearest = std::min(nearest, distance(pixel, stroke[s], stroke[s + 1]));
        const double drawn = ink * std::clamp((pen + soft - nearest) / (2 * soft), 0.0, 1.0);
        data.inputs(row * side + column, i) = std::clamp(drawn + options.noise * random.normal(), 0.0, 1.0);
      }
  }
  return data;
}

}  // namespace offprint::nn
