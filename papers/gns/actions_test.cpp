// fit and predict on small files: known answers, what is saved, and one clear sentence for bad input.
#include "actions.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "fitted_model.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/networks.hpp"

namespace offprint::papers::gns {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class GnsAction : public ::testing::Test {
 protected:
  GnsAction()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-gns-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~GnsAction() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  [[nodiscard]] Seen act(const Given& given, const std::string& action = "fit") const {
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      settings.data = [](const std::string& name) -> std::filesystem::path {
        throw NotAvailable("the data set " + name + " is not here");
      };
      offprint::Run run(settings, record, *ranks);
      action == "fit" ? fit(run) : predict_action(run);
    } catch (const InputError& error) {
      record.error = error.what();
    }
    return record;
  }
  [[nodiscard]] std::string refusal(const Given& given, const std::string& action = "fit") const {
    const auto outcome = act(given, action);
    return outcome.error.empty() ? "no InputError" : outcome.error;
  }
  // The sheet's tiny logistic problem.
  [[nodiscard]] std::string tiny() const {
    return file("tiny.svm", "1 1:1 2:2\n-1 1:-1 2:0.5\n1 1:0.3 2:-1\n-1 1:2 2:1\n");
  }

  std::filesystem::path folder_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "gns");
};

TEST_F(GnsAction, TinyProblemHasItsKnownMinimum) {
  const auto r =
      act({{"data", tiny()}, {"l2", "0.1"}, {"compare", "lbfgs,newton-cg,cubic,super-universal,gd,fisher,none"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("objective"), 0.684183968588, 1e-12);
  EXPECT_LT(r.metrics.at("gradient_norm"), 1e-8);
  EXPECT_NEAR(r.metrics.at("duality_gap"), std::pow(r.metrics.at("gradient_norm"), 2) / 0.2, 1e-20);
  EXPECT_THAT(r.notes, Contains(AllOf(HasSubstr("Converged: the gradient's norm"), HasSubstr("duality gap"))));
  EXPECT_THAT(r.notes, Contains(HasSubstr("Labels: -1 counts as -1, 1 as +1")));
  EXPECT_EQ(r.tables.at("methods").rows.size(), 8U);
  for (const auto& row : r.tables.at("methods").rows) EXPECT_LT(row.at(6).get<double>(), 1e-9) << row.at(0);
  EXPECT_THAT(r.figures, IsSupersetOf({"objective", "seconds", "gamma", "gamma_law"}));
  const auto model = read_model(path("model.json"));
  EXPECT_NEAR(model.weights(0, 0), 0.15819602, 1e-7);
  EXPECT_NEAR(model.weights(0, 1), -0.19233353, 1e-7);
  const auto trace = io::read_csv(path("trace.csv"));
  EXPECT_EQ(static_cast<double>(trace.values.rows()), r.metrics.at("iterations") + 1);
  EXPECT_NEAR(trace.values(1, trace.column("f")), 0.6845537722, 1e-9);
}

TEST_F(GnsAction, EverySolverApproximationAndMetricEndsAtTheSameMinimum) {
  for (const char* solver : {"auto", "cholesky", "cg", "woodbury"})
    for (const char* hessian : {"exact", "fisher", "gauss-newton", "majorant", "diagonal"})
      for (const char* metric : {"identity", "gram"}) {
        const auto r =
            act({{"data", tiny()}, {"l2", "0.1"}, {"linear-solver", solver}, {"hessian", hessian}, {"metric", metric}});
        ASSERT_EQ(r.error, "");
        EXPECT_NEAR(r.metrics.at("objective"), 0.684183968588, 1e-10) << solver << hessian << metric;
      }
}

TEST_F(GnsAction, LabelsAreMappedAndPredictionsUseThem) {
  const auto data = file("two.svm", "2 1:1 2:2\n1 1:-1 2:0.5\n2 1:0.3 2:-1\n1 1:2 2:1\n1 3:1\n");
  const auto r = act({{"data", data}, {"l2", "0.1"}, {"test", data}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("Labels: 1 counts as -1, 2 as +1")));
  EXPECT_EQ(r.metrics.at("train_accuracy"), r.metrics.at("test_accuracy"));
  const auto p = act({{"model", path("model.json")}, {"data", data}}, "predict");
  ASSERT_EQ(p.error, "");
  EXPECT_EQ(p.metrics.at("test_accuracy"), r.metrics.at("test_accuracy"));
  const auto table = io::read_csv(path("predictions.csv"), {.text_columns = {"label"}});
  ASSERT_EQ(table.values.rows(), 5);
  EXPECT_NEAR(table.values.row(0).sum(), 1, 1e-12);
  EXPECT_THAT(table.text.front().values.front(), ::testing::AnyOf("1", "2"));
}

TEST_F(GnsAction, EmptyRowsWithoutAnInterceptAreTies) {
  const auto data = file("ties.svm", "1 1:1\n-1 1:-1\n-1\n-1\n1 2:1\n");
  const auto r = act({{"data", data}, {"l2", "0.1"}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("2 train rows score the same")));
  EXPECT_NEAR(r.metrics.at("train_accuracy"), 0.6, 1e-12);
  const auto with = act({{"data", data}, {"l2", "0.1"}, {"intercept", "yes"}});
  ASSERT_EQ(with.error, "");
  EXPECT_EQ(with.metrics.count("duality_gap"), 0U);  // none with an unpenalised intercept
}

std::string flowers() {
  std::string text = "length,width,kind\n";
  Stream random(4, "flowers");
  const char* names[] = {"iris", "rose", "aster"};
  for (int i = 0; i < 90; ++i) {
    const int c = i % 3;
    text += std::to_string(random.normal(2.0 * c, 1)) + "," + std::to_string(random.normal(c == 1 ? 2 : 0, 1)) + "," +
            names[c] + "\n";
  }
  return text;
}

TEST_F(GnsAction, TablesWithWordsForLabels) {
  const auto data = file("flowers.csv", flowers());
  const auto r =
      act({{"data", data}, {"target-column", "kind"}, {"loss", "softmax"}, {"l2", "0.01"}, {"intercept", "yes"}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("Classes: aster, iris, rose")));
  EXPECT_GT(r.metrics.at("train_accuracy"), 0.7);
  const auto model = read_model(path("model.json"));
  EXPECT_EQ(model.weights.rows(), 3);
  EXPECT_EQ(model.weights.cols(), 3);
  // Columns are found by name, whatever their order.
  const auto shuffled = file("more.csv", "kind,width,extra,length\niris,0,7,-1\naster,0,7,5\n");
  const auto p = act({{"model", path("model.json")}, {"data", shuffled}, {"target-column", "kind"}}, "predict");
  ASSERT_EQ(p.error, "");
  EXPECT_EQ(p.metrics.at("test_accuracy"), 1);
  EXPECT_THAT(
      refusal({{"data", data}, {"target-column", "kind"}}),
      AllOf(HasSubstr("needs two labels, but there are 3: aster, iris, rose"), HasSubstr("row 3 has the third")));
  const auto other = file("other.csv", "length,width,kind\n1,2,tulip\n");
  EXPECT_THAT(refusal({{"model", path("model.json")}, {"data", other}, {"target-column", "kind"}}, "predict"),
              HasSubstr("row 1 has the label tulip, which training has not seen"));
  const auto bare = file("bare.csv", "length,width\n5,0\n");
  const auto q = act({{"model", path("model.json")}, {"data", bare}, {"unlabelled", "yes"}}, "predict");
  ASSERT_EQ(q.error, "");
  EXPECT_EQ(q.metrics.count("test_accuracy"), 0U);
}

TEST_F(GnsAction, RegressionLosses) {
  const auto line = file("line.csv", "x,y\n0,1\n1,3\n2,5\n3,7\n");
  const auto r = act({{"data", line}, {"loss", "squared"}, {"intercept", "yes"}});
  ASSERT_EQ(r.error, "");
  EXPECT_LT(r.metrics.at("train_mse"), 1e-14);
  EXPECT_NEAR(read_model(path("model.json")).weights(0, 0), 2, 1e-6);
  const auto counts = file("counts.csv", "x,y\n0,1\n1,2\n2,7\n3,19\n");
  const auto p = act({{"data", counts}, {"loss", "poisson"}, {"intercept", "yes"}});
  ASSERT_EQ(p.error, "");
  EXPECT_NEAR(read_model(path("model.json")).weights(0, 0), 1, 0.1);
  const auto m = act({{"data", file("max.csv", "a,b,t\n1,0,0\n-1,0,0\n0,1,0\n0,-1,0\n")}, {"loss", "logsumexp"}});
  ASSERT_EQ(m.error, "");
  EXPECT_NEAR(m.metrics.at("objective"), std::log(4.0), 1e-12);
}

TEST_F(GnsAction, ATestFileWithMoreColumnsIsCutAndSaid) {
  const auto more = file("more.svm", "1 1:1 2:2 5:9\n-1 1:-1\n");
  const auto r = act({{"data", tiny()}, {"l2", "0.1"}, {"test", more}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("3 more columns than the training data; they are ignored")));
}

TEST_F(GnsAction, WithoutDataThereIsAnExample) {
  const auto r = act({});
  ASSERT_EQ(r.error, "");
  EXPECT_LT(r.metrics.at("gradient_norm"), 1e-8);
  EXPECT_EQ(r.metrics.at("rows"), 2000);
}

TEST_F(GnsAction, BadInput) {
  const auto data = tiny();
  EXPECT_THAT(refusal({{"data", data}, {"l2", "-1"}}), HasSubstr("l2"));
  EXPECT_THAT(refusal({{"data", data}, {"gamma0", "0"}}), HasSubstr("gamma0"));
  EXPECT_THAT(refusal({{"data", data}, {"gtol", "0"}}), HasSubstr("gtol"));
  EXPECT_THAT(refusal({{"data", data}, {"mu", "0"}}), HasSubstr("mu"));
  EXPECT_THAT(refusal({{"data", data}, {"compare", "lbgfs"}}), HasSubstr("did you mean 'lbfgs'"));
  EXPECT_THAT(
      refusal({{"data", file("three.svm", "1 1:1\n2 1:2\n3 1:1\n")}}),
      AllOf(HasSubstr("three.svm: the logistic loss needs two labels, but there are 3: 1, 2, 3"), HasSubstr("row 3")));
  EXPECT_THAT(refusal({{"data", file("one.svm", "1 1:1\n1 1:2\n")}}),
              HasSubstr("no minimiser: one class and no regularisation"));
  EXPECT_EQ(act({{"data", file("one.svm", "1 1:1\n1 1:2\n")}, {"l2", "1"}}).error, "");
  EXPECT_THAT(refusal({{"data", file("zero.svm", "1 0:1\n")}}), HasSubstr("zero.svm:1: feature index 0"));
  EXPECT_THAT(refusal({{"data", file("falls.svm", "1 1:1\n-1 3:1 2:1\n")}}), HasSubstr("falls.svm:2: feature index 2"));
  EXPECT_THAT(refusal({{"data", file("nan.svm", "1 1:1\n-1 1:nan\n")}}),
              HasSubstr("nan.svm:2: the value of feature 1"));
  EXPECT_THAT(refusal({{"data", file("word.svm", "1 1:1\nx 1:2\n")}}), HasSubstr("word.svm:2: the label is no number"));
  EXPECT_THAT(refusal({{"data", file("empty.svm", "")}}), HasSubstr("empty.svm"));
  EXPECT_THAT(refusal({{"data", file("large.svm", "1 3000000000:1\n")}}), HasSubstr("larger than 2147483647"));
  EXPECT_THAT(refusal({{"data", path("absent.svm")}}), HasSubstr("absent.svm"));
  EXPECT_THAT(refusal({{"data", file("hole.csv", "x,y\n1,0\n,1\n")}}), HasSubstr("row 2, column x is missing"));
  EXPECT_THAT(refusal({{"data", file("t.csv", "x,y\n1,0\n2,1\n")}, {"target-column", "z"}}), HasSubstr("z"));
  EXPECT_THAT(refusal({{"data", file("neg.csv", "x,y\n1,0\n2,-1\n")}, {"loss", "poisson"}}),
              HasSubstr("count of row 2 is -1"));
  EXPECT_THAT(refusal({{"data", data}, {"loss", "poisson"}, {"hessian", "majorant"}}), HasSubstr("count of row 2"));
  EXPECT_THAT(refusal({{"loss", "squared"}}), HasSubstr("--loss squared needs --data"));
  EXPECT_THAT(refusal({{"data", data}, {"loss", "logsumexp"}, {"intercept", "yes"}}), HasSubstr("no place"));
  EXPECT_THAT(refusal({{"data", data}, {"loss", "logsumexp"}, {"hessian", "fisher"}}),
              HasSubstr("no 'fisher' approximation of its Hessian; it has: exact, gauss-newton, diagonal, none"));
  EXPECT_THAT(refusal({{"data", data}, {"loss", "logsumexp"}, {"linear-solver", "cg"}}),
              HasSubstr("dense Hessian only"));
  EXPECT_THAT(refusal({{"data", data}, {"targets", data}}), HasSubstr("--targets needs --model"));
  EXPECT_THAT(refusal({{"model", data}, {"data", data}}, "predict"), HasSubstr("not a model that fit has written"));
  EXPECT_THAT(refusal({{"model", path("absent.json")}, {"data", data}}, "predict"), HasSubstr("cannot be read"));
}

TEST_F(GnsAction, TheAreaUnderTheRocCurve) {
  VectorXd score(4);
  score << 1, 2, 2, 3;
  VectorXd positive(4);
  positive << 0, 1, 0, 1;
  EXPECT_DOUBLE_EQ(area_under_roc(score, positive), 0.875);
  EXPECT_TRUE(std::isnan(area_under_roc(score, VectorXd::Ones(4))));
}

// ---------------------------------------------------------------- networks

class GnsOfNetworks : public GnsAction {
 protected:
  void SetUp() override {
    const nn::Mlp net({3, 5, 2}, nn::Activation::kTanh);
    VectorXd theta(net.parameters());
    Stream(3, "theta").fill_normal({theta.data(), static_cast<std::size_t>(theta.size())});
    try {
      nn::script_mlp(net, 0.4 * theta).save(path("net.pt"));
    } catch (const NotAvailable& absent) {
      GTEST_SKIP() << absent.what();
    }
    MatrixXd x(60, 3);
    Stream(3, "x").fill_normal({x.data(), static_cast<std::size_t>(x.size())});
    MatrixXd y(60, 1);
    Stream noise(3, "noise");
    for (Index i = 0; i < 60; ++i) y(i) = x(i, 0) + x(i, 1) * x(i, 2) + 0.3 * noise.normal() > 0 ? 1 : 0;
    io::write_npy(path("x.npy"), io::NdArray::from_matrix(x));
    io::write_npy(path("y.npy"), io::NdArray::from_vector(y.col(0)), {"<i8", false});
  }
  [[nodiscard]] Given given(const Given& more = {}) const {
    Given out{{"model", path("net.pt")}, {"data", path("x.npy")}, {"targets", path("y.npy")}, {"loss", "softmax"}};
    for (const auto& [name, value] : more) out[name] = value;
    return out;
  }
};

TEST_F(GnsOfNetworks, TrainsWithEveryApproximation) {
  for (const char* hessian : {"gauss-newton", "fisher", "exact"}) {
    const auto r = act(given({{"hessian", hessian}, {"l2", "1e-2"}, {"gtol", "1e-6"}, {"max-iter", "400"}}));
    ASSERT_EQ(r.error, "") << hessian;
    EXPECT_LE(r.metrics.at("gradient_norm"), 1e-6) << hessian;
    EXPECT_GT(r.metrics.at("train_accuracy"), 0.6) << hessian;
  }
  // What was saved is what was reached.
  const auto again =
      act(given({{"model", path("trained.pt")}, {"hessian", "gauss-newton"}, {"l2", "1e-2"}, {"gtol", "1e-5"}}));
  ASSERT_EQ(again.error, "");
  EXPECT_EQ(again.metrics.at("iterations"), 0);
}

TEST_F(GnsOfNetworks, BadInput) {
  EXPECT_THAT(refusal({{"model", path("net.pt")}}), HasSubstr("--model needs --data"));
  EXPECT_THAT(refusal({{"model", path("net.pt")}, {"data", path("x.npy")}}), HasSubstr("--model needs --targets"));
  EXPECT_THAT(refusal(given({{"loss", "poisson"}})), HasSubstr("not one for a --model"));
  EXPECT_THAT(refusal(given({{"intercept", "yes"}})), HasSubstr("a --model has its own constants"));
  EXPECT_THAT(refusal(given({{"linear-solver", "woodbury"}})), HasSubstr("use cg or auto"));
  EXPECT_THAT(refusal(given({{"test", path("x.npy")}})), HasSubstr("--test is for the linear losses"));
  EXPECT_THAT(refusal(given({{"hessian", "majorant"}})), HasSubstr("it has: exact, fisher, gauss-newton, none"));
}

}  // namespace
}  // namespace offprint::papers::gns
