#include "offprint/core/contour.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

using Point = std::array<double, 2>;

double distance_to_segment(const Point& p, const Point& a, const Point& b) {
  const double dx = b[0] - a[0];
  const double dy = b[1] - a[1];
  const double length2 = dx * dx + dy * dy;
  const double t = length2 > 0 ? std::clamp(((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2, 0.0, 1.0) : 0.0;
  return std::hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

// Douglas-Peucker. A closed line keeps its first point and, the first split being at the farthest, stays closed.
Polyline thinned(const Polyline& line, double tolerance) {
  if (tolerance <= 0 || line.size() < 3) return line;
  std::vector<char> keep(line.size(), 0);
  keep.front() = keep.back() = 1;
  std::vector<std::pair<std::size_t, std::size_t>> open{{0, line.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    std::size_t farthest = first;
    double distance = tolerance;
    for (std::size_t i = first + 1; i < last; ++i) {
      const double d = distance_to_segment(line[i], line[first], line[last]);
      if (d > distance) {
        distance = d;
        farthest = i;
      }
    }
    if (farthest == first) continue;
    keep[farthest] = 1;
    open.emplace_back(first, farthest);
    open.emplace_back(farthest, last);
  }
  Polyline out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (keep[i]) out.push_back(line[i]);
  }
  return out;
}

}  // namespace

std::vector<Polyline> contour_lines(std::span<const double> values, std::size_t nx, std::size_t ny, double level,
                                    double tolerance) {
  if (values.size() != nx * ny) {
    throw InputError("contours of a grid of " + std::to_string(nx) + " x " + std::to_string(ny) + " points need " +
                     std::to_string(nx * ny) + " values, not " + std::to_string(values.size()));
  }
  if (nx < 2 || ny < 2 || !std::isfinite(level)) return {};

  // A crossing lies on the edge that leaves point (i, j) to the right (2 p) or upwards (2 p + 1), p = j nx + i. Each
  // belongs to at most two segments, one in each cell beside it, so the segments form chains and rings.
  constexpr std::int64_t kNone = -1;
  std::vector<std::array<std::int64_t, 2>> links(2 * nx * ny, {kNone, kNone});
  const auto join = [&links](std::size_t a, std::size_t b) {
    for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
      auto& link = links[from];
      link[link[0] == kNone ? 0 : 1] = static_cast<std::int64_t>(to);
    }
  };
  for (std::size_t j = 0; j + 1 < ny; ++j) {
    for (std::size_t i = 0; i + 1 < nx; ++i) {
      const std::size_t p = j * nx + i;
      const std::array<double, 4> corner{values[p], values[p + 1], values[p + nx + 1], values[p + nx]};
      if (!std::all_of(corner.begin(), corner.end(), [](double v) { return std::isfinite(v); })) continue;
      const std::size_t bottom = 2 * p;
      const std::size_t right = 2 * (p + 1) + 1;
      const std::size_t top = 2 * (p + nx);
      const std::size_t left = 2 * p + 1;
      std::array<bool, 4> in{};
      for (std::size_t c = 0; c < 4; ++c) in[c] = corner[c] >= level;
      std::vector<std::size_t> crossed;
      if (in[0] != in[1]) crossed.push_back(bottom);
      if (in[1] != in[2]) crossed.push_back(right);
      if (in[2] != in[3]) crossed.push_back(top);
      if (in[3] != in[0]) crossed.push_back(left);
      if (crossed.size() == 2) join(crossed[0], crossed[1]);
      if (crossed.size() == 4) {
        const bool centre = (corner[0] + corner[1] + corner[2] + corner[3]) / 4 >= level;
        if (centre == in[0]) {  // the centre joins corners 0 and 2: cut off corners 1 and 3
          join(bottom, right);
          join(top, left);
        } else {
          join(left, bottom);
          join(right, top);
        }
      }
    }
  }

  const auto crossing = [&](std::size_t edge) -> Point {
    const std::size_t p = edge / 2;
    const bool upward = edge % 2 == 1;
    const double a = values[p];
    const double b = values[upward ? p + nx : p + 1];
    const double t = (level - a) / (b - a);
    return {static_cast<double>(p % nx) + (upward ? 0 : t), static_cast<double>(p / nx) + (upward ? t : 0)};
  };
  std::vector<char> done(links.size(), 0);
  std::vector<Polyline> lines;
  const auto follow = [&](std::size_t start) {
    Polyline line;
    std::size_t at = start;
    while (true) {
      done[at] = 1;
      line.push_back(crossing(at));
      std::int64_t next = kNone;
      for (const std::int64_t link : links[at]) {
        if (link != kNone && !done[static_cast<std::size_t>(link)]) {
          next = link;
          break;
        }
      }
      if (next == kNone) break;
      at = static_cast<std::size_t>(next);
    }
    if (links[start][1] != kNone) line.push_back(line.front());  // a ring
    lines.push_back(thinned(line, tolerance));
  };
  for (std::size_t e = 0; e < links.size(); ++e) {  // chains first, from their ends
    if (!done[e] && links[e][0] != kNone && links[e][1] == kNone) follow(e);
  }
  for (std::size_t e = 0; e < links.size(); ++e) {
    if (!done[e] && links[e][0] != kNone) follow(e);
  }
  return lines;
}

}  // namespace offprint
