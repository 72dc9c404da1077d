// The actions as the command line calls them: the embedded network, and TorchScript files whose spectrum is known.
#include "actions.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/landscape/spectrum.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/networks.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

namespace fs = std::filesystem;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class HessianActions : public ::testing::Test {
 protected:
  HessianActions() { fs::create_directories(folder_); }
  ~HessianActions() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string path_of(const std::string& name) const { return (folder_ / name).string(); }

  // As the command line would; what an Error says comes back in `error_`.
  Seen act(const std::string& action, const Given& given, unsigned threads = 0) {
    TestRecord record(folder_);
    error_.clear();
    const auto ranks = single_process();
    std::map<std::string, std::vector<std::string>> words;
    for (const auto& [name, value] : given) words[name] = {value};
    try {
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      settings.threads = threads;
      offprint::Run run(settings, record, *ranks);
      action == "path" ? path(run) : spectrum(run);
    } catch (const InputError& error) {
      error_ = error.what();
    }
    return record;
  }
  std::string refusal(const std::string& action, const Given& given) {
    (void)act(action, given);
    return error_.empty() ? "no InputError" : error_;
  }

  // A small network with data in files; skips without LibTorch.
  void make_files() {
    const nn::Mlp net({6, 5, 3});
    Stream random(3, "files");
    theta_ = net.initial(Stream(1, "theta"));
    inputs_.resize(6, 40);
    for (Index i = 0; i < inputs_.size(); ++i) inputs_.data()[i] = random.normal();
    for (Index i = 0; i < 40; ++i) labels_.push_back(static_cast<int>(i % 3));
    io::write_npy(path_of("x.npy"), io::NdArray::from_matrix(inputs_.transpose()));
    VectorXd y(40);
    for (Index i = 0; i < 40; ++i) y[i] = labels_[static_cast<std::size_t>(i)];
    io::write_npy(path_of("y.npy"), io::NdArray::from_vector(y));
    nn::script_mlp(net, theta_).save(path_of("m.pt"));
    nn::script_mlp(net, net.initial(Stream(2, "theta"))).save(path_of("other.pt"));
    const nn::Mlp wider({6, 7, 3});
    nn::script_mlp(wider, wider.initial(Stream(1, "theta"))).save(path_of("wider.pt"));
  }
  [[nodiscard]] Given files(const std::string& model = "m.pt") const {
    return {{"model", path_of(model)}, {"data", path_of("x.npy")}, {"labels", path_of("y.npy")}};
  }

  fs::path folder_ = fs::temp_directory_path() / ("offprint-hessian-" + std::to_string(::getpid()));
  Card card_ = read_card(OFFPRINT_CARD, "hessian-spectrum");
  std::string error_;
  VectorXd theta_;
  MatrixXd inputs_;
  std::vector<int> labels_;
};

Given operator+(Given a, const Given& b) {
  for (const auto& [name, value] : b) a[name] = value;
  return a;
}

#define OFFPRINT_WITH_FILES()             \
  try {                                   \
    make_files();                         \
  } catch (const NotAvailable& missing) { \
    GTEST_SKIP() << missing.what();       \
  }

TEST_F(HessianActions, SpectrumOfTheEmbeddedNetwork) {
  const auto seen = act("spectrum", {});
  EXPECT_EQ(error_, "");
  EXPECT_EQ(seen.metrics.at("outliers"), 9);  // ten digits
  EXPECT_GT(seen.metrics.at("lambda_max"), 1);
  EXPECT_LT(seen.metrics.at("lambda_min"), 0);
  EXPECT_LE(seen.metrics.at("lambda_max_residual"), 1e-4 * seen.metrics.at("lambda_max"));
  EXPECT_NEAR(seen.metrics.at("trace"), seen.metrics.at("gauss_newton_trace"), 0.2 * seen.metrics.at("trace"));
  EXPECT_THAT(seen.figures, IsSupersetOf({"density", "cumulative", "magnitudes", "ordered", "tensors"}));
  EXPECT_THAT(seen.notes, Contains(HasSubstr("no --model given")));
  EXPECT_THAT(seen.notes, Contains(HasSubstr("start vectors at a time")));  // the memory, before it starts
  EXPECT_TRUE(fs::exists(folder_ / "density.csv"));
  EXPECT_FALSE(fs::exists(folder_ / "eigenvectors.npy"));
}

