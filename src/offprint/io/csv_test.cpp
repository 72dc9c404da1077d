#include "offprint/io/csv.hpp"

#include <cmath>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"

namespace offprint::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const double kInf = std::numeric_limits<double>::infinity();

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}
std::string error_of(std::string_view text, const CsvOptions& options = {}) {
  return error_of([&] { (void)parse_csv(text, options, "t.csv"); });
}

class CsvFile : public ::testing::Test {
 protected:
  CsvFile() { fs::create_directories(folder_); }
  ~CsvFile() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-csv-" + std::to_string(::getpid()));
};

Eigen::MatrixXd matrix(std::initializer_list<std::initializer_list<double>> rows) {
  Eigen::MatrixXd m(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows.begin()->size()));
  Eigen::Index r = 0;
  for (const auto& row : rows) {
    Eigen::Index c = 0;
    for (const double x : row) m(r, c++) = x;
    ++r;
  }
  return m;
}

// Same shape and bits; NaN equals NaN.
::testing::AssertionResult same(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return ::testing::AssertionFailure() << "shapes differ";
  for (Eigen::Index c = 0; c < a.cols(); ++c)
    for (Eigen::Index r = 0; r < a.rows(); ++r)
      if (!(a(r, c) == b(r, c) || (std::isnan(a(r, c)) && std::isnan(b(r, c)))))
        return ::testing::AssertionFailure() << "at (" << r << ", " << c << "): " << a(r, c) << " and " << b(r, c);
  return ::testing::AssertionSuccess();
}

TEST(Csv, ReadsAHeaderAndNumbers) {
  const Table t = parse_csv("x,y\n1,2.5\n-3e2,+4\n");
  EXPECT_THAT(t.names, ElementsAre("x", "y"));
  EXPECT_TRUE(same(t.values, matrix({{1, 2.5}, {-300, 4}})));
}

TEST(Csv, TheLastLineNeedsNoLineFeed) {
  EXPECT_TRUE(same(parse_csv("1,2\n3,4").values, matrix({{1, 2}, {3, 4}})));
  EXPECT_TRUE(same(parse_csv("7").values, matrix({{7}})));
}

TEST(Csv, FindsTheDelimiter) {
  const auto expected = matrix({{1, 2}, {3, 4}});
  for (const char* text :
       {"1,2\n3,4\n", "1;2\n3;4\n", "1\t2\n3\t4\n", "1 2\n3 4\n", "  1   2\n 3 \t 4  \n", "1, 2\n3, 4\n",
        "1 ,2\r\n3 ,4\r\n", "1 2\r\n3 4\r\n", "a b,c d\n1,2\n3,4\n", "a;b, c\n1;2\n3;4\n"})
    EXPECT_TRUE(same(parse_csv(text).values, expected)) << text;
  EXPECT_TRUE(same(parse_csv("time of day\n1\n2\n").values, matrix({{1}, {2}})));
  CsvOptions pipe;
  pipe.delimiter = '|';
  EXPECT_TRUE(same(parse_csv("1|2\n3|4\n", pipe).values, expected));
}

TEST(Csv, DecidesWhetherThereIsAHeader) {
  EXPECT_THAT(parse_csv("1,2\n3,4\n").names, ElementsAre("c1", "c2"));
  EXPECT_THAT(parse_csv("a,NaN\n3,4\n").names, ElementsAre("a", "NaN"));
  EXPECT_EQ(parse_csv("nan,1\n3,4\n").values.rows(), 2);
  EXPECT_THAT(parse_csv("t,0.5,1.5\n1,2,3\n").names, ElementsAre("t", "0.5", "1.5"));  // text over a number
  EXPECT_THAT(parse_csv(",b\n1,2\n").names, ElementsAre("c1", "b"));
  CsvOptions text;
  text.text_columns = {"1"};
  EXPECT_EQ(parse_csv("walk,1\nrun,2\n", text).values.rows(), 2);  // text over text beside a number: data
  CsvOptions present;
  present.header = Header::present;
  EXPECT_THAT(parse_csv("10,20\n3,4\n", present).names, ElementsAre("10", "20"));
  CsvOptions absent;
  absent.header = Header::absent;
  EXPECT_THAT(error_of("x,y\n1,2\n", absent), HasSubstr("t.csv:1:1: 'x' in column 1 ('c1') is not a number"));
}

