// The actions on the reader's own files: known answers, what is written, one clear sentence for bad input.
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
#include "offprint/io/hdf5.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/kinetic/distributions.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using Given = std::map<std::string, std::string>;

class MixtureAction : public ::testing::Test {
 protected:
  MixtureAction()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-mixture-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~MixtureAction() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  [[nodiscard]] std::string card(const std::string& light, const std::string& heavy,
                                 const std::string& top = "mass_ratio = 1e-4\n") const {
    return file("card.toml", top + "[light]\n" + light + "[heavy]\n" + heavy);
  }
  [[nodiscard]] Seen act(Given given, const std::string& action = "relax") const {
    given.try_emplace("grid", "32");
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      offprint::Run run(settings, record, *ranks);
      const std::map<std::string, void (*)(offprint::Run&)> actions{{"relax", relax},
                                                                    {"operator", evaluate_operator},
                                                                    {"epochs", epochs},
                                                                    {"compare", compare},
                                                                    {"transport", transport}};
      actions.at(action)(run);
    } catch (const InputError& error) {
      record.error = error.what();
    }
    return record;
  }
  [[nodiscard]] std::string refusal(const Given& given, const std::string& action = "relax") const {
    const auto outcome = act(given, action);
    return outcome.error.empty() ? "no InputError" : outcome.error;
  }

  std::filesystem::path folder_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "boltzmann-mixture");
};

TEST_F(MixtureAction, RelaxFollowsTheImplicitLawAndWritesWhatItSays) {
  const auto seen = act({{"t-end", "0.2"}});
  ASSERT_EQ(seen.error, "");
  // Ten steps of 0.02 divide the difference by 1.08 each.
  EXPECT_NEAR(seen.metrics.at("T_L") - seen.metrics.at("T_H"), std::pow(1.08, -10), 1e-8);
  EXPECT_LT(seen.metrics.at("energy_drift"), 1e-12);
  EXPECT_THAT(seen.figures, IsSupersetOf({"temperatures", "clocks", "light", "heavy"}));
  const auto moments = io::read_csv(path("moments.csv"));
  EXPECT_EQ(moments.values.rows(), 11);
  EXPECT_NEAR(moments.values(10, moments.column("T_L")), seen.metrics.at("T_L"), 1e-15);
  EXPECT_NEAR(moments.values(0, moments.column("P_L11")), 1.8, 1e-4);
  const auto f = io::read_hdf5(path("snapshots.h5"), "f_L");
  EXPECT_EQ(f.shape(), (std::vector<std::size_t>{11, 32, 32}));
  EXPECT_TRUE(std::filesystem::exists(path("verdict.json")));
}

TEST_F(MixtureAction, AGriddedFileIsWhatTheClosedFormIs) {
  const auto closed =
      act({{"card", card("temperature = 1.5\n", "temperature = 0.5\n", "mass_ratio = 1e-4\nhalf_width = 10\n")},
           {"t-end", "0.1"}});
  ASSERT_EQ(closed.error, "");
  const kinetic::VelocityGrid grid{2, 64, 10};
  const Eigen::VectorXd f = kinetic::maxwellian(grid, 1, Eigen::Vector2d::Zero(), 1.5);
  Eigen::VectorXd v(64);
  for (Eigen::Index j = 0; j < 64; ++j) v[j] = grid.coordinate(j);
  io::write_hdf5(path("f.h5"), std::vector<std::pair<std::string, io::NdArray>>{{"f", io::NdArray({64, 64}, f)},
                                                                                {"v1", io::NdArray::from_vector(v)},
                                                                                {"v2", io::NdArray::from_vector(v)}});
  io::write_npy(path("f.npy"), io::NdArray({64, 64}, f));
  for (const char* from :
       {"initial = \"grid\"\nfile = \"f.h5:f\"\n", "initial = \"grid\"\nfile = \"f.npy\"\nhalf_width = 10\n"}) {
    const auto read =
        act({{"card", card(from, "temperature = 0.5\n", "mass_ratio = 1e-4\nhalf_width = 10\n")}, {"t-end", "0.1"}});
    ASSERT_EQ(read.error, "");
    EXPECT_NEAR(read.metrics.at("T_L"), closed.metrics.at("T_L"), 1e-6) << from;
  }
}

