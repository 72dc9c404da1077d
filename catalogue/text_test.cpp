#include "catalogue/text.hpp"

#include <gtest/gtest.h>

#include "catalogue/arxiv_id.hpp"

namespace offprint::catalogue {
namespace {

TEST(CleanText, FoldsSpaceAndDropsWhatNobodySees) {
  EXPECT_EQ(clean_text("  a\r\n\tb\u00a0\u2003c  ", 100), "a b c");
  EXPECT_EQ(clean_text(std::string("a\0b\x01\x1b[31mc\x7f", 10), 100), "ab[31mc");
  EXPECT_EQ(clean_text("safe\u202Etxt.exe\u202C \u2066x\u2069\u200F", 100), "safetxt.exe x");
  EXPECT_EQ(clean_text("\uFEFFa\u200Bb\u00ADc\U000E0041", 100), "abc");
  EXPECT_EQ(clean_text("<script>alert('x')</script>", 100), "<script>alert('x')</script>");
  EXPECT_EQ(clean_text(" \n ", 100), "");
}

TEST(CleanText, MalformedUtf8BecomesReplacements) {
  EXPECT_EQ(clean_text("a\xff"
                       "b",
                       100),
            "a\uFFFDb");
  EXPECT_EQ(clean_text("\xc0\xaf", 100), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(clean_text("\xed\xa0\x80", 100), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(clean_text("\xf4\x90\x80\x80", 100), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(clean_text("x\xe2\x82", 100), "x\uFFFD");  // cut off
  EXPECT_EQ(clean_text("\xe2\x82\xac \xf0\x9f\x93\x84", 100), "\u20ac \U0001F4C4");
}

TEST(CleanText, CutsAtTheLimitInCodePoints) {
  EXPECT_EQ(clean_text("\u00e4\u00f6\u00fc\u00df", 3), "\u00e4\u00f6\u00fc");
  EXPECT_EQ(clean_text("ab cd", 3), "ab");  // no space at the end
  EXPECT_EQ(clean_text(std::string(10 << 20, 'a'), 20000).size(), 20000U);
}

TEST(NormalisedTitle, SeesThroughCasePunctuationAndDashes) {
  EXPECT_EQ(normalised_title("PFGM++: Unlocking  the Potential"), "pfgm unlocking the potential");
  EXPECT_EQ(normalised_title("On B-spline collocation"), normalised_title("On B\u2013Spline Collocation."));
  EXPECT_EQ(normalised_title("Poincar\u00e9"), "poincar\u00e9");
  EXPECT_EQ(normalised_title("?!"), "");
}

TEST(ArxivIds, BothSchemesVersionsAndAddresses) {
  const auto is = [](const char* text, const char* id, int version) {
    const auto parsed = parse_arxiv_id(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->id, id);
    EXPECT_EQ(parsed->version, version);
  };
  is("2407.06312", "2407.06312", 0);
  is("2407.06312v12", "2407.06312", 12);
  is("arXiv:0704.0001v1", "0704.0001", 1);
  is("http://arxiv.org/abs/2407.06312v2", "2407.06312", 2);
  is("https://www.arxiv.org/pdf/2407.06312v2.pdf", "2407.06312", 2);
  is("http://arxiv.org/abs/math/0211159v1", "math/0211159", 1);
  is("math.GT/0309136", "math/0309136", 0);
  is("cond-mat/9901001", "cond-mat/9901001", 0);
  for (const char* wrong :
       {"", "2407.123", "2407.123456", "2413.12345", "2407.06312v", "2407.06312v0", "2407.06312x", "2407.06312v2 ",
        "math/021115", "math/0213159", "Math/0211159", "/0211159", "http://example.org/abs/2407.06312", "httpx",
        "http://arxiv.org/api/errors#incorrect_id_format_for_x", "2407.06312v99999999999"})
    EXPECT_FALSE(parse_arxiv_id(wrong)) << wrong;
}

TEST(ArxivIds, TheirMonth) {
  EXPECT_EQ(month_of_arxiv_id("2407.06312"), "2024-07-01");
  EXPECT_EQ(month_of_arxiv_id("0704.0001"), "2007-04-01");
  EXPECT_EQ(month_of_arxiv_id("math/0211159"), "2002-11-01");
  EXPECT_EQ(month_of_arxiv_id("hep-th/9108001"), "1991-08-01");
}

}  // namespace
}  // namespace offprint::catalogue
