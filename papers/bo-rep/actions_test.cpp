// The actions on small files, and one clear sentence for each bad input.
#include "actions.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../test_record.hpp"
#include "input.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"

namespace offprint::papers::bo_rep {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

using Given = std::map<std::string, std::vector<std::string>>;

class BoRepActions : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
    return path(name);
  }
  // Generated texts as a file; `tags` says which columns it has.
  std::string write_texts(const std::string& name, std::size_t count, std::uint64_t seed = 1) const {
    const auto texts = generated_texts(count, Stream(seed, "file"));
    std::string content = "domain\tlabel\ttext\n";
    for (std::size_t i = 0; i < count; ++i)
      content += texts.domains[i] + '\t' + texts.labels[i] + '\t' + texts.texts[i] + '\n';
    return write(name, content);
  }

  Seen apply(const std::string& action, Given given) {
    static const std::map<std::string, void (*)(offprint::Run&)> functions{
        {"clean-text", clean_text}, {"represent", represent}, {"tune-l2", tune_l2}};
    TestRecord record(folder_);
    try {
      RunSettings settings;
      settings.options = Options::parse(card_.action(action), given);
      const auto ranks = single_process();
      offprint::Run run(settings, record, *ranks);
      functions.at(action)(run);
    } catch (const InputError& e) {
      record.error = e.what();
    }
    return record;
  }
  std::string error(const std::string& action, Given given) { return apply(action, std::move(given)).error; }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("ofp-bo-rep-" + std::to_string(::getpid()));

 private:
  Card card_ = read_card(OFFPRINT_CARD, "bo-rep");
};

// Small and quick, yet enough to learn the generated texts.
Given quick(Given more = {}) {
  Given given{{"steps", {"60"}}, {"hidden", {"8"}}, {"embed-dim", {"16"}}, {"min-count", {"2"}}};
  for (auto& [name, value] : more) given[name] = value;
  return given;
}

TEST_F(BoRepActions, FlippedLabelsComeFirstInTheList) {
  const auto got =
      apply("clean-text",
            quick({{"noise", {"0.3"}}, {"val-fraction", {"0.2"}}, {"test-fraction", {"0.2"}}, {"steps", {"100"}}}));
  EXPECT_EQ(got.error, "");
  EXPECT_GT(got.metrics.at("auc"), 0.7);
  EXPECT_GT(got.metrics.at("test_accuracy"), 0.7);
  EXPECT_THAT(got.figures, IsSupersetOf({"weights", "momentum", "residual", "drift", "loss_calls", "loss_seconds",
                                         "accuracy_calls", "accuracy_seconds"}));
  std::ifstream list(path("suspects.tsv"));
  std::string line;
  std::getline(list, line);
  EXPECT_EQ(line, "rank\trow\tweight\tlabel\tmodel_says\tlabel_was_flipped\ttext");
  int flipped = 0;
  double last = 0;
  for (int k = 0; k < 100 && std::getline(list, line); ++k) {
    std::stringstream fields(line);
    std::string rank;
    std::string row;
    std::string weight;
    std::getline(fields, rank, '\t');
    std::getline(fields, row, '\t');
    std::getline(fields, weight, '\t');
    EXPECT_GE(std::stod(weight), last);
    last = std::stod(weight);
    flipped += line.find("\tyes\t") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(flipped, 50);  // 30 % by chance
  EXPECT_TRUE(std::filesystem::exists(path("network.npy")));
}

TEST_F(BoRepActions, CleansAFileWithACheckedOneAndCompares) {
  const auto got = apply("clean-text", quick({{"data", {write_texts("t.tsv", 300)}},
                                              {"validation", {write_texts("v.tsv", 60, 2)}},
                                              {"test", {write_texts("s.tsv", 60, 3)}},
                                              {"net", {"bow"}},
                                              {"compare", {"ma-soba,stocbio,ttsa,slip,f2sa"}},
                                              {"steps", {"12"}}}));
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.tables.at("methods").rows.size(), 7U);
  EXPECT_EQ(got.metrics.at("texts"), 420);
}

