// Offprint's side of the comparison with PyTorch and NumPy for BO-REP.
//
//   bo_rep_peer prepare FOLDER                the inputs of both tasks, which both sides read
//   bo_rep_peer offprint TASK FOLDER RESULT   does the task on one thread, writes its numbers as NPY, prints "wall cpu"
//
// Seconds are of the best of three. `run` beside this file drives it; peer.py is the other side.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/optimize/bo_rep.hpp"
#include "offprint/optimize/text_cleaning.hpp"
#include "offprint/optimize/unbounded_problem.hpp"

namespace {

namespace fs = std::filesystem;
using namespace offprint;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Setting T: the shape of the reviews (3000 training and 600 clean texts of at most 40 words, mean 34.7), drawn at
// random, because the time does not depend on what they say.
constexpr Index kTrain = 3000;
constexpr Index kClean = 600;
constexpr Index kWords = 40;
constexpr Index kVocabulary = 8473;
constexpr Index kBatch = 64;
constexpr std::uint64_t kSteps = 30;
constexpr std::uint64_t kSeed = 1;

void save(const fs::path& path, const MatrixXd& matrix) { io::write_npy(path, io::NdArray::from_matrix(matrix)); }
MatrixXd load(const fs::path& path) { return io::read_npy(path).matrix(); }

void best_of_three(const std::function<void()>& work) {
  double wall = std::numeric_limits<double>::infinity();
  double cpu = wall;
  for (int i = 0; i < 3; ++i) {
    const std::clock_t before = std::clock();
    const auto start = std::chrono::steady_clock::now();
    work();
    wall = std::min(wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    cpu = std::min(cpu, static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC);
  }
  std::printf("%.6g %.6g\n", wall, cpu);
}

nn::Rnn network() { return nn::Rnn({.inputs = 50, .hidden = 48, .classes = 2}); }

void prepare(const fs::path& folder) {
  Stream random(kSeed, "texts");
  MatrixXd tokens = MatrixXd::Constant(kTrain + kClean, kWords, -1);
  MatrixXd labels(kTrain + kClean, 1);
  MatrixXd table(50, kVocabulary);
  for (Index i = 0; i < tokens.rows(); ++i) {
    const Index length = random.uniform() < 0.65 ? kWords : 10 + static_cast<Index>(random.below(30));
    for (Index t = 0; t < length; ++t) tokens(i, t) = static_cast<double>(random.below(kVocabulary));
    labels(i, 0) = static_cast<double>(random.below(2));
  }
  for (double& entry : table.reshaped()) entry = random.normal();
  save(folder / "tokens.npy", tokens);
  save(folder / "labels.npy", labels);
  save(folder / "table.npy", table);
  save(folder / "initial.npy", network().initial(Stream(kSeed, "initial")));
  // The batches of every oracle call, as TextCleaning draws them.
  const Index calls = 30 + 10 * static_cast<Index>(kSteps);
  MatrixXd lower(calls, kBatch);
  MatrixXd upper(calls, kBatch);
  for (Index k = 0; k < calls; ++k) {
    const auto index = static_cast<std::uint64_t>(k);
    const auto l = optimize::draw_rows(Stream(kSeed, "lower batch", index), kTrain, kBatch);
    const auto u = optimize::draw_rows(Stream(kSeed, "upper batch", index), kClean, kBatch);
    for (Index j = 0; j < kBatch; ++j) {
      lower(k, j) = static_cast<double>(l[static_cast<std::size_t>(j)]);
      upper(k, j) = static_cast<double>(u[static_cast<std::size_t>(j)]);
    }
  }
  save(folder / "lower.npy", lower);
  save(folder / "upper.npy", upper);
}

void setting_t(const fs::path& folder, const fs::path& result) {
  const MatrixXd tokens = load(folder / "tokens.npy");
  const MatrixXd labels = load(folder / "labels.npy");
  std::vector<std::vector<std::uint32_t>> texts(static_cast<std::size_t>(tokens.rows()));
  optimize::LabelledRows train;
  optimize::LabelledRows clean;
  for (Index i = 0; i < tokens.rows(); ++i) {
    for (Index t = 0; t < kWords && tokens(i, t) >= 0; ++t)
      texts[static_cast<std::size_t>(i)].push_back(static_cast<std::uint32_t>(tokens(i, t)));
    auto& part = i < kTrain ? train : clean;
    part.rows.push_back(static_cast<std::size_t>(i));
    part.labels.push_back(static_cast<int>(labels(i, 0)));
  }
  const auto set = std::make_shared<nn::TextSet>(std::move(texts), load(folder / "table.npy"));
  const optimize::TextCleaning problem(optimize::TextLoss(network(), set, {.threads = 1}), train, clean,
                                       {.seed = kSeed});
  const VectorXd start = load(folder / "initial.npy").col(0);
  optimize::BoRepOptions options{.steps = kSteps, .eta = 1, .nu = 0.05, .stochastic = true};
  options.lower = {.step = 0.3, .steps = 3};
  options.refinement.epochs = 0;
  VectorXd x;
  best_of_three([&] { x = optimize::bo_rep(problem, VectorXd::Zero(kTrain), start, options).x; });
  save(result, x);
}

void problem_u(const fs::path& result) {
  const optimize::UnboundedProblem u({.seed = kSeed});
  const VectorXd x = VectorXd::Ones(10);
  const VectorXd y = VectorXd::Zero(10);
  best_of_three([&] { (void)optimize::bo_rep(u, x, y, {.steps = 1000, .eta = 0.01, .nu = 0.1, .stochastic = true}); });
  // The two sides draw different noise: what is compared is the path without.
  save(result, optimize::bo_rep(u, x, y, {.steps = 1000, .eta = 0.01, .nu = 0.1}).x);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 2 && words[0] == "prepare") {
      prepare(words[1]);
    } else if (words.size() == 4 && words[0] == "offprint" && words[1] == "setting_t") {
      setting_t(words[2], words[3]);
    } else if (words.size() == 4 && words[0] == "offprint" && words[1] == "problem_u") {
      problem_u(words[3]);
    } else {
      std::fputs("bo_rep_peer prepare FOLDER | offprint setting_t|problem_u FOLDER RESULT\n", stderr);
      return 2;
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "bo_rep_peer: %s\n", error.what());
    return error.exit_code();
  }
  return 0;
}