TEST_F(MixtureAction, ParticlesKeepTheMomentsOfTheSample) {
  Eigen::MatrixXd v(2000, 2);
  Stream random(5, "particles");
  for (double& x : v.reshaped()) x = 0.01 * std::sqrt(0.5) * random.normal();  // physical V of eps = 0.01
  io::write_csv(path("heavy.csv"), {"vx", "vy"}, v);
  const auto seen = act({{"card", card("temperature = 1.5\n", "initial = \"particles\"\nfile = \"heavy.csv\"\n",
                                       "mass_ratio = 1e-4\nhalf_width = 11\n")},
                         {"t-end", "1e-9"},
                         {"dt", "1e-9"}});
  ASSERT_EQ(seen.error, "");
  const Eigen::MatrixXd scaled = 100 * v;
  const Eigen::MatrixXd c = scaled.rowwise() - scaled.colwise().mean();
  EXPECT_NEAR(seen.metrics.at("T_H"), c.squaredNorm() / (2 * 2000), 1e-7);
}

TEST_F(MixtureAction, OperatorErrorsShrinkWithTheOrder) {
  for (const char* omega : {"1.0", "0.5"}) {
    const auto seen = act({{"card", card("temperatures = [1.8, 1.2]\nmean = [0.3, 0]\n", "temperature = 0.5\n",
                                         std::string("mass_ratio = 0.04\nomega = ") + omega + "\n")},
                           {"grid", "64"}},
                          "operator");
    ASSERT_EQ(seen.error, "");
    EXPECT_LT(seen.metrics.at("light_error_2"), 0.2 * seen.metrics.at("light_error_1"));
    EXPECT_LT(seen.metrics.at("heavy_error_2"), seen.metrics.at("heavy_error_1"));
  }
}

TEST_F(MixtureAction, EpochsFindsTheClocks) {
  const auto seen = act({{"mass-ratio", "1e-3"}, {"t-end", "0.2"}, {"grid", "48"}}, "epochs");
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.metrics.at("rate_light"), 1.5, 0.04);
  EXPECT_NEAR(seen.metrics.at("rate_heavy"), std::sqrt(1e-3) / 2 + 2e-3, 5e-4);
  EXPECT_NEAR(seen.metrics.at("rate_temperature"), 4e-3, 1e-4);
}

TEST_F(MixtureAction, EpochsOfSeveralMassRatios) {
  const auto seen = act({{"mass-ratios", "1e-2,1e-3,1e-4"}, {"t-end", "0.2"}, {"grid", "48"}}, "epochs");
  ASSERT_EQ(seen.error, "");
  EXPECT_NEAR(seen.metrics.at("light_slope"), 0, 0.02);
  EXPECT_NEAR(seen.metrics.at("heavy_slope"), -1, 0.15);  // 2 eps^2 stands beside eps/2
  EXPECT_NEAR(seen.metrics.at("temperature_slope"), -2, 0.02);
  EXPECT_THAT(seen.figures, Contains("decay"));
  const auto file = io::read_csv(path("clocks.csv"));
  EXPECT_EQ(file.values.rows(), 3);
  EXPECT_NEAR(file.values(2, file.column("rate_light")), 1.5, 0.04);
  EXPECT_EQ(seen.cell("clocks", 2, "light deviator").get<double>(), file.values(2, file.column("rate_light")));
}

