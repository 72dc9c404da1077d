// Claims through the card's own rules, actions on small inputs, and one clear sentence for bad input.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "actions.hpp"
#include "claims.hpp"
#include "input.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/measurement.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/hdf5.hpp"

namespace offprint::papers::rayleigh {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class Rayleigh : public ::testing::Test {
 protected:
  Rayleigh()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-rayleigh-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~Rayleigh() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  [[nodiscard]] Seen act(const std::string& action, const Given& given, unsigned threads = 1) const {
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      settings.threads = threads;
      offprint::Run run(settings, record, *ranks);
      const std::map<std::string, void (*)(offprint::Run&)> functions{{"run", simulate},
                                                                      {"profile", profile},
                                                                      {"analyse", analyse},
                                                                      {"deterministic", deterministic},
                                                                      {"moments", moments}};
      functions.at(action)(run);
    } catch (const InputError& error) {
      record.error = error.what();
    }
    return record;
  }
  [[nodiscard]] std::string refusal(const std::string& action, const Given& given) const {
    const auto seen = act(action, given);
    return seen.error.empty() ? "no InputError" : seen.error;
  }
  void expect_holds(const std::string& id, Measurement (*f)(const Claim&, offprint::Run&)) {
    TestRecord record;
    const auto ranks = single_process();
    offprint::Run run(RunSettings{}, record, *ranks, id);
    for (const auto& c : judge(card_.claim(id), f(card_.claim(id), run)).criteria)
      EXPECT_EQ(c.verdict, Verdict::kHolds) << c.name << " = " << c.measured.value << ", rule " << c.rule;
  }

  std::filesystem::path folder_;
  Card card_ = read_card(OFFPRINT_CARD, "rayleigh-boltzmann");
};

TEST_F(Rayleigh, R6SharpStartRemembersItsPhase) { expect_holds("R6", r6); }
TEST_F(Rayleigh, R7CollisionsFreeze) { expect_holds("R7", r7); }

TEST_F(Rayleigh, RunDoesNotDependOnThreads) {
  const Given given{{"particles", "9000"}, {"log-times", "5,20"}};
  const auto one = act("run", given, 1);
  const auto two = act("run", given, 2);
  ASSERT_EQ(one.error, "");
  EXPECT_EQ(one.metrics, two.metrics);
  EXPECT_EQ(one.column("speeds", "50 %"), two.column("speeds", "50 %"));
  EXPECT_NEAR(one.column("laws", "collisions")[0], 31.25, 1);
  EXPECT_THAT(one.figures, IsSupersetOf({"theta", "paths"}));
  EXPECT_THAT(act("run", {{"particles", "500"}, {"log-times", "5,10,20"}}).figures, Contains("rate"));
}

TEST_F(Rayleigh, UnitsShearMatrixAndRunCardComeToTheSame) {
  // times in 1/K: K = 2, C = 2 at t is K = 1, C = 1 at 2 t
  const auto plain = act("run", {{"particles", "4000"}, {"times", "40"}});
  const auto scaled = act("run", {{"particles", "4000"}, {"times", "20"}, {"rate", "2"}, {"shear", "2"}});
  EXPECT_EQ(plain.metrics.at("collisions"), scaled.metrics.at("collisions"));
  // the shear's axes turned: flow along e_3, gradient along e_1
  const auto card = file("run.toml",
                         "gamma = -0.5\nshear-matrix = [[0, 0, 0], [0, 0, 0], [1.0, 0, 0]]\nparticles = 4000\n"
                         "times = [40.0]\n");
  const auto turned = act("run", {{"config", card}});
  ASSERT_EQ(turned.error, "");
  EXPECT_NEAR(turned.metrics.at("collisions"), plain.metrics.at("collisions"), 1e-12);
  // hot background: velocities scale by 2, the rate by 2^gamma
  const auto hot =
      act("run", {{"particles", "4000"}, {"times", "40"}, {"temperature", "4"}, {"rate", "1.4142135623730951"}});
  EXPECT_NEAR(hot.metrics.at("collisions"), plain.metrics.at("collisions"), 0.02);
  EXPECT_NEAR(hot.column("speeds", "50 %")[1] - plain.column("speeds", "50 %")[1], std::log(2.0), 0.02);
}

TEST_F(Rayleigh, StartsFromTheReadersVelocities) {
  const auto velocities = file("v.csv", "vx,vy,vz\n0,50,1\n0,-50,2\n");
  const auto seen = act("run", {{"initial-file", velocities}, {"particles", "2000"}, {"log-times", "1"}});
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.column("speeds", "95 %")[1], std::log(50.0), 0.05);  // few have collided
}

