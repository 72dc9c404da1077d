// The actions on small generated files: known features give known answers, bad input one clear sentence.
#include "actions.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
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
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/landscape/collapse_oracles.hpp"
#include "offprint/nn/torch/networks.hpp"

namespace offprint::papers::neural_collapse {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class CollapseActions : public ::testing::Test {
 protected:
  CollapseActions()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-collapse-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
    wave_ = npy("wave.npy", landscape::oracle::wave_h0().transpose());
    VectorXd y(60);
    for (int i = 0; i < 60; ++i) y(i) = i / 20;
    y_ = (folder_ / "y.npy").string();
    io::write_npy(y_, io::NdArray::from_vector(y), {.dtype = "<i8"});
  }
  ~CollapseActions() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string npy(const std::string& name, const MatrixXd& rows, const std::string& dtype = "<f8") const {
    io::write_npy(path(name), io::NdArray::from_matrix(rows), {.dtype = dtype});
    return path(name);
  }
  std::string text(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  Seen act(const std::string& action, const Given& given, unsigned threads = 1) const {
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      settings.threads = threads;
      offprint::Run run(settings, record, *ranks);
      const std::map<std::string, void (*)(offprint::Run&)> actions{{"metrics", metrics},
                                                                    {"model", model},
                                                                    {"path", neural_collapse::path},
                                                                    {"response", response},
                                                                    {"train", train}};
      actions.at(action)(run);
    } catch (const InputError& error) {
      record.error = error.what();
    }
    return record;
  }
  [[nodiscard]] std::string refusal(const std::string& action, const Given& given) const {
    const auto outcome = act(action, given);
    return outcome.error.empty() ? "no InputError" : outcome.error;
  }

  std::filesystem::path folder_;
  std::string wave_;
  std::string y_;
  Card card_ = read_card(OFFPRINT_CARD, "neural-collapse");
};

TEST_F(CollapseActions, MetricsIsWhatRunMeansWithoutAnAction) {
  ASSERT_NE(card_.default_action(), nullptr);
  EXPECT_EQ(card_.default_action()->name, "metrics");
}

TEST_F(CollapseActions, MetricsOfLayersInEveryFormat) {
  const MatrixXd rows = landscape::oracle::wave_h0().transpose();
  io::write_csv(path("wave.csv"), {}, rows);
  const auto r = act("metrics", {{"features", wave_ + "," + path("wave.csv")}, {"labels", y_}}, 2);
  ASSERT_EQ(r.error, "");
  for (std::size_t l = 0; l < 2; ++l) {
    EXPECT_NEAR(r.cell("layers", l, "NC1~").get<double>(), 7.58869634788, 1e-11);
    EXPECT_NEAR(r.cell("layers", l, "NC1").get<double>(), 1.66229120579, 1e-11);
    EXPECT_NEAR(r.cell("layers", l, "NC2").get<double>(), .208125873005, 1e-12);
  }
  EXPECT_THAT(r.figures, ::testing::UnorderedElementsAre("depth", "gram", "projection"));
  // Single precision.
  const auto f = act("metrics", {{"features", npy("wave32.npy", rows, "<f4")}, {"labels", y_}});
  EXPECT_NEAR(f.metrics.at("nc1_trace"), 7.58869634788, 1e-4);
  EXPECT_NE(f.metrics.at("nc1_trace"), r.metrics.at("nc1_trace"));
}