TEST_F(MixtureAction, ExactHardSpheresInTime) {
  const std::string top = "mass_ratio = 0.16\nomega = 0.5\nhalf_width = 8\n";
  const auto mixture = card("temperatures = [1.1, 0.9]\n", "temperature = 0.7\n", top);
  const auto exact = act({{"card", mixture}, {"truncation", "exact"}, {"t-end", "0.1"}, {"scheme", "ars222"}});
  ASSERT_EQ(exact.error, "");
  EXPECT_THAT(exact.notes, Contains(HasSubstr("one grid of 80 points")));
  const auto reference =
      act({{"card", mixture}, {"truncation", "exact"}, {"t-end", "0.1"}, {"scheme", "reference"}, {"dt", "0.1"}});
  ASSERT_EQ(reference.error, "");
  EXPECT_NEAR(exact.metrics.at("T_L"), reference.metrics.at("T_L"), 1e-3);
  // The expansion is wrong by some per cent of the change here.
  const auto truncated = act({{"card", mixture}, {"t-end", "0.1"}, {"scheme", "ars222"}, {"grid", "24"}});
  ASSERT_EQ(truncated.error, "");
  EXPECT_GT(std::abs(truncated.metrics.at("T_L") - exact.metrics.at("T_L")), 3e-3);
}

TEST_F(MixtureAction, TransportConservesAndWritesItsWaves) {
  const auto seen =
      act({{"mass-ratio", "1e-2"},
           {"grid", "24"},
           {"cells", "6"},
           {"t-end", "2"},
           {"dt", "0.2"},
           {"card", card("temperature = 1.2\n", "temperature = 1.0\n", "mass_ratio = 1e-2\nhalf_width = 8\n")}},
          "transport");
  ASSERT_EQ(seen.error, "");
  for (const char* drift : {"mass_drift", "momentum_drift", "energy_drift"}) EXPECT_LT(seen.metrics.at(drift), 1e-12);
  EXPECT_THAT(seen.figures, IsSupersetOf({"waves", "profiles"}));
  const auto waves = io::read_csv(path("waves.csv"));
  EXPECT_EQ(waves.values.rows(), 11);
  EXPECT_NEAR(waves.values(0, waves.column("T_L_cos")), 0.12, 1e-10);
  EXPECT_LT(waves.values(10, waves.column("T_L_cos")), 0.119);
  EXPECT_GT(waves.values(10, waves.column("u_L1_sin")), 1e-3);  // from hot to cold
  EXPECT_NEAR(waves.values(10, waves.column("T_L_cos")), seen.metrics.at("T_L_cos"), 1e-12);
}

TEST_F(MixtureAction, CompareWithTheReadersTemperatures) {
  std::string text = "t,T1,T2\n";
  for (int i = 0; i <= 10; ++i) {
    const double half = 0.5 * std::exp(-4 * 0.02 * i);
    text += std::to_string(0.02 * i) + "," + std::to_string(1 + half) + "," + std::to_string(1 - half) + "\n";
  }
  const auto seen = act({{"temperatures", file("dsmc.csv", text)}, {"dt", "0.01"}, {"scheme", "ars222"}}, "compare");
  ASSERT_EQ(seen.error, "");
  EXPECT_LT(seen.metrics.at("T1_largest_difference"), 1e-3);
  EXPECT_THAT(refusal({{"temperatures", file("bad.csv", "t,T1,T2\n0,1,1\n0,1,1\n")}}, "compare"),
              HasSubstr("must ascend"));
  EXPECT_THAT(refusal({{"temperatures", file("none.csv", "t,T1\n0,1\n1,1\n")}}, "compare"), HasSubstr("T2"));
}

