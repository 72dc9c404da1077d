// Offprint's side of the comparison with PyTorch used as PyHessian uses it, through the public headers alone.
//
//   hessian_peer prepare FOLDER       network, data and start vectors, which both sides read
//   hessian_peer TASK FOLDER RESULT   does the task on one thread, writes its numbers as NPY, prints "wall cpu
//   products"
//
// `run` beside this file drives it; peer.py is the other side. A further task is one entry in tasks().
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/linalg/eigenpairs.hpp"
#include "offprint/linalg/lanczos_quadrature.hpp"
#include "offprint/nn/labelled.hpp"
#include "offprint/nn/mlp.hpp"

namespace {

namespace fs = std::filesystem;
using namespace offprint;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kSamples = 1000;
constexpr Index kVectors = 16;  // of a block of products
constexpr Index kPairs = 10;

const nn::Mlp& net() {
  static const nn::Mlp made({784, 50, 50, 10});  // M = 42,310
  return made;
}

void save(const fs::path& path, const MatrixXd& values) { io::write_npy(path, io::NdArray::from_matrix(values)); }
MatrixXd load(const fs::path& path) { return io::read_npy(path).matrix(); }

nn::MlpLoss loss_of(const MatrixXd& x, const MatrixXd& y) {
  std::vector<int> labels;
  for (Index i = 0; i < y.rows(); ++i) labels.push_back(static_cast<int>(y(i, 0)));
  return {net(), x.transpose(), labels, {.threads = 1}};
}

void prepare(const fs::path& folder) {
  const auto data = nn::gaussian_blobs(10, 784, kSamples, 4.0, Stream(1, "blobs"));
  MatrixXd y(kSamples, 1);
  for (Index i = 0; i < kSamples; ++i) y(i, 0) = data.labels[static_cast<std::size_t>(i)];
  save(folder / "x.npy", data.inputs.transpose());
  save(folder / "y.npy", y);
  const auto loss = loss_of(data.inputs.transpose(), y);
  VectorXd theta = net().initial(Stream(1, "initial"));
  VectorXd gradient(theta.size());
  for (int step = 0; step < 10; ++step) {
    loss.gradient(theta, gradient);
    theta -= 0.01 * gradient;
  }
  save(folder / "theta.npy", theta);
  MatrixXd v(theta.size(), kVectors);
  Stream(1, "vectors").fill_normal({v.data(), static_cast<std::size_t>(v.size())});
  save(folder / "v.npy", v);
}

struct Done {
  MatrixXd values;
  Index products = 0;
};

const std::map<std::string, std::function<Done(const linalg::SymmetricOperator&, const MatrixXd&)>>& tasks() {
  static const std::map<std::string, std::function<Done(const linalg::SymmetricOperator&, const MatrixXd&)>> all{
      {"products",
       [](const auto& hessian, const MatrixXd& v) {
         Done out{MatrixXd(v.rows(), v.cols()), v.cols()};
         hessian.apply(v, out.values);
         return out;
       }},
      {"pairs",
       [](const auto& hessian, const MatrixXd&) {
         const auto found = linalg::extreme_eigenpairs(hessian, linalg::SpectrumEnd::kTop, kPairs, Stream(1, "start"),
                                                       {.tolerance = 1e-4});
         return Done{found.values, found.products};
       }},
      {"density",
       [](const auto& hessian, const MatrixXd&) {
         const auto found = linalg::lanczos_quadrature(hessian, [](std::uint64_t s) { return Stream(1, "probes", s); },
                                                       {.steps = 60, .vectors = 4}, {.threads = 1});
         const VectorXd points = VectorXd::LinSpaced(10'000, found.smallest(), found.largest());
         const double sum = found.density(points, found.resolution()).value.sum();
         return Done{MatrixXd::Constant(1, 1, found.trace().value + 0 * sum), found.products()};
       }},
  };
  return all;
}

int drive(const std::vector<std::string>& words) {
  if (words.size() == 2 && words[0] == "prepare") {
    prepare(words[1]);
    return 0;
  }
  if (words.size() != 3 || !tasks().contains(words[0])) {
    std::fprintf(stderr, "usage: hessian_peer prepare FOLDER | products|pairs|density FOLDER RESULT\n");
    return 2;
  }
  const fs::path folder(words[1]);
  const auto loss = loss_of(load(folder / "x.npy"), load(folder / "y.npy"));
  const auto hessian = loss.hessian(load(folder / "theta.npy").col(0));
  const MatrixXd v = load(folder / "v.npy");
  const std::clock_t cpu = std::clock();
  const auto start = std::chrono::steady_clock::now();
  const Done done = tasks().at(words[0])(hessian, v);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%.6f %.6f %ld\n", wall, static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC,
              static_cast<long>(done.products));
  save(words[2], done.values);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return drive({words + 1, words + count});
  } catch (const Error& error) {
    std::fprintf(stderr, "hessian_peer: %s\n", error.what());
    return error.exit_code();
  }
}
