// The action on small files: known gradient sets give known thresholds, bad input one clear sentence.
#include "actions.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/networks.hpp"

namespace offprint::papers::sgd_stability {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class StabilityAction : public ::testing::Test {
 protected:
  StabilityAction()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-stability-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~StabilityAction() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string npy(const std::string& name, const MatrixXd& values, const io::NpyOptions& options = {}) const {
    io::write_npy(path(name), io::NdArray::from_matrix(values), options);
    return path(name);
  }
  // As the command line would: options parsed by the card, artefacts into the test's folder.
  Seen act(const Given& given, unsigned threads = 0) const {
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action("stability"), words);
      settings.threads = threads;
      offprint::Run run(settings, record, *ranks);
      stability(run);
    } catch (const InputError& error) {
      record.error = error.what();
    }
    return record;
  }
  [[nodiscard]] std::string refusal(const Given& given) const {
    const auto outcome = act(given);
    return outcome.error.empty() ? "no InputError" : outcome.error;
  }

  std::filesystem::path folder_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "sgd-stability");
};

MatrixXd five_by_three() {
  MatrixXd g(5, 3);
  g << 1, 0, 0, 1, 1, 0, 0, 1, 2, 1, -1, 1, 2, 0, 1;
  return g;
}

// ---------------------------------------------------------------- known gradients

