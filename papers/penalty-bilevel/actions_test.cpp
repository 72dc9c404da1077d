// The actions on small files: what they find, what they write, and every bad input one clear sentence.
#include "actions.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/nn/torch/script_module.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class PenaltyActions : public ::testing::Test {
 protected:
  PenaltyActions()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-penalty-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        record_(folder_) {
    std::filesystem::create_directories(folder_);
  }
  ~PenaltyActions() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  // Two clouds as LIBSVM or CSV; every fifth label wrong where `noisy`.
  [[nodiscard]] std::string clouds(const std::string& name, int n, std::uint64_t seed, bool noisy,
                                   std::string* truth = nullptr) const {
    const bool csv = name.ends_with(".csv");
    Stream random(seed, "clouds");
    std::string text = csv ? "a,b,kind\n" : "";
    std::string labels;
    for (int i = 0; i < n; ++i) {
      const int right = static_cast<int>(random.below(2));
      const int label = noisy && i % 5 == 0 ? 1 - right : right;
      const double a = random.normal() + (right == 1 ? 2 : -2);
      const double b = random.normal();
      if (csv) {
        text += std::to_string(a) + "," + std::to_string(b) + "," + (label == 1 ? "yes" : "no") + "\n";
      } else {
        text += (label == 1 ? "+1" : "-1") + (" 1:" + std::to_string(a)) + " 2:" + std::to_string(b) + "\n";
      }
      labels += csv ? (right == 1 ? "yes\n" : "no\n") : (right == 1 ? "1\n" : "-1\n");
    }
    if (truth != nullptr) *truth = file(name + ".truth", labels);
    return file(name, text);
  }
  void act(const std::string& action, const Given& given) {
    const auto ranks = single_process();
    std::map<std::string, std::vector<std::string>> words;
    for (const auto& [name, value] : given) words[name] = {value};
    RunSettings settings;
    settings.options = Options::parse(card_.action(action), words);
    offprint::Run run(settings, record_, *ranks);
    (action == "clean" ? clean : action == "tune" ? tune : action == "solve" ? solve : landscape)(run);
  }
  [[nodiscard]] std::string refusal(const std::string& action, const Given& given) {
    try {
      act(action, given);
    } catch (const InputError& error) {
      return error.what();
    }
    return "no InputError";
  }

  std::filesystem::path folder_;
  TestRecord record_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "penalty-bilevel");
};

TEST_F(PenaltyActions, CleanFindsWrongLabelsOfALibsvmFile) {
  std::string truth;
  const auto train = clouds("t.svm", 200, 1, true, &truth);
  act("clean", {{"train", train},
                {"val", clouds("v.svm", 40, 2, false)},
                {"test", clouds("s.svm", 500, 3, false)},
                {"truth", truth},
                {"fit", "200"},
                {"outer", "60"}});
  EXPECT_GE(record_.metrics.at("auc_penalty"), 0.9);
  EXPECT_LE(record_.metrics.at("test_error_penalty"), record_.metrics.at("test_error_none") + 0.01);
  EXPECT_THAT(record_.figures,
              IsSupersetOf({"objective-calls", "objective-seconds", "hypergradient", "weights", "test-error"}));
  const auto weights = io::read_csv(path("weights.csv"), {.text_columns = {"label", "predicted"}});
  ASSERT_EQ(weights.values.rows(), 200);
  EXPECT_EQ(weights.names, (std::vector<std::string>{"row", "weight", "rank", "loss"}));
  double wrong = 0;
  for (Eigen::Index i = 0; i < 200; ++i) {
    EXPECT_GE(weights.values(i, 1), 0);
    EXPECT_LE(weights.values(i, 1), 1);
    if (weights.values(i, 2) <= 30) wrong += i % 5 == 0 ? 1 : 0;
  }
  EXPECT_GE(wrong, 24);  // of the 30 most suspicious rows
  EXPECT_THAT(weights.text_column("label"), Contains("-1"));
  const auto model = io::read_csv(path("model.csv"), {.text_columns = {"feature"}});
  EXPECT_EQ(model.values.rows(), 3);
  EXPECT_GT(model.values(0, 0), 0.1);
  EXPECT_EQ(record_.tables.at("suspicious").rows.size(), 20U);
  EXPECT_THAT(record_.notes, Contains(HasSubstr("of 200 training rows of t.svm have a weight below 0.1")));
}

