// optimize_peer FILE L2 TOLERANCE: logistic regression on a LIBSVM file to ||grad||_2 <= TOLERANCE, one thread, no
// intercept. Prints wall seconds, processor seconds, gradient norm, f, iterations. What is timed begins with the rows
// in memory as read and ends with the minimum; the smallest of up to three repetitions (one second), as in peer.py.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "offprint/core/allocator.hpp"
#include "offprint/io/libsvm.hpp"
#include "offprint/optimize/generalized_linear.hpp"
#include "offprint/optimize/gns.hpp"

namespace {

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

int measure(const char* path, double l2, double tolerance) {
  using namespace offprint;
  auto file = io::read_libsvm(path);
  const double least = file.labels.minCoeff();
  const Eigen::VectorXd y = file.labels.unaryExpr([least](double v) { return v == least ? -1.0 : 1.0; });
  double wall = 0;
  double spent = 0;
  double total = 0;
  for (int repeat = 0; repeat < 3 && total < 1; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    const double processor = processor_seconds();
    const optimize::GeneralizedLinear f(optimize::DesignMatrix(file.x, {.threads = 1}), y, {.l2 = l2});
    const auto m =
        optimize::minimize_gns(f, optimize::Metric::identity(f.dimension()), Eigen::VectorXd::Zero(f.dimension()),
                               {.stop = {.gradient_tolerance = tolerance}});
    const double cpu = processor_seconds() - processor;
    const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    total += passed;
    wall = repeat == 0 ? passed : std::min(wall, passed);
    spent = repeat == 0 ? cpu : std::min(spent, cpu);
    if (repeat == 2 || total >= 1)
      std::printf("%.6f %.6f %.3e %.15f %d\n", wall, spent, m.point.gradient.norm(), m.point.value, m.iterations);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: optimize_peer FILE L2 TOLERANCE\n");
    return 2;
  }
  try {
    offprint::keep_freed_memory();  // as the command does
    return measure(argv[1], std::strtod(argv[2], nullptr), std::strtod(argv[3], nullptr));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "optimize_peer: %s\n", error.what());
    return 1;
  }
}