TEST(Csv, TakesNamesFromTheCommentThatNumpyWrites) {
  EXPECT_THAT(parse_csv("# x y\n1 2\n3 4\n").names, ElementsAre("x", "y"));
  EXPECT_THAT(parse_csv("# made by hand\n1,2\n3,4\n").names, ElementsAre("c1", "c2"));
  EXPECT_THAT(parse_csv("# x y\n\n1 2\n3 4\n").names, ElementsAre("c1", "c2"));
}

TEST(Csv, SkipsCommentsBlankLinesAndTheByteOrderMark) {
  const Table t = parse_csv("\xef\xbb\xbf# about\n\nx,y\n  # more\n1,2\n   \n\r\n3,4\n#5,6\n\n");
  EXPECT_THAT(t.names, ElementsAre("x", "y"));
  EXPECT_TRUE(same(t.values, matrix({{1, 2}, {3, 4}})));
  CsvOptions percent;
  percent.comment = '%';
  EXPECT_TRUE(same(parse_csv("% MATLAB\n1,2\n", percent).values, matrix({{1, 2}})));
}

TEST(Csv, MissingValuesAreNaN) {
  const double nan = std::nan("");
  const Table t = parse_csv("a,b,c\n,NA,1\nnan,NaN,\n-nan,N/A,null\n inf,-Inf,+infinity\n");
  EXPECT_TRUE(same(t.values, matrix({{nan, nan, 1}, {nan, nan, nan}, {nan, nan, nan}, {kInf, -kInf, kInf}})));
  EXPECT_TRUE(same(parse_csv("1\t\t3\n\t\t\n").values, matrix({{1, nan, 3}, {nan, nan, nan}})));
}

TEST(Csv, NumbersAreRoundedCorrectly) {
  const Table t = parse_csv(
      "v\n0.1\n9007199254740993\n2.2250738585072011e-308\n4.9406564584124654e-324\n1e400\n-1e400\n1e-400\n"
      "179769313486231580793728971405301e276\n.5\n5.\n1E3\n");
  EXPECT_TRUE(same(t.values, matrix({{0.1},
                                     {9007199254740992.0},
                                     {2.2250738585072011e-308},
                                     {4.9406564584124654e-324},
                                     {kInf},
                                     {-kInf},
                                     {0.0},
                                     {1.797693134862315807e308},
                                     {0.5},
                                     {5.0},
                                     {1000.0}})));
}

TEST(Csv, QuotedFieldsFollowTheStandard) {
  CsvOptions options;
  options.text_columns = {"who, where"};
  const Table t = parse_csv(
      "\"who, where\",\"x\"\r\n"
      "\"a \"\"b\"\"\",\"1.5\"\r\n"
      "\"two\nlines, and \"\"more\"\"\n\",2\r\n"
      "plain 5\" text, \"3\" \r\n"
      "\"\",4\r\n",
      options);
  EXPECT_THAT(t.names, ElementsAre("x"));
  EXPECT_THAT(t.text_column("who, where"), ElementsAre("a \"b\"", "two\nlines, and \"more\"\n", "plain 5\" text", ""));
  EXPECT_TRUE(same(t.values, matrix({{1.5}, {2}, {3}, {4}})));
}

TEST(Csv, SelectsColumnsByNameAndNumberInTheirOrder) {
  CsvOptions options;
  options.columns = {"c", "1"};
  const Table t = parse_csv("a,b,c\n1,x,3\n4,y,6\n", options);
  EXPECT_THAT(t.names, ElementsAre("c", "a"));
  EXPECT_TRUE(same(t.values, matrix({{3, 1}, {6, 4}})));
  options.columns = {"2"};  // a name wins over a number
  EXPECT_TRUE(same(parse_csv("2,x\n5,6\n", {.header = Header::present, .columns = {"2"}}).values, matrix({{5}})));
}