TEST_F(PenaltyActions, CleanTakesTablesWithWordsAsLabelsAndComparesMethods) {
  std::string truth;
  const auto train = clouds("t.csv", 150, 1, true, &truth);
  act("clean", {{"train", train},
                {"val", clouds("v.csv", 40, 2, false)},
                {"label", "kind"},
                {"truth", truth},
                {"standardise", "true"},
                {"method", "penalty,penalty-single,f2sa,aid-cg,stocbio,ma-soba,bo-rep"},
                {"fit", "100"},
                {"outer", "40"}});
  for (const char* method : {"penalty", "penalty-single", "aid-cg", "stocbio", "ma-soba", "bo-rep"})
    EXPECT_GE(record_.metrics.at(std::string("auc_") + method), 0.8) << method;
  EXPECT_EQ(record_.tables.at("models").rows.size(), 9U);
  const auto trace = io::read_csv(path("trace.csv"), {.text_columns = {"method"}});
  EXPECT_THAT(trace.names, Contains("hvps"));
  EXPECT_THAT(trace.text_column("method"), AllOf(Contains("penalty"), Contains("bo-rep")));
  const auto weights = io::read_csv(path("weights.csv"), {.text_columns = {"label", "predicted"}});
  EXPECT_THAT(weights.text_column("label"), AllOf(Contains("yes"), Contains("no")));
}

TEST_F(PenaltyActions, CleanChecksItsGradientsAndTakesBatches) {
  act("clean", {{"train", clouds("t.svm", 60, 1, true)},
                {"val", clouds("v.svm", 30, 2, false)},
                {"check-gradient", "true"},
                {"fit", "50"},
                {"outer", "5"}});
  EXPECT_LE(record_.metrics.at("derivative_error"), 1e-8);
  EXPECT_LE(record_.metrics.at("hypergradient_error_cg"), 1e-5);
  EXPECT_LE(record_.metrics.at("hypergradient_error_penalty"), 0.1);
  act("clean", {{"train", path("t.svm")},
                {"val", path("v.svm")},
                {"batch", "10"},
                {"method", "penalty,penalty-single"},
                {"fit", "50"},
                {"outer", "20"}});
  EXPECT_EQ(record_.tables.at("models").rows.size(), 4U);
}

TEST_F(PenaltyActions, CleanHasAnExampleOfItsOwn) {
  act("clean", {{"outer", "60"}, {"fit", "200"}});
  EXPECT_GE(record_.metrics.at("auc_penalty"), 0.85);
  EXPECT_LT(record_.metrics.at("test_error_penalty"), record_.metrics.at("test_error_none") - 0.02);
}

TEST_F(PenaltyActions, CleanSaysWhatIsWrong) {
  const auto train = clouds("t.svm", 30, 1, true);
  const auto val = clouds("v.svm", 20, 2, false);
  const auto refuse = [&](Given more) {
    more.emplace("train", train);
    more.emplace("val", val);
    return refusal("clean", more);
  };
  EXPECT_THAT(refuse({{"sigma", "0"}}), HasSubstr("sigma is 0"));
  EXPECT_THAT(refuse({{"sigma", "-0.1"}}), HasSubstr("must be positive"));
  EXPECT_THAT(refuse({{"val", file("empty.svm", "")}}), HasSubstr("empty"));
  EXPECT_THAT(refusal("clean", {{"train", train}}), HasSubstr("--val is missing"));
  EXPECT_THAT(refusal("clean", {{"val", val}}), HasSubstr("needs --train"));
  EXPECT_THAT(refuse({{"val", file("wide.svm", "1 3:1\n-1 1:1\n")}}), AllOf(HasSubstr("wide.svm"), HasSubstr("3")));
  EXPECT_THAT(refuse({{"val", file("other.svm", "1 1:1\n2 1:1\n")}}),
              HasSubstr("row 2: the label '2' does not occur in the training set"));
  EXPECT_THAT(refuse({{"train", file("one.svm", "1 1:1 2:1\n1 1:2\n")}}), HasSubstr("one class only"));
  EXPECT_THAT(refuse({{"weights", file("w.csv", "0.5\n0.5\n")}}), HasSubstr("w.csv has 2 weights; there are 30 rows"));
  std::string ones;
  for (int i = 0; i < 30; ++i) ones += "2\n";
  EXPECT_THAT(refuse({{"weights", file("two.csv", ones)}}), HasSubstr("2 is no weight"));
  EXPECT_THAT(refuse({{"method", "penalti"}}), HasSubstr("did you mean 'penalty'"));
  EXPECT_THAT(refuse({{"lr-inner", "0"}}), HasSubstr("--lr-inner is 0"));
  EXPECT_THAT(refuse({{"lr-inner", "1e9"}}), HasSubstr("diverges"));
  EXPECT_THAT(refuse({{"val", clouds("v.csv", 20, 2, false)}, {"label", "kind"}}),
              HasSubstr("all be tables or all be LIBSVM"));
  EXPECT_THAT(refusal("clean", {{"train", clouds("t.csv", 20, 1, true)}, {"val", path("v.csv")}}), HasSubstr("label"));
  EXPECT_THAT(refuse({{"truth", file("truth.csv", "1\n-1\n")}}), HasSubstr("--truth has 2 rows, the training set 30"));
  EXPECT_THAT(
      refusal("clean", {{"train", file("nan.csv", "a,kind\n1,yes\n,no\n")}, {"val", path("v.csv")}, {"label", "kind"}}),
      HasSubstr("nan.csv: row 2, column 'a' is missing"));
}