TEST_F(MixtureAction, BadInputIsSaidInOneSentence) {
  EXPECT_THAT(refusal({{"mass-ratio", "0.3"}}), HasSubstr("expansion is not valid"));
  EXPECT_THAT(refusal({{"mass-ratio", "0.09"}, {"grid", "64"}}), AllOf(HasSubstr("unstable"), HasSubstr("--grid 38")));
  EXPECT_THAT(refusal({{"light-penalty", "0.3"}}), HasSubstr("unstable penalisation"));
  EXPECT_THAT(refusal({{"grid", "33"}}), HasSubstr("even"));
  EXPECT_THAT(refusal({{"directions", "0"}}), HasSubstr("directions"));
  EXPECT_THAT(refusal({{"grid", "6"}}), HasSubstr("grid"));
  EXPECT_THAT(refusal({{"dt", "0"}}), HasSubstr("dt"));
  EXPECT_THAT(refusal({{"dt", "-0.1"}}), HasSubstr("dt"));
  EXPECT_THAT(refusal({{"card", card("density = -1\n", "")}}), AllOf(HasSubstr("[light]"), HasSubstr("density")));
  EXPECT_THAT(refusal({{"card", card("", "temperature = 0\n")}}),
              AllOf(HasSubstr("[heavy]"), HasSubstr("temperature")));
  EXPECT_THAT(refusal({{"card", card("temperature = nan\n", "")}}), HasSubstr("finite"));
  EXPECT_THAT(refusal({{"card", card("", "", "omega = 1.2\n")}}), HasSubstr("outside [0, 1]"));
  EXPECT_THAT(refusal({{"card", card("temprature = 1\n", "")}}), HasSubstr("temperature"));
  EXPECT_THAT(refusal({{"card", card("", "", "half_width = 2\n")}}), HasSubstr("border"));
  EXPECT_THAT(refusal({{"card", card("initial = \"bkw\"\namplitude = 0.7\n", "")}}), HasSubstr("amplitude"));
  EXPECT_THAT(refusal({{"card", card("mass = 1\n", "")}}), HasSubstr("mass"));
  EXPECT_THAT(refusal({{"card", file("empty.toml", "mass_ratio = 1e-4\n")}}), HasSubstr("[light]"));
  EXPECT_THAT(refusal({{"card", path("absent.toml")}}), HasSubstr("cannot read"));
  Eigen::VectorXd f = Eigen::VectorXd::Constant(64 * 64, 1.0);
  io::write_npy(path("flat.npy"), io::NdArray({64, 64}, f));
  const std::string from = "initial = \"grid\"\nhalf_width = 8\nfile = ";
  EXPECT_THAT(refusal({{"card", card(from + "\"flat.npy\"\n", "")}}), HasSubstr("border of the grid"));
  f[7] = std::nan("");
  io::write_npy(path("nan.npy"), io::NdArray({64, 64}, f));
  EXPECT_THAT(refusal({{"card", card(from + "\"nan.npy\"\n", "")}}), HasSubstr("not a finite number"));
  // The direct operator of hard spheres at a tiny mass ratio: the N it would need.
  EXPECT_THAT(refusal({{"card", card("", "", "mass_ratio = 1e-10\nomega = 0.5\n")}}, "operator"),
              HasSubstr("points an axis need"));
  EXPECT_THAT(refusal({{"card", card("", "", "mass_ratio = 1e-10\nomega = 0.5\n")}, {"truncation", "exact"}}),
              AllOf(HasSubstr("N = "), HasSubstr("points an axis"), HasSubstr("GB")));
  EXPECT_THAT(refusal({{"mass-ratios", "1e-2,2"}}, "epochs"), HasSubstr("2 is not a mass ratio"));
  EXPECT_THAT(refusal({{"mass-ratios", "1e-2"}, {"mass-ratio", "1e-3"}}, "epochs"), HasSubstr("either"));
  EXPECT_THAT(refusal({{"cells", "3"}}, "transport"), HasSubstr("cells"));
  EXPECT_THAT(refusal({{"length", "-1"}}, "transport"), HasSubstr("length"));
  EXPECT_THAT(refusal({{"mass-ratio", "0.3"}}, "transport"), HasSubstr("expansion is not valid"));
}

}  // namespace
}  // namespace offprint::papers::boltzmann_mixture
