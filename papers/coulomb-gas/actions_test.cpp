// The actions on small inputs: known answers, every file format, and one clear sentence for bad input.
#include "actions.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "configurations.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/coulomb/exact_samples.hpp"
#include "offprint/io/npy.hpp"

namespace offprint::papers::coulomb_gas {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::string>;

class CoulombAction : public ::testing::Test {
 protected:
  CoulombAction()
      : folder_(std::filesystem::temp_directory_path() /
                ("offprint-coulomb-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~CoulombAction() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  [[nodiscard]] Seen act(const std::string& action, const Given& given) const {
    TestRecord record(folder_);
    const auto ranks = single_process();
    try {
      std::map<std::string, std::vector<std::string>> words;
      for (const auto& [name, value] : given) words[name] = {value};
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), words);
      offprint::Run run(settings, record, *ranks);
      const std::map<std::string, void (*)(offprint::Run&)> actions{{"predict", predict},
                                                                    {"sample", sample_action},
                                                                    {"measure", measure},
                                                                    {"rate-function", rate_function},
                                                                    {"tilt", tilt}};
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
  // Eigenvalues of Ginibre matrices, snapshots x n, complex.
  [[nodiscard]] std::string eigenvalues(Eigen::Index snapshots, Eigen::Index n) const {
    Stream random(5, "eigenvalues");
    Eigen::MatrixXcd all(snapshots, n);
    for (Eigen::Index s = 0; s < snapshots; ++s) {
      const auto z = coulomb::ginibre_eigenvalues(n, random);
      for (Eigen::Index i = 0; i < n; ++i) all(s, i) = z[static_cast<std::size_t>(i)];
    }
    io::write_npy(path("eigenvalues.npy"), io::NdArray::from_matrix(all));
    return path("eigenvalues.npy");
  }

  std::filesystem::path folder_;

 private:
  Card card_ = read_card(OFFPRINT_CARD, "coulomb-gas");
};

TEST_F(CoulombAction, PredictTheSheetsNumbers) {
  const auto r = act("predict", {{"orders", "2..4"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.column("cumulants", "k_q* at large N")[1], 13.5, 1e-9);
  EXPECT_NEAR(r.metrics.at("kappa_3") * 100 * 4, 14.0220159, 1e-6);
  EXPECT_THAT(r.figures, Contains("cumulants"));
  const auto counting = act("predict", {{"count-radius", "0.5"}, {"orders", "2..4"}});
  EXPECT_NEAR(counting.metrics.at("kappa_2"), 2.81386876351, 1e-9);
  EXPECT_EQ(act("predict", {{"dim", "5"}, {"orders", "1..30"}}).error, "");
  EXPECT_THAT(act("predict", {{"statistic", "r^2+0.8*exp(-((r-0.4)/0.05)^2)"}}).notes,
              Contains(HasSubstr("strongly curved")));
  // A bump inside, like the sheet's, flat at the edge: k3* leaves 4 as N doubles.
  const auto bump = act("predict", {{"statistic", "r^2+0.8*exp(1-cosh(((r-0.4)/0.2)^2*3))"}, {"n", "50"}});
  EXPECT_THAT(bump.notes, Contains(HasSubstr("Doubling test: k_3*")));
  EXPECT_GT(bump.column("doubling", "distance at 2N over that at N")[0], 0.75);
  EXPECT_NEAR(r.column("doubling", "distance at 2N over that at N")[0], 0.5, 0.02);
  EXPECT_THAT(r.notes, ::testing::Not(Contains(HasSubstr("Doubling"))));
  EXPECT_THAT(act("predict", {{"dim", "3"}, {"n", "10"}, {"statistic", "r^3"}}).notes,
              Contains(HasSubstr("first correction to k_3* is")));
  EXPECT_THAT(act("predict", {{"dim", "1"}, {"n", "40"}, {"statistic", "r"}}).notes,
              Contains(HasSubstr("has a kink at 0")));
  EXPECT_THAT(act("predict", {{"statistic", "r^4-2*r^2"}}).notes, Contains(HasSubstr("slope vanishes")));
}

TEST_F(CoulombAction, SampleByEveryEngine) {
  for (const char* engine : {"hmc", "metropolis", "exact"}) {
    const auto r =
        act("sample", {{"engine", engine}, {"n", "8"}, {"samples", "8000"}, {"burn-in", "400"}, {"orders", "1..3"}});
    ASSERT_EQ(r.error, "") << engine;
    EXPECT_LT(std::abs(r.metrics.at("z_2")), 5) << engine;
    EXPECT_LT(r.metrics.at("r_hat"), 1.2) << engine;
    EXPECT_THAT(r.figures, IsSupersetOf({"histogram", "droplet"}));
    EXPECT_TRUE(std::filesystem::exists(path("cumulants.json")));
    EXPECT_TRUE(std::filesystem::exists(path("snapshot.csv")));
  }
  EXPECT_THAT(act("sample", {{"n", "8"}, {"samples", "2000"}, {"burn-in", "100"}}).notes,
              Contains(HasSubstr("Cannot tell")));
}

TEST_F(CoulombAction, MeasureEigenvalues) {
  const auto r = act("measure", {{"data", eigenvalues(400, 10)}, {"orders", "1..3"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("charges"), 10);
  EXPECT_EQ(r.metrics.at("snapshots"), 400);
  for (const char* z : {"z_1", "z_2", "z_3"}) EXPECT_LT(std::abs(r.metrics.at(z)), 5) << z;
  const auto scaled = act("measure", {{"data", path("eigenvalues.npy")}, {"orders", "2"}, {"scale", "10"}});
  EXPECT_THAT(scaled.notes, Contains(HasSubstr("the file may be in other units")));
}

TEST_F(CoulombAction, EveryFormatGivesTheSameNumbers) {
  const coulomb::RadialFunction f("r^2");
  const auto xyz = file("t.xyz", "2\nfirst\nA 1 2 0\nB 3 0 1\n2\nsecond\nA 0 1 0\nB 1 1 2\n");
  const auto dump = file("t.lammpstrj",
                         "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
                         "ITEM: ATOMS id x y z\n1 1 2 0\n2 3 0 1\n"
                         "ITEM: TIMESTEP\n1\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
                         "ITEM: ATOMS id x y z\n1 0 1 0\n2 1 1 2\n");
  const auto csv = file("t.csv", "x1,y1,z1,x2,y2,z2\n1,2,0,3,0,1\n0,1,0,1,1,2\n");
  Eigen::VectorXd all(12);
  all << 1, 2, 0, 3, 0, 1, 0, 1, 0, 1, 1, 2;
  io::write_npy(path("t.npy"), io::NdArray({2, 2, 3}, all));
  for (const auto& name : {xyz, dump, csv, path("t.npy")}) {
    const Measured m = read_configurations({name}, 3, 1, f, {});
    EXPECT_EQ(m.charges, 2U) << name;
    EXPECT_THAT(m.values, ::testing::ElementsAre(::testing::DoubleNear(15, 1e-12), ::testing::DoubleNear(7, 1e-12)))
        << name;
  }
  const auto complex = file("z.csv", "(1+2j),3-1e-1j\n0.5j,1\n");
  EXPECT_THAT(read_configurations({complex}, 2, 1, f, {}).values,
              ::testing::ElementsAre(::testing::DoubleNear(14.01, 1e-12), ::testing::DoubleNear(1.25, 1e-12)));
}

TEST_F(CoulombAction, AMatrixAFile) {
  // Ten spectra of six eigenvalues, each in a file of its own, in every shape, against one array.
  Stream random(9, "spectra");
  std::filesystem::create_directories(folder_ / "spectra");
  Eigen::MatrixXcd all(10, 6);
  for (Eigen::Index s = 0; s < 10; ++s) {
    const auto z = coulomb::ginibre_eigenvalues(6, random);
    std::string text = s == 1 ? "re,im\n" : "";
    Eigen::VectorXcd one(6);
    for (Eigen::Index i = 0; i < 6; ++i) {
      all(s, i) = one(i) = z[static_cast<std::size_t>(i)];
      if (s == 1)
        text += fmt::format("{},{}\n", one(i).real(), one(i).imag());
      else
        text += fmt::format("{}{:+}j\n", one(i).real(), one(i).imag());
    }
    if (s == 2)
      io::write_npy(folder_ / "spectra" / "e2.npy", io::NdArray::from_matrix(Eigen::MatrixXcd(one)));
    else
      (void)file(fmt::format("spectra/e{}.csv", s), text);
  }
  io::write_npy(path("all.npy"), io::NdArray::from_matrix(all));
  const coulomb::RadialFunction f("r^3");
  const Measured together = read_configurations({path("all.npy")}, 2, 1, f, {});
  const auto files = configuration_files({path("spectra")});
  ASSERT_EQ(files.size(), 10U);
  const Measured apart = read_configurations(files, 2, 1, f, {});
  EXPECT_EQ(apart.charges, 6U);
  ASSERT_EQ(apart.values.size(), 10U);
  for (std::size_t s = 0; s < 10; ++s) EXPECT_NEAR(apart.values[s], together.values[s], 1e-12) << s;
  EXPECT_EQ(configuration_files({path("spectra/*.csv")}).size(), 9U);
  const auto r = act("measure", {{"data", path("spectra")}, {"orders", "1..2"}, {"blocks", "8"}});
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.metrics.at("snapshots"), 10);
  EXPECT_THAT(refusal("measure", {{"data", path("spectra/*.txt")}}), HasSubstr("no file is called"));
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_THAT(refusal("measure", {{"data", path("empty")}}), HasSubstr("no file in the folder"));
  (void)file("spectra/e9.csv", "1+1j\n2+0j\n");
  EXPECT_THAT(refusal("measure", {{"data", path("spectra")}}),
              AllOf(HasSubstr("e9.csv: snapshot 10 has 2 charges, the first has 6")));
  EXPECT_THAT(refusal("measure", {{"data", file("mixed.csv", "1+1j\n2j,1\n")}}),
              HasSubstr("mixed.csv:2: the rows before hold one number each, this one 2"));
}

TEST_F(CoulombAction, ALadderOfTilts) {
  const auto r = act("tilt", {{"statistic", "r^2"},
                              {"from", "-0.1"},
                              {"to", "0.1"},
                              {"points", "7"},
                              {"n", "10"},
                              {"samples", "6400"},
                              {"orders", "2..3"},
                              {"cells", "4000"}});
  ASSERT_EQ(r.error, "");
  EXPECT_EQ(r.tables.at("ladder").rows.size(), 7U);
  EXPECT_LT(r.metrics.at("largest_z_lambda"), 5);
  EXPECT_LT(r.metrics.at("largest_z_free_energy"), 5);
  EXPECT_LT(std::abs(r.metrics.at("z_2")), 5);
  EXPECT_LT(std::abs(r.metrics.at("z_3")), 5);
  EXPECT_NEAR(r.metrics.at("k_2"), 1.1, 0.2);
  EXPECT_THAT(r.figures, IsSupersetOf({"ladder", "remainder"}));
  EXPECT_TRUE(std::filesystem::exists(path("ladder.csv")));
  EXPECT_TRUE(std::filesystem::exists(path("cumulants.json")));
  // The line and the Gamma law at another beta, a few rungs by name.
  for (const Given& gas : {Given{{"dim", "1"}, {"beta", "1"}}, Given{{"dim", "2"}, {"beta", "4"}}}) {
    Given given{{"statistic", "r^2"}, {"ladder", "-0.1,0.1,0.2,0.3"}, {"n", "6"}, {"samples", "3200"}, {"orders", "2"},
                {"cells", "4000"}};
    given.insert(gas.begin(), gas.end());
    const auto other = act("tilt", given);
    ASSERT_EQ(other.error, "");
    EXPECT_EQ(other.tables.at("ladder").rows.size(), 5U);  // 0 is added
    EXPECT_LT(other.metrics.at("largest_z_lambda"), 5);
    EXPECT_LT(other.metrics.at("largest_z_free_energy"), 5);
  }
  EXPECT_THAT(refusal("tilt", {}), HasSubstr("--s for one tilt, or --ladder"));
  EXPECT_THAT(refusal("tilt", {{"s", "1"}, {"ladder", "0,1,2,3"}, {"n", "9"}}), HasSubstr("not both"));
  EXPECT_THAT(refusal("tilt", {{"ladder", "0.1,0.2,0.3,0.4"}}), HasSubstr("--n"));
  EXPECT_THAT(refusal("tilt", {{"ladder", "0,0.1"}, {"n", "9"}}), HasSubstr("at least 4 different s"));
  EXPECT_THAT(refusal("tilt", {{"ladder", "0,0.1,0.2,0.3"}, {"n", "9"}, {"orders", "2..4"}}),
              HasSubstr("order 4 needs a ladder of at least 6"));
  EXPECT_THAT(refusal("tilt", {{"from", "0.1"}, {"to", "0.2"}, {"n", "9"}}), HasSubstr("must lie between"));
  EXPECT_THAT(refusal("tilt", {{"from", "0.3"}, {"n", "9"}}), HasSubstr("must be below"));
  EXPECT_THAT(refusal("tilt", {{"to", "0.2"}, {"ladder", "0,0.1"}, {"n", "9"}}), HasSubstr("lists every s"));
  EXPECT_THAT(refusal("tilt", {{"from", "-0.1"}, {"to", "0.2"}, {"n", "9"}}), HasSubstr("does not hold the charges"));
}

TEST_F(CoulombAction, RateFunctionAndTilt) {
  const auto r = act("rate-function", {{"statistic", "cos(2*r)"}, {"points", "9"}, {"cells", "4000"}});
  ASSERT_EQ(r.error, "");
  EXPECT_NEAR(r.metrics.at("transition_s"), 0.25, 1e-5);
  EXPECT_EQ(r.text("rate", 0, "phase"), "hole");
  EXPECT_EQ(r.text("rate", 8, "phase"), "ball");
  EXPECT_TRUE(std::filesystem::exists(path("rate.csv")));
  const auto heavy = act("rate-function", {{"points", "5"}, {"cells", "4000"}});
  EXPECT_THAT(heavy.notes, Contains(HasSubstr("single charges escape")));
  const auto t = act("tilt", {{"statistic", "cos(2*r)"}, {"s", "0.5"}, {"n", "20"}, {"samples", "1600"}});
  ASSERT_EQ(t.error, "");
  EXPECT_NEAR(t.metrics.at("lambda"), -0.6530272, 1e-5);
  EXPECT_NEAR(t.metrics.at("sampled_lambda"), t.metrics.at("exact_lambda"), 0.02);
  EXPECT_THAT(t.notes, Contains(HasSubstr("is a hole")));
}

TEST_F(CoulombAction, BadInput) {
  EXPECT_THAT(refusal("predict", {{"beta", "0"}}), HasSubstr("--beta must be positive"));
  EXPECT_THAT(refusal("predict", {{"n", "1"}}), HasSubstr("n"));
  EXPECT_THAT(refusal("predict", {{"statistic", "r^2+x"}}), HasSubstr("position 5: unknown name x"));
  EXPECT_THAT(refusal("predict", {{"statistic", "log(0.5-r)"}}), HasSubstr("at r = 0.5"));
  EXPECT_THAT(refusal("predict", {{"statistic", "r<0.5"}}), HasSubstr("has a jump"));
  EXPECT_THAT(refusal("predict", {{"potential", "0.5*log(1+r^2)"}}), HasSubstr("r^1 U'(r) stays below 1"));
  EXPECT_THAT(refusal("predict", {{"potential", "r^2/2+0.5*cos(2*r)"}}),
              AllOf(HasSubstr("is not a ball"), HasSubstr("rate-function still does")));
  EXPECT_THAT(refusal("predict", {{"orders", "5..2"}}), HasSubstr("--orders 5..2"));
  EXPECT_THAT(refusal("predict", {{"orders", "two"}}), HasSubstr("--orders two"));
  EXPECT_THAT(refusal("predict", {{"count-radius", "0.5"}, {"beta", "1"}}), HasSubstr("--beta 2"));
  EXPECT_THAT(refusal("sample", {{"dim", "4"}}), HasSubstr("d = 1, 2 and 3, not 4"));
  EXPECT_THAT(refusal("sample", {{"engine", "exact"}, {"beta", "1"}}), HasSubstr("Ginibre gas only"));
  EXPECT_THAT(refusal("rate-function", {{"from", "0.9"}, {"to", "0.1"}}), HasSubstr("must be below"));
  EXPECT_THAT(refusal("rate-function", {{"from", "0.3"}, {"to", "0.9"}}), HasSubstr("cannot be reached"));
}

TEST_F(CoulombAction, BadFiles) {
  const auto refuse = [&](const std::string& name, const std::string& text, const char* dim = "3") {
    return refusal("measure", {{"data", file(name, text)}, {"dim", dim}, {"orders", "2"}});
  };
  EXPECT_THAT(refuse("a.xyz", "2\n\nA 1 2 0\nB 3 0 1\n3\n\nA 0 1 0\nB 1 1 2\nC 0 0 0\n"),
              HasSubstr("snapshot 2 has 3 charges, the first has 2"));
  EXPECT_THAT(refuse("b.xyz", "2\n\nA 1 2 0\nB 3 0\n"), HasSubstr("b.xyz:4: a name and 3 coordinates"));
  EXPECT_THAT(refuse("c.xyz", "2\n\nA 1 2 0\nB nan 0 1\n"),
              HasSubstr("snapshot 1, charge 2: coordinate 1 is not finite"));
  EXPECT_THAT(refuse("d.xyz", "2\n\nA 1 2 0\n"), HasSubstr("the file ends after 1 of 2"));
  EXPECT_THAT(refuse("e.xyz", "2\n\nA 1 2 0\nB 1 0 1\n"), HasSubstr("one snapshot only"));
  EXPECT_THAT(refuse("f.csv", "1,2,3,4\n5,6,7,8\n"), HasSubstr("no multiple of the dimension 3"));
  EXPECT_THAT(refuse("g.lammpstrj", "ITEM: NUMBER OF ATOMS\n1\nITEM: ATOMS id xs ys zs\n1 0 0 0\n"),
              HasSubstr("there is no column x"));
  EXPECT_THAT(refuse("h.csv", "1+2j,3j\n1+2k,3j\n", "2"), HasSubstr("h.csv:2: entry 1 is no complex number"));
  EXPECT_THAT(refuse("i.xyz", ""), HasSubstr("there is no snapshot"));
  io::write_npy(path("j.npy"), io::NdArray({2, 2, 2}, Eigen::VectorXd(Eigen::VectorXd::Zero(8))));
  EXPECT_THAT(refusal("measure", {{"data", path("j.npy")}, {"dim", "3"}}),
              HasSubstr("(2, 2, 2) does not hold snapshots in 3"));
  EXPECT_THAT(refusal("measure", {{"data", eigenvalues(40, 4)}, {"orders", "2..6"}}),
              HasSubstr("order 6 needs at least 2^6"));
  EXPECT_THAT(refusal("measure", {{"data", path("absent.xyz")}}), HasSubstr("cannot be read"));
}

}  // namespace
}  // namespace offprint::papers::coulomb_gas