TEST_F(Rayleigh, PointBackgroundWarnsOfSlowStartsAndCountsWhatIsAbsorbed) {
  const auto fast = act(
      "run", {{"background", "point"}, {"initial-velocity", "0,1e6,0"}, {"log-times", "20,50"}, {"particles", "500"}});
  ASSERT_EQ(fast.error, "");
  EXPECT_EQ(fast.metrics.at("absorbed_paths"), 0);
  const auto slow = act(
      "run", {{"background", "point"}, {"initial-velocity", "0,0.05,0"}, {"log-times", "20,50"}, {"particles", "500"}});
  EXPECT_THAT(slow.notes, Contains(HasSubstr("500 of the first 500 particles start below ln|w| = 5")));
  EXPECT_TRUE(slow.error.find("absorbed") != std::string::npos || slow.metrics.at("absorbed_paths") > 300);
}

TEST_F(Rayleigh, ShearThatIsNotSimpleIsRefused) {
  EXPECT_THAT(refusal("run", {{"shear-matrix", "1,0,0,0,-1,0,0,0,0"}}), HasSubstr("only simple shear"));
  EXPECT_THAT(refusal("run", {{"shear-matrix", "0,1,0,0,0,1,0,0,0"}}), HasSubstr("combined shears"));
  EXPECT_THAT(refusal("run", {{"shear-matrix", "0,1,0"}}), HasSubstr("nine are needed"));
}

TEST_F(Rayleigh, BadInputGetsOneSentence) {
  EXPECT_THAT(refusal("run", {{"gamma", "1"}}), HasSubstr("not integrable"));
  EXPECT_THAT(refusal("run", {{"gamma", "-3"}}), HasSubstr("not integrable"));
  EXPECT_THAT(refusal("run", {{"gamma", "-1"}}),
              HasSubstr("borderline case between flights that end and flights that freeze"));
  EXPECT_THAT(refusal("profile", {{"gamma", "0.5"}}), HasSubstr("for gamma in [0, 1) the state is stationary"));
  EXPECT_THAT(refusal("deterministic", {{"gamma", "0.5"}}), HasSubstr("for gamma in [0, 1) see moments"));
  EXPECT_THAT(refusal("analyse", {{"gamma", "0.5"}, {"data", "any.csv"}}), HasSubstr("gamma in (-1, 0)"));
  EXPECT_THAT(refusal("run", {{"gamma", "0.5"}, {"log-times", "160"}}), HasSubstr("collide some e^161 times"));
  EXPECT_THAT(refusal("run", {{"shear", "0"}, {"log-times", "160"}}), HasSubstr("K = 0"));
  EXPECT_THAT(refusal("run", {{"gamma", "0.5"}, {"background", "point"}}), HasSubstr("large-velocity model"));
  EXPECT_THAT(refusal("moments", {{"gamma", "0.01"}, {"shear", "10"}}), HasSubstr("out of reach"));
  EXPECT_THAT(refusal("moments", {{"gamma", "0.3"}, {"particles", "0"}}), HasSubstr("particles is 0"));
  EXPECT_THAT(refusal("run", {{"rate", "0"}}), HasSubstr("must be positive"));
  EXPECT_THAT(refusal("run", {{"shear", "-1"}}), HasSubstr("at least 0"));
  EXPECT_THAT(refusal("run", {{"particles", "0"}}), HasSubstr("particles is 0"));
  EXPECT_THAT(refusal("run", {{"times", "1,0"}}), HasSubstr("must be positive"));
  EXPECT_THAT(refusal("run", {{"times", "2,1"}}), HasSubstr("ascending"));
  EXPECT_THAT(refusal("run", {{"initial-velocity", "0,0,0"}}), HasSubstr("other than zero"));
  EXPECT_THAT(refusal("run", {{"initial-velocity", "100,0,0"}}), HasSubstr("w_2 = 0"));
  EXPECT_THAT(refusal("run", {{"config", file("bad.toml", "gama = -0.5\n")}}), HasSubstr("did you mean 'gamma'"));
  EXPECT_THAT(refusal("run", {{"angular-table", file("t.csv", "angle,b\n0,1\n90,-2\n")}}), HasSubstr("negative"));
  EXPECT_THAT(refusal("run", {{"initial-file", file("w.csv", "vx,vy\n1,2\n")}}), HasSubstr("no column vz"));
  EXPECT_THAT(refusal("analyse", {{"data", file("n.csv", "t,vx,vy,vz\n1,nan,2,3\n")}}),
              HasSubstr("not a finite number"));
  EXPECT_THAT(refusal("deterministic", {{"log-speed", "4"}}), HasSubstr("counts as a point only"));
  EXPECT_THAT(refusal("profile", {{"gamma", "-1.5"}}), HasSubstr("gamma in (-1, 0)"));
  EXPECT_THAT(refusal("moments", {{"gamma", "-0.5"}}), HasSubstr("they are for gamma in [0, 1)"));
}

