#include "page/server/query.hpp"

#include <array>

#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "page/server/job_request.hpp"

namespace offprint::page {
namespace {

TEST(Query, SegmentsAreDecodedOneByOne) {
  EXPECT_TRUE(path_segments("/").empty());
  EXPECT_EQ(path_segments("/api/v1/papers/math%2F0211159"),
            (std::vector<std::string>{"api", "v1", "papers", "math/0211159"}));
  for (const char* bad :
       {"api", "/a/../b", "/a/%2e%2e/b", "/%2E/x", "/a%0", "/a%zz", "/a%00b", "/%ff", "/%c0%ae", "/%0a"})
    EXPECT_THROW(static_cast<void>(path_segments(bad)), InputError) << bad;
  EXPECT_THROW(static_cast<void>(path_segments("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17")), InputError);
}

TEST(Query, ParametersAreTyped) {
  const auto q = Query::parse("a=1&b=x%20y+z&c&a=2&d=");
  EXPECT_EQ(q.whole("a", 0, 0, 10), 2);
  EXPECT_EQ(q.text("b"), "x y z");
  EXPECT_EQ(q.find("c"), "");
  EXPECT_FALSE(q.find("e"));
  EXPECT_EQ(q.text("d", "fallback"), "fallback");
  EXPECT_EQ(q.whole("d", 7, 0, 10), 7);
  EXPECT_THROW(static_cast<void>(q.whole("b", 0, 0, 10)), InputError);
  EXPECT_THROW(static_cast<void>(q.whole("a", 0, 3, 10)), InputError);
  constexpr std::array<std::string_view, 2> kKnown = {"a", "b"};
  EXPECT_THROW(q.only(kKnown), InputError);
  EXPECT_THROW(static_cast<void>(Query::parse("a=%f")), InputError);
  EXPECT_THROW(static_cast<void>(Query::parse("a=%00")), InputError);
  EXPECT_THROW(static_cast<void>(Query::parse("a=" + std::string(5000, 'x'))), InputError);
  std::string many;
  for (int i = 0; i < 70; ++i) many += "&a=1";
  EXPECT_THROW(static_cast<void>(Query::parse(many)), InputError);
}

TEST(Query, DaysAndTheirRanges) {
  EXPECT_EQ(parse_day("2024-02-29"), "2024-02-29");
  for (const char* bad : {"2023-02-29", "2024-13-01", "2024-1-01", "20240101", "", "2024-01-01x", "0024-01-01"})
    EXPECT_THROW(static_cast<void>(parse_day(bad)), InputError) << bad;
  EXPECT_EQ(day_range("2024-07-10", "week").from, "2024-07-08");  // a Wednesday
  EXPECT_EQ(day_range("2024-07-14", "week").from, "2024-07-08");  // the Sunday belongs to it
  EXPECT_EQ(day_range("2024-07-10", "week").to, "2024-07-14");
  EXPECT_EQ(day_range("2024-02-10", "month").to, "2024-02-29");
  EXPECT_EQ(day_range("2024-02-10", "day").from, "2024-02-10");
}

TEST(Query, HostsCookiesTags) {
  EXPECT_EQ(host_name("LocalHost:8710"), "localhost");
  EXPECT_EQ(host_name("[::1]:80"), "[::1]");
  EXPECT_EQ(host_name("evil.example:80@localhost"), "");
  EXPECT_EQ(host_name(""), "");
  EXPECT_EQ(cookie("a=1; offprint_reader=xyz; b=2", "offprint_reader"), "xyz");
  EXPECT_EQ(cookie("xoffprint_reader=xyz", "offprint_reader"), "");
  EXPECT_TRUE(etag_matches("\"a\", W/\"b\"", "\"b\""));
  EXPECT_FALSE(etag_matches("\"a\"", "\"b\""));
  EXPECT_TRUE(accepts_gzip("br, gzip;q=0.8"));
  EXPECT_FALSE(accepts_gzip("br, gzip;q=0"));
}

TEST(Query, FileNamesAreMadeSafe) {
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\Users\\x\\data.csv"), "data.csv");
  EXPECT_EQ(safe_file_name("..."), "upload");
  EXPECT_EQ(safe_file_name(".hidden"), "hidden");
  EXPECT_EQ(safe_file_name("a:b,c\"d.csv"), "a_b_c_d.csv");
  EXPECT_EQ(safe_file_name("-rf"), "rf");
  EXPECT_EQ(safe_file_name(std::string(90, 'x') + std::string(20, ' ') + "y"), std::string(90, 'x'))
      << "the cut leaves no space";
  const auto name = safe_file_name(std::string(300, 'x') + ".csv");
  EXPECT_EQ(name.size(), 100U);
  EXPECT_TRUE(name.ends_with(".csv"));
}

TEST(JobRequest, WordsAreAsOnACommandLine) {
  const auto r = parse_job_request(
      {{"kind", "run"},
       {"paper", "koopman"},
       {"action", "spectrum"},
       {"seed", "18446744073709551615"},
       {"options", {{"rank", 10}, {"tol", 1e-3}, {"flag", true}, {"list", {1, 2}}, {"empty", ""}, {"none", nullptr}}}});
  EXPECT_EQ(r.seed, 18446744073709551615ULL);
  EXPECT_EQ(r.given.at("rank"), std::vector<std::string>{"10"});
  EXPECT_EQ(r.given.at("list"), (std::vector<std::string>{"1", "2"}));
  EXPECT_FALSE(r.given.contains("empty"));
  EXPECT_FALSE(r.given.contains("none"));
  const auto words = command_words(r);
  EXPECT_EQ(words[0], "run");
  EXPECT_EQ(words[2], "spectrum");
  EXPECT_NE(std::find(words.begin(), words.end(), "--flag=true"), words.end());
  EXPECT_EQ(words.back(), "--seed=18446744073709551615");
  EXPECT_EQ(command_words(job_request_from_json(to_json(r))), words);
}

TEST(JobRequest, NonsenseIsRefused) {
  const Json good{{"kind", "check"}, {"paper", "koopman"}};
  EXPECT_NO_THROW(static_cast<void>(parse_job_request(good)));
  const std::vector<Json> bad = {Json::array(),
                                 {{"kind", "check"}},
                                 {{"kind", "delete"}, {"paper", "koopman"}},
                                 {{"kind", "check"}, {"paper", "../x y"}},
                                 {{"kind", "check"}, {"paper", "k"}, {"seed", -1}},
                                 {{"kind", "check"}, {"paper", "k"}, {"seed", 1.5}},
                                 {{"kind", "check"}, {"paper", "k"}, {"tier", "fast"}},
                                 {{"kind", "check"}, {"paper", "k"}, {"store", "/tmp"}},
                                 {{"kind", "check"}, {"paper", "k"}, {"claims", "S1"}},
                                 {{"kind", "run"}, {"paper", "k"}, {"options", {{"a", {{"b", 1}}}}}},
                                 {{"kind", "run"}, {"paper", "k"}, {"options", {{"a", "x\ny"}}}},
                                 {{"kind", "check"}, {"paper", "k"}, {"options", {{"a", 1}}}}};
  for (const auto& json : bad) EXPECT_THROW(static_cast<void>(parse_job_request(json)), InputError) << json;
}

TEST(JobRequest, TextOptionsNameNoFileElsewhere) {
  ActionSpec action;
  action.name = "fit";
  action.is_default = true;
  OptionSpec text;
  text.name = "data";
  text.type = "string";
  action.options = {text};
  Card card;
  card.slug = "k";
  card.runnable = true;
  card.actions = {action};
  const auto check = [&](const std::string& value) {
    auto r = parse_job_request({{"kind", "run"}, {"paper", "k"}, {"options", {{"data", value}}}});
    check_against_card(r, card, [](const std::string& v) -> std::string { throw InputError("not allowed: " + v); });
    return r.given.at("data").front();
  };
  EXPECT_EQ(check("mnist"), "mnist");
  EXPECT_EQ(check("x1/x2"), "x1/x2");
  for (const char* bad :
       {"/etc/passwd", "../secret", "a/../../b", "~/x", "name:/etc/passwd", "a,/etc/passwd", "x=../y"})
    EXPECT_THROW(static_cast<void>(check(bad)), InputError) << bad;
}

TEST(Files, ColumnsOfACsvLine) {
  EXPECT_EQ(csv_columns("x,y, \"z, w\""), (std::vector<std::string>{"x", "y", "z, w"}));
  EXPECT_EQ(csv_columns("a;b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(csv_columns("1.5,2e3").empty());
  EXPECT_TRUE(csv_columns("").empty());
  EXPECT_TRUE(csv_columns("\x89PNG").empty());
}

}  // namespace
}  // namespace offprint::page