TEST_F(StabilityAction, KnownGradientsHaveKnownThresholds) {
  const auto r = act({{"gradients", npy("g.npy", five_by_three())}, {"learning-rate", "0.5"}, {"batch-size", "1,2,4"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("threshold_b1"), 0.438041196001, 1e-11);
  EXPECT_NEAR(r.metrics.at("threshold_b2"), 0.681508257556, 1e-11);
  EXPECT_NEAR(r.metrics.at("threshold_b4"), 0.864363899112, 1e-11);
  EXPECT_NEAR(r.metrics.at("trace"), 3.2, 1e-12);
  EXPECT_NEAR(r.metrics.at("lambda_max"), 1.921110255093, 1e-11);
  EXPECT_EQ(r.metrics.at("smallest_stable_batch"), 2);
  EXPECT_EQ(r.cell("thresholds", 0, "verdict"), "unstable");
  EXPECT_GT(r.cell("thresholds", 0, "growth a step").get<double>(), 1.0);
  EXPECT_EQ(r.cell("thresholds", 1, "verdict"), "stable");
  EXPECT_THAT(r.notes, Contains(AllOf(HasSubstr("batch size 1 can stay"), HasSubstr("up to a learning rate of 0.438"),
                                      HasSubstr("full-batch descent up to 1.041"),
                                      HasSubstr("only with batches of 2 or more"))));
  EXPECT_THAT(r.figures, IsSupersetOf({"sharpness", "batches", "gradients"}));
  const auto spectrum = io::read_csv(path("spectrum.csv"));
  ASSERT_EQ(spectrum.values.rows(), 3);
  EXPECT_NEAR(spectrum.values(0, 0), 1.921110255093, 1e-11);
}

TEST_F(StabilityAction, VerdictsInWords) {
  const auto g = npy("g.npy", five_by_three());
  const auto sentence = [&](const char* eta) {
    const auto r = act({{"gradients", g}, {"learning-rate", eta}});
    EXPECT_EQ(r.error, "");
    return r.notes.back();
  };
  EXPECT_THAT(sentence("0.2"), HasSubstr("edge for batch size 1 (stable)"));
  EXPECT_THAT(sentence("0.43"), HasSubstr("edge for batch size 1 (marginal)"));
  EXPECT_THAT(sentence("0.95"), HasSubstr("only batches larger than the 5 samples"));
  EXPECT_THAT(sentence("1.1"), HasSubstr("no batch size is stable, full-batch descent included"));
  const auto none = act({{"gradients", g}});
  EXPECT_THAT(none.notes.back(), HasSubstr("--learning-rate gives a verdict"));
}

TEST_F(StabilityAction, WithoutReplacement) {
  const auto g = npy("g.npy", five_by_three());
  const auto r = act({{"gradients", g}, {"batch-size", "2,5"}, {"without-replacement", "yes"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("threshold_b2"), 0.770863898918, 1e-11);
  EXPECT_NEAR(r.metrics.at("threshold_b5"), 1.041064662842, 1e-11);
  EXPECT_THAT(refusal({{"gradients", g}, {"batch-size", "6"}, {"without-replacement", "yes"}}),
              HasSubstr("at most the 5 samples"));
}

TEST_F(StabilityAction, ResidualsGiveLossAndAlignment) {
  MatrixXd e(5, 1);
  e << .3, -.2, .5, .1, -.4;
  const auto r = act({{"gradients", npy("g.npy", five_by_three())}, {"residuals", npy("e.npy", e)}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("alignment"), 1.249760765550, 1e-11);
  EXPECT_NEAR(r.metrics.at("loss"), 0.055, 1e-15);
}

TEST_F(StabilityAction, EveryFormatGivesTheSameNumbers) {
  const MatrixXd g = five_by_three();
  const auto expected = act({{"gradients", npy("g.npy", g)}}).metrics;
  EXPECT_EQ(act({{"gradients", npy("single.npy", g, {"<f4", false})}}).metrics, expected);
  EXPECT_EQ(act({{"gradients", npy("fortran.npy", g, {"", true})}}).metrics, expected);
  io::write_csv(path("g.csv"), {"a", "b", "c"}, g);
  EXPECT_EQ(act({{"gradients", path("g.csv")}}).metrics, expected);
  EXPECT_EQ(act({{"gradients", path("g.npy")}}, 1).metrics, act({{"gradients", path("g.npy")}}, 3).metrics);
}

TEST_F(StabilityAction, SamplesAndOutputs) {
  MatrixXd g(40, 6);
  Stream(1, "g").fill_normal({g.data(), static_cast<std::size_t>(g.size())});
  const auto file = npy("g.npy", g);
  EXPECT_EQ(act({{"gradients", file}, {"samples", "10"}}).metrics.at("samples"), 10);
  const auto r = act({{"gradients", file}, {"outputs", "4"}});
  EXPECT_EQ(r.metrics.at("samples"), 10);
  EXPECT_THAT(r.notes, Contains(HasSubstr("Gauss-Newton matrix of 4 outputs")));
  EXPECT_THAT(refusal({{"gradients", file}, {"outputs", "7"}}), HasSubstr("40 rows are no multiple of --outputs 7"));
  EXPECT_THAT(refusal({{"gradients", file}, {"samples", "1"}}), HasSubstr("at least 2"));
}

TEST_F(StabilityAction, WithoutInputASmallNetworkIsTrained) {
  const auto r = act({});
  ASSERT_EQ(r.error, "");
  EXPECT_LT(r.metrics.at("loss"), 1e-12);
  EXPECT_LE(0.02, 1.05 * r.metrics.at("threshold_b1"));  // training could only end where it is stable
  EXPECT_THAT(r.figures, IsSupersetOf({"sharpness", "batches", "gradients", "loss", "trace"}));
  const auto stopped = act({{"train", "yes"}, {"steps", "300"}});
  EXPECT_THAT(stopped.notes, Contains(HasSubstr("had not reached a loss of 1e-12 after 300 steps")));
  EXPECT_THAT(stopped.notes,
              Contains(AllOf(HasSubstr("not an interpolating minimum: H != G"), HasSubstr("||H - G||"))));
  EXPECT_THAT(refusal({{"learning-rate", "5"}, {"clip-norm", "1e300"}}),
              AllOf(HasSubstr("training diverged: step"), HasSubstr("lower --learning-rate or set --clip-norm")));
}

// ---------------------------------------------------------------- models

// f(x) = w . x + c with d = 3, as a TorchScript file; without LibTorch the tests that need it are skipped.
class StabilityOfModels : public StabilityAction {
 protected:
  void SetUp() override {
    const nn::Mlp net = linear(1);
    try {
      nn::script_mlp(net, VectorXd::LinSpaced(net.parameters(), 0.5, 1.25)).save(path("linear.pt"));
      const nn::Mlp two = linear(2);
      nn::script_mlp(two, VectorXd::LinSpaced(two.parameters(), -1, 1)).save(path("two.pt"));
    } catch (const NotAvailable& absent) {
      GTEST_SKIP() << absent.what();
    }
    Stream(2, "x").fill_normal({x_.data(), static_cast<std::size_t>(x_.size())});
    theta_ = VectorXd::LinSpaced(4, 0.5, 1.25);
    y_ = x_ * theta_.head(3) + VectorXd::Constant(12, theta_(3));
    npy("x.npy", x_);
    npy("y.npy", y_);
  }
  static nn::Mlp linear(Index outputs) { return nn::Mlp({3, outputs}); }
  [[nodiscard]] Given given(const Given& more = {}) const {
    Given out{{"model", path("linear.pt")}, {"data", path("x.npy")}, {"targets", path("y.npy")}};
    for (const auto& [name, value] : more) out[name] = value;
    return out;
  }

  MatrixXd x_{12, 3};
  VectorXd theta_;
  MatrixXd y_;
};

TEST_F(StabilityOfModels, ALinearModelHasTheThresholdsOfItsInputs) {
  MatrixXd g(12, 4);
  g << x_, MatrixXd::Ones(12, 1);
  const auto expected = act({{"gradients", npy("g.npy", g)}, {"batch-size", "1,3"}});
  const auto r = act(given({{"batch-size", "1,3"}, {"learning-rate", "0.1"}}));
  ASSERT_EQ(r.error, "");
  for (const char* name : {"trace", "lambda_max", "threshold_b1", "threshold_b3"})
    EXPECT_NEAR(r.metrics.at(name) / expected.metrics.at(name), 1, 1e-6) << name;
  EXPECT_LT(r.metrics.at("loss"), 1e-10);
  EXPECT_LT(r.metrics.at("residual_part"), 1e-6);
  EXPECT_THAT(r.notes, Contains(HasSubstr("torch.nn.MSELoss counts twice here")));
}

TEST_F(StabilityOfModels, ATableHoldsInputsAndTargets) {
  MatrixXd table(12, 4);
  table << x_.leftCols(1), y_, x_.rightCols(2);
  io::write_csv(path("t.csv"), {"a", "target", "b", "c"}, table);
  const auto expected = act(given()).metrics;
  for (const char* column : {"target", "2"}) {
    const auto r = act({{"model", path("linear.pt")}, {"data", path("t.csv")}, {"target-column", column}});
    ASSERT_EQ(r.error, "");
    EXPECT_EQ(r.metrics, expected);
  }
  EXPECT_THAT(refusal({{"model", path("linear.pt")}, {"data", path("t.csv")}, {"target-column", "targt"}}),
              HasSubstr("did you mean 'target'"));
}

TEST_F(StabilityOfModels, TrainingStartsFromTheGivenWeights) {
  MatrixXd other = y_;
  other += x_.leftCols(1);
  npy("other.npy", other);
  const auto before = act(given({{"targets", path("other.npy")}}));
  EXPECT_THAT(before.notes, Contains(HasSubstr("not an interpolating minimum: H != G")));
  const auto r = act(given({{"targets", path("other.npy")},
                            {"train", "yes"},
                            {"learning-rate", "0.05"},
                            {"steps", "2000"},
                            {"batch-size", "1"}}));
  ASSERT_EQ(r.error, "");
  EXPECT_LT(r.metrics.at("loss"), 1e-10);
  EXPECT_THAT(r.figures, IsSupersetOf({"loss", "trace"}));
  // What was saved is what was reached.
  const auto again = act(given({{"model", path("trained.pt")}, {"targets", path("other.npy")}}));
  EXPECT_LT(again.metrics.at("loss"), 1e-10);
  EXPECT_THAT(refusal(given({{"targets", path("other.npy")},
                             {"train", "yes"},
                             {"learning-rate", "1e30"},
                             {"clip-norm", "1e300"},
                             {"steps", "200"}})),
              HasSubstr("lower --learning-rate or set --clip-norm"));
  EXPECT_THAT(refusal(given({{"train", "yes"}})), HasSubstr("--train needs a --learning-rate"));
}

TEST_F(StabilityOfModels, CrossEntropyTakesClassNumbers) {
  MatrixXd labels(12, 1);
  for (Index i = 0; i < 12; ++i) labels(i) = static_cast<double>(i % 2);
  npy("labels.npy", labels.col(0), {"<i8", false});
  const auto r = act(
      {{"model", path("two.pt")}, {"data", path("x.npy")}, {"targets", path("labels.npy")}, {"loss", "cross-entropy"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("samples"), 12);
  EXPECT_LE(r.metrics.at("threshold_b1") * r.metrics.at("trace") / 2, 2);  // 2 k / Tr(G), k = 2
  EXPECT_THAT(r.notes, Contains(HasSubstr("Gauss-Newton matrix of 2 outputs")));
}

TEST_F(StabilityOfModels, BadInput) {
  EXPECT_THAT(refusal({{"model", path("linear.pt")}}), HasSubstr("--model needs --data"));
  EXPECT_THAT(refusal({{"model", path("linear.pt")}, {"data", path("x.npy")}}), HasSubstr("needs the targets"));
  npy("short.npy", y_.topRows(11));
  EXPECT_THAT(refusal(given({{"targets", path("short.npy")}})), HasSubstr("targets of 11 samples but"));
  EXPECT_THAT(refusal(given({{"model", path("two.pt")}})), HasSubstr("confirm with --outputs 2"));
  EXPECT_THAT(refusal(given({{"outputs", "2"}})), HasSubstr("gives 1 outputs a sample"));
  EXPECT_THAT(refusal(given({{"model", path("two.pt")}, {"outputs", "2"}})),
              HasSubstr("targets have 1 values a sample"));
  MatrixXd broken = y_;
  broken(4, 0) = std::numeric_limits<double>::quiet_NaN();
  npy("broken.npy", broken);
  EXPECT_THAT(refusal(given({{"targets", path("broken.npy")}})), HasSubstr("target of sample 4 is not finite"));
  broken = x_;
  broken(7, 1) = std::numeric_limits<double>::infinity();
  npy("broken.npy", broken);
  EXPECT_THAT(refusal(given({{"data", path("broken.npy")}})), HasSubstr("sample 7 is not finite"));
  EXPECT_THAT(refusal(given({{"model", path("x.npy")}})), HasSubstr("TorchScript"));
  EXPECT_THAT(refusal(given({{"loss", "cross-entropy"}})), HasSubstr("y.npy"));  // not class numbers
}

// ---------------------------------------------------------------- bad input

TEST_F(StabilityAction, BadInput) {
  const auto g = npy("g.npy", five_by_three());
  EXPECT_THAT(refusal({{"gradients", g}, {"learning-rate", "0"}}), HasSubstr("--learning-rate is 0"));
  EXPECT_THAT(refusal({{"gradients", g}, {"learning-rate", "-1"}}), HasSubstr("must be positive"));
  EXPECT_THAT(refusal({{"gradients", g}, {"batch-size", "0"}}), HasSubstr("at least 1 sample"));
  EXPECT_THAT(refusal({{"gradients", g}, {"model", g}}), HasSubstr("give the one or the other"));
  EXPECT_THAT(refusal({{"gradients", g}, {"train", "yes"}}), HasSubstr("--train needs a model"));
  EXPECT_THAT(refusal({{"data", g}}), HasSubstr("--data needs --model"));
  EXPECT_THAT(refusal({{"residuals", g}}), HasSubstr("--residuals needs --gradients"));
  EXPECT_THAT(refusal({{"gradients", npy("one.npy", five_by_three().topRows(1))}}), HasSubstr("at least 2"));
  EXPECT_THAT(refusal({{"gradients", npy("zero.npy", MatrixXd::Zero(4, 3))}}),
              HasSubstr("G = 0, every step size is stable"));
  MatrixXd broken = five_by_three();
  broken(3, 1) = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal({{"gradients", npy("nan.npy", broken)}}), HasSubstr("gradient of sample 3 is not finite"));
  io::write_npy(path("cube.npy"), io::NdArray({2, 2, 3}, Eigen::VectorXd(Eigen::VectorXd::Ones(12))));
  EXPECT_THAT(refusal({{"gradients", path("cube.npy")}}), HasSubstr("has 3 axes; gradients are a matrix"));
  io::write_npy(path("flat.npy"), io::NdArray::from_vector(Eigen::VectorXd::Ones(4)));
  EXPECT_THAT(refusal({{"gradients", path("flat.npy")}}), HasSubstr("has no rows; save a matrix"));
  std::string objects = io::npy_bytes(io::NdArray::from_matrix(five_by_three()), {"", true});
  objects.replace(objects.find("<f8"), 3, "|O8");
  std::ofstream(path("objects.npy"), std::ios::binary) << objects;
  EXPECT_THAT(refusal({{"gradients", path("objects.npy")}}), HasSubstr("only numbers: b1, i1 to i8"));
  EXPECT_THAT(refusal({{"gradients", g}, {"residuals", npy("short.npy", MatrixXd::Ones(4, 1))}}),
              HasSubstr("give one for each row of --gradients"));
  MatrixXd e = MatrixXd::Ones(5, 1);
  e(2, 0) = std::numeric_limits<double>::infinity();
  EXPECT_THAT(refusal({{"gradients", g}, {"residuals", npy("inf.npy", e)}}),
              HasSubstr("residual of sample 2 is not finite"));
}

}  // namespace
}  // namespace offprint::papers::sgd_stability
