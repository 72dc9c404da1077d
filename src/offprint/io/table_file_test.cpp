#include "offprint/io/table_file.hpp"

#include <fstream>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"

namespace offprint::io {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Named = std::vector<std::pair<std::string, NdArray>>;

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const InputError& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

class TableFile : public ::testing::Test {
 protected:
  TableFile() {
    fs::create_directories(folder_);
    matrix_.resize(2, 3);
    matrix_ << 1, 2, 3, 4, 5, 6;
  }
  ~TableFile() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string at(const std::string& name) const { return (folder_ / name).string(); }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-table-" + std::to_string(::getpid()));
  Eigen::MatrixXd matrix_;
};

TEST_F(TableFile, EveryFormatGivesTheSameMatrix) {
  const NdArray array = NdArray::from_matrix(matrix_);
  write_csv(at("a.csv"), {"x", "y", "z"}, matrix_);
  std::ofstream(at("a.TSV")) << "1\t2\t3\n4\t5\t6\n";
  std::ofstream(at("a.txt")) << "1 2 3\n4 5 6\n";
  write_npy(at("a.npy"), array);
  write_npz(at("a.npz"), Named{{"m", array}});
  write_hdf5(at("a.h5"), Named{{"m", array}});
  fs::copy_file(at("a.npy"), at("strange.bin"));  // the content tells
  for (const char* name :
       {"a.csv", "a.TSV", "a.txt", "a.npy", "a.npz", "a.npz:m", "a.h5", "a.h5:/m", "a.h5:m", "strange.bin"}) {
    const MatrixFile m = read_matrix(at(name));
    EXPECT_TRUE(m.values == matrix_) << name;
    EXPECT_EQ(m.columns.size(), 3u) << name;
    EXPECT_TRUE(read_data(at(name)).values.matrix() == matrix_) << name;
  }
  EXPECT_THAT(read_matrix(at("a.csv")).columns, ElementsAre("x", "y", "z"));
  EXPECT_THAT(read_matrix(at("a.npy")).columns, ElementsAre("c1", "c2", "c3"));
}

TEST_F(TableFile, AddressesWithColons) {
  fs::create_directories(at("odd:folder"));
  write_npz(at("odd:folder/a.npz"),
            Named{{"x:1", NdArray::from_matrix(matrix_)}, {"b", NdArray::from_matrix(matrix_)}});
  EXPECT_TRUE(read_matrix(at("odd:folder/a.npz:x:1")).values == matrix_);
  write_csv(at("t:0.csv"), {}, matrix_);
  EXPECT_TRUE(read_matrix(at("t:0.csv")).values == matrix_);
}

TEST_F(TableFile, ErrorsSayWhatWouldBeRight) {
  std::ofstream(at("a.xlsx")) << "sheet";
  EXPECT_EQ(error_of([&] { (void)read_matrix(at("a.xlsx")); }),
            at("a.xlsx") +
                ": the format is not known; read are .csv, .tsv, .txt, .dat (also with .gz), .npy, .npz, .h5, "
                ".hdf5 and .mat (MATLAB 7.3)");
  EXPECT_EQ(error_of([&] { (void)read_matrix(at("no.csv")); }),
            "cannot read '" + at("no.csv") + "': no such file or folder");
  EXPECT_EQ(error_of([&] { (void)read_matrix(at("no.xyz")); }),
            "cannot read '" + at("no.xyz") + "': no such file or folder");
  EXPECT_EQ(error_of([&] { (void)read_matrix(folder_.string()); }),
            "cannot read '" + folder_.string() + "': it is a folder");
  write_npz(at("two.npz"), Named{{"x", NdArray::from_matrix(matrix_)}, {"y", NdArray::from_matrix(matrix_)}});
  EXPECT_EQ(error_of([&] { (void)read_matrix(at("two.npz")); }),
            at("two.npz") + ": the file holds 2 arrays, name one as " + at("two.npz") + ":x (it holds x, y)");
  write_csv(at("a.csv"), {}, matrix_);
  EXPECT_EQ(error_of([&] { (void)read_matrix(at("a.csv:x")); }),
            at("a.csv") + ": the file holds one table only, there is no 'x' in it");
  write_npy(at("cube.npy"), NdArray({1, 2, 3}, Eigen::VectorXd(Eigen::VectorXd::Zero(6))));
  EXPECT_EQ(error_of([&] { (void)read_matrix(at("cube.npy")); }),
            at("cube.npy") + ": an array of shape (1, 2, 3) is no matrix: rank 2 is needed");
  write_npy(at("z.npy"), NdArray::from_matrix(Eigen::MatrixXcd(matrix_.cast<std::complex<double>>())));
  EXPECT_THAT(error_of([&] { (void)read_matrix(at("z.npy")); }), HasSubstr("is complex: real is needed"));
}

}  // namespace
}  // namespace offprint::io