TEST_F(HessianActions, SpectrumOfAFileIsTheExactOne) {
  OFFPRINT_WITH_FILES();
  const auto seen = act("spectrum", files() + Given{{"exact", "true"}, {"eigenvectors", "true"}, {"tol", "1e-8"}});
  ASSERT_EQ(error_, "");
  const nn::MlpLoss loss(nn::Mlp({6, 5, 3}), inputs_, labels_);
  // the file holds the parameters in double or single precision
  const auto exact = landscape::exact_spectrum(loss.hessian(theta_)).values;
  EXPECT_NEAR(seen.metrics.at("lambda_max"), exact[0], 1e-5);
  EXPECT_NEAR(seen.metrics.at("lambda_min"), exact[exact.size() - 1], 1e-5);
  EXPECT_NEAR(seen.metrics.at("trace_exact"), exact.sum(), 1e-4);
  EXPECT_NEAR(seen.metrics.at("trace"), exact.sum(), 1e-4 + 5 * seen.metrics.at("trace_standard_error"));
  EXPECT_NEAR(seen.metrics.at("loss"), loss.value(theta_), 1e-5);
  EXPECT_LT(seen.metrics.at("asymmetry"), 1e-10);
  const auto written = io::read_matrix(path_of("eigenvalues.csv")).values;
  ASSERT_EQ(written.rows(), exact.size());
  EXPECT_LT((written.col(0) - exact).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_EQ(io::read_npy(path_of("eigenvectors.npy")).shape(), (std::vector<std::size_t>{53, 13}));
  EXPECT_THAT(seen.notes, Contains(HasSubstr("--lanczos-iterations 100 is more than the 53 parameters")));
}

TEST_F(HessianActions, PartsOfTheHessianAndOfTheParameters) {
  OFFPRINT_WITH_FILES();
  const nn::MlpLoss loss(nn::Mlp({6, 5, 3}), inputs_, labels_);
  const auto g = act("spectrum", files() + Given{{"gauss-newton", "true"}});
  EXPECT_NEAR(g.metrics.at("lambda_max"), landscape::exact_spectrum(loss.gauss_newton(theta_)).values[0], 1e-5);
  const auto r = act("spectrum", files() + Given{{"residual", "true"}});
  EXPECT_NEAR(r.metrics.at("lambda_max"), landscape::exact_spectrum(loss.residual(theta_)).values[0], 1e-5);
  EXPECT_THAT(refusal("spectrum", files() + Given{{"gauss-newton", "true"}, {"residual", "true"}}),
              HasSubstr("exclude each other"));
  const auto layer = act("spectrum", files() + Given{{"parameters", ".*bias"}});
  EXPECT_EQ(error_, "");
  EXPECT_EQ(layer.metrics.at("parameters"), 8);
}

TEST_F(HessianActions, SubsamplesAndOtherLosses) {
  OFFPRINT_WITH_FILES();
  const auto some = act("spectrum", files() + Given{{"samples", "20"}, {"transform", "normalize"}});
  EXPECT_EQ(error_, "");
  EXPECT_THAT(some.notes, Contains(HasSubstr("20 of 40 samples")));
  io::write_npy(path_of("targets.npy"), io::NdArray::from_matrix(MatrixXd::Zero(40, 3)));
  const auto mse = act(
      "spectrum", files() + Given{{"loss", "mse"}, {"labels", path_of("targets.npy")}, {"trace-method", "hutchinson"}});
  EXPECT_EQ(error_, "");
  const nn::MlpLoss loss(nn::Mlp({6, 5, 3}), inputs_, MatrixXd::Zero(3, 40), nn::Loss::kMse);
  EXPECT_NEAR(mse.metrics.at("lambda_max"), landscape::exact_spectrum(loss.hessian(theta_)).values[0], 1e-4);
  EXPECT_EQ(mse.metrics.count("accuracy"), 0U);
}

TEST_F(HessianActions, SameNumbersForAnyThreads) {
  const Given given{{"num-vectors", "3"}, {"lanczos-iterations", "20"}};
  EXPECT_EQ(act("spectrum", given, 1).metrics, act("spectrum", given, 3).metrics);
}

TEST_F(HessianActions, PathOfTheEmbeddedNetworks) {
  const auto line = act("path", {});
  EXPECT_EQ(error_, "");
  EXPECT_GT(line.metrics.at("barrier"), 0.1);
  const auto curve =
      act("path", {{"curve", "bezier"}, {"points", "21"}, {"range", "0,1"}, {"eigen-along-path", "true"}});
  EXPECT_LT(curve.metrics.at("barrier"), 0.2 * curve.metrics.at("line_barrier"));
  EXPECT_THAT(curve.figures, IsSupersetOf({"loss", "accuracy", "sharpness"}));
  const auto rows = io::read_matrix(path_of("path.csv"));
  EXPECT_EQ(rows.columns, (std::vector<std::string>{"a", "loss", "accuracy", "line_loss", "lambda_max"}));
  EXPECT_EQ(rows.values.rows(), 21);
  EXPECT_NEAR(rows.values(0, 1), curve.metrics.at("loss_from"), 1e-12);
}

TEST_F(HessianActions, PathBetweenFiles) {
  OFFPRINT_WITH_FILES();
  const Given data{{"data", path_of("x.npy")}, {"labels", path_of("y.npy")}};
  const auto ends = data + Given{{"from", path_of("m.pt")}, {"to", path_of("other.pt")}};
  const auto seen = act("path", ends);
  EXPECT_EQ(error_, "");
  const nn::MlpLoss loss(nn::Mlp({6, 5, 3}), inputs_, labels_);
  EXPECT_NEAR(seen.metrics.at("loss_from"), loss.value(theta_), 1e-5);
  EXPECT_NEAR(seen.metrics.at("distance"), (nn::Mlp({6, 5, 3}).initial(Stream(2, "theta")) - theta_).norm(), 1e-5);
  EXPECT_THAT(refusal("path", ends + Given{{"to", path_of("wider.pt")}}),
              AllOf(HasSubstr("not of one architecture"), HasSubstr("(7, 6)")));
  EXPECT_THAT(refusal("path", ends + Given{{"to", path_of("m.pt")}}), HasSubstr("same point"));
  EXPECT_THAT(refusal("path", data + Given{{"from", path_of("m.pt")}}), HasSubstr("--from is given without --to"));
  EXPECT_THAT(refusal("path", {{"range", "0"}}), HasSubstr("--range has 1 numbers"));
  EXPECT_THAT(refusal("path", {{"range", "1,0"}}), HasSubstr("a range that ascends"));
}

TEST_F(HessianActions, BadInput) {
  EXPECT_THAT(refusal("spectrum", {{"exact", "true"}, {"exact-limit", "1000"}}),
              AllOf(HasSubstr("4570 parameters are above the limit of 1000"), HasSubstr("GB")));
  EXPECT_THAT(refusal("spectrum", {{"num-vectors", "0"}}), HasSubstr("num-vectors"));
  EXPECT_THAT(refusal("spectrum", {{"memory", "0.001"}}), AllOf(HasSubstr("are allowed"), HasSubstr("fewer steps")));
  EXPECT_THAT(refusal("spectrum", {{"data", "x.npy"}}), HasSubstr("--data is given without --model"));
  OFFPRINT_WITH_FILES();
  const auto all = files();
  EXPECT_THAT(refusal("spectrum", {{"model", path_of("m.pt")}}), HasSubstr("--data is missing"));
  EXPECT_THAT(refusal("spectrum", {{"model", path_of("m.pt")}, {"data", path_of("x.npy")}}),
              HasSubstr("--labels is missing"));
  EXPECT_THAT(refusal("spectrum", all + Given{{"model", path_of("y.npy")}}), HasSubstr("not a TorchScript file"));
  EXPECT_THAT(refusal("spectrum", all + Given{{"parameters", "nothing.*"}}), HasSubstr("nothing.*"));
  VectorXd y = VectorXd::Zero(40);
  y[7] = 3;
  io::write_npy(path_of("bad.npy"), io::NdArray::from_vector(y));
  EXPECT_THAT(refusal("spectrum", all + Given{{"labels", path_of("bad.npy")}}),
              AllOf(HasSubstr("label 3 of sample 7"), HasSubstr("[0, 3)")));
  io::write_npy(path_of("short.npy"), io::NdArray::from_vector(y.head(39)));
  EXPECT_THAT(refusal("spectrum", all + Given{{"labels", path_of("short.npy")}}),
              AllOf(HasSubstr("39"), HasSubstr("40")));
  io::write_npy(path_of("narrow.npy"), io::NdArray::from_matrix(MatrixXd::Ones(40, 5)));
  EXPECT_THAT(refusal("spectrum", all + Given{{"data", path_of("narrow.npy")}}),
              AllOf(HasSubstr("cannot be evaluated"), HasSubstr("5")));
  io::write_npy(path_of("empty.npy"), io::NdArray({0, 6}, VectorXd()));
  EXPECT_THAT(refusal("spectrum", all + Given{{"data", path_of("empty.npy")}}), HasSubstr("empty.npy"));
  MatrixXd holes = MatrixXd::Ones(40, 6);
  holes(3, 2) = std::nan("");
  io::write_npy(path_of("nan.npy"), io::NdArray::from_matrix(holes));
  EXPECT_THAT(refusal("spectrum", all + Given{{"data", path_of("nan.npy")}}), HasSubstr("sample 3 is not finite"));
  EXPECT_THAT(refusal("spectrum", all + Given{{"loss", "mse"}, {"labels", path_of("short.npy")}}),
              HasSubstr("39 samples where --data has 40"));
  VectorXd theta = theta_;
  theta[4] = std::nan("");
  auto broken = nn::script_mlp(nn::Mlp({6, 5, 3}), theta_);
  broken.set_theta(theta);
  broken.save(path_of("nan.pt"));
  EXPECT_THAT(refusal("spectrum", files("nan.pt")), HasSubstr("not finite"));
}

}  // namespace
}  // namespace offprint::papers::hessian_spectrum
