#include "offprint/core/card.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/core/options.hpp"

namespace offprint {
namespace {

using ::testing::HasSubstr;

class CardTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }
  Card read(const std::string& text) const {
    std::ofstream(path_) << text;
    return read_card(path_, "test");
  }
  std::string refused(const std::string& text) const {
    try {
      (void)read(text);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  }
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("offprint-card-" + std::to_string(getpid()) + ".toml");
};

const std::string kHead = R"(title = "T"
authors = ["A"]
year = 2026
status = "ready"
component = "core"
keywords = ["k"]
summary = """
One
two."""
)";

TEST_F(CardTest, TheDefaultActionIsTheOnlyOneOrTheMarkedOne) {
  const std::string fit = "[[action]]\nname = \"fit\"\nhelp = \"h\"\n";
  const std::string plot = "[[action]]\nname = \"plot\"\nhelp = \"h\"\n";
  EXPECT_EQ(read(kHead).default_action(), nullptr);
  const auto one = read(kHead + fit);
  ASSERT_NE(one.default_action(), nullptr);
  EXPECT_EQ(one.default_action()->name, "fit");
  EXPECT_EQ(read(kHead + fit + plot).default_action(), nullptr);
  const auto marked = read(kHead + fit + plot + "default = true\n");
  ASSERT_NE(marked.default_action(), nullptr);
  EXPECT_EQ(marked.default_action()->name, "plot");
  EXPECT_EQ(to_json(marked)["actions"][1]["default"], true);
  EXPECT_EQ(to_json(marked)["actions"][0]["default"], false);
  EXPECT_THAT(refused(kHead + fit + "default = true\n" + plot + "default = true\n"),
              HasSubstr("a second default action"));
}

TEST_F(CardTest, TheDayItWasListedIsADayOfTheCalendar) {
  EXPECT_EQ(read(kHead).listed, "");
  EXPECT_EQ(to_json(read("listed = \"2025-07-31\"\n" + kHead))["listed"], "2025-07-31");
  EXPECT_THAT(refused("listed = \"2025-02-29\"\n" + kHead), HasSubstr("'listed' must be a day written YYYY-MM-DD"));
  EXPECT_THAT(refused("listed = 2025-07-31\n" + kHead), HasSubstr("must be a string"));
}

TEST_F(CardTest, ReadsEverything) {
  const auto card = read(kHead + R"(
[[group]]
name = "data"
[[group.option]]
name = "data"
type = "paths"
help = "files"
[[action]]
name = "fit"
help = "fits"
groups = ["data"]
[[action.option]]
name = "tol"
type = "real"
help = "tolerance"
default = 1e-3
min = 0
[[claim]]
id = "C1"
says = "s"
paper = "p"
tier = "full"
[[claim.criterion]]
name = "e"
rule = "<= 0.5"
)");
  EXPECT_EQ(card.summary, "One two.") << "lines of a wrapped string are one paragraph";
  ASSERT_EQ(card.actions.size(), 1U);
  EXPECT_EQ(card.action("fit").options.size(), 2U) << "the group's option and its own";
  EXPECT_EQ(card.claim("C1").tier, Tier::kFull);
  EXPECT_EQ(card.claim("C1").headline, std::vector<std::string>{"e"});
  EXPECT_EQ(to_json(card)["claims"][0]["criteria"][0]["rule"], "<= 0.5");
}

TEST_F(CardTest, MistakesNameTheirPlace) {
  EXPECT_THAT(refused("title = \"x\"\nyear = \n"), HasSubstr(":2"));
  EXPECT_THAT(refused("title = \"x\"\n"), HasSubstr("'authors' is missing"));
  EXPECT_THAT(refused(kHead + "colour = 1\n"), HasSubstr("unknown key 'colour'"));
  const std::string claim = kHead + "[[claim]]\nid = \"C\"\nsays = \"s\"\npaper = \"p\"\ntier = \"quick\"\n";
  EXPECT_THAT(refused(claim), HasSubstr("nothing could judge it"));
  EXPECT_THAT(refused(claim + "[[claim.criterion]]\nname = \"e\"\nrule = \"about 3\"\n"),
              HasSubstr("'about 3' is not understood"));
  const std::string option =
      kHead + "[[action]]\nname = \"a\"\nhelp = \"h\"\n[[action.option]]\nname = \"o\"\nhelp = \"h\"\n";
  EXPECT_THAT(refused(option + "type = \"reel\"\n"), HasSubstr("did you mean 'real'"));
  EXPECT_THAT(refused(option + "type = \"choice\"\n"), HasSubstr("without choices"));
  EXPECT_THAT(refused(kHead + "[[action]]\nname = \"a\"\nhelp = \"h\"\ngroups = [\"none\"]\n"),
              HasSubstr("no [[group]] named 'none'"));
}

TEST_F(CardTest, OptionsAreTypedAndChecked) {
  const auto card = read(kHead + R"(
[[action]]
name = "a"
help = "h"
[[action.option]]
name = "n"
type = "int"
help = "h"
min = 1
max = 5
required = true
[[action.option]]
name = "xs"
type = "reals"
help = "h"
[[action.option]]
name = "kind"
type = "choice"
help = "h"
choices = ["a", "b"]
default = "b"
[[action.option]]
name = "loud"
type = "flag"
help = "h"
[[action.option]]
name = "file"
type = "path"
help = "h"
)");
  const auto& action = card.action("a");
  const auto o = Options::parse(action, {{"n", {"3"}}, {"xs", {"1,2.5", "-3e-2"}}, {"file", {"x/../y.csv"}}});
  EXPECT_EQ(o.integer("n"), 3);
  EXPECT_EQ(o.reals("xs"), (std::vector<double>{1, 2.5, -0.03}));
  EXPECT_EQ(o.text("kind"), "b");
  EXPECT_FALSE(o.flag("loud"));
  EXPECT_EQ(o.path("file"), std::filesystem::current_path() / "y.csv");
  EXPECT_FALSE(o.has("unknown"));
  EXPECT_THROW((void)o.integer("unknown"), Error);
  const auto refusal = [&](const std::map<std::string, std::vector<std::string>>& given) {
    try {
      (void)Options::parse(action, given);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refusal({}), HasSubstr("--n is missing"));
  EXPECT_THAT(refusal({{"n", {"6"}}}), HasSubstr("from 1 to 5"));
  EXPECT_THAT(refusal({{"n", {"3", "4"}}}), HasSubstr("given 2 times"));
  EXPECT_THAT(refusal({{"n", {"nan"}}}), HasSubstr("'nan' is not a whole number"));
  EXPECT_THAT(refusal({{"n", {"3"}}, {"knd", {"a"}}}), HasSubstr("did you mean 'kind'"));
  EXPECT_THAT(refusal({{"n", {"3"}}, {"kind", {"c"}}}), HasSubstr("not one of a, b"));
  EXPECT_THAT(refusal({{"n", {"3"}}, {"xs", {"1,,2"}}}), HasSubstr("'' is not a number"));
}

}  // namespace
}  // namespace offprint