// Feature 1 decides, nine others are noise.
std::string decided_by_one(int n, std::uint64_t seed) {
  Stream random(seed, "rows");
  std::string text;
  for (int i = 0; i < n; ++i) {
    std::string row;
    double decides = 0;
    for (int j = 1; j <= 10; ++j) {
      const double value = random.normal();
      if (j == 1) decides = value;
      row += " " + std::to_string(j) + ":" + std::to_string(value);
    }
    text += (decides + 0.5 * random.normal() > 0 ? "1" : "-1") + row + "\n";
  }
  return text;
}

TEST_F(PenaltyActions, TuneImprovesOnItsStartAndMethodsAgree) {
  std::map<std::string, Eigen::MatrixXd> found;
  for (const char* method : {"penalty", "aid-cg"}) {
    act("tune", {{"train", file("t.svm", decided_by_one(100, 1))},
                 {"val", file("v.svm", decided_by_one(200, 2))},
                 {"test", file("s.svm", decided_by_one(500, 3))},
                 {"method", method},
                 {"lr-outer", "10"},
                 {"outer", "40"}});
    const auto lambdas = io::read_csv(path("lambdas.csv"), {.text_columns = {"feature"}});
    ASSERT_EQ(lambdas.values.rows(), 11);
    found[method] = lambdas.values;
    const auto trace = io::read_csv(path("trace.csv"), {.text_columns = {"method"}});
    EXPECT_LT(record_.metrics.at(std::string("validation_loss_") + method),
              trace.values(0, trace.column("validation_loss")) - 0.005)
        << method;
  }
  // First derivatives alone lead to the same objective as implicit differentiation (psi is not convex: later the paths
  // may part).
  EXPECT_NEAR(record_.metrics.at("validation_loss_penalty"), record_.metrics.at("validation_loss_aid-cg"), 2e-3);
  EXPECT_GT(found.at("penalty")(0, 2), 1);  // the weight of the feature that decides
  EXPECT_THAT(record_.figures, IsSupersetOf({"grid", "lambdas", "objective-calls"}));
}

TEST_F(PenaltyActions, TuneTakesGroupsAndSaysWhatIsWrong) {
  const auto train = file("t.svm", decided_by_one(60, 1));
  const auto val = file("v.svm", decided_by_one(60, 2));
  act("tune",
      {{"train", train}, {"val", val}, {"outer", "5"}, {"groups", file("g.csv", "0\n1\n1\n1\n1\n1\n1\n1\n1\n1\n")}});
  const auto lambdas = io::read_csv(path("lambdas.csv"), {.text_columns = {"feature"}});
  EXPECT_EQ(lambdas.values(1, 1), lambdas.values(9, 1));
  EXPECT_NE(lambdas.values(0, 1), lambdas.values(9, 1));
  EXPECT_THAT(refusal("tune", {{"train", train}, {"val", val}, {"groups", file("short.csv", "0\n1\n")}}),
              HasSubstr("short.csv has 2 groups; there are 10 rows"));
  EXPECT_THAT(refusal("tune", {{"train", train}, {"val", val}, {"lowest", "3"}, {"highest", "1"}}),
              HasSubstr("X is empty"));
  EXPECT_THAT(refusal("tune", {{"train", train}, {"val", val}, {"sigma", "0"}}), HasSubstr("sigma is 0"));
}

TEST_F(PenaltyActions, LandscapeShowsTheJump) {
  act("landscape", {{"points", "41"}});
  EXPECT_NEAR(record_.metrics.at("gap_0.1"), 1, 1e-9);  // at x = 0.05, the first point inside (0, 0.1)
  EXPECT_GE(record_.metrics.at("flagged"), 1);
  const auto file = io::read_csv(path("landscape.csv"));
  EXPECT_EQ(file.values.rows(), 41);
  EXPECT_EQ(file.names.at(1), "psi");
  EXPECT_NEAR(file.values(40, file.column("psi_0.1")), 2, 1e-9);
  EXPECT_THAT(record_.figures, IsSupersetOf({"values", "slopes", "error-bound"}));
}