TEST_F(BoRepActions, TakesLstmCellsInLayers) {
  const auto one = apply("clean-text", quick({{"net", {"lstm"}}, {"noise", {"0.3"}}, {"steps", {"20"}}}));
  EXPECT_EQ(one.error, "");
  const auto two =
      apply("clean-text", quick({{"net", {"lstm"}}, {"layers", {"2"}}, {"noise", {"0.3"}}, {"steps", {"20"}}}));
  EXPECT_EQ(two.error, "");
  EXPECT_NE(one.metrics.at("auc"), two.metrics.at("auc"));
  EXPECT_EQ(apply("tune-l2", quick({{"net", {"lstm"}}, {"layers", {"2"}}, {"steps", {"10"}}})).error, "");
  EXPECT_EQ(
      apply("represent", quick({{"net", {"lstm"}}, {"steps", {"4"}}, {"tasks", {"6"}}, {"test-tasks", {"4"}}})).error,
      "");
}

TEST_F(BoRepActions, RepresentsGeneratedDomains) {
  const auto got =
      apply("represent", quick({{"steps", {"40"}}, {"tasks", {"24"}}, {"test-tasks", {"10"}}, {"compare", {"f2sa"}}}));
  EXPECT_EQ(got.error, "");
  EXPECT_GT(got.metrics.at("accuracy"), got.metrics.at("accuracy_random_encoder"));
  EXPECT_EQ(got.tables.at("accuracy").rows.size(), 5U);
  EXPECT_TRUE(std::filesystem::exists(path("encoder.npy")));
}

TEST_F(BoRepActions, TunesThreeWeightsBesideAGrid) {
  const auto got = apply("tune-l2", quick({{"net", {"bow"}}}));
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.tables.at("weights").rows.size(), 8U);
  EXPECT_GT(got.metrics.at("validation_loss"), 0);
  EXPECT_LT(got.metrics.at("validation_loss"), 0.8);
  EXPECT_THAT(got.figures, IsSupersetOf({"weights", "grid"}));
}

TEST_F(BoRepActions, BadTextsAreNamed) {
  EXPECT_THAT(error("clean-text", quick({{"data", {write("a.tsv", "domain\ttext\nx\ty\n")}}})),
              HasSubstr("no label column 'label'"));
  EXPECT_THAT(error("clean-text", quick({{"data", {write("a.tsv", "label\ttext\n1\tgood\n1\tfine\n")}}})),
              HasSubstr("all 2 texts have the label '1'; at least two classes are needed"));
  const auto good = write_texts("t.tsv", 100);
  EXPECT_THAT(error("clean-text",
                    quick({{"data", {good}}, {"validation", {write("v.tsv", "label\ttext\nmaybe\tgood1 bad2\n")}}})),
              HasSubstr("--validation has the label 'maybe', which does not occur in --data; its labels are negative, "
                        "positive"));
  std::string half = "label\ttext\n";
  for (int i = 0; i < 40; ++i) half += i % 2 == 0 ? "a\tcommon words here\n" : "b\tx" + std::to_string(i) + "\n";
  EXPECT_THAT(error("clean-text", quick({{"data", {write("h.tsv", half)}}, {"embed-dim", {"2"}}})),
              HasSubstr("20 of 40 texts have no word that occurs 2 times; at most a fifth may be empty"));
  EXPECT_THAT(error("clean-text", quick({{"data", {good}}, {"embed", {write("e.txt", "good1 1 2\nbad1 1 2 3\n")}}})),
              HasSubstr("line 2 has 3 entries"));
}