TEST_F(CollapseActions, ClassifierWeightsGiveNc3) {
  // Features at the corners of a simplex with a classifier of its centred means.
  MatrixXd rows(6, 4);
  rows.setZero();
  for (int i = 0; i < 6; ++i) rows(i, i / 2) = 2;
  rows(0, 3) = 0.1;
  rows(1, 3) = -0.1;
  MatrixXd w = MatrixXd::Zero(3, 4);
  for (int k = 0; k < 3; ++k)
    for (int l = 0; l < 3; ++l) w(k, l) = (k == l ? 1.0 : 0.0) - 1.0 / 3;
  const auto y = text("labels.csv", "label\n4\n4\n7\n7\n9\n9\n");
  const auto r = act("metrics", {{"features", npy("f.npy", rows)}, {"labels", y}, {"weights", npy("W.npy", w)}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("nc3"), 0, 1e-12);
  EXPECT_THAT(refusal("metrics", {{"features", path("f.npy")}, {"labels", y}, {"weights", path("f.npy")}}),
              AllOf(HasSubstr("layer 1"), HasSubstr("need 3 x 4")));
}

TEST_F(CollapseActions, UnbalancedClasses) {
  MatrixXd rows(5, 2);
  rows << 0, 0, 0, 1, 5, 0, 5, 1, 9, 9;
  const auto f = npy("f.npy", rows);
  const auto y = text("y.csv", "0\n0\n1\n1\n1\n");
  const auto weights = act("metrics", {{"features", f}, {"labels", y}});
  ASSERT_EQ(weights.error, "");
  EXPECT_THAT(weights.notes, Contains(HasSubstr("every class weighs the same")));
  const auto part = act("metrics", {{"features", f}, {"labels", y}, {"balance", "subsample"}});
  // The stray fifth row is left out: two pairs, half a unit from means 5 apart.
  EXPECT_NEAR(part.metrics.at("nc1_trace"), 0.25 / 6.25, 1e-14);
  EXPECT_THAT(refusal("metrics", {{"features", f}, {"labels", y}, {"balance", "reject"}}),
              AllOf(HasSubstr("2 to 3 samples"), HasSubstr("--balance reject")));
  const auto model = act("model", {{"features", f}, {"labels", y}, {"balance", "weights"}});
  EXPECT_EQ(model.error, "");
  EXPECT_EQ(io::read_npy(path("h.npy")).shape(), (std::vector<std::size_t>{5, 2}));
}

TEST_F(CollapseActions, ModelWritesTheMinimizer) {
  const auto r =
      act("model", {{"features", wave_}, {"labels", y_}, {"beta", "10"}, {"lambda-w", "0.1"}, {"lambda-h", "0.05"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("nc1_trace"), 7.29460846189, 1e-7);
  EXPECT_EQ(io::read_npy(path("W.npy")).shape(), (std::vector<std::size_t>{3, 6}));
  // The features it wrote, measured.
  EXPECT_NEAR(act("metrics", {{"features", path("h.npy")}, {"labels", y_}}).metrics.at("nc1_trace"),
              r.metrics.at("nc1_trace"), 1e-12);
  const auto curve = act("model", {{"features", wave_}, {"labels", y_}, {"beta", "100,1"}, {"lambda-w", "0.1"}});
  EXPECT_THAT(curve.figures, Contains("beta"));
  EXPECT_TRUE(std::filesystem::exists(path("h_beta100.npy")));
}

TEST_F(CollapseActions, PathFollowsTheFlow) {
  const auto r =
      act("path", {{"features", wave_}, {"labels", y_}, {"t-max", "5"}, {"lambda-w", "0.1"}, {"lambda-h", "0.05"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("nc1_trace"), 1.542132830, 1e-7);
  EXPECT_EQ(r.metrics.at("violations"), 0);
  EXPECT_EQ(io::read_csv(path("path.csv")).values.rows(), 401);
  EXPECT_NEAR(act("metrics", {{"features", path("h.npy")}, {"labels", y_}}).metrics.at("nc1_trace"), 1.542132830, 1e-7);
}

TEST_F(CollapseActions, ResponsePredictsWhatTheModelDoes) {
  const landscape::CollapseModel model{landscape::ClassLabels::balanced(3, 20), 0.5, 0.05};
  const MatrixXd h = landscape::collapsed_features(model, landscape::oracle::orthonormal(8, 3, 1)) +
                     1e-3 * landscape::oracle::normal(8, 60, 2);
  const auto r = act("response", {{"features", npy("near.npy", h.transpose())},
                                  {"labels", y_},
                                  {"beta", "2"},
                                  {"lambda-w", "0.5"},
                                  {"lambda-h", "0.05"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("predicted_gain"), r.metrics.at("solved_gain"), 1e-5);
  EXPECT_EQ(r.tables.at("classes").rows.size(), 3U);
  EXPECT_THAT(r.figures, IsSupersetOf({"staircase", "gains"}));
}

TEST_F(CollapseActions, TrainMeasuresItsOwnFeatures) {
  for (const char* mode : {"layerwise", "end-to-end"}) {
    const auto r = act("train", {{"data", wave_},
                                 {"labels", y_},
                                 {"mode", mode},
                                 {"hidden", "12,8"},
                                 {"epochs", "30"},
                                 {"batch", "10"},
                                 {"loss", "cross-entropy"}});
    ASSERT_EQ(r.error, "") << mode;
    EXPECT_EQ(r.tables.at("layers").rows.size(), 3U);
    const auto again = act(
        "metrics", {{"features", path("features_2.npy")}, {"labels", path("labels.npy")}, {"weights", path("W.npy")}});
    EXPECT_NEAR(again.metrics.at("nc1_trace"), r.metrics.at("nc1_trace"), 1e-5 * r.metrics.at("nc1_trace"));
    EXPECT_NEAR(again.metrics.at("nc3"), r.metrics.at("nc3"), 1e-5);
  }
}

TEST_F(CollapseActions, AStrangerSeesAResultAtOnce) {
  const auto r = act("metrics", {}, 2);
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("no files were given")));
  ASSERT_EQ(r.tables.at("layers").rows.size(), 5U);
  for (std::size_t l = 1; l < 5; ++l)
    EXPECT_LT(r.cell("layers", l, "NC1~").get<double>(), r.cell("layers", l - 1, "NC1~").get<double>());
}

TEST_F(CollapseActions, ATorchScriptModelsOutputsAreLayers) {
  const MatrixXd rows = landscape::oracle::wave_h0().transpose();
  // The identity as a network: its output is its input, measured like a file.
  const nn::Mlp net({6, 6}, nn::Activation::kIdentity, false);
  VectorXd theta = VectorXd::Zero(36);
  for (int i = 0; i < 6; ++i) theta(7 * i) = 1;
  try {
    nn::script_mlp(net, theta).save(path("identity.pt"));
  } catch (const NotAvailable& reason) {
    GTEST_SKIP() << reason.what();
  }
  const Given given{{"model", path("identity.pt")}, {"data", wave_}, {"labels", y_}, {"layers", "last"}};
  const auto r = act("metrics", given);
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.cell("layers", 0, "layer").get<std::string>(), "last");
  EXPECT_NEAR(r.metrics.at("nc1_trace"), 7.58869634788, 1e-5);
  auto two = given;
  two["layers"] = "first,last";
  EXPECT_THAT(refusal("metrics", two), HasSubstr("the model returns 1 activation but --layers names 2"));
  EXPECT_THAT(refusal("metrics", {{"model", path("identity.pt")}, {"labels", y_}}), HasSubstr("without --data"));
  EXPECT_THAT(refusal("metrics", {{"data", wave_}, {"labels", y_}}), HasSubstr("--data is for --model"));
  EXPECT_THAT(refusal("metrics", {{"model", path("identity.pt")}, {"features", wave_}, {"labels", y_}}),
              HasSubstr("give one of them"));
}

TEST_F(CollapseActions, BadInputIsOneSentence) {
  const auto labels = [&](const std::string& content) {
    return refusal("metrics", {{"features", wave_}, {"labels", text("bad.csv", content)}});
  };
  std::string sixty;
  for (int i = 0; i < 60; ++i) sixty += i < 59 ? "3\n" : "4\n";
  EXPECT_THAT(labels(sixty), AllOf(HasSubstr("class 4 has 1 sample"), HasSubstr("at least 2")));
  std::string one_class;
  for (int i = 0; i < 60; ++i) one_class += "3\n";
  EXPECT_THAT(labels(one_class), HasSubstr("at least 2"));
  EXPECT_THAT(labels("1\n2\n"), AllOf(HasSubstr("60"), HasSubstr("2")));
  std::string fractional = "0.5\n";
  for (int i = 1; i < 60; ++i) fractional += "1\n";
  EXPECT_THAT(labels(fractional), HasSubstr("0.5"));

  MatrixXd rows = landscape::oracle::wave_h0().transpose();
  rows(6, 2) = std::nan("");
  const auto bad = npy("bad.npy", rows);
  EXPECT_THAT(refusal("metrics", {{"features", wave_ + "," + bad}, {"labels", y_}}),
              AllOf(HasSubstr("layer 2"), HasSubstr("bad.npy"), HasSubstr("row 7 hold a NaN")));
  EXPECT_THAT(refusal("model", {{"features", bad}, {"labels", y_}}), HasSubstr("row 7 hold a NaN"));
  EXPECT_THAT(refusal("metrics", {{"features", npy("same.npy", MatrixXd::Ones(60, 6))}, {"labels", y_}}),
              HasSubstr("NC1 is undefined"));
  EXPECT_THAT(refusal("metrics", {{"features", wave_ + "," + npy("short.npy", rows.topRows(50))}, {"labels", y_}}),
              HasSubstr("50 rows"));
  EXPECT_THAT(refusal("metrics", {{"features", wave_}}), HasSubstr("--features is given without --labels"));
  EXPECT_THAT(refusal("metrics", {{"labels", y_}}), HasSubstr("--labels is given without --features"));

  const Given one{{"features", wave_}, {"labels", y_}};
  const auto with = [&](const std::string& action, Given more) {
    more.insert(one.begin(), one.end());
    return refusal(action, more);
  };
  EXPECT_THAT(with("model", {{"beta", "0"}}), HasSubstr("--beta is 0; it must be > 0"));
  EXPECT_THAT(with("model", {{"beta", "1,-2"}}), HasSubstr("--beta is -2"));
  EXPECT_THAT(with("model", {{"lambda-w", "0"}}), HasSubstr("lambda_w is 0"));
  EXPECT_THAT(with("path", {{"lambda-h", "-1"}}), HasSubstr("lambda_h is -1"));
  EXPECT_THAT(with("path", {{"t-max", "1e9"}}), HasSubstr("shorten --t-max"));
  EXPECT_THAT(with("response", {{"beta", "-1"}}), HasSubstr("beta is -1"));
  EXPECT_THAT(with("response", {{"lambda-w", "2"}, {"lambda-h", "0.5"}}), HasSubstr("trivial minimizer"));
  EXPECT_THAT(refusal("response", {{"features", npy("flat.npy", rows.leftCols(2))}, {"labels", y_}}),
              HasSubstr("needs d >= K, got d = 2 and K = 3"));

  EXPECT_THAT(refusal("train", {{"data", wave_}}), HasSubstr("give --labels"));
  EXPECT_THAT(refusal("train", {{"data", wave_}, {"labels", y_}, {"learning-rate", "1e9"}}),
              AllOf(HasSubstr("diverged"), HasSubstr("lower the learning rate")));
  EXPECT_THAT(refusal("train", {{"data", wave_}, {"labels", y_}, {"hidden", "4,0"}}), HasSubstr("at least 1"));
  std::string idx("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02", 16);
  EXPECT_THAT(refusal("train", {{"data", text("cut-idx3-ubyte", idx + "abc")}, {"labels", y_}}),
              AllOf(HasSubstr("24 bytes"), HasSubstr("found 19")));
  EXPECT_THAT(refusal("train", {{"data", text("data_batch_1.bin", std::string(4000, '\1'))}}),
              AllOf(HasSubstr("expected a multiple of 3073 bytes"), HasSubstr("4000")));
}

}  // namespace
}  // namespace offprint::papers::neural_collapse