TEST_F(PenaltyActions, LandscapeReadsAProblemFile) {
  const auto problem = file("p.toml",
                            "f = \"0.5*(y-1)^2 + 0.05*x^2\"\ng = \"0.5*(y-x)^2\"\nx = [\"x\"]\ny = [\"y\"]\n"
                            "x_lower = [-1]\nx_upper = [2]\ny_lower = [0]\ny_upper = [inf]\n");
  act("landscape", {{"problem", problem}, {"sigma", "0.1"}, {"points", "31"}});
  const auto file_out = io::read_csv(path("landscape.csv"));
  for (Eigen::Index i = 0; i < 31; ++i) {
    const double x = file_out.values(i, 0);
    const double y = std::max(x, 0.0);
    EXPECT_NEAR(file_out.values(i, 1), 0.5 * (y - 1) * (y - 1) + 0.05 * x * x, 1e-6) << x;
    if (x < 0) continue;
    EXPECT_NEAR(file_out.values(i, 3), (1 - x) * (1 - x) / 2.2 + 0.05 * x * x, 1e-8) << x;
  }
  EXPECT_EQ(record_.metrics.at("flagged"), 0);
}

TEST_F(PenaltyActions, LandscapeSaysWhatIsWrong) {
  EXPECT_THAT(refusal("landscape", {{"sigma", "0.1,0"}}), HasSubstr("sigma is 0"));
  EXPECT_THAT(refusal("landscape", {{"range", "1,-1"}}), HasSubstr("lower one first"));
  EXPECT_THAT(refusal("landscape", {{"variable", "2"}}), HasSubstr("x has 1 variables"));
  EXPECT_THAT(refusal("landscape", {{"at", "1,2"}}), HasSubstr("--at has 2 numbers"));
  const std::string head = "x = [\"x\"]\ny = [\"y\"]\n";
  EXPECT_THAT(refusal("landscape", {{"problem", file("u.toml", head + "f = \"y\"\ng = \"-x*y\"\n")}}),
              HasSubstr("lower level appears unbounded"));
  EXPECT_THAT(refusal("landscape", {{"problem", file("n.toml", head + "f = \"y\"\ng = \"log(y)\"\n")}}),
              HasSubstr("not finite"));
  EXPECT_THAT(
      refusal("landscape", {{"problem", file("c.toml", head + "f = \"y\"\ng = \"y^2\"\nconstraints = [\"y<1\"]\n")}}),
      HasSubstr("no projection"));
}

// y* = x, so psi = 1/2 (x - 1)^2 + 0.05 x^2 with its minimum at x = 1/1.1; weighed by sigma it is at the same place to
// O(sigma).
constexpr const char* kPull = R"(f = "0.5*(weight-1)^2 + 0.05*strength^2"
g = "0.5*(weight-strength)^2"
x = ["strength"]
y = ["weight"]
x_lower = [-1]
)";

TEST_F(PenaltyActions, SolveFindsTheMinimumOfAProblemFile) {
  act("solve", {{"problem", file("p.toml", kPull)},
                {"method", "penalty,penalty-single,f2sa,aid-cg,stocbio,ma-soba,bo-rep"},
                {"sigma", "0.001"},
                {"start", "2"},
                {"check-gradient", "true"},
                {"outer", "400"}});
  const double minimum = 0.5 / 121 + 0.05 / 1.21;
  for (const char* method : {"penalty", "aid-cg", "stocbio"})
    EXPECT_NEAR(record_.metrics.at(std::string("psi_") + method), minimum, 1e-6) << method;
  EXPECT_LE(record_.metrics.at("derivative_error"), 1e-8);
  EXPECT_LE(record_.metrics.at("stationarity_aid-cg"), 1e-3);
  const auto trace = io::read_csv(path("trace.csv"), {.text_columns = {"method"}});
  const Eigen::VectorXd errors = trace.values.col(trace.column("hypergradient_error"));
  EXPECT_LE(errors[1], 0.05);  // of the first step of the penalty: O(sigma)
  const auto x = io::read_csv(path("x.csv"), {.text_columns = {"x"}});
  EXPECT_EQ(x.text_column("x"), std::vector<std::string>{"strength"});
  EXPECT_EQ(x.names.size(), 7U);
  EXPECT_NEAR(x.values(0, x.column("aid-cg")), 1 / 1.1, 1e-3);
  const auto y = io::read_csv(path("y.csv"), {.text_columns = {"y"}});
  EXPECT_EQ(y.text_column("y"), std::vector<std::string>{"weight"});
  EXPECT_NEAR(y.values(0, 0), x.values(0, x.column("penalty")), 1e-6);
  EXPECT_THAT(record_.figures, IsSupersetOf({"objective-calls", "objective-seconds", "hypergradient"}));
  EXPECT_THAT(record_.notes, Contains(HasSubstr("psi = 0.0454")));
}

