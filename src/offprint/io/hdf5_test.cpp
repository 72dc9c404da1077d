#include "offprint/io/hdf5.hpp"

#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"

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

NdArray counting(std::vector<std::size_t> shape) {
  const auto count = static_cast<Eigen::Index>(element_count(shape, "test"));
  return {std::move(shape), Eigen::VectorXd(Eigen::VectorXd::LinSpaced(count, 0, static_cast<double>(count - 1)))};
}

std::vector<double> values(const NdArray& a) { return {a.real().begin(), a.real().end()}; }

class Hdf5File : public ::testing::Test {
 protected:
  Hdf5File() { fs::create_directories(folder_); }
  ~Hdf5File() override { fs::remove_all(folder_); }

  // A data set as another program would write it: any type, with or without MATLAB's attribute.
  static void put(hid_t file, const char* name, hid_t type, const std::vector<hsize_t>& shape, const void* data,
                  const char* matlab_class = nullptr) {
    const hid_t space =
        shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), 0);
    if (matlab_class != nullptr) {
      const hid_t string = H5Tcopy(H5T_C_S1);
      H5Tset_size(string, std::strlen(matlab_class));
      const hid_t scalar = H5Screate(H5S_SCALAR);
      const hid_t attribute = H5Acreate2(dataset, "MATLAB_class", string, scalar, H5P_DEFAULT, H5P_DEFAULT);
      H5Awrite(attribute, string, matlab_class);
      H5Aclose(attribute);
      H5Sclose(scalar);
      H5Tclose(string);
    }
    H5Dclose(dataset);
    H5Sclose(space);
  }

  fs::path folder_ = fs::temp_directory_path() / ("offprint-h5-" + std::to_string(::getpid()));
};

TEST_F(Hdf5File, RoundTripsAnyRankRealAndComplex) {
  const auto path = folder_ / "a.h5";
  Eigen::VectorXcd z(6);
  for (Eigen::Index i = 0; i < 6; ++i) z[i] = {static_cast<double>(i), -0.5 * static_cast<double>(i)};
  const std::vector<std::pair<std::string, NdArray>> written = {
      {"scalar", NdArray({}, Eigen::VectorXd(Eigen::VectorXd::Constant(1, 7.5)))},
      {"v", counting({5})},
      {"group/deep/m", counting({4, 3})},
      {"t", counting({2, 3, 4})},
      {"z", NdArray({3, 2}, z)},
      {"none", counting({0, 3})}};
  for (const int compression : {0, 6}) {
    write_hdf5(path, written, {.compression = compression});
    for (const auto& [name, array] : written) {
      const NdArray back = read_hdf5(path, name);
      EXPECT_EQ(back.shape(), array.shape()) << name;
      ASSERT_EQ(back.is_complex(), array.is_complex()) << name;
      if (array.is_complex()) {
        EXPECT_TRUE(back.complex() == array.complex());
      } else {
        EXPECT_TRUE(back.real() == array.real()) << name;
      }
    }
    std::vector<std::string> names;
    for (const auto& info : list_hdf5(path)) names.push_back(info.path);
    EXPECT_THAT(names, ElementsAre("/group/deep/m", "/none", "/scalar", "/t", "/v", "/z"));
  }
}

TEST_F(Hdf5File, CompressedChunksOfLongRowsRoundTrip) {
  const auto path = folder_ / "a.h5";
  const std::vector<std::pair<std::string, NdArray>> written = {
      {"wide", counting({3, 400000})}, {"deep", counting({2, 500, 700})}, {"tall", counting({300000, 2})}};
  write_hdf5(path, written, {.compression = 1});
  for (const auto& [name, array] : written) EXPECT_TRUE(read_hdf5(path, name).real() == array.real()) << name;
  EXPECT_THAT(values(read_hdf5(path, "tall", {.rows = {{299999, 1}}})), ElementsAre(599998, 599999));
}

TEST_F(Hdf5File, ReadsRowRanges) {
  const auto path = folder_ / "a.h5";
  write_hdf5(path, std::vector<std::pair<std::string, NdArray>>{{"m", counting({10, 3})}});
  EXPECT_THAT(values(read_hdf5(path, "m", {.rows = {{4, 2}}})), ElementsAre(12, 13, 14, 15, 16, 17));
  EXPECT_THAT(read_hdf5(path, "m", {.rows = {{10, 0}}}).shape(), ElementsAre(0, 3));
  const NdArray columns = read_hdf5(path, "m", {.axes = AxisOrder::reversed, .rows = {{1, 1}}});
  EXPECT_THAT(columns.shape(), ElementsAre(1, 10));
  EXPECT_THAT(values(columns), ElementsAre(1, 4, 7, 10, 13, 16, 19, 22, 25, 28));
  EXPECT_THAT(error_of([&] {
                (void)read_hdf5(path, "m", {.rows = {{9, 2}}});
              }),
              HasSubstr("a.h5:m: rows 9 to 11 are asked for, there are 10"));
}

