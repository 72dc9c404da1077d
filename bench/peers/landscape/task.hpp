// A task of the comparison: inputs that both sides read, our way of doing it, and what it cannot go below.
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include <Eigen/Core>

#include "offprint/io/npy.hpp"

namespace peers {

// Of the best run: the clock on the wall and, since machines are shared, the processor time of all threads.
struct Cost {
  double wall = std::numeric_limits<double>::infinity();
  double cpu = std::numeric_limits<double>::infinity();
};

inline Cost best_of(int times, const std::function<void()>& work) {
  Cost best;
  for (int i = 0; i < times; ++i) {
    const std::clock_t cpu = std::clock();
    const auto start = std::chrono::steady_clock::now();
    work();
    best.wall = std::min(best.wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    best.cpu = std::min(best.cpu, static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
  }
  return best;
}

inline Eigen::MatrixXd load(const std::filesystem::path& path) { return offprint::io::read_npy(path).matrix(); }
inline void save(const std::filesystem::path& path, const Eigen::MatrixXd& matrix) {
  offprint::io::write_npy(path, offprint::io::NdArray::from_matrix(matrix));
}

struct Outcome {
  Cost cost;
  Eigen::MatrixXd numbers;
};

struct Task {
  std::function<void(const std::filesystem::path&)> prepare;
  std::function<Outcome(const std::filesystem::path&, unsigned)> offprint;
  std::function<Cost(const std::filesystem::path&)> limit;
};

/// The spectrum of a loss Hessian: networks of several sizes.
std::map<std::string, Task> hessian_tasks();
/// Neural collapse: metrics of 60,000 features, 4,000 Runge-Kutta steps of the central path.
std::map<std::string, Task> collapse_tasks();

}  // namespace peers