TEST(Csv, CategoriesNumberTheLabelsInOrderOfAppearance) {
  const Categories c = categories({"walk", "run", "walk", "hop"});
  EXPECT_THAT(c.labels, ElementsAre("walk", "run", "hop"));
  EXPECT_THAT(c.codes, ElementsAre(0, 1, 0, 2));
}

TEST(Csv, ErrorsNameThePlaceAndTheRemedy) {
  EXPECT_EQ(error_of(""), "t.csv: the file is empty");
  EXPECT_EQ(error_of("\n# nothing\n"), "t.csv: the file has no rows, only blank lines or comments");
  EXPECT_EQ(error_of("a,b\n"), "t.csv: there is a header but no row of data");
  EXPECT_EQ(error_of("a,b,c,d\n1,2,3,4\n# c\n1,2,3\n"), "t.csv:4: the row has 3 fields, the header has 4");
  EXPECT_EQ(error_of("1,2\n1,2,3\n1,2\n"), "t.csv:2: the row has 3 fields, the first row has 2");
  EXPECT_EQ(error_of("1,2\n1\n"), "t.csv:2: the row has 1 field, the first row has 2");
  EXPECT_EQ(error_of("x,y\n1,2\n3,4.5.6\n"),
            "t.csv:3:3: '4.5.6' in column 2 ('y') is not a number; select other columns, or keep this one as text");
  EXPECT_EQ(error_of("x;y\n1;2\n3;4,5\n"),
            "t.csv:3:3: '4,5' in column 2 ('y') is not a number; the decimal mark must be a point");
  EXPECT_EQ(error_of("x,y\n1,2\n\"3,4\n5,6\n"), "t.csv:3:1: the quoted field that starts here is never closed");
  EXPECT_THAT(error_of("x,y\n1,2\n3,\"4\"5\n"), HasSubstr("t.csv:3:3: the quoted field that starts here is followed"));
  EXPECT_EQ(error_of(std::string_view("1,2\n\0\0", 6)),
            "t.csv: this is a binary file, not a text table (byte 5 is zero)");
  EXPECT_EQ(error_of("\xff\xfe"
                     "1\n"),
            "t.csv: the text is UTF-16; save it as UTF-8");
  EXPECT_EQ(error_of("velocity,y\n1,2\n", {.columns = {"velocty"}}),
            "t.csv: there is no column 'velocty'; did you mean 'velocity'?");
  EXPECT_EQ(error_of("x,y\n1,2\n", {.columns = {"3"}}), "t.csv: there is no column 3, the columns are 1 to 2");
  EXPECT_EQ(error_of("x,y\n1,2\n", {.columns = {"0"}}), "t.csv: there is no column 0, the columns are 1 to 2");
  EXPECT_EQ(error_of("x,x\n1,2\n", {.columns = {"x"}}),
            "t.csv: columns 1 and 2 are both called 'x'; select one by its number");
  EXPECT_EQ(error_of("x,y\n1,2\n", {.columns = {"x", "1"}}), "t.csv: column 'x' is selected twice");
}

TEST_F(CsvFile, ErrorsOfUnreadableFiles) {
  EXPECT_EQ(error_of([&] { (void)read_csv(folder_ / "no.csv"); }),
            "cannot read '" + (folder_ / "no.csv").string() + "': no such file or folder");
  EXPECT_EQ(error_of([&] { (void)read_csv(folder_); }), "cannot read '" + folder_.string() + "': it is a folder");
  const auto cut = write("cut.csv.gz", "\x1f\x8b\x08" + std::string(7, '\0'));
  EXPECT_THAT(error_of([&] { (void)read_csv(cut); }), HasSubstr("cut.csv.gz: the gzip data end too early"));
  const auto bad = write("bad.csv.gz", "\x1f\x8b\x08" + std::string(7, '\0') + std::string(40, '\xff'));
  EXPECT_THAT(error_of([&] { (void)read_csv(bad); }), HasSubstr("bad.csv.gz: the gzip data are damaged"));
}

