#include "offprint/landscape/collapse_training.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/labelled.hpp"

namespace offprint::landscape {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using ::testing::HasSubstr;

struct Blobs {
  MatrixXd inputs;
  ClassLabels labels;
};

Blobs blobs() {
  auto data = nn::gaussian_blobs(3, 8, 90, 0.7, Stream(1, "collapse blobs"));
  std::vector<std::int64_t> codes(data.labels.begin(), data.labels.end());
  return {std::move(data.inputs), ClassLabels(codes)};
}

TEST(CollapseTrainingTest, LayerwiseTrainingCollapsesWithDepth) {
  const auto data = blobs();
  CollapseTraining training;
  training.epochs = 30;
  training.batch = 16;
  const auto layers = train_layerwise(data.inputs, data.labels, {24, 24, 24}, training, 7);
  ASSERT_EQ(layers.size(), 3U);
  const double input = collapse_metrics(data.inputs, data.labels).nc1_trace;
  EXPECT_LT(layers[0].metrics.nc1_trace, input);
  EXPECT_LT(layers[1].metrics.nc1_trace, layers[0].metrics.nc1_trace);
  EXPECT_LT(layers[2].metrics.nc1_trace, layers[1].metrics.nc1_trace);
  for (const auto& layer : layers) {
    EXPECT_EQ(layer.features.rows(), 24);
    EXPECT_GE(layer.features.minCoeff(), 0.0);  // after ReLU
    EXPECT_EQ(layer.classifier.rows(), 3);
    EXPECT_GT(layer.accuracy, 0.9);
  }
  // The same seed, the same bits; another seed, another network.
  const auto again = train_layerwise(data.inputs, data.labels, {24, 24, 24}, training, 7);
  EXPECT_EQ(again[2].features, layers[2].features);
  EXPECT_NE(train_layerwise(data.inputs, data.labels, {24}, training, 8)[0].features, layers[0].features);
}

TEST(CollapseTrainingTest, DecayOfTheTwoPartsIsSeparate) {
  const auto data = blobs();
  CollapseTraining training;
  training.epochs = 5;
  training.batch = 16;
  training.decay_features = 0.0;
  training.decay_classifier = 0.5;
  const auto small_classifier = train_network(data.inputs, data.labels, {16, 16}, training, 3);
  training.decay_features = 0.5;
  training.decay_classifier = 0.0;
  const auto small_features = train_network(data.inputs, data.labels, {16, 16}, training, 3);
  const auto last = [](const TrainedNetwork& n) { return n.theta.tail(3 * 16).norm(); };
  const auto first = [](const TrainedNetwork& n) { return n.theta.head(16 * 8).norm(); };
  EXPECT_LT(last(small_classifier), 0.7 * last(small_features));
  EXPECT_LT(first(small_features), 0.5 * first(small_classifier));
  EXPECT_EQ(small_features.net.layers().back().bias, -1);  // mse: the classifier has no bias
  training.loss = nn::Loss::kCrossEntropy;
  EXPECT_NE(train_network(data.inputs, data.labels, {16}, training, 3).net.layers().back().bias, -1);
}

TEST(CollapseTrainingTest, EndToEndLayersAreMeasured) {
  const auto data = blobs();
  CollapseTraining training;
  training.epochs = 1;  // both drops of the rate fall on its end
  const auto network = train_network(data.inputs, data.labels, {16, 12}, training, 3);
  const auto layers = layer_collapse(network, data.inputs, data.labels);
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].metrics.means.rows(), 16);
  EXPECT_EQ(layers[1].metrics.means.rows(), 12);
  EXPECT_EQ(layers[1].classifier, network.theta.tail(36).reshaped<Eigen::RowMajor>(3, 12));
  EXPECT_EQ(layers[1].features, network.net.features(network.theta, data.inputs, 2));
}

TEST(CollapseTrainingTest, BadInput) {
  const auto data = blobs();
  const auto refusal = [&](auto change, const std::vector<Index>& widths = {8, 8}) {
    CollapseTraining training;
    training.epochs = 3;
    change(training);
    try {
      (void)train_layerwise(data.inputs, data.labels, widths, training, 1);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("(nothing was thrown)");
  };
  EXPECT_THAT(refusal([](auto& t) { t.learning_rate = 1e6; }),
              ::testing::AllOf(HasSubstr("hidden layer "), HasSubstr("training diverged in epoch"),
                               HasSubstr("lower the learning")));
  EXPECT_THAT(refusal([](auto& t) { t.epochs = 0; }), HasSubstr("0 epochs"));
  EXPECT_THAT(refusal([](auto& t) { t.loss = nn::Loss::kL1; }), HasSubstr("mse or cross-entropy"));
  EXPECT_THAT(refusal([](auto&) {}, {}), HasSubstr("at least one width"));
  EXPECT_THROW((void)train_network(data.inputs.leftCols(4), data.labels, {8}, {}, 1), InputError);
}

}  // namespace
}  // namespace offprint::landscape
