// The actions on small generated files: known systems give known answers, bad input one clear sentence.
#include "actions.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "input.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/hdf5.hpp"
#include "offprint/io/npy.hpp"

namespace offprint::papers::koopman {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kPi = std::numbers::pi;

using Given = std::map<std::string, std::string>;

class KoopmanActions : public ::testing::Test {
 protected:
  KoopmanActions()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-koopman-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~KoopmanActions() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string text_file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  std::string csv(const std::string& name, const MatrixXd& values, const std::vector<std::string>& heads = {}) const {
    io::write_csv(path(name), heads, values);
    return path(name);
  }
  std::string npy(const std::string& name, const MatrixXd& values) const {
    io::write_npy(path(name), io::NdArray::from_matrix(values));
    return path(name);
  }

  // As the command line would: options parsed by the card, artefacts into the test's folder.
  Seen act(const std::string& action, const Given& given, unsigned threads = 0) const {
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      settings.threads = threads;
      offprint::Run run(settings, record, *ranks);
      const std::map<std::string, void (*)(offprint::Run&)> actions{{"spectrum", spectrum},
                                                                    {"pseudospectrum", pseudospectrum},
                                                                    {"measure", measure},
                                                                    {"rage", rage},
                                                                    {"forecast", forecast}};
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
  [[nodiscard]] std::string refusal(const Given& given) const { return refusal("spectrum", given); }

  std::filesystem::path folder_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "koopman");
};

// x' = -decay x, turning at `frequency`: rows (x, v) at times k dt.
MatrixXd oscillator(Index rows, double dt, double frequency, double decay, double phase = 0) {
  MatrixXd out(rows, 2);
  for (Index k = 0; k < rows; ++k) {
    const double t = dt * static_cast<double>(k);
    const double size = std::exp(-decay * t);
    out(k, 0) = size * std::cos(2 * kPi * frequency * t + phase);
    out(k, 1) = size * std::sin(2 * kPi * frequency * t + phase);
  }
  return out;
}

// Two incommensurate frequencies in one signal.
MatrixXd quasi_periodic(Index rows) {
  MatrixXd out(rows, 1);
  for (Index k = 0; k < rows; ++k)
    out(k, 0) = 2 * std::cos(2 * kPi * 0.05 * static_cast<double>(k)) +
                std::cos(2 * kPi * 0.05 * std::sqrt(2.0) * static_cast<double>(k) + 0.3);
  return out;
}

// ---------------------------------------------------------------- known systems

TEST_F(KoopmanActions, ADampedOscillatorHasItsFrequencyAndGrowthRate) {
  const auto data = csv("a.csv", oscillator(300, 0.1, 0.3, 0.05), {"x", "v"});
  const auto r = act("spectrum", {{"data", data}, {"dictionary", "identity"}, {"dt", "0.1"}, {"grid", "0.25"}});
  ASSERT_EQ(r.error, "");
  const auto frequency = r.column("eigenvalues", "frequency");
  ASSERT_EQ(frequency.size(), 1U);  // one of the conjugate pair
  EXPECT_NEAR(frequency[0], 0.3, 1e-12);
  EXPECT_NEAR(r.column("eigenvalues", "growth")[0], -0.05, 1e-12);
  EXPECT_LT(r.column("eigenvalues", "residual")[0], 1e-13);
  EXPECT_LT(r.column("eigenvalues", "held-out residual")[0], 1e-13);
  EXPECT_EQ(r.text("eigenvalues", 0, "certified"), "yes");
  EXPECT_NEAR(r.column("eigenvalues", "energy")[0], 1.0, 1e-10);
  EXPECT_EQ(r.metrics.at("eigenvalues"), 2);
  EXPECT_THAT(r.figures, ::testing::UnorderedElementsAre("spectrum", "frequencies", "residuals", "modes",
                                                         "mode_amplitudes", "spectrum_zoom"));
  EXPECT_THAT(r.notes, Contains(HasSubstr("not certified: no modulus given")));
  // L lies within [.95, 1.05], but an exact eigenvalue off the circle is proof enough.
  EXPECT_GT(r.metrics.at("l_smallest"), 0.95);
  EXPECT_THAT(r.notes, Contains(AllOf(HasSubstr("measure-preserving: no"), HasSubstr("from the unit circle"))));
  // The artefacts read back.
  EXPECT_EQ(io::read_csv(path("eigenvalues.csv")).values.rows(), 2);
  const auto modes = io::read_npy(path("modes.npy"));
  EXPECT_EQ(modes.shape(), (std::vector<std::size_t>{1, 2}));
  const auto plane = io::read_npy(path("pseudospectrum.npy"));
  EXPECT_EQ(plane.shape(), (std::vector<std::size_t>{13, 13}));
  EXPECT_NEAR(plane.matrix()(0, 4), plane.matrix()(12, 4), 0.0);  // conjugate symmetry
}

TEST_F(KoopmanActions, ARotationIsMeasurePreservingAndItsCertifiedSetIsExact) {
  const auto data = csv("a.csv", oscillator(401, 1, 0.11, 0), {"x", "v"});  // 44 whole turns
  const auto r = act("spectrum", {{"data", data}, {"dictionary", "identity"}, {"grid", "0.1"}, {"test", "0"}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("measure-preserving: yes")));
  EXPECT_NEAR(r.metrics.at("l_smallest"), 1, 1e-9);
  EXPECT_NEAR(r.metrics.at("l_largest"), 1, 1e-9);
  const auto distance = r.column("certified_set", "D");
  ASSERT_FALSE(distance.empty());
  EXPECT_LT(distance[0], 1e-12);
  EXPECT_NEAR(r.column("certified_set", "frequency")[0], 0.11, 1e-12);
}

TEST_F(KoopmanActions, MpEdmdKeepsEigenvaluesOnTheCircle) {
  const auto data = csv("a.csv", quasi_periodic(600));
  const auto r = act("spectrum", {{"data", data}, {"delays", "4"}, {"method", "mpedmd"}, {"grid", "0.25"}});
  ASSERT_EQ(r.error, "");
  for (const double modulus : r.column("eigenvalues", "|lambda|")) EXPECT_NEAR(modulus, 1, 1e-12);
}

TEST_F(KoopmanActions, AQuasiPeriodicSignalGivesBothFrequencies) {
  const auto data = csv("a.csv", quasi_periodic(800));
  const auto r = act("spectrum", {{"data", data}, {"delays", "4"}, {"dt", "0.5"}, {"grid", "0.25"}});
  ASSERT_EQ(r.error, "");
  auto frequency = r.column("eigenvalues", "frequency");
  std::sort(frequency.begin(), frequency.end());
  ASSERT_EQ(frequency.size(), 2U);
  EXPECT_NEAR(frequency[0], 0.1, 1e-10);
  EXPECT_NEAR(frequency[1], 0.1 * std::sqrt(2.0), 1e-10);
  for (const double residual : r.column("eigenvalues", "residual")) EXPECT_LT(residual, 1e-9);
}

TEST_F(KoopmanActions, TheKernelDictionaryFindsTheRotation) {
  const auto data = csv("a.csv", oscillator(200, 1, 0.1, 0), {"x", "v"});
  const auto r = act("spectrum", {{"data", data}, {"dictionary", "kernel"}, {"grid", "0.25"}});
  ASSERT_EQ(r.error, "");
  EXPECT_TRUE(r.metrics.contains("knee"));
  const auto frequency = r.column("eigenvalues", "frequency");
  EXPECT_TRUE(std::any_of(frequency.begin(), frequency.end(), [](double f) { return std::abs(f - 0.1) < 1e-6; }));
}

// ---------------------------------------------------------------- input

TEST_F(KoopmanActions, EveryFormatOfTheSameNumbersGivesTheSameResult) {
  const MatrixXd values = quasi_periodic(500);
  const auto array = io::NdArray::from_matrix(values);
  csv("a.csv", values);
  csv("named.csv", values, {"signal"});
  npy("a.npy", values);
  const std::vector<std::pair<std::string, io::NdArray>> arrays{{"other", io::NdArray::from_matrix(values * 2)},
                                                                {"flow/signal", array}};
  io::write_hdf5(path("a.h5"), arrays);
  const std::vector<std::pair<std::string, io::NdArray>> archive{{"signal", array}};
  io::write_npz(path("a.npz"), archive);
  io::write_npy(path("rank3.npy"), io::NdArray({1, 500, 1}, VectorXd(values.col(0))));
  const auto expected = act("spectrum", {{"data", path("a.csv")}, {"delays", "4"}, {"grid", "0.5"}});
  ASSERT_EQ(expected.error, "");
  for (const char* name : {"named.csv", "a.npy", "a.h5:/flow/signal", "a.npz:signal", "rank3.npy"}) {
    const auto r = act("spectrum", {{"data", path(name)}, {"delays", "4"}, {"grid", "0.5"}});
    ASSERT_EQ(r.error, "") << name;
    EXPECT_EQ(r.metrics, expected.metrics) << name;
    EXPECT_EQ(r.tables.at("eigenvalues").rows, expected.tables.at("eigenvalues").rows) << name;
  }
}

TEST_F(KoopmanActions, ResultsDoNotDependOnTheThreads) {
  const auto data = csv("a.csv", quasi_periodic(500));
  const auto one = act("spectrum", {{"data", data}, {"delays", "10"}, {"grid", "0.25"}}, 1);
  const auto three = act("spectrum", {{"data", data}, {"delays", "10"}, {"grid", "0.25"}}, 3);
  EXPECT_EQ(one.metrics, three.metrics);
  EXPECT_EQ(one.tables.at("eigenvalues").rows, three.tables.at("eigenvalues").rows);
}

TEST_F(KoopmanActions, AnIdColumnIsTheSameAsSeparateFiles) {
  const MatrixXd first = oscillator(120, 1, 0.07, 0.001, 0.2);
  const MatrixXd second = oscillator(90, 1, 0.07, 0.001, 1.9);
  csv("first.csv", first, {"x", "v"});
  csv("second.csv", second, {"x", "v"});
  std::ofstream both(path("both.csv"));
  both.precision(17);
  both << "x,run,v\n";
  // Interleaved: the id, not the order of the rows, says what belongs together.
  for (Index k = 0; k < 120; ++k) {
    both << first(k, 0) << ",A," << first(k, 1) << "\n";
    if (k < 90) both << second(k, 0) << ",B," << second(k, 1) << "\n";
  }
  both.close();
  MatrixXd numbered(210, 3);
  numbered.topLeftCorner(120, 2) = first;
  numbered.bottomLeftCorner(90, 2) = second;
  numbered.col(2).head(120).setConstant(4);
  numbered.col(2).tail(90).setConstant(2);
  npy("both.npy", numbered);
  const Given common{{"delays", "3"}, {"grid", "0.5"}};
  const auto with = [&](Given given) {
    given.insert(common.begin(), common.end());
    return act("spectrum", given);
  };
  const auto files = with({{"data", path("first.csv") + "," + path("second.csv")}});
  const auto ids = with({{"data", path("both.csv")}, {"id", "run"}});
  const auto numbers = with({{"data", path("both.npy")}, {"id", "3"}});
  ASSERT_EQ(files.error, "");
  ASSERT_EQ(ids.error, "");
  ASSERT_EQ(numbers.error, "");
  EXPECT_EQ(files.metrics, ids.metrics);
  EXPECT_EQ(files.metrics, numbers.metrics);
  EXPECT_EQ(files.tables.at("eigenvalues").rows, ids.tables.at("eigenvalues").rows);
  // Together they are one training and one held-out trajectory: no pair straddles.
  EXPECT_EQ(files.metrics.at("pairs") + files.metrics.at("held_out_pairs"), 120 + 90 - 2 * 3);
}

TEST_F(KoopmanActions, TheTimeColumnGivesTheStep) {
  MatrixXd table(200, 3);
  table.rightCols(2) = oscillator(200, 0.25, 0.2, 0);
  for (Index k = 0; k < 200; ++k) table(k, 0) = 3 + 0.25 * static_cast<double>(k);
  csv("a.csv", table, {"time", "x", "v"});
  for (const char* time : {"time", "1"}) {
    const auto r =
        act("spectrum", {{"data", path("a.csv")}, {"time", time}, {"dictionary", "identity"}, {"grid", "0.5"}});
    ASSERT_EQ(r.error, "");
    EXPECT_NEAR(r.column("eigenvalues", "frequency")[0], 0.2, 1e-10);
  }
  const auto picked =
      act("spectrum",
          {{"data", path("a.csv")}, {"time", "time"}, {"columns", "v,x"}, {"dictionary", "identity"}, {"grid", "0.5"}});
  EXPECT_NEAR(picked.column("eigenvalues", "frequency")[0], 0.2, 1e-10);
  EXPECT_THAT(refusal({{"data", path("a.csv")}, {"time", "time"}, {"dt", "1"}}), HasSubstr("--dt is 1"));
}

TEST_F(KoopmanActions, GapsCutTrajectories) {
  MatrixXd values = quasi_periodic(400);
  values(150, 0) = std::nan("");
  const auto data = csv("a.csv", values);
  EXPECT_THAT(refusal({{"data", data}}), AllOf(HasSubstr("NaN at row 151, column 1"), HasSubstr("--drop-gaps")));
  const auto r =
      act("spectrum", {{"data", data}, {"drop-gaps", "true"}, {"delays", "4"}, {"test", "0"}, {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("pairs"), (150 - 4) + (249 - 4));
  EXPECT_THAT(r.notes, Contains(HasSubstr("1 rows with missing values")));
  EXPECT_EQ(r.column("eigenvalues", "frequency").size(), 2U);
}

TEST_F(KoopmanActions, JumpsOfTheTimeAreGapsToo) {
  MatrixXd table(300, 3);
  table.rightCols(2) = oscillator(300, 0.1, 0.2, 0);
  for (Index k = 0; k < 300; ++k) table(k, 0) = 0.1 * static_cast<double>(k < 100 ? k : k + 7);
  const auto data = csv("a.csv", table, {"t", "x", "v"});
  EXPECT_THAT(refusal({{"data", data}, {"time", "t"}}),
              AllOf(HasSubstr("the time step from row 100 to row 101"), HasSubstr("resample to a uniform step")));
  const auto r = act("spectrum", {{"data", data},
                                  {"time", "t"},
                                  {"drop-gaps", "true"},
                                  {"dictionary", "identity"},
                                  {"test", "0"},
                                  {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("pairs"), 298);
}

TEST_F(KoopmanActions, PairsAreReadFileByFile) {
  const MatrixXd orbit = oscillator(201, 1, 0.13, 0.01);
  const auto x = npy("x.npy", orbit.topRows(200));
  const auto y = npy("y.npy", orbit.bottomRows(200));
  const auto r = act("spectrum", {{"data", x}, {"pairs", y}, {"dictionary", "identity"}, {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.column("eigenvalues", "frequency")[0], 0.13, 1e-12);
  EXPECT_EQ(r.metrics.at("pairs") + r.metrics.at("held_out_pairs"), 200);
  EXPECT_THAT(refusal({{"data", x}, {"pairs", npy("short.npy", orbit.topRows(50))}}),
              AllOf(HasSubstr("200 x 2"), HasSubstr("50 x 2"), HasSubstr("row m of --pairs")));
  EXPECT_THAT(refusal({{"data", x}, {"pairs", y}, {"delays", "5"}}), HasSubstr("--delays needs trajectories"));
}

TEST_F(KoopmanActions, PodLeavesTheFrequencyAndLiftsTheModes) {
  MatrixXd wide(300, 30);
  const MatrixXd small = oscillator(300, 1, 0.08, 0);
  for (Index c = 0; c < 30; ++c)
    wide.col(c) =
        std::sin(0.3 * static_cast<double>(c)) * small.col(0) + std::cos(0.2 * static_cast<double>(c)) * small.col(1);
  const auto data = npy("a.npy", wide);
  const auto r = act(
      "spectrum", {{"data", data}, {"rank", "2"}, {"dictionary", "identity"}, {"mode-shape", "5,6"}, {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.column("eigenvalues", "frequency")[0], 0.08, 1e-10);
  EXPECT_EQ(io::read_npy(path("modes.npy")).shape(), (std::vector<std::size_t>{1, 30}));
  EXPECT_THAT(r.figures, Contains("modes"));
  EXPECT_THAT(refusal({{"data", data}, {"rank", "12"}}), AllOf(HasSubstr("12"), HasSubstr("rank")));
  EXPECT_THAT(refusal({{"data", data}, {"rank", "2"}, {"dictionary", "identity"}, {"mode-shape", "5,5"}}),
              HasSubstr("--mode-shape"));
}

TEST_F(KoopmanActions, WeightsFromAFileAreNormalisedAndUsed) {
  const auto data = csv("a.csv", quasi_periodic(200));
  VectorXd weights = VectorXd::Constant(200, 2.0);
  const auto equal = csv("equal.csv", weights);
  const auto plain = act("spectrum", {{"data", data}, {"delays", "3"}, {"grid", "0.5"}});
  const auto r = act("spectrum", {{"data", data}, {"delays", "3"}, {"weights", equal}, {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(HasSubstr("normalised to 1")));
  EXPECT_NEAR(r.metrics.at("condition"), plain.metrics.at("condition"), 1e-9 * plain.metrics.at("condition"));
  for (Index k = 0; k < 200; ++k) weights(k) = 1 + static_cast<double>(k);
  const auto other =
      act("spectrum", {{"data", data}, {"delays", "3"}, {"weights", csv("other.csv", weights)}, {"grid", "0.5"}});
  EXPECT_GT(std::abs(other.metrics.at("condition") - plain.metrics.at("condition")), 1e-6);
  const auto trapezoid = act("spectrum", {{"data", data}, {"delays", "3"}, {"weights", "trapezoid"}, {"grid", "0.5"}});
  ASSERT_EQ(trapezoid.error, "");
  EXPECT_NE(trapezoid.metrics.at("condition"), plain.metrics.at("condition"));
}

TEST_F(KoopmanActions, ShortDataGetFewerDelaysAndANote) {
  const auto r = act("spectrum", {{"data", csv("a.csv", quasi_periodic(40))}, {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  // 32 training rows: M = 32 - (n - 1) - 1 >= 2 n holds up to n = 10.
  EXPECT_EQ(r.metrics.at("functions"), 10);
  EXPECT_THAT(r.notes, Contains(HasSubstr("--delays was set to 10 (not 20)")));
}

// ---------------------------------------------------------------- bad input

TEST_F(KoopmanActions, UnreadableFiles) {
  EXPECT_THAT(refusal({{"data", path("none.csv")}}), HasSubstr("none.csv"));
  EXPECT_THAT(refusal({{"data", text_file("empty.csv", "")}}), AllOf(HasSubstr("empty.csv"), HasSubstr("empty")));
  EXPECT_THAT(refusal({{"data", text_file("ragged.csv", "a,b\n1,2\n3,4\n5\n6,7\n")}}),
              HasSubstr("ragged.csv:4: the row has 1 field, the header has 2"));
  EXPECT_THAT(refusal({{"data", text_file("one.csv", "x,y\n1,2\n")}}),
              AllOf(HasSubstr("1 snapshot"), HasSubstr("at least 2")));
  const std::vector<std::pair<std::string, io::NdArray>> arrays{
      {"velocity", io::NdArray::from_matrix(quasi_periodic(50))},
      {"pressure", io::NdArray::from_matrix(quasi_periodic(50))}};
  io::write_hdf5(path("a.h5"), arrays);
  EXPECT_THAT(refusal({{"data", path("a.h5") + ":/velocty"}}), AllOf(HasSubstr("velocity"), HasSubstr("pressure")));
  EXPECT_THAT(refusal({{"data", path("a.h5")}}), AllOf(HasSubstr("velocity"), HasSubstr("pressure")));
}

TEST_F(KoopmanActions, UnknownColumnsAreSuggested) {
  const auto data = csv("a.csv", oscillator(100, 1, 0.1, 0), {"velocity", "pressure"});
  EXPECT_THAT(refusal({{"data", data}, {"columns", "velocty"}}), HasSubstr("did you mean 'velocity'"));
  EXPECT_THAT(refusal({{"data", data}, {"id", "presure"}}), HasSubstr("pressure"));
  EXPECT_THAT(refusal({{"data", data}, {"time", "presure"}}), HasSubstr("pressure"));
  EXPECT_THAT(refusal("measure", {{"data", data}, {"observable", "velocit"}}), HasSubstr("did you mean 'velocity'"));
  const auto array = npy("a.npy", oscillator(100, 1, 0.1, 0));
  EXPECT_THAT(refusal({{"data", array}, {"columns", "3"}}), HasSubstr("columns 1 to 2"));
}

TEST_F(KoopmanActions, TooLittleDataForTheDictionary) {
  const auto data = csv("a.csv", quasi_periodic(280));
  EXPECT_THAT(
      refusal({{"data", data}, {"delays", "200"}, {"test", "0"}}),
      HasSubstr("M=80 pairs < N=200 functions: residuals would be meaningless; reduce --delays or give more data"));
  EXPECT_THAT(refusal({{"data", data}, {"dictionary", "rbf"}, {"centres", "5000"}}),
              AllOf(HasSubstr("N=5000"), HasSubstr("--centres")));
  EXPECT_THAT(refusal({{"data", npy("wide.npy", MatrixXd::Random(40, 90))}}), HasSubstr("--rank"));
}

TEST_F(KoopmanActions, ADictionaryLargerThanMemoryIsRefusedWithTheNumber) {
  MatrixXd signal(200000, 1);
  for (Index k = 0; k < signal.rows(); ++k) signal(k, 0) = std::sin(0.1 * static_cast<double>(k * k % 1001));
  EXPECT_THAT(refusal({{"data", npy("long.npy", signal)}, {"delays", "60000"}}),
              AllOf(HasSubstr("N=60000"), HasSubstr("GiB"), HasSubstr("available")));
}

TEST_F(KoopmanActions, ConstantColumnsAndEqualPoints) {
  MatrixXd table(100, 2);
  table.col(0) = quasi_periodic(100);
  table.col(1).setConstant(4);
  const auto data = csv("a.csv", table, {"x", "wall"});
  EXPECT_THAT(refusal({{"data", data}, {"delays", "3"}}),
              AllOf(HasSubstr("column 2 (wall) is constant"), HasSubstr("rank 0")));
  const auto flat = npy("flat.npy", MatrixXd::Constant(100, 2, 1.5));
  EXPECT_THAT(refusal({{"data", flat}, {"dictionary", "rbf"}, {"centres", "5"}}), HasSubstr("all points"));
  EXPECT_THAT(refusal({{"data", flat}, {"dictionary", "kernel"}}), HasSubstr("all points"));
  EXPECT_THAT(refusal("measure", {{"data", flat}}), HasSubstr("constant"));
  EXPECT_THAT(refusal("rage", {{"data", flat}, {"delays", "2"}, {"stride", "1"}}), HasSubstr("constant"));
}

TEST_F(KoopmanActions, BadWeights) {
  const auto data = csv("a.csv", quasi_periodic(100));
  VectorXd weights = VectorXd::Ones(100);
  weights(6) = -0.5;
  EXPECT_THAT(refusal({{"data", data}, {"weights", csv("w.csv", weights)}}),
              AllOf(HasSubstr("weight 7 is -0.5"), HasSubstr("not negative")));
  EXPECT_THAT(refusal({{"data", data}, {"weights", csv("z.csv", VectorXd::Zero(100))}}), HasSubstr("sum 0"));
  EXPECT_THAT(refusal({{"data", data}, {"weights", csv("s.csv", VectorXd::Ones(99))}}),
              AllOf(HasSubstr("99"), HasSubstr("100 rows")));
}

TEST_F(KoopmanActions, MeasurePreservingYesAgainstTheData) {
  const auto data = csv("a.csv", oscillator(300, 1, 0.1, 0.8), {"x", "v"});
  EXPECT_THAT(refusal({{"data", data}, {"dictionary", "identity"}, {"measure-preserving", "yes"}}),
              AllOf(HasSubstr("contradicts the data"), HasSubstr("--measure-preserving no")));
  // Pairs pass with a warning that names both extremes.
  const MatrixXd x = MatrixXd::Random(400, 2);
  const auto r = act("spectrum", {{"data", npy("x.npy", x)},
                                  {"pairs", npy("y.npy", 0.5 * x)},
                                  {"dictionary", "identity"},
                                  {"measure-preserving", "yes"},
                                  {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_THAT(r.notes, Contains(AllOf(HasSubstr("the eigenvalues of L span"), HasSubstr("not [0.95, 1.05]"))));
}

TEST_F(KoopmanActions, TheModulusDecidesTheVerdict) {
  const auto data = csv("a.csv", oscillator(300, 1, 0.1, 0), {"x", "v"});
  const Given base{{"data", data}, {"dictionary", "identity"}, {"grid", "0.5"}};
  const auto with = [&](const Given& more) {
    Given given = base;
    given.insert(more.begin(), more.end());
    return act("spectrum", given);
  };
  EXPECT_THAT(with({{"modulus", "lipschitz:1"}}).notes, Contains("not certified: mesh unknown"));
  const auto coarse = with({{"modulus", "lipschitz:1"}, {"mesh", "0.1"}});
  EXPECT_THAT(coarse.notes, Contains(HasSubstr("not certified: with L = 1")));
  // By hand: B = 1 + h, omega(h) = h, e = 2 B h, sigma_min^2 = 1/2, delta_q = N e (1 + |z|)^2/sigma_min^2.
  EXPECT_NEAR(coarse.metrics.at("delta_q"), 2 * 2 * 1.1 * 0.1 * 4 / 0.5, 0.02);
  EXPECT_THAT(with({{"modulus", "lipschitz:1"}, {"mesh", "1e-6"}}).notes, Contains(HasSubstr("certified with L = 1")));
  EXPECT_THAT(with({{"modulus", "lipshitz:1"}}).error, HasSubstr("lipschitz:L"));
}

// ---------------------------------------------------------------- the other actions

TEST_F(KoopmanActions, PseudospectrumOfTheRotation) {
  const auto data = csv("a.csv", oscillator(241, 1, 0.125, 0), {"x", "v"});
  const auto r = act("pseudospectrum", {{"data", data},
                                        {"dictionary", "identity"},
                                        {"grid", "0.1"},
                                        {"box", "-1,1,-0.5,1"},
                                        {"test", "0"},
                                        {"epsilon", "0.1,0.3"}});
  ASSERT_EQ(r.error, "");
  // A normal operator: res(z) is the distance to e^{+-i pi/4}.
  const auto values = io::read_csv(path("pseudospectrum.csv")).values;
  ASSERT_EQ(values.rows(), 21 * 16);
  for (Index k = 0; k < values.rows(); ++k) {
    const std::complex<double> z(values(k, 0), values(k, 1));
    const double distance = std::min(std::abs(z - std::polar(1.0, kPi / 4)), std::abs(z - std::polar(1.0, -kPi / 4)));
    EXPECT_NEAR(values(k, 2), distance, 1e-9);
  }
  EXPECT_EQ(r.tables.at("levels").rows.size(), 2U);
  EXPECT_THAT(r.figures, Contains("pseudospectrum"));
  EXPECT_THAT(refusal("pseudospectrum", {{"data", data}, {"box", "1,-1,0,1"}}), HasSubstr("--box"));
}

TEST_F(KoopmanActions, MomentsFindTheAtomsOfAQuasiPeriodicSignal) {
  const auto data = csv("a.csv", quasi_periodic(8000));
  const auto r = act("measure", {{"data", data}});
  ASSERT_EQ(r.error, "");
  const auto frequency = r.column("atoms", "frequency");
  const auto mass = r.column("atoms", "mass");
  ASSERT_EQ(frequency.size(), 2U);
  EXPECT_NEAR(frequency[0], 0.05, 1e-5);
  EXPECT_NEAR(mass[0], 2.0, 0.02);  // amplitude 2
  EXPECT_NEAR(frequency[1], 0.05 * std::sqrt(2.0), 1e-5);
  EXPECT_NEAR(mass[1], 0.5, 0.01);
  EXPECT_GT(r.metrics.at("point_share"), 0.98);
  EXPECT_NEAR(r.metrics.at("variance"), 2.5, 0.01);
}

TEST_F(KoopmanActions, MomentsOfNoiseAreNoAtoms) {
  MatrixXd noise(20000, 1);
  Stream stream(3, "noise");
  for (Index k = 0; k < noise.rows(); ++k) noise(k, 0) = stream.normal();
  const auto r = act("measure", {{"data", npy("a.npy", noise)}, {"moments", "200"}});
  ASSERT_EQ(r.error, "");
  EXPECT_LT(r.metrics.at("point_share"), 0.2);
}

TEST_F(KoopmanActions, DriftIsNoPeriod) {
  MatrixXd signal = quasi_periodic(4000);
  for (Index k = 0; k < 4000; ++k) signal(k, 0) += 0.002 * static_cast<double>(k);
  const auto r = act("measure", {{"data", csv("a.csv", signal)}});
  ASSERT_EQ(r.error, "");
  // The ramp's variance is 8^2/12 = 5.33, the tones' 2.5.
  EXPECT_NEAR(r.metrics.at("point_share"), 2.5 / 7.83, 0.05);
  EXPECT_GT(r.metrics.at("drift_share"), 0.5);
  EXPECT_THAT(r.notes, Contains(HasSubstr("drift or slow variation")));
}

TEST_F(KoopmanActions, EveryMeasureMethodSeesTheTwoLines) {
  const auto data = csv("a.csv", quasi_periodic(2000));
  for (const char* method : {"mpedmd", "rigged", "resolvent"}) {
    const auto r = act(
        "measure", {{"data", data}, {"method", method}, {"delays", "4"}, {"smoothing", "0.02"}, {"angles", "2000"}});
    ASSERT_EQ(r.error, "") << method;
    const auto frequency = r.column("atoms", "frequency");
    const auto share = r.column("atoms", "share");
    ASSERT_GE(frequency.size(), 2U) << method;
    EXPECT_NEAR(frequency[0], 0.05, 1e-3) << method;
    EXPECT_NEAR(share[0], 0.8, 0.05) << method;
    EXPECT_NEAR(frequency[1], 0.05 * std::sqrt(2.0), 1e-3) << method;
    EXPECT_GT(r.metrics.at("point_share"), 0.9) << method;
    EXPECT_NEAR(r.metrics.at("captured"), 1, 1e-6) << method;
  }
}

TEST_F(KoopmanActions, RageTellsPeriodsFromNoise) {
  MatrixXd table(4000, 2);
  table.col(0) = quasi_periodic(4000);
  Stream stream(5, "noise");
  for (Index k = 0; k < 4000; ++k) table(k, 1) = stream.normal();
  const auto data = csv("a.csv", table, {"tones", "noise"});
  const auto r = act("rage", {{"data", data}, {"delays", "12"}, {"stride", "2"}});
  ASSERT_EQ(r.error, "");
  EXPECT_GT(r.metrics.at("a12_tones"), 0.99);
  EXPECT_LT(r.metrics.at("a12_noise"), 0.05);
  EXPECT_EQ(r.tables.at("rage").rows.size(), 2U);
  EXPECT_THAT(r.figures, ::testing::UnorderedElementsAre("rage_n1", "rage_n10", "rage_n12"));
  const auto one = act("rage", {{"data", data}, {"columns", "noise"}});
  EXPECT_EQ(one.tables.at("rage").rows.size(), 1U);
}

TEST_F(KoopmanActions, ForecastOfAQuasiPeriodicSignalIsExact) {
  const auto data = csv("a.csv", quasi_periodic(600));
  const auto r = act("forecast", {{"data", data}, {"delays", "4"}, {"forecast", "50"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("eigenfunctions"), 4);
  EXPECT_LT(r.metrics.at("rms_error_last"), 1e-8);
  EXPECT_GT(r.metrics.at("skill_last"), 0.999);
  // The table goes on from the last sample of the data: row n is sample 599 + n.
  const auto values = io::read_csv(path("forecast.csv")).values;
  const MatrixXd longer = quasi_periodic(650);
  for (Index n = 0; n <= 50; ++n) EXPECT_NEAR(values(n, 1), longer(599 + n, 0), 1e-7);
  EXPECT_THAT(r.figures, ::testing::IsSupersetOf({"forecast", "skill"}));
}

TEST_F(KoopmanActions, ForecastByTheKernel) {
  const auto data = csv("a.csv", oscillator(240, 1, 0.04, 0), {"x", "v"});
  const auto r = act("forecast", {{"data", data}, {"dictionary", "kernel"}, {"forecast", "20"}});
  ASSERT_EQ(r.error, "");
  EXPECT_LT(r.metrics.at("rms_error_last"), 0.1);
  EXPECT_GT(r.metrics.at("skill_last"), 0.9);
}

TEST_F(KoopmanActions, ForecastRefusesWhenNothingIsCertified) {
  MatrixXd noise(400, 1);
  Stream stream(7, "noise");
  for (Index k = 0; k < 400; ++k) noise(k, 0) = stream.normal();
  EXPECT_THAT(refusal("forecast", {{"data", npy("a.npy", noise)}, {"delays", "3"}, {"epsilon", "0.01"}}),
              AllOf(HasSubstr("no eigenfunction is certified"), HasSubstr("--epsilon")));
}

TEST_F(KoopmanActions, NothingCertifiedIsSaidAndTheBestAreShown) {
  MatrixXd noise(400, 1);
  Stream stream(7, "noise");
  for (Index k = 0; k < 400; ++k) noise(k, 0) = stream.normal();
  const auto r =
      act("spectrum", {{"data", npy("a.npy", noise)}, {"delays", "5"}, {"epsilon", "0.01"}, {"grid", "0.5"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("certified"), 0);
  EXPECT_THAT(r.notes, Contains(HasSubstr("no eigenvalue has a residual within epsilon")));
  EXPECT_EQ(r.text("eigenvalues", 0, "certified"), "no");
}

}  // namespace
}  // namespace offprint::papers::koopman
