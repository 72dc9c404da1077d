// Offprint's side of the comparison with PyTorch and NumPy, through the public headers alone.
//
//   landscape_peer prepare FOLDER                        the inputs of every task, which both sides read
//   landscape_peer offprint TASK FOLDER THREADS RESULT   does the task, writes its numbers as NPY, prints "wall cpu"
//   landscape_peer limit TASK FOLDER                     what the task cannot go below
//
// Seconds are printed. Reading the inputs and writing the results is not timed. `run` beside this file drives it;
// peer.py is the other side. A further task is one entry in tasks().
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/allocator.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/landscape/diagonal_network.hpp"
#include "offprint/landscape/gram.hpp"
#include "offprint/landscape/relu_network.hpp"
#include "offprint/landscape/stability.hpp"
#include "offprint/linalg/lapack.hpp"
#include "task.hpp"

namespace {

namespace fs = std::filesystem;
using namespace offprint;
using namespace offprint::landscape;
using namespace peers;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kSamples = 300;
constexpr std::uint64_t kSteps = 10'000;  // SGD steps of batch one, clip norm 10
// Weights are compared after so many steps: the two sides round differently (torch clips by norm + 1e-6), and clipped
// SGD above its stability threshold multiplies that by a factor each step.
constexpr std::uint64_t kCompared = 200;
constexpr double kDiagonalRate = 0.01;
constexpr double kReluRate = 2e-3;

DescentOptions steps(double learning_rate, std::uint64_t count = kSteps) {
  return {.learning_rate = learning_rate, .tolerance = 0, .max_steps = count, .check_every = count};
}

Cost copying(Index doubles) {
  VectorXd from = VectorXd::Ones(doubles);
  VectorXd to = VectorXd::Zero(doubles);
  Cost cost = best_of(5, [&] {
    for (std::uint64_t t = 0; t < kSteps; ++t) {
      std::memcpy(to.data(), from.data(), static_cast<std::size_t>(doubles) * sizeof(double));
      std::swap(to, from);
    }
  });
  if (to.sum() < 0) std::fputs("", stderr);
  return cost;
}

// ---------------------------------------------------------------- dln

Task diagonal_task() {
  static constexpr Index kInputs = 1000;
  Task task;
  task.prepare = [](const fs::path& folder) {
    const auto data = sparse_regression(kSamples, kInputs, 3, Stream(1, "data"));
    const auto net = normal_network(kInputs, Stream(1, "init"));
    save(folder / "dln_x.npy", data.x);
    save(folder / "dln_y.npy", data.y);
    MatrixXd start(kInputs, 2);
    start << net.a, net.b;
    save(folder / "dln_start.npy", start);
  };
  task.offprint = [](const fs::path& folder, unsigned) {
    const RegressionData data{load(folder / "dln_x.npy"), load(folder / "dln_y.npy")};
    const MatrixXd start = load(folder / "dln_start.npy");
    DiagonalNetwork net;
    Outcome out;
    out.cost = best_of(10, [&] {
      net = {start.col(0), start.col(1)};
      (void)train(net, data, steps(kDiagonalRate), Stream(1, "samples"));
    });
    net = {start.col(0), start.col(1)};
    (void)train(net, data, steps(kDiagonalRate, kCompared), Stream(1, "samples"));
    out.numbers.resize(kInputs, 2);
    out.numbers << net.a, net.b;
    return out;
  };
  task.limit = [](const fs::path&) { return copying(3 * kInputs); };  // a, b and two rows read, a and b written
  return task;
}

// ---------------------------------------------------------------- relu

Task relu_task() {
  static constexpr Index kInputs = 100;
  static constexpr Index kNeurons = 100;
  Task task;
  task.prepare = [](const fs::path& folder) {
    RegressionData data{sphere_points(kSamples, kInputs, Stream(1, "data")), {}};
    data.y = relu_teacher(10, kInputs, Stream(1, "teacher")).predict(data.x);
    const auto net = normal_network(kNeurons, kInputs, Stream(1, "init"));
    save(folder / "relu_x.npy", data.x);
    save(folder / "relu_y.npy", data.y);
    save(folder / "relu_w.npy", net.w);
    save(folder / "relu_a.npy", net.a);
  };
  task.offprint = [](const fs::path& folder, unsigned) {
    const RegressionData data{load(folder / "relu_x.npy"), load(folder / "relu_y.npy")};
    const ReluNetwork start{load(folder / "relu_w.npy"), load(folder / "relu_a.npy")};
    ReluNetwork net;
    Outcome out;
    out.cost = best_of(10, [&] {
      net = start;
      (void)train(net, data, steps(kReluRate), Stream(1, "samples"));
    });
    net = start;
    (void)train(net, data, steps(kReluRate, kCompared), Stream(1, "samples"));
    out.numbers.resize(kNeurons, kInputs + 1);
    out.numbers << net.w, net.a;
    return out;
  };
  task.limit = [](const fs::path&) { return copying(kInputs * kNeurons); };  // W read and written once
  return task;
}

// ---------------------------------------------------------------- threshold

Task threshold_task() {
  static constexpr Index kSize = 1000;
  Task task;
  task.prepare = [](const fs::path& folder) {
    MatrixXd g(kSize, 1200);
    Stream(1, "gradients").fill_normal({g.data(), static_cast<std::size_t>(g.size())});
    for (Index i = 0; i < kSize; ++i) g.row(i) *= 1 + 0.5 * static_cast<double>(i % 7) / 7;
    save(folder / "gram.npy", gram_matrix(g));
  };
  task.offprint = [](const fs::path& folder, unsigned threads) {
    const MatrixXd gram = load(folder / "gram.npy");
    const Parallel how{.threads = threads};
    Outcome out;
    out.numbers.resize(1, 1);
    out.cost = best_of(1, [&] { out.numbers(0, 0) = GradientGeometry(gram).threshold({1}, how).learning_rate; });
    return out;
  };
  // The eigendecomposition and, an iteration, the two products of n r^2 multiplications each.
  task.limit = [](const fs::path& folder) {
    const MatrixXd gram = load(folder / "gram.npy");
    const GradientGeometry at(gram);
    const auto iterations = at.threshold({1}).iterations;
    const MatrixXd& c = at.coordinates();
    MatrixXd m(c.cols(), c.cols());
    MatrixXd product(c.rows(), c.cols());
    return best_of(1, [&] {
      (void)linalg::hermitian_eigen(gram);
      for (Index k = 0; k < iterations; ++k) {
        linalg::multiply_into(m, 1.0, c, linalg::Op::kAdjoint, c, linalg::Op::kNone, 0.0);
        linalg::multiply_into(product, 1.0, c, linalg::Op::kNone, m, linalg::Op::kNone, 0.0);
      }
    });
  };
  return task;
}

std::map<std::string, Task> tasks() {
  std::map<std::string, Task> all = hessian_tasks();
  all.merge(collapse_tasks());
  all.merge(
      std::map<std::string, Task>{{"dln", diagonal_task()}, {"relu", relu_task()}, {"threshold", threshold_task()}});
  return all;
}

// The samples of both SGD tasks, in the order that train() draws them.
void prepare_order(const fs::path& folder) {
  Stream random(1, "samples");
  VectorXd order(static_cast<Index>(kSteps));
  for (auto& i : order) i = static_cast<double>(random.below(static_cast<std::uint64_t>(kSamples)));
  save(folder / "order.npy", order);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  keep_freed_memory();  // as the offprint command does
  try {
    const auto all = tasks();
    const auto task = [&](const std::string& name) -> const Task& {
      const auto found = all.find(name);
      if (found == all.end()) throw InputError("unknown task '" + name + "'");
      return found->second;
    };
    if (words.size() == 2 && words[0] == "prepare") {
      fs::create_directories(words[1]);
      prepare_order(words[1]);
      for (const auto& [name, one] : all) one.prepare(words[1]);
    } else if (words.size() == 5 && words[0] == "offprint") {
      const Outcome outcome = task(words[1]).offprint(words[2], static_cast<unsigned>(std::stoul(words[3])));
      save(words[4], outcome.numbers);
      std::printf("%.6f %.6f\n", outcome.cost.wall, outcome.cost.cpu);
    } else if (words.size() == 3 && words[0] == "limit") {
      const Cost cost = task(words[1]).limit(words[2]);
      std::printf("%.6f %.6f\n", cost.wall, cost.cpu);
    } else {
      std::fputs("usage: landscape_peer prepare FOLDER | offprint TASK FOLDER THREADS RESULT | limit TASK FOLDER\n",
                 stderr);
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "landscape_peer: %s\n", error.what());
    return 1;
  }
  return 0;
}
