// kinetic_peer N DIRECTIONS RADII THREADS REPEATS: the like-particle collision operator on the BKW solution (S = 0.75,
// half width 9). Prints the least wall and processor seconds of one evaluation and its largest error.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "offprint/kinetic/collision_operator.hpp"
#include "offprint/kinetic/distributions.hpp"

namespace {

double now(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace offprint::kinetic;
  if (argc != 6) {
    std::fprintf(stderr, "usage: kinetic_peer N DIRECTIONS RADII THREADS REPEATS\n");
    return 2;
  }
  const VelocityGrid grid{2, std::atoi(argv[1]), 9};
  CollisionOperator q(grid, {},
                      {.directions = std::atoi(argv[2]),
                       .radii = std::atoi(argv[3]),
                       .parallel = {.threads = static_cast<unsigned>(std::atoi(argv[4]))}});
  const Eigen::VectorXd f = bkw(grid, 1, 1, 0.25);
  const double error = (q(f) - bkw_collision_term(grid, 1, 1, 0.25)).cwiseAbs().maxCoeff();
  double wall = 1e9;
  double spent = 1e9;
  for (int i = 0; i < std::atoi(argv[5]); ++i) {
    const double start = now(CLOCK_MONOTONIC);
    const double processor = now(CLOCK_PROCESS_CPUTIME_ID);
    const Eigen::VectorXd change = q(f);
    spent = std::min(spent, now(CLOCK_PROCESS_CPUTIME_ID) - processor);
    wall = std::min(wall, now(CLOCK_MONOTONIC) - start);
    if (!change.allFinite()) return 1;
  }
  std::printf("%.6g %.6g %.3g\n", wall, spent, error);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