TEST_F(Hdf5File, ReadsWhatOtherProgramsWrite) {
  const auto path = folder_ / "other.mat";
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const std::vector<std::int16_t> shorts = {-3, 0, 32767};
  put(file, "i2", H5T_STD_I16LE, {3}, shorts.data());
  const std::vector<float> floats = {1.5F, -2.0F};
  put(file, "f4", H5T_NATIVE_FLOAT, {2}, floats.data());
  const hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8);  // as h5py stores bool
  for (const std::int8_t v : {std::int8_t{0}, std::int8_t{1}}) H5Tenum_insert(boolean, v == 0 ? "FALSE" : "TRUE", &v);
  const std::vector<std::int8_t> flags = {1, 0, 1};
  put(file, "flags", boolean, {3}, flags.data());
  const hid_t single_complex = H5Tcreate(H5T_COMPOUND, 8);
  H5Tinsert(single_complex, "r", 0, H5T_NATIVE_FLOAT);
  H5Tinsert(single_complex, "i", 4, H5T_NATIVE_FLOAT);
  put(file, "c8", single_complex, {1}, floats.data());
  const std::vector<double> matrix = {1, 2, 3, 4, 5, 6};  // MATLAB's [1 2 3; ...] of 3 rows and 2 columns, column-major
  put(file, "A", H5T_NATIVE_DOUBLE, {2, 3}, matrix.data(), "double");
  const std::vector<std::uint16_t> text = {'h', 'i'};
  put(file, "words", H5T_NATIVE_UINT16, {2}, text.data(), "char");
  const hid_t string = H5Tcopy(H5T_C_S1);
  put(file, "string", string, {}, "x");
  H5Tclose(string);
  H5Tclose(boolean);
  H5Tclose(single_complex);
  H5Fclose(file);

  EXPECT_THAT(values(read_hdf5(path, "/i2")), ElementsAre(-3, 0, 32767));
  EXPECT_THAT(values(read_hdf5(path, "f4")), ElementsAre(1.5, -2));
  EXPECT_THAT(values(read_hdf5(path, "flags")), ElementsAre(1, 0, 1));
  EXPECT_EQ(read_hdf5(path, "c8").complex()[0], std::complex<double>(1.5, -2.0));
  const NdArray a = read_hdf5(path, "A");
  EXPECT_THAT(a.shape(), ElementsAre(3, 2));
  EXPECT_THAT(values(a), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(read_hdf5(path, "A", {.axes = AxisOrder::stored}).shape(), ElementsAre(2, 3));
  EXPECT_THAT(values(read_hdf5(path, "A", {.rows = {{1, 1}}})), ElementsAre(2, 5));
  EXPECT_THAT(error_of([&] { (void)read_hdf5(path, "words"); }), HasSubstr("does not hold numbers"));
  EXPECT_THAT(error_of([&] { (void)read_hdf5(path, "string"); }), HasSubstr("does not hold numbers"));
  for (const auto& info : list_hdf5(path)) {
    EXPECT_EQ(info.numeric, info.path != "/words" && info.path != "/string") << info.path;
    EXPECT_EQ(info.matlab, info.path == "/A" || info.path == "/words") << info.path;
  }
}

TEST_F(Hdf5File, BadFilesAndNamesAreNamed) {
  const auto path = folder_ / "a.h5";
  write_hdf5(path,
             std::vector<std::pair<std::string, NdArray>>{{"alpha", counting({2})}, {"flow/velocity", counting({2})}});
  EXPECT_EQ(error_of([&] { (void)read_hdf5(path, "/flow/velocty"); }),
            path.string() + ": there is no data set '/flow/velocty'; it holds /flow/velocity, /alpha");
  EXPECT_THAT(error_of([&] { (void)read_hdf5(path, ""); }), HasSubstr("there is no data set ''"));
  EXPECT_THAT(error_of([&] { (void)read_hdf5(path, "flow"); }), HasSubstr("there is no data set 'flow'"));
  std::ofstream(folder_ / "text.h5") << "x,y\n1,2\n";
  EXPECT_THAT(error_of([&] { (void)list_hdf5(folder_ / "text.h5"); }), HasSubstr("text.h5: this is not an HDF5 file"));
  std::ofstream(folder_ / "old.mat") << "MATLAB 5.0 MAT-file, Platform: GLNXA64";
  EXPECT_THAT(error_of([&] { (void)list_hdf5(folder_ / "old.mat"); }), HasSubstr("save it again in MATLAB with -v7.3"));
  EXPECT_THAT(error_of([&] { (void)list_hdf5(folder_ / "no.h5"); }), HasSubstr("no such file or folder"));
  EXPECT_THAT(error_of([&] { (void)list_hdf5(folder_); }), HasSubstr("it is a folder"));
  fs::copy_file(path, folder_ / "cut.h5");
  fs::resize_file(folder_ / "cut.h5", 1000);
  EXPECT_THAT(error_of([&] { (void)list_hdf5(folder_ / "cut.h5"); }), HasSubstr("cut.h5: the HDF5 file is damaged"));
  EXPECT_THROW(write_hdf5(folder_ / "no" / "a.h5", std::vector<std::pair<std::string, NdArray>>{}), IoError);
  EXPECT_THAT(error_of([&] {
                write_hdf5(folder_ / "b.h5", std::vector<std::pair<std::string, NdArray>>{{"g/", counting({1})}});
              }),
              HasSubstr("'g/' is not the name of a data set"));
  EXPECT_FALSE(fs::exists(folder_ / "b.h5"));
}

TEST_F(Hdf5File, ThreadsTakeTurns) {
  const auto path = folder_ / "a.h5";
  write_hdf5(path, std::vector<std::pair<std::string, NdArray>>{{"m", counting({1000, 10})}});
  std::vector<double> sums(4);
  std::vector<std::thread> threads;
  for (auto& sum : sums)
    threads.emplace_back([&] {
      for (int k = 0; k < 20; ++k) sum += read_hdf5(path, "m").real().sum();
    });
  for (auto& thread : threads) thread.join();
  for (const double sum : sums) EXPECT_EQ(sum, 20 * 9999.0 * 10000.0 / 2);
}

}  // namespace
}  // namespace offprint::io
