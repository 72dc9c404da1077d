// Data sets: what is read, what is refused, and that the rendered digits are learnable and not trivial.
#include "offprint/nn/labelled.hpp"

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/nn/digits.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/sgd.hpp"

namespace offprint::nn {
namespace {

namespace fs = std::filesystem;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
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

class LabelledFiles : public ::testing::Test {
 protected:
  LabelledFiles() { fs::create_directories(folder_); }
  ~LabelledFiles() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return (folder_ / name).string();
  }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-labelled-" + std::to_string(::getpid()));
};

TEST(LabelledSets, SubsetsAndClasses) {
  Labelled data{MatrixXd(1, 6), {2, 0, 1, 0, 2, 1}, 3, {1}};
  data.inputs << 0, 1, 2, 3, 4, 5;
  EXPECT_THAT(first_of_each_class(data, 1), ElementsAre(0, 1, 2));
  EXPECT_THAT(first_of_each_class(data, 2, true), ElementsAre(1, 3, 2, 5, 0, 4));
  const auto part = subset(data, std::vector<std::size_t>{4, 1});
  EXPECT_THAT(part.labels, ElementsAre(2, 0));
  EXPECT_EQ(part.inputs(0, 0), 4.0);
  EXPECT_THAT(error_of([&] { (void)first_of_each_class(data, 3); }), HasSubstr("class 0 has 2 samples"));
  EXPECT_EQ(one_hot(data.labels, 3).col(0), Eigen::Vector3d(0, 0, 1));
}

TEST(LabelledSets, Standardisation) {
  Labelled data{MatrixXd::Random(3, 40), {}, 0, {3}};
  data.inputs.row(1).array() += 5;
  Labelled global = data;
  standardise(global, global_standardisation(global));
  EXPECT_NEAR(global.inputs.mean(), 0.0, 1e-14);
  EXPECT_NEAR(global.inputs.squaredNorm() / 120, 1.0, 1e-13);
  Labelled features = data;
  standardise(features, feature_standardisation(features));
  EXPECT_LT(features.inputs.rowwise().mean().norm(), 1e-14);
  EXPECT_NEAR(features.inputs.squaredNorm() / 120, 1.0, 1e-13);
  EXPECT_THROW((void)global_standardisation({MatrixXd::Ones(2, 2), {}, 0, {2}}), InputError);
}

TEST_F(LabelledFiles, ArraysAndTables) {
  const std::string npy = (folder_ / "x.npy").string();
  io::write_npy(npy, io::NdArray({2, 1, 2}, VectorXd(VectorXd::LinSpaced(4, 1, 4))));
  const Labelled data = read_inputs(npy);
  EXPECT_EQ(data.size(), 2);
  EXPECT_THAT(data.shape, ElementsAre(1, 2));
  EXPECT_EQ(data.inputs(0, 1), 3.0);  // the second sample's first value
  EXPECT_THAT(read_labels(write("y.csv", "label\n1\n0\n"), 2), ElementsAre(1, 0));
  EXPECT_THAT(read_labels(write("z.csv", "kind\ncat\ndog\ncat\n"), 3), ElementsAre(0, 1, 0));
  EXPECT_THAT(error_of([&] { (void)read_labels(write("y.csv", "1\n0.5\n"), 2); }), HasSubstr("sample 1 is 0.5"));
  EXPECT_THAT(error_of([&] { (void)read_labels(write("y.csv", "1\n-1\n"), 2); }), HasSubstr("sample 1 is -1"));
  EXPECT_THAT(error_of([&] { (void)read_labels(write("y.csv", "1\n0\n"), 3); }), HasSubstr("2 labels for 3 samples"));
  EXPECT_THAT(error_of([&] { (void)read_inputs(write("x.csv", "1,2\n3,nan\n")); }),
              HasSubstr("value 1 of sample 1 is not finite"));
}

TEST_F(LabelledFiles, IdxAndCifar) {
  const std::string images =
      write("train-images-idx3-ubyte", std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x02\0\xff\x33\0", 20));
  write("train-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\x02\x07\x01", 10));
  const Labelled mnist = read_mnist(folder_, Split::kTrain);
  EXPECT_THAT(mnist.labels, ElementsAre(7, 1));
  EXPECT_THAT(mnist.shape, ElementsAre(1, 1, 2));
  EXPECT_DOUBLE_EQ(mnist.inputs(1, 0), 1.0);
  EXPECT_DOUBLE_EQ(read_inputs(images).inputs(0, 1), 0.2);
  EXPECT_THAT(error_of([&] { (void)read_mnist(folder_, Split::kTest); }), HasSubstr("is missing"));
  const std::string cifar = write("data_batch_1.bin", '\x05' + std::string(3072, '\0'));
  EXPECT_THAT(read_inputs(cifar).labels, ElementsAre(5));
  EXPECT_EQ(read_cifar10(folder_, Split::kTrain).size(), 1);
}

TEST_F(LabelledFiles, LibsvmIsMadeDense) {
  const Labelled data = read_inputs(write("a.libsvm", "+1 1:0.5 3:2\n-1 2:1\n"));
  EXPECT_EQ(data.inputs.col(0), Eigen::Vector3d(0.5, 0, 2));
  EXPECT_THAT(data.labels, ElementsAre(1, 0));
  EXPECT_EQ(data.classes, 2);
}

TEST(RenderedDigits, EachImageDependsOnItsIndexOnly) {
  const Labelled many = rendered_digits(25, 4);
  const Labelled few = rendered_digits(12, 4);
  EXPECT_EQ(many.inputs.leftCols(12), few.inputs);
  EXPECT_NE(many.inputs.col(3), many.inputs.col(13));
  EXPECT_EQ(many.labels[13], 3);
  EXPECT_GE(many.inputs.minCoeff(), 0.0);
  EXPECT_LE(many.inputs.maxCoeff(), 1.0);
}

TEST(RenderedDigits, AreLearnableAndNotTrivial) {
  Labelled train_set = rendered_digits(2000, 0);
  Labelled test_set = rendered_digits(1000, 1);
  const Standardisation how = global_standardisation(train_set);
  standardise(train_set, how);
  standardise(test_set, how);
  MatrixXd means = train_set.inputs * one_hot(train_set.labels, 10).transpose() / 200;
  Index right = 0;
  for (Index i = 0; i < test_set.size(); ++i) {
    Index nearest = 0;
    (means.colwise() - test_set.inputs.col(i)).colwise().squaredNorm().minCoeff(&nearest);
    right += nearest == test_set.labels[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  EXPECT_LT(right, 900);
  EXPECT_GT(right, 500);
  const Mlp net({784, 64, 10});
  const MlpLoss loss(net, train_set.inputs, train_set.labels);
  VectorXd theta = net.initial(Stream(0, "init"));
  train([&](const auto& t, auto batch, auto g) { return loss.gradient(t, batch, g); }, theta, 2000, 64, 400,
        {.learning_rate = 0.1, .momentum = 0.9}, Stream(0, "batches"));
  const double accuracy = MlpLoss(net, test_set.inputs, test_set.labels).accuracy(theta);
  std::cout << "nearest mean " << right << " of 1000, network " << accuracy << "\n";
  EXPECT_GT(accuracy, 0.95);
}

}  // namespace
}  // namespace offprint::nn