TEST_F(BoRepActions, FewEmptyTextsAreKeptAndCounted) {
  std::string content = "label\ttext\n";
  for (int i = 0; i < 60; ++i) content += i % 2 == 0 ? "a\tgood fine nice good\n" : "b\tbad poor sad bad\n";
  content += "a\tunheard-of\n";
  const auto got =
      apply("clean-text", quick({{"data", {write("f.tsv", content)}}, {"embed-dim", {"3"}}, {"steps", {"5"}}}));
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.metrics.at("empty_texts"), 1);
  EXPECT_THAT(got.notes, Contains(HasSubstr("1 of 61 texts have no known word")));
}

TEST_F(BoRepActions, BadDomainsAreNamed) {
  EXPECT_THAT(error("represent", quick({{"holdout-domains", {"sport,moon"}}})),
              AllOf(HasSubstr("no domain 'moon'"), HasSubstr("known: garden, kitchen, music, office, sport, travel")));
  EXPECT_THAT(error("represent", quick({{"support", {"300"}}, {"query", {"300"}}})),
              HasSubstr("no domain is left to train on"));
  EXPECT_THAT(error("represent", quick({{"data", {write_texts("t.tsv", 120)}}})),
              HasSubstr("--holdout-domains is needed"));
  std::string content = "domain\tlabel\ttext\n";
  for (int i = 0; i < 120; ++i)
    content += std::string(i < 110 ? "big" : "tiny") + (i % 2 == 0 ? "\ta\tgood fine nice\n" : "\tb\tbad poor sad\n");
  EXPECT_THAT(error("represent",
                    quick({{"data", {write("d.tsv", content)}}, {"holdout-domains", {"tiny"}}, {"embed-dim", {"3"}}})),
              HasSubstr("domain 'tiny' has 5 texts of class 'a'; support and query need 25"));
  EXPECT_THAT(
      error("represent", quick({{"data", {write("n.tsv", "label\ttext\na\tb\n")}}, {"holdout-domains", {"x"}}})),
      HasSubstr("no domain column"));
}

TEST_F(BoRepActions, BadNumbersAreNamed) {
  const auto with = [&](const std::string& name, const std::string& value) {
    return error("clean-text", quick({{name, {value}}}));
  };
  EXPECT_THAT(with("eta", "0"), HasSubstr("--eta is 0; it must be positive"));
  EXPECT_THAT(with("nu", "-1"), HasSubstr("--nu is -1; it must be positive"));
  EXPECT_THAT(with("inner-lr", "0"), HasSubstr("--inner-lr is 0; it must be positive"));
  EXPECT_THAT(with("beta", "1"), HasSubstr("--beta is 1; it must be in [0, 1)"));
  EXPECT_THAT(with("period", "0"), HasSubstr("--period is 0; it must be at least 1"));
  EXPECT_THAT(with("inner", "0"), HasSubstr("--inner is 0; it must be at least 1"));
  EXPECT_THAT(with("noise", "1"), HasSubstr("--noise is 1; it must be in [0, 1)"));
  EXPECT_THAT(with("compare", "ma-sobba"), HasSubstr("no method 'ma-sobba'; did you mean 'ma-soba'?"));
  EXPECT_THAT(error("tune-l2", quick({{"val-fraction", {"0"}}})), HasSubstr("no validation texts"));
  EXPECT_THAT(error("tune-l2", quick({{"val-fraction", {"0.6"}}, {"test-fraction", {"0.6"}}})),
              HasSubstr("leave no texts to train on"));
}

TEST_F(BoRepActions, ADivergedRunSaysWhereItWasLastFinite) {
  const auto message =
      error("clean-text", quick({{"method", {"ma-soba"}}, {"lr-outer", {"1e300"}}, {"steps", {"10"}}}));
  EXPECT_THAT(message,
              AllOf(HasSubstr("MA-SOBA diverged in step"), HasSubstr("the upper loss is"), HasSubstr("the lower one")));
}

}  // namespace
}  // namespace offprint::papers::bo_rep