TEST_F(CsvFile, GzipIsReadTransparently) {
  const auto path = folder_ / "a.csv.gz";
  std::string text = "x,y\n";
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + "," + std::to_string(-i) + "\n";
  for (const char* mode : {"wb", "ab"}) {  // two members
    gzFile file = gzopen(path.c_str(), mode);
    ASSERT_NE(file, nullptr);
    gzwrite(file, mode[0] == 'w' ? text.data() : text.data() + 4,
            static_cast<unsigned>(text.size() - (mode[0] == 'w' ? 0 : 4)));
    gzclose(file);
  }
  const Table t = read_csv(path);
  ASSERT_EQ(t.values.rows(), 100000);
  EXPECT_EQ(t.values(99999, 1), -49999.0);
}

TEST_F(CsvFile, WhatIsWrittenReadsBackBitForBit) {
  Stream stream(1, "csv");
  Table t;
  t.names = {"a", "with, comma", "with \"quote\""};
  t.values.resize(20000, 3);
  for (Eigen::Index c = 0; c < 3; ++c)
    for (Eigen::Index r = 0; r < t.values.rows(); ++r)
      t.values(r, c) = std::ldexp(stream.normal(), static_cast<int>(stream.below(600)) - 300);
  t.values.row(7) << std::nan(""), kInf, -0.0;
  t.values(8, 0) = std::numeric_limits<double>::denorm_min();
  t.values(9, 0) = -std::numeric_limits<double>::max();
  t.text.push_back({"who", {}});
  for (Eigen::Index r = 0; r < t.values.rows(); ++r) t.text[0].values.push_back(r % 3 == 0 ? "a\n\"b\", c" : " x#");
  write_csv(folder_ / "t.csv", t);
  const Table back = read_csv(folder_ / "t.csv", {.text_columns = {"who"}});
  EXPECT_EQ(back.names, t.names);
  EXPECT_TRUE(same(back.values, t.values));
  EXPECT_TRUE(std::signbit(back.values(7, 2)));
  EXPECT_EQ(back.text[0].values, t.text[0].values);
  EXPECT_THAT(error_of([&] { write_csv(folder_ / "t.csv", {"a"}, t.values); }), HasSubstr("1 names for 3 columns"));
}

// Several blocks, with and without quotes, blank lines and comments among them: every thread count gives the rows in
// order, and an error names the right line.
TEST(Csv, ManyBlocksOnAnyNumberOfThreads) {
  for (const bool quotes : {false, true}) {
    std::string text = "i,j\n";
    const int rows = 400000;
    for (int i = 0; i < rows; ++i) {
      text += std::to_string(i) +
              (quotes && i % 1000 == 0 ? ",\"" + std::to_string(2 * i) + "\"" : "," + std::to_string(2 * i));
      text += i % 777 == 0 ? "\n\n# note\n" : "\n";
    }
    ASSERT_GT(text.size(), std::size_t{3} << 20);
    for (const unsigned threads : {1u, 2u, 3u}) {
      CsvOptions options;
      options.parallel.threads = threads;
      const Table t = parse_csv(text, options);
      ASSERT_EQ(t.values.rows(), rows);
      for (Eigen::Index i = 0; i < rows; ++i) {
        ASSERT_EQ(t.values(i, 0), static_cast<double>(i));
        ASSERT_EQ(t.values(i, 1), static_cast<double>(2 * i));
      }
      const auto lines = std::count(text.begin(), text.end(), '\n');
      EXPECT_EQ(error_of(text + "1,2,3\n9,9\nx,y\n", options),
                "t.csv:" + std::to_string(lines + 1) + ": the row has 3 fields, the header has 2");
    }
  }
}

TEST(Csv, CancellationStopsTheReading) {
  CsvOptions options;
  options.parallel.cancel = CancelToken([] { return true; });
  EXPECT_THROW((void)parse_csv("1,2\n", options), Interrupted);
}

}  // namespace
}  // namespace offprint::io
