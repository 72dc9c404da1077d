// idx, CIFAR and LIBSVM files: what they hold, and what is said about damaged ones.
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/io/cifar.hpp"
#include "offprint/io/idx.hpp"
#include "offprint/io/libsvm.hpp"

namespace offprint::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

class ImageSets : public ::testing::Test {
 protected:
  ImageSets() { fs::create_directories(folder_); }
  ~ImageSets() override { fs::remove_all(folder_); }
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-images-" + std::to_string(::getpid()));
};

std::string idx(unsigned char type, std::initializer_list<unsigned char> sizes, const std::string& payload) {
  std::string bytes{0, 0, static_cast<char>(type), static_cast<char>(sizes.size())};
  for (const unsigned char size : sizes) bytes += std::string{0, 0, 0, static_cast<char>(size)};
  return bytes + payload;
}

TEST_F(ImageSets, IdxBytes) {
  const auto images = read_idx_bytes(write("a", idx(0x08, {2, 1, 3}, "\x01\x02\x03\xff\x05\x06")));
  EXPECT_THAT(images.shape, ElementsAre(2, 1, 3));
  EXPECT_THAT(images.values, ElementsAre(1, 2, 3, 255, 5, 6));
}

TEST_F(ImageSets, IdxOfOtherTypesIsBigEndian) {
  const auto shorts = read_idx(write("s", idx(0x0B, {2}, std::string("\x01\x02\xff\xfe", 4))));
  EXPECT_DOUBLE_EQ(shorts.real()[0], 258.0);
  EXPECT_DOUBLE_EQ(shorts.real()[1], -2.0);
  const auto floats = read_idx(write("f", idx(0x0D, {1}, std::string("\x3f\xc0\x00\x00", 4))));
  EXPECT_DOUBLE_EQ(floats.real()[0], 1.5);
  const auto doubles = read_idx(write("d", idx(0x0E, {1}, std::string("\xc0\x04\0\0\0\0\0\0", 8))));
  EXPECT_DOUBLE_EQ(doubles.real()[0], -2.5);
}

TEST_F(ImageSets, IdxOfTheWrongSize) {
  EXPECT_THAT(error_of([&] {
                (void)read_idx_bytes(write("a", idx(0x08, {2, 3}, "12345")));
              }),
              HasSubstr("has 18 bytes, found 17"));
  EXPECT_THAT(error_of([&] { (void)read_idx_bytes(write("a", "not idx")); }), HasSubstr("not an idx file"));
  EXPECT_THAT(error_of([&] { (void)read_idx_bytes(write("a", idx(0x0D, {1}, "abcd"))); }), HasSubstr("0x0D"));
  EXPECT_THAT(error_of([&] { (void)read_idx_bytes(write("a", std::string("\0\0\x08\x03\0\0", 6))); }),
              HasSubstr("cut off: expected 16 bytes, found 6"));
}

TEST_F(ImageSets, CifarRecords) {
  std::string two;
  for (const char label : {'\x03', '\x09'}) two += label + std::string(3072, static_cast<char>(label * 2));
  const auto set = read_cifar(write("c", two));
  EXPECT_THAT(set.labels, ElementsAre(3, 9));
  EXPECT_THAT(set.images.shape, ElementsAre(2, 3, 32, 32));
  EXPECT_EQ(set.images.values[3071], 6);
  EXPECT_EQ(set.images.values[3072], 18);
  EXPECT_THAT(error_of([&] { (void)read_cifar(write("c", two.substr(1))); }),
              HasSubstr("expected a multiple of 3073 bytes (one CIFAR record), found 6145"));
  two[0] = 12;
  EXPECT_THAT(error_of([&] { (void)read_cifar(write("c", two)); }), HasSubstr("image 0 has label 12"));
}

TEST(Libsvm, RowsLabelsAndComments) {
  const auto file = parse_libsvm("+1 1:0.5 3:-2 # a comment\n\n-1\n 2 2:1e3 4:7\r\n");
  ASSERT_EQ(file.x.rows(), 3);
  ASSERT_EQ(file.x.cols(), 4);
  EXPECT_EQ(file.labels, Eigen::Vector3d(1, -1, 2));
  EXPECT_EQ(file.x.nonZeros(), 4);
  EXPECT_DOUBLE_EQ(file.x.coeff(0, 0), 0.5);
  EXPECT_DOUBLE_EQ(file.x.coeff(0, 2), -2.0);
  EXPECT_DOUBLE_EQ(file.x.coeff(2, 1), 1000.0);
  EXPECT_DOUBLE_EQ(file.x.coeff(2, 3), 7.0);
  EXPECT_EQ(parse_libsvm("1 1:1", {.features = 9}).x.cols(), 9);
}

TEST(Libsvm, QueryNumbersAreSkipped) {
  const auto file = parse_libsvm("2 qid:1 1:0.5 3:1\n1 qid:1 2:4\n0 qid:2\n");
  EXPECT_EQ(file.labels, Eigen::Vector3d(2, 1, 0));
  EXPECT_EQ(file.x.nonZeros(), 3);
  EXPECT_DOUBLE_EQ(file.x.coeff(1, 1), 4.0);
}

TEST(Libsvm, BlocksDoNotChangeTheResult) {
  std::string text;
  for (int i = 0; i < 70'000; ++i)
    text += std::to_string(i) + " 1:" + std::to_string(i % 7) + " " + std::to_string(2 + i % 50) + ":1.5\n";
  ASSERT_GT(text.size(), std::size_t{1} << 20U);  // more than one block
  const auto one = parse_libsvm(text, {.parallel = {.threads = 1}});
  const auto two = parse_libsvm(text, {.parallel = {.threads = 2}});
  EXPECT_EQ(one.labels, two.labels);
  EXPECT_EQ((one.x - two.x).norm(), 0.0);
  EXPECT_DOUBLE_EQ(two.labels[69'999], 69'999.0);
  EXPECT_DOUBLE_EQ(two.x.coeff(69'999, 0), 69'999 % 7);
}

TEST(Libsvm, BadInputNamesTheLine) {
  const auto error = [](std::string_view text, Eigen::Index features = 0) {
    return error_of([&] { (void)parse_libsvm(text, {.features = features}, "f"); });
  };
  EXPECT_THAT(error("1 1:1\nx 1:2\n"), HasSubstr("f:2: the label is no number"));
  EXPECT_THAT(error("1 0:1\n"), HasSubstr("indices start at 1"));
  EXPECT_THAT(error("1 2:1 2:3\n"), HasSubstr("must rise within a line"));
  EXPECT_THAT(error("1 5:1\n", 4), HasSubstr("exceeds the 4 features"));
  EXPECT_THAT(error("1 5:a\n"), HasSubstr("value of feature 5 is no number"));
  EXPECT_THAT(error("1 5\n"), HasSubstr("'5' is not INDEX:VALUE"));
  EXPECT_THAT(error("1 1:1\n1 2:nan\n"), HasSubstr("f:2: the value of feature 2 is not finite"));
  EXPECT_THAT(error("inf 1:1\n"), HasSubstr("f:1: the label is not finite"));
  EXPECT_THAT(error("1 2147483648:1\n"), HasSubstr("index 2147483648 is larger than 2147483647"));
  EXPECT_THAT(error("\n# nothing\n"), HasSubstr("holds no sample"));
}

}  // namespace
}  // namespace offprint::io
