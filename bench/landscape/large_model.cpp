// Does a network of ten million parameters fit? Saves one as TorchScript (784-3200-2400-10, 64 samples), lets the
// command compute its Hessian spectrum with the defaults but for a single start vector of the density, and measures
// time and largest resident memory of that process. Leaves with 1 when the command fails or took more than 8 GB. About
// 20 minutes of processor time; part of ./test --full.
//
// Run: build/release/bin/large_model
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "offprint/io/npy.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/networks.hpp"

namespace {

using namespace offprint;
using Eigen::Index;

constexpr double kLimit = 8e9;  // bytes
constexpr Index kSamples = 64;

void write_problem(const std::filesystem::path& folder) {
  const nn::Mlp net({784, 3200, 2400, 10});
  fmt::print("{} parameters, {} samples\n", net.parameters(), kSamples);
  nn::script_mlp(net, net.initial(Stream(0, "large model")), {.precision = nn::Precision::kSingle})
      .save(folder / "model.pt");
  Eigen::MatrixXd inputs(kSamples, 784);
  Stream random(0, "large model inputs");
  for (double& x : inputs.reshaped()) x = random.normal();
  Eigen::VectorXd labels(kSamples);
  for (Index i = 0; i < kSamples; ++i) labels[i] = static_cast<double>(i % 10);
  io::write_npy(folder / "x.npy", io::NdArray::from_matrix(inputs));
  io::write_npy(folder / "y.npy", io::NdArray::from_vector(labels));
}

/// Runs the words as a process; returns its wait status and fills in what it used.
int run(std::vector<std::string> words, rusage& used) {
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execv(arguments.front(), arguments.data());
    _exit(127);
  }
  int status = 0;
  return child > 0 && wait4(child, &status, 0, &used) == child ? status : -1;
}

}  // namespace

int main() {
  std::string pattern = (std::filesystem::temp_directory_path() / "offprint-large-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    fmt::print(stderr, "large_model: no folder for temporary files\n");
    return 1;
  }
  const std::filesystem::path folder(pattern);
  write_problem(folder);
  const auto command = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "offprint";
  const auto start = std::chrono::steady_clock::now();
  rusage used{};
  const int status = run({command.string(), "run", "hessian-spectrum", "--store", (folder / "store").string(),
                          "--model", (folder / "model.pt").string(), "--data", (folder / "x.npy").string(), "--labels",
                          (folder / "y.npy").string(), "--num-vectors", "1"},
                         used);
  std::filesystem::remove_all(folder);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double bytes = 1024.0 * static_cast<double>(used.ru_maxrss);
  fmt::print("{:.0f} s by the clock, {} s of processor time, {:.2f} GB resident at most (limit {:.0f})\n", seconds,
             used.ru_utime.tv_sec + used.ru_stime.tv_sec, bytes / 1e9, kLimit / 1e9);
  if (status != 0) fmt::print(stderr, "large_model: the command failed (wait status {})\n", status);
  return status == 0 && bytes < kLimit ? 0 : 1;
}
