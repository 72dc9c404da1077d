// Offprint's side of the comparison with NumPy, through the public headers alone.
//
//   bilevel_peer offprint TASK FOLDER THREADS RESULT   does the task, writes its numbers as NPY, prints "wall cpu"
//   bilevel_peer limit TASK FOLDER THREADS             what the task cannot go below: the products alone, by BLAS
//
// Seconds are printed; reading inputs and writing results is not timed. `run` beside this file drives it; compare.py
// makes the inputs and is the other side.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/error.hpp"
#include "offprint/core/parallel.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/optimize/bilevel_examples.hpp"
#include "offprint/optimize/hyper_cleaning.hpp"
#include "offprint/optimize/penalty_bilevel.hpp"

namespace {

namespace fs = std::filesystem;
using namespace offprint;
using namespace offprint::optimize;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// As in compare.py.
constexpr std::uint64_t kSmallSteps = 20'000;
constexpr std::uint64_t kOuter = 10;  // of setting H

struct Cost {
  double wall;
  double cpu;
};

template <class Work>
Cost timed(const Work& work) {
  const std::clock_t cpu = std::clock();
  const auto start = std::chrono::steady_clock::now();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

MatrixXd load(const fs::path& path) { return io::read_npy(path).matrix(); }

std::vector<int> labels(const fs::path& path) {
  const MatrixXd values = load(path);
  std::vector<int> out;
  for (const double v : values.reshaped()) out.push_back(static_cast<int>(v));
  return out;
}

Cost offprint_side(const std::string& task, const fs::path& folder, unsigned threads, MatrixXd& result) {
  BilevelResult end;
  Cost cost{};
  if (task == "q") {
    const ProblemQ q;
    cost = timed([&] {
      end = penalty_single_loop(
          q, {VectorXd::Constant(5, 2), {}, {}},
          {.sigma = 0.1, .outer_step = 1e-3, .momentum = 1, .steps = kSmallSteps, .stochastic = false});
    });
  } else if (task == "r") {
    const ProblemR r;
    cost = timed([&] {
      end = penalty_double_loop(
          r, {VectorXd::Zero(2), {}, {}},
          {.sigma = 0.1, .outer_step = 1e-4, .steps = kSmallSteps, .inner_step = 0.15, .inner_steps = 5});
    });
  } else if (task == "h") {
    const Parallel parallel{.threads = threads};
    const SoftmaxRegression train(DesignRows(load(folder / "x.npy").transpose()), labels(folder / "labels.npy"), 10,
                                  parallel);
    const SoftmaxRegression validation(DesignRows(load(folder / "vx.npy").transpose()), labels(folder / "vlabels.npy"),
                                       10, parallel);
    const HyperCleaning problem(train, validation, {.ridge = 1e-3});
    cost = timed([&] {
      end = penalty_double_loop(
          problem, {VectorXd::Zero(train.rows()), {}, {}},
          {.sigma = 0.1, .outer_step = 4e4, .steps = kOuter, .inner_step = 0.5, .inner_step_y = 0.5, .inner_steps = 5});
    });
  } else {
    throw InputError("unknown task '" + task + "'");
  }
  result = end.x;
  return cost;
}

// Setting H's products without anything else, in blocks that stay in the cache.
Cost limit(const fs::path& folder, unsigned threads) {
  const MatrixXd x = load(folder / "x.npy").transpose();
  constexpr Index kBlock = 80;
  MatrixXd w = MatrixXd::Ones(10, x.rows());
  const Index blocks = x.cols() / kBlock;
  return timed([&] {
    for (std::uint64_t pass = 0; pass < kOuter * 11; ++pass)  // 10 gradients and two forward passes
      parallel_for(threads, {.threads = threads}, [&](std::size_t t) {
        MatrixXd out(10, kBlock);
        MatrixXd sum = MatrixXd::Zero(10, x.rows());
        for (Index b = blocks * static_cast<Index>(t) / threads; b < blocks * static_cast<Index>(t + 1) / threads;
             ++b) {
          const auto rows = x.middleCols(b * kBlock, kBlock);
          linalg::multiply_into(out, 1, w, linalg::Op::kNone, rows, linalg::Op::kNone, 0);
          linalg::multiply_into(sum, 1, out, linalg::Op::kNone, rows, linalg::Op::kAdjoint, 1);
        }
      });
  });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    Cost cost{};
    if (words.size() == 5 && words[0] == "offprint") {
      MatrixXd result;
      cost = offprint_side(words[1], words[2], static_cast<unsigned>(std::stoul(words[3])), result);
      io::write_npy(words[4], io::NdArray::from_matrix(result));
    } else if (words.size() == 4 && words[0] == "limit") {
      cost = limit(words[2], static_cast<unsigned>(std::stoul(words[3])));
    } else {
      std::fputs("usage: bilevel_peer offprint TASK FOLDER THREADS RESULT | limit TASK FOLDER THREADS\n", stderr);
      return 2;
    }
    std::printf("%.9g %.9g\n", cost.wall, cost.cpu);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
