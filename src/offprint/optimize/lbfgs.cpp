#include <algorithm>
#include <cmath>
#include <deque>

#include "offprint/core/error.hpp"
#include "offprint/optimize/baselines.hpp"

namespace offprint::optimize {
namespace {

using Eigen::VectorXd;

constexpr double kDecrease = 1e-4;
constexpr double kCurvature = 0.9;
constexpr int kMaxTrials = 40;

struct Correction {
  VectorXd s;
  VectorXd y;
  double rho = 0;
};

VectorXd two_loops(const std::deque<Correction>& memory, const VectorXd& gradient) {
  VectorXd q = gradient;
  std::vector<double> alpha(memory.size());
  for (std::size_t i = memory.size(); i-- > 0;) {
    alpha[i] = memory[i].rho * memory[i].s.dot(q);
    q -= alpha[i] * memory[i].y;
  }
  if (!memory.empty()) q *= 1 / (memory.back().rho * memory.back().y.squaredNorm());
  for (std::size_t i = 0; i < memory.size(); ++i) q += (alpha[i] - memory[i].rho * memory[i].y.dot(q)) * memory[i].s;
  return -q;
}

// phi(t) = f(x + t d), with its slope.
struct Sample {
  double t = 0;
  double value = 0;
  double slope = 0;
};

// Minimiser of the cubic through two samples, kept away from the ends of their interval.
double interpolate(const Sample& a, const Sample& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t);
  const double under = d1 * d1 - a.slope * b.slope;
  double t = (a.t + b.t) / 2;
  if (under >= 0) {
    const double d2 = std::copysign(std::sqrt(under), b.t - a.t);
    const double cubic = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    if (std::isfinite(cubic)) t = cubic;
  }
  const auto [lo, hi] = std::minmax(a.t, b.t);
  return std::clamp(t, lo + 0.1 * (hi - lo), hi - 0.1 * (hi - lo));
}

class WolfeSearch {
 public:
  WolfeSearch(const Objective& objective, const Point& from, const VectorXd& direction)
      : objective_(objective), from_(from), direction_(direction) {}

  int trials = 0;

  // true: `trial` satisfies the strong Wolfe conditions, or is the lowest point found with sufficient decrease.
  bool find(double first, Point& trial) {
    const Sample start{0, from_.value, from_.gradient.dot(direction_)};
    Sample previous = start;
    double t = first;
    while (trials < kMaxTrials) {
      const Sample now = at(t, trial);
      if (!std::isfinite(now.value)) {
        t = (previous.t + t) / 2;
        continue;
      }
      if (!decreases(now, start) || (previous.t > 0 && now.value >= previous.value))
        return zoom(start, previous, now, trial);
      if (std::abs(now.slope) <= -kCurvature * start.slope) return true;
      if (now.slope >= 0) return zoom(start, now, previous, trial);
      previous = now;
      t *= 2;
    }
    return false;
  }

 private:
  Sample at(double t, Point& trial) {
    trial.x = from_.x + t * direction_;
    objective_.evaluate(trial);
    ++trials;
    return {t, trial.value, trial.gradient.dot(direction_)};
  }
  [[nodiscard]] bool decreases(const Sample& now, const Sample& start) const {
    return now.value <= start.value + kDecrease * now.t * start.slope;
  }
  bool zoom(const Sample& start, Sample lo, Sample hi, Point& trial) {
    while (trials < kMaxTrials && std::abs(hi.t - lo.t) > 1e-14 * std::max(hi.t, lo.t)) {
      const Sample now = at(interpolate(lo, hi), trial);
      if (!decreases(now, start) || now.value >= lo.value) {
        hi = now;
        continue;
      }
      if (std::abs(now.slope) <= -kCurvature * start.slope) return true;
      if (now.slope * (hi.t - lo.t) >= 0) hi = lo;
      lo = now;
    }
    if (!(lo.t > 0)) return false;
    at(lo.t, trial);
    return trial.value < start.value;
  }

  const Objective& objective_;
  const Point& from_;
  const VectorXd& direction_;
};

}  // namespace

Minimum minimize_lbfgs(const Objective& objective, const VectorXd& start, const LbfgsOptions& options) {
  check(options.stop);
  if (options.memory < 1) throw InputError("L-BFGS needs a memory of at least 1");
  Progression progression(options.stop);
  Point point = evaluated(objective, start);
  double norm = point.gradient.norm();
  std::deque<Correction> memory;
  Point trial;
  while (!progression.arrive(point, norm)) {
    Iteration& entry = progression.current();
    VectorXd direction = two_loops(memory, point.gradient);
    if (!(point.gradient.dot(direction) < 0)) {
      memory.clear();
      direction = -point.gradient;
    }
    WolfeSearch search(objective, point, direction);
    const bool accepted = search.find(memory.empty() ? std::min(1.0, 1 / norm) : 1.0, trial);
    entry.trials = search.trials;
    progression.result().solves += search.trials;
    if (!accepted) {
      if (memory.empty()) return progression.finish(std::move(point), "search_failed");
      memory.clear();  // once more along the gradient
      direction = -point.gradient;
      WolfeSearch again(objective, point, direction);
      const bool second = again.find(std::min(1.0, 1 / norm), trial);
      entry.trials += again.trials;
      progression.result().solves += again.trials;
      if (!second) return progression.finish(std::move(point), "search_failed");
    }
    Correction correction{trial.x - point.x, trial.gradient - point.gradient, 0};
    const double sy = correction.s.dot(correction.y);
    if (sy > 1e-16 * correction.y.squaredNorm()) {
      correction.rho = 1 / sy;
      memory.push_back(std::move(correction));
      if (memory.size() > static_cast<std::size_t>(options.memory)) memory.pop_front();
    }
    std::swap(point, trial);
    norm = point.gradient.norm();
  }
  return progression.finish(std::move(point));
}

}  // namespace offprint::optimize