// On a line of lower solutions the penalty finds the optimistic one; AID where gradient descent happens to lead.
TEST_F(PenaltyActions, SolveShowsTheOptimisticSolution) {
  act("solve", {{"example", "R"}, {"method", "penalty,aid-cg"}, {"sigma", "0.001"}, {"outer", "300"}});
  EXPECT_LE(record_.metrics.at("psi_penalty"), record_.metrics.at("psi_aid-cg") - 0.01);
}

TEST_F(PenaltyActions, SolveGoesOnWhereOneMethodRefuses) {
  act("solve", {{"example", "J"}, {"method", "aid-cg,penalty"}, {"lr-inner", "0.1"}, {"start", "0.5"}});
  EXPECT_THAT(record_.notes, Contains(AllOf(HasSubstr("aid-cg: "), HasSubstr("second derivatives"))));
  EXPECT_LE(record_.metrics.at("psi_penalty"), 1.25);
}

// y* = x again, with a sampled shift; two entries of x. Skips in a build without LibTorch.
void write_module(const std::string& path) {
  nn::script_module({.methods = R"(
def f(self, x):
  return 0.5 * (self.y - 1.0).square().sum() + 0.05 * x.square().sum()
def g(self, x, sample: int):
  shift = 0.0
  if sample >= 0:
    shift = 0.1 * float(sample % 2) - 0.05
  return 0.5 * (self.y - x - shift).square().sum()
)",
                     .parameters = {{"y", {2}, {0, 0}}},
                     .buffers = {{"x", {2}, {2, -1}}}})
      .save(path);
}

TEST_F(PenaltyActions, SolveTakesAModule) {
  try {
    write_module(path("p.pt"));
  } catch (const NotAvailable& absent) {
    GTEST_SKIP() << absent.what();
  }
  act("solve", {{"problem", path("p.pt")}, {"method", "penalty,aid-cg"}, {"sigma", "0.001"}, {"outer", "400"}});
  const auto x = io::read_csv(path("x.csv"), {.text_columns = {"x"}});
  EXPECT_NEAR(x.values(0, 0), 1 / 1.1, 2e-3);
  EXPECT_NEAR(x.values(1, 1), 1 / 1.1, 1e-3);
  EXPECT_EQ(nn::ScriptModel::load(path("solved.pt")).size(), 2);
  act("solve", {{"problem", path("p.pt")}, {"method", "ma-soba"}, {"stochastic", "true"}, {"outer", "400"}});
  EXPECT_NEAR(record_.metrics.at("psi_ma-soba"), 2 * (0.5 / 121 + 0.05 / 1.21), 0.01);
  act("landscape", {{"problem", path("p.pt")}, {"points", "5"}, {"range", "0,1"}, {"variable", "2"}});
  EXPECT_EQ(record_.metrics.at("flagged"), 0);
}

TEST_F(PenaltyActions, SolveSaysWhatIsWrong) {
  EXPECT_THAT(refusal("solve", {{"start", "1"}}), HasSubstr("--start has 1 numbers; x has 5 variables"));
  EXPECT_THAT(refusal("solve", {{"stochastic", "true"}}), HasSubstr("this problem has no samples"));
  EXPECT_THAT(refusal("solve", {{"sigma", "-1"}}), HasSubstr("sigma is -1"));
  EXPECT_THAT(refusal("solve", {{"lr-outer", "0"}}), HasSubstr("--lr-outer is 0; it must be positive"));
  EXPECT_THAT(refusal("solve", {{"example", "J"}, {"method", "aid-cg"}, {"lr-inner", "0.1"}}),
              HasSubstr("second derivatives"));
  EXPECT_THAT(refusal("solve", {{"problem", file("p.toml", "f = \"y\"\n")}}), HasSubstr("g is missing"));
  try {
    EXPECT_THAT(refusal("solve", {{"problem", file("p.pt", "no module")}}), HasSubstr("not a TorchScript file"));
    EXPECT_THAT(refusal("solve", {{"problem", path("absent.pt")}}), HasSubstr("is no file"));
  } catch (const NotAvailable&) {  // a build without LibTorch
  }
}

}  // namespace
}  // namespace offprint::papers::penalty_bilevel
