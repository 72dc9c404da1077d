// rayleigh_peer PARTICLES LOG_TIME: gamma = -0.5, K = C = 1, thermal start, one thread. Prints processor seconds, mean
// number of collisions by then, its standard error.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "offprint/core/allocator.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"

namespace {

int measure(std::size_t particles, double log_time) {
  using namespace offprint::kinetic;
  const std::clock_t begin = std::clock();
  const RayleighProcess process(RayleighModel{});
  double sum = 0;
  double square = 0;
  constexpr std::size_t kBatch = 4000;
  for (std::size_t first = 0; first < particles; first += kBatch) {
    const auto seen = process.simulate(thermal_start(1), {log_time},
                                       {.seed = 1, .first = first, .particles = std::min(kBatch, particles - first)});
    for (const double n : seen.collisions) {
      sum += n;
      square += n * n;
    }
  }
  const auto n = static_cast<double>(particles);
  const double mean = sum / n;
  std::printf("%.6f %.5f %.5f\n", static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, mean,
              std::sqrt((square / n - mean * mean) / n));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: rayleigh_peer PARTICLES LOG_TIME\n");
    return 2;
  }
  offprint::keep_freed_memory();  // as the command does
  try {
    return measure(std::strtoull(argv[1], nullptr, 10), std::strtod(argv[2], nullptr));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rayleigh_peer: %s\n", error.what());
    return 1;
  }
}