TEST_F(Rayleigh, ProfileFitsItsAmplitude) {
  const auto seen = act("profile", {{"particles", "40000"}, {"log-times", "160,320"}});
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.metrics.at("amplitude_1"), 1, 0.06);
  EXPECT_NEAR(seen.metrics.at("period_measured"), seen.metrics.at("period_law"), 0.02);
}

TEST_F(Rayleigh, DeterministicLawsAgreeWithTheSimulation) {
  const auto seen = act("deterministic", {{"particles", "4000"}, {"log-times", "60,120"}});
  ASSERT_EQ(seen.error, "");
  for (const double d : seen.column("states", "mass defect")) EXPECT_LT(d, 5e-3);
  EXPECT_NEAR(seen.column("states", "collisions")[1], seen.column("states", "simulated")[1], 0.05);
  EXPECT_LT(seen.cell("states", 1, "Kolmogorov distance").get<double>(), 1.9 / std::sqrt(4000.0));
}

TEST_F(Rayleigh, MomentsOfMaxwellMolecules) {
  const auto seen = act("moments", {{"shear", "0.4"}});
  EXPECT_NEAR(seen.metrics.at("stationary_trace"), 5.32258064516, 1e-9);
  EXPECT_NEAR(seen.metrics.at("threshold_4"), 0.459978285, 1e-8);
  const auto heated = act("moments", {{"shear", "1"}});
  EXPECT_NEAR(heated.metrics.at("growth_rate"), 0.053648, 1e-6);
  EXPECT_THAT(heated.notes, Contains(HasSubstr("No stationary state")));
}

TEST_F(Rayleigh, HardPotentialsHaveAStationaryState) {
  const Given given{{"gamma", "0.5"}, {"shear", "1"}, {"particles", "9000"}};
  const auto seen = act("moments", given, 1);
  ASSERT_EQ(seen.error, "");
  EXPECT_THAT(seen.notes, Contains(HasSubstr("stationary_ values are each particle's mean from t = 50 to t = 100")));
  const double trace = seen.metrics.at("stationary_trace");
  EXPECT_NEAR(seen.metrics.at("stationary_M11") + seen.metrics.at("stationary_M22") + seen.metrics.at("stationary_M33"),
              trace, 1e-9);
  EXPECT_LT(seen.metrics.at("stationary_M12"), 0);
  EXPECT_THAT(seen.figures, Contains("moments"));
  // run tells the same ensemble, whatever the threads, and says that the laws do not apply
  const auto run = act("run", given, 2);
  ASSERT_EQ(run.error, "");
  EXPECT_THAT(run.notes, Contains(HasSubstr("the asymptotic laws of gamma < 0 do not apply")));
  EXPECT_DOUBLE_EQ(run.metrics.at("stationary_trace"), trace);
  EXPECT_EQ(run.metrics.count("theta_distance"), 0U);
  // a start that is still on its way
  const auto early = act(
      "moments", {{"gamma", "0.5"}, {"particles", "9000"}, {"initial-velocity", "0,100,0"}, {"times", "0.1,0.15,0.2"}});
  EXPECT_THAT(early.notes, Contains(HasSubstr("Not stationary yet")));
}

TEST_F(Rayleigh, SimulatedMaxwellMoleculesSayWhichMomentsExist) {
  const auto above = act("run", {{"gamma", "0"}, {"shear", "1"}, {"particles", "500"}});
  EXPECT_THAT(above.notes, Contains(HasSubstr("second moments grow for ever")));
  EXPECT_EQ(above.metrics.count("stationary_trace"), 0U);
  const auto between = act("run", {{"gamma", "0"}, {"shear", "0.6"}, {"particles", "500"}});
  EXPECT_THAT(between.notes, Contains(HasSubstr("intervals of second moments are not reliable")));
  const auto below = act("run", {{"gamma", "0"}, {"shear", "0.2"}, {"particles", "20000"}});
  EXPECT_NEAR(below.metrics.at("stationary_trace"), 3.47682119205, 0.05);
}

TEST_F(Rayleigh, HardPotentialsComeWithUnitsAndStarts) {
  // velocities in units of 2, times of 1: temperature 4, C|2 w|^gamma
  const auto plain = act("moments", {{"gamma", "0.5"}, {"particles", "4000"}, {"times", "20,25,30"}});
  const auto hot = act("moments", {{"gamma", "0.5"},
                                   {"particles", "4000"},
                                   {"times", "20,25,30"},
                                   {"temperature", "4"},
                                   {"rate", "0.7071067811865476"}});
  ASSERT_EQ(hot.error, "");
  EXPECT_NEAR(hot.metrics.at("stationary_trace"), 4 * plain.metrics.at("stationary_trace"), 1e-6);
}

TEST_F(Rayleigh, MomentsBeginAtTheStartAskedFor) {
  const auto seen = act("moments", {{"initial-velocity", "3,4,0"}, {"times", "1e-9,1"}});
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.column("moments", "M12")[0], 12, 1e-6);
  EXPECT_NEAR(seen.column("moments", "trace")[0], 25, 1e-6);
}

TEST_F(Rayleigh, AnalyseReadsVelocitiesAtSeveralTimes) {
  std::string text = "t,vx,vy,vz\n";
  for (const double t : {20.0, 40.0, 80.0})
    for (int i = 1; i <= 50; ++i)
      text += std::to_string(t) + "," + std::to_string(-t * i) + "," + std::to_string(i) + ",0.5\n";
  const auto seen = act("analyse", {{"data", file("d.csv", text)}});
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.metrics.at("exponent_w2"), 0, 1e-9);
  EXPECT_NEAR(seen.metrics.at("exponent_w1"), 1, 1e-9);
  EXPECT_DOUBLE_EQ(seen.column("times", "within 5 % of -K t w_2")[0], 1);
}

TEST_F(Rayleigh, AnalyseReadsHdf5WithCountsAndSaysWhatIsMissing) {
  // columns without names: t, vx, vy, vz, collisions so far
  const std::vector<double> times{30.0, 60.0, 120.0};
  std::vector<double> rows;
  for (std::size_t k = 0; k < times.size(); ++k)
    for (int i = 1; i <= 40; ++i)
      rows.insert(rows.end(), {times[k], -times[k] * i, static_cast<double>(i), 0.5, static_cast<double>(k) + 10});
  const auto path = (folder_ / "d.h5").string();
  io::write_hdf5(path,
                 std::vector<std::pair<std::string, io::NdArray>>{
                     {"run/v", io::NdArray({120, 5}, Eigen::VectorXd(Eigen::Map<Eigen::VectorXd>(rows.data(), 600)))}});
  const auto seen = act("analyse", {{"data", path + ":run/v"}, {"count-column", "n"}});
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.metrics.at("exponent_w1"), 1, 1e-9);
  EXPECT_EQ(seen.column("collisions", "counted"), (std::vector<double>{1, 1}));
  EXPECT_NEAR(seen.column("collisions", "ln(ln t2/ln t1)/P")[0],
              std::log(std::log(60.0) / std::log(30.0)) / std::log(2.0), 1e-9);
  EXPECT_THAT(refusal("analyse", {{"data", file("d.csv", "t,vx,vy,vz\n1,1,2,3\n")}, {"count-column", "n"}}),
              HasSubstr("no column n"));
}

TEST_F(Rayleigh, AngularTableReachesTheProcess) {
  // a table of the cosine law gives what the cosine law gives
  std::string text = "angle,b\n";
  for (int i = 0; i <= 90; ++i)
    text += std::to_string(i) + "," + std::to_string(std::cos(i * std::numbers::pi / 180)) + "\n";
  const Given named{{"gamma", "0"}, {"shear", "0.2"}, {"angular", "cosine"}};
  const Given table{{"gamma", "0"}, {"shear", "0.2"}, {"angular-table", file("t.csv", text)}};
  EXPECT_NEAR(act("moments", table).metrics.at("stationary_trace"),
              act("moments", named).metrics.at("stationary_trace"), 1e-3);
  const auto seen = act("run", {{"particles", "4000"}, {"log-times", "5,20"}, {"angular-table", file("u.csv", text)}});
  const auto other = act("run", {{"particles", "4000"}, {"log-times", "5,20"}, {"angular", "cosine"}});
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.metrics.at("collisions"), other.metrics.at("collisions"), 1.5);  // 3 standard errors of either
  EXPECT_THAT(refusal("run", {{"angular-table", file("i.csv", "angle,b\n0,1\n90,inf\n")}}), HasSubstr("finite"));
}

}  // namespace
}  // namespace offprint::papers::rayleigh
