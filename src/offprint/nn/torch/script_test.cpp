// TorchScript models of several kinds: their derivatives against the hand-made dense network, differences and each
// other; what is refused; training that goes on after a kill.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/digits.hpp"
#include "offprint/nn/mlp.hpp"
#include "offprint/nn/torch/networks.hpp"
#include "offprint/nn/torch/script_loss.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "offprint/nn/torch/train.hpp"

namespace offprint::nn {
namespace {

namespace fs = std::filesystem;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::HasSubstr;

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "(nothing was thrown)";
}

MatrixXd dense(const linalg::SymmetricOperator& a) {
  MatrixXd out(a.size, a.size);
  a.apply(MatrixXd::Identity(a.size, a.size), out);
  return out;
}

VectorXd normal(Index n, std::uint64_t seed) {
  VectorXd v(n);
  Stream(seed, "test").fill_normal({v.data(), static_cast<std::size_t>(n)});
  return v;
}

class Script : public ::testing::Test {
 protected:
  Script() { fs::create_directories(folder_); }
  ~Script() override { fs::remove_all(folder_); }
  /// Saves a module with these parameters, buffers and methods, and opens it.
  ScriptModel model(const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& parameters,
                    const std::string& source, bool gradient = true,
                    const std::vector<std::pair<std::string, torch::Tensor>>& buffers = {}) const {
    torch::jit::Module module("Net");
    Stream random(5, "parameters");
    for (const auto& [name, shape] : parameters) {
      torch::Tensor value = torch::empty(shape, torch::kFloat);
      for (std::int64_t i = 0; i < value.numel(); ++i)
        value.data_ptr<float>()[i] = static_cast<float>(0.5 * random.normal());
      module.register_parameter(name, value.requires_grad_(gradient), false);
    }
    for (const auto& [name, value] : buffers) module.register_buffer(name, value);
    module.define(source);
    module.save((folder_ / "m.pt").string());
    return ScriptModel::load(folder_ / "m.pt", {.precision = Precision::kDouble});
  }
  fs::path folder_ = fs::temp_directory_path() / ("offprint-script-" + std::to_string(::getpid()));
};

/// Hessian and Gauss-Newton products of any model and loss, against differences of the gradient, and the split.
void check_curvature(ScriptModel& model, const Labelled& data, double tolerance = 1e-6) {
  const ScriptLoss loss(model, data, Loss::kCrossEntropy, {.chunk = 3, .parallel = {.threads = 2}});
  const VectorXd theta = model.theta();
  std::vector<double> errors;
  for (std::uint64_t s = 0; s < 3; ++s) {
    const VectorXd v = normal(theta.size(), s).normalized();
    MatrixXd hv(theta.size(), 1);
    loss.hessian().apply(v, hv);
    const double h = 1e-5;
    VectorXd up(theta.size());
    VectorXd down(theta.size());
    model.set_theta(theta + h * v);
    loss.gradient(up);
    model.set_theta(theta - h * v);
    loss.gradient(down);
    model.set_theta(theta);
    errors.push_back(((up - down) / (2 * h) - hv.col(0)).norm() / hv.norm());
  }
  std::ranges::sort(errors);
  EXPECT_LT(errors[1], tolerance);
  const MatrixXd x = MatrixXd::Random(theta.size(), 3);
  MatrixXd h(theta.size(), 3);
  MatrixXd g(theta.size(), 3);
  MatrixXd r(theta.size(), 3);
  loss.hessian().apply(x, h);
  loss.gauss_newton().apply(x, g);
  loss.residual().apply(x, r);
  EXPECT_LT((h - g - r).norm(), 1e-10 * h.norm());
  EXPECT_LT((x.transpose() * h - h.transpose() * x).norm(), 1e-10 * h.norm() * x.norm());
  const ScriptLoss::Rows rows = loss.gauss_newton_rows(0, data.size());
  EXPECT_LT((rows.transpose() * (rows * x) / static_cast<double>(data.size()) - g).norm(), 1e-10 * g.norm());
}

Labelled images(Index n, std::vector<std::size_t> shape, int classes) {
  std::size_t d = 1;
  for (const std::size_t side : shape) d *= side;
  Labelled data = gaussian_blobs(classes, static_cast<Index>(d), n, 1.0, Stream(1, "images"));
  data.shape = std::move(shape);
  return data;
}

TEST_F(Script, AgreesWithTheDenseNetwork) {
  const Mlp net({6, 5, 5, 4}, Activation::kTanh);  // two biases of one size: views of one storage, not tied
  const Labelled data = gaussian_blobs(4, 6, 30, 1.5, Stream(3, "data"));
  const VectorXd theta = net.initial(Stream(1, "init"));
  const MlpLoss ours(net, data.inputs, data.labels);
  script_mlp(net, theta).save(folder_ / "mlp.pt");
  const ScriptModel model = ScriptModel::load(folder_ / "mlp.pt");
  EXPECT_FALSE(model.single_precision());
  EXPECT_EQ(model.theta(), theta);
  EXPECT_LT((model.outputs(data) - net.evaluate(theta, data.inputs)).norm(), 1e-13);
  const ScriptLoss loss(model, data, Loss::kCrossEntropy, {.chunk = 7});
  EXPECT_NEAR(loss.value(), ours.value(theta), 1e-14);
  EXPECT_EQ(loss.accuracy(), ours.accuracy(theta));
  VectorXd a(theta.size());
  VectorXd b(theta.size());
  EXPECT_NEAR(loss.gradient(a), ours.gradient(theta, b), 1e-14);
  EXPECT_LT((a - b).norm(), 1e-14);
  const std::vector<std::size_t> batch{3, 3, 11, 29};
  EXPECT_NEAR(loss.gradient(batch, a), ours.gradient(theta, batch, b), 1e-14);
  EXPECT_LT((a - b).norm(), 1e-14);
  EXPECT_LT((dense(loss.hessian()) - dense(ours.hessian(theta))).cwiseAbs().maxCoeff(), 1e-13);
  EXPECT_LT((dense(loss.gauss_newton()) - dense(ours.gauss_newton(theta))).cwiseAbs().maxCoeff(), 1e-13);
  EXPECT_LT((dense(loss.residual()) - dense(ours.residual(theta))).cwiseAbs().maxCoeff(), 1e-13);
  const MatrixXd g = ours.sample_gradients(theta);
  EXPECT_LT((loss.sample_gradients(0, 30).transpose() - g).norm(), 1e-13);
  EXPECT_LT((dense(loss.empirical_fisher()) - g * g.transpose() / 30).cwiseAbs().maxCoeff(), 1e-13);
  EXPECT_LT((loss.output_gradients().colwise().sum()).norm(), 1e-13);  // softmax minus one-hot
}

TEST_F(Script, KeptGraphsFollowTheParameters) {
  const Mlp net({6, 5, 4}, Activation::kTanh);
  const Labelled data = gaussian_blobs(4, 6, 30, 1.5, Stream(3, "data"));
  const VectorXd theta = net.initial(Stream(1, "init"));
  ScriptModel model = script_mlp(net, theta);
  const MlpLoss ours(net, data.inputs, data.labels);
  const ScriptLoss kept(model, data, Loss::kCrossEntropy, {.chunk = 8, .parallel = {.threads = 2}});
  const ScriptLoss anew(model, data, Loss::kCrossEntropy, {.chunk = 8, .graphs_kept = 0});
  for (const double scale : {1.0, 0.5}) {
    model.set_theta(scale * theta);
    for (int repeat = 0; repeat < 2; ++repeat) {
      EXPECT_EQ(dense(kept.hessian()), dense(anew.hessian()));
      EXPECT_EQ(dense(kept.residual()), dense(anew.residual()));
      EXPECT_LT((dense(kept.hessian()) - dense(ours.hessian(scale * theta))).cwiseAbs().maxCoeff(), 1e-13);
    }
  }
}

TEST_F(Script, OtherLossesAgreeWithTheDenseNetwork) {
  const Mlp net({3, 5, 2});
  const Labelled data{MatrixXd::Random(3, 12), {}, 0, {3}};
  const VectorXd theta = net.initial(Stream(1, "init"));
  const ScriptModel model = script_mlp(net, theta);
  const MatrixXd y = (MatrixXd::Random(2, 12).array() > 0).cast<double>();
  for (const Loss which : {Loss::kMse, Loss::kBce}) {
    const MlpLoss ours(net, data.inputs, y, which);
    const ScriptLoss loss(model, data, y, which);
    EXPECT_NEAR(loss.value(), ours.value(theta), 1e-14);
    EXPECT_LT((dense(loss.hessian()) - dense(ours.hessian(theta))).cwiseAbs().maxCoeff(), 1e-13);
    EXPECT_LT((dense(loss.gauss_newton()) - dense(ours.gauss_newton(theta))).cwiseAbs().maxCoeff(), 1e-13);
  }
  const ScriptLoss l1(model, data, y, Loss::kL1);
  EXPECT_GT(l1.value(), 0.0);
  EXPECT_THAT(error_of([&] { (void)l1.hessian(); }), HasSubstr("l1 has no second derivative"));
}

TEST_F(Script, ConvolutionsWithBatchNormInEvaluationMode) {
  ScriptModel net =
      model({{"w1", {4, 2, 3, 3}}, {"gain", {4}}, {"shift", {4}}, {"w2", {3, 4}}},
            "def forward(self, x):\n"
            "  x = torch.conv2d(x, self.w1, None, [1, 1], [1, 1])\n"
            "  x = torch.batch_norm(x, self.gain, self.shift, self.mean, self.var, False, 0.1, 1e-5, False)\n"
            "  x = torch.max_pool2d(torch.relu(x), [2, 2])\n"
            "  return torch.matmul(x.mean([2, 3]), self.w2.t())\n",
            true, {{"mean", torch::full({4}, 0.1)}, {"var", torch::full({4}, 2.0)}});
  EXPECT_EQ(net.size(), 72 + 4 + 4 + 12);
  check_curvature(net, images(7, {2, 6, 6}, 3));
}

TEST_F(Script, ATransformerBlock) {
  ScriptModel net = model({{"qkv", {12, 4}},
                           {"out", {4, 4}},
                           {"up", {8, 4}},
                           {"down", {4, 8}},
                           {"gain", {4}},
                           {"shift", {4}},
                           {"head", {3, 4}}},
                          "def forward(self, x):\n"
                          "  h = torch.layer_norm(x, [4], self.gain, self.shift)\n"
                          "  q, k, v = torch.matmul(h, self.qkv.t()).chunk(3, -1)\n"
                          "  a = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) / 2.0, -1)\n"
                          "  x = x + torch.matmul(torch.matmul(a, v), self.out.t())\n"
                          "  x = x + torch.matmul(torch.gelu(torch.matmul(x, self.up.t())), self.down.t())\n"
                          "  return torch.matmul(x.mean([1]), self.head.t())\n");
  check_curvature(net, images(8, {5, 4}, 3));
}

TEST_F(Script, ThreadsChangeNothing) {
  const ScriptModel net = script_conv_net({.input = {1, 8, 8}, .channels = {4, 6}, .classes = 3}, Stream(0, "init"));
  const Labelled data = images(20, {1, 8, 8}, 3);
  const ScriptLoss one(net, data, Loss::kCrossEntropy, {.chunk = 3, .parallel = {.threads = 1}});
  const ScriptLoss three(net, data, Loss::kCrossEntropy, {.chunk = 3, .parallel = {.threads = 3}});
  const MatrixXd x = MatrixXd::Random(net.size(), 2);
  MatrixXd a(net.size(), 2);
  MatrixXd b(net.size(), 2);
  one.hessian().apply(x, a);
  three.hessian().apply(x, b);
  EXPECT_EQ(a, b);
  EXPECT_EQ(one.value(), three.value());
}

TEST_F(Script, SomeOfTheParameters) {
  const Mlp net({4, 3, 2});
  const Labelled data = gaussian_blobs(2, 4, 10, 1.0, Stream(3, "data"));
  const VectorXd theta = net.initial(Stream(1, "init"));
  const ScriptModel model = script_mlp(net, theta);
  const ScriptLoss last(model, data, Loss::kCrossEntropy, {.parameters = "(weight|bias)1"});
  EXPECT_EQ(last.size(), 8);
  const MatrixXd whole = dense(ScriptLoss(model, data, Loss::kCrossEntropy).hessian());
  EXPECT_LT((dense(last.hessian()) - whole.bottomRightCorner(8, 8)).norm(), 1e-13);
  EXPECT_THAT(error_of([&] { ScriptLoss(model, data, Loss::kCrossEntropy, {.parameters = "conv"}); }),
              HasSubstr("no parameter of the network matches 'conv'"));
  EXPECT_THAT(error_of([&] { ScriptLoss(model, data, Loss::kCrossEntropy, {.parameters = "("}); }),
              HasSubstr("no regular expression"));
}

TEST_F(Script, TiedParametersAreOne) {
  const ScriptModel net = model(
      {{"w", {3, 3}}}, "def forward(self, x):\n  return torch.matmul(torch.tanh(torch.matmul(x, self.w)), self.w)\n");
  EXPECT_EQ(net.size(), 9);
  ScriptModel copy = net.clone();
  copy.set_theta(VectorXd::Zero(9));
  EXPECT_GT(net.theta().norm(), 0.1);  // a clone is independent
  EXPECT_EQ(copy.outputs({MatrixXd::Ones(3, 1), {}, 0, {3}}).norm(), 0.0);
}

TEST_F(Script, SeveralActivations) {
  const ScriptModel net =
      model({{"w", {3, 2}}}, "def forward(self, x):\n  h = torch.matmul(x, self.w.t())\n  return h, torch.relu(h)\n");
  const auto both = net.activations({MatrixXd::Random(2, 5), {}, 0, {2}}, 2);
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[1], both[0].cwiseMax(0.0));
  EXPECT_THAT(error_of([&] {
                (void)net.outputs({MatrixXd::Random(2, 5), {}, 0, {2}});
              }),
              HasSubstr("2 tensors instead of one"));
}

TEST_F(Script, WhatIsRefused) {
  const auto write = [&](const std::string& bytes) {
    std::ofstream(folder_ / "x.pt", std::ios::binary) << bytes;
    return folder_ / "x.pt";
  };
  EXPECT_THAT(error_of([&] { (void)ScriptModel::load(folder_ / "none.pt"); }), HasSubstr("is no file"));
  EXPECT_THAT(error_of([&] { (void)ScriptModel::load(write("not a zip")); }), HasSubstr("not a TorchScript file"));
  EXPECT_THAT(error_of([&] { (void)ScriptModel::load(folder_ / "m.pt", {.device = "tpu"}); }),
              HasSubstr("unknown device 'tpu'"));
  const std::string linear = "def forward(self, x):\n  return torch.matmul(x, self.w.t())\n";
  EXPECT_THAT(error_of([&] {
                (void)model({{"w", {2, 2}}}, linear, false);
              }),
              HasSubstr("none of the model's 4 parameters requires a gradient"));
  EXPECT_THAT(error_of([&] { (void)model({}, "def forward(self, x):\n  return x\n"); }),
              HasSubstr("has no parameters"));
  ScriptModel net = model({{"w", {2, 3}}}, linear);
  EXPECT_THAT(error_of([&] {
                (void)net.outputs({MatrixXd::Ones(4, 2), {}, 0, {4}});
              }),
              ::testing::AllOf(HasSubstr("cannot be evaluated on inputs of shape (2, 4)"), HasSubstr("m.pt")));
  const Labelled data{MatrixXd::Ones(3, 2), {0, 2}, 3, {3}};
  EXPECT_THAT(error_of([&] { ScriptLoss(net, data, Loss::kCrossEntropy); }),
              HasSubstr("label 2 of sample 1 is outside [0, 2)"));
  EXPECT_THAT(error_of([&] { ScriptLoss(net, data, MatrixXd::Ones(1, 2), Loss::kMse); }),
              HasSubstr("the model gives 2 outputs"));
  EXPECT_THAT(error_of([&] { ScriptLoss(net, data, Loss::kMse); }), HasSubstr("takes numeric targets"));
  VectorXd theta = net.theta();
  theta[0] = std::nan("");
  net.set_theta(theta);
  EXPECT_THAT(error_of([&] { (void)net.outputs(data); }), HasSubstr("sample 0 is not finite"));
  net.save(folder_ / "nan.pt");
  EXPECT_THAT(error_of([&] { (void)ScriptModel::load(folder_ / "nan.pt"); }),
              HasSubstr("parameter w has values that are not finite"));
  const ScriptModel other = model({{"w", {2, 4}}}, linear);
  EXPECT_THAT(first_difference(other, net), HasSubstr("w is (2, 4) in"));
}

TEST_F(Script, TrainingGoesOnToIdenticalWeightsAfterAKill) {
  Labelled data = rendered_digits(200, 3);
  standardise(data, global_standardisation(data));
  for (const Optimizer optimizer : {Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW}) {
    TrainOptions options{.optimizer = optimizer,
                         .learning_rate = 0.01,
                         .weight_decay = 1e-3,
                         .batch = 32,
                         .epochs = 4,
                         .schedule = cosine_decay(28),
                         .clip_norm = 1.0,
                         .ema_decay = 0.9};
    const auto fresh = [] { return script_mlp(Mlp({784, 12, 10}), Mlp({784, 12, 10}).initial(Stream(0, "init"))); };
    ScriptModel whole = fresh();
    const TrainReport report = train(whole, data, Loss::kCrossEntropy, options, Stream(1, "batches"));
    ASSERT_EQ(report.losses.size(), 4u);
    EXPECT_LT(report.losses.back(), report.losses.front());
    EXPECT_GT((report.averaged - whole.theta()).norm(), 0.0);

    std::optional<std::string> kept;
    ScriptModel killed = fresh();
    const TrainHooks dying{.after_epoch =
                               [](std::int64_t epoch, double) {
                                 if (epoch == 2) throw Interrupted();
                               },
                           .save = [&](const std::string& bytes) { kept = bytes; }};
    EXPECT_THROW(train(killed, data, Loss::kCrossEntropy, options, Stream(1, "batches"), dying), Interrupted);
    ScriptModel resumed = fresh();
    const TrainReport again =
        train(resumed, data, Loss::kCrossEntropy, options, Stream(1, "batches"), {.load = [&] { return kept; }});
    EXPECT_EQ(resumed.theta(), whole.theta());
    EXPECT_EQ(again.averaged, report.averaged);
    EXPECT_EQ(again.losses, report.losses);
  }
}

TEST_F(Script, ResNet18HasTheParametersOfThePaper) {
  EXPECT_EQ(script_resnet18({}, Stream(0, "init")).size(), 11'173'962);
  EXPECT_EQ(script_resnet18({.output_bias = false}, Stream(0, "init")).size(), 11'173'952);
  EXPECT_THAT(error_of([] { (void)script_resnet18({.width = 0}, Stream()); }), HasSubstr("each must be at least 1"));
}

TEST_F(Script, AResidualNetworkLearnsWithTheStatisticsOfItsBatches) {
  Labelled data = rendered_digits(160, 3, {.side = 16});
  standardise(data, global_standardisation(data));
  const auto fresh = [] { return script_resnet18({.channels = 1, .width = 4}, Stream(0, "init")); };
  const TrainOptions options{
      .learning_rate = 0.05, .weight_decay = 5e-4, .batch_statistics = true, .batch = 40, .epochs = 12};
  ScriptModel whole = fresh();
  EXPECT_EQ(whole.activations(data, 40, "features")[0].rows(), 32);
  const MatrixXd before = whole.outputs(data);
  const TrainReport report = train(whole, data, Loss::kCrossEntropy, options, Stream(1, "batches"));
  EXPECT_LT(report.losses.back(), 0.5 * report.losses.front());
  // afterwards in evaluation mode: a sample's output does not depend on the others
  EXPECT_LT((whole.outputs(data, 160) - whole.outputs(data, 16)).cwiseAbs().maxCoeff(), 1e-10);
  EXPECT_GT(ScriptLoss(whole, data, Loss::kCrossEntropy).accuracy(), 0.8);

  // the same weights in a network whose running statistics never moved say something else
  ScriptModel still = fresh();
  still.set_theta(whole.theta());
  EXPECT_GT((still.outputs(data) - whole.outputs(data)).norm(), 0.1 * whole.outputs(data).norm());

  std::optional<std::string> kept;
  ScriptModel killed = fresh();
  const TrainHooks dying{.after_epoch =
                             [](std::int64_t epoch, double) {
                               if (epoch == 5) throw Interrupted();
                             },
                         .save = [&](const std::string& bytes) { kept = bytes; }};
  EXPECT_THROW(train(killed, data, Loss::kCrossEntropy, options, Stream(1, "batches"), dying), Interrupted);
  ScriptModel resumed = fresh();
  train(resumed, data, Loss::kCrossEntropy, options, Stream(1, "batches"), {.load = [&] { return kept; }});
  EXPECT_EQ(resumed.theta(), whole.theta());
  EXPECT_EQ(resumed.outputs(data), whole.outputs(data));
}

TEST_F(Script, EarlyStoppingGoesBackToTheBest) {
  Labelled data = rendered_digits(60, 3);
  Labelled validation = rendered_digits(100, 4);
  const Mlp net({784, 20, 10});
  ScriptModel model = script_mlp(net, net.initial(Stream(0, "init")));
  const TrainReport report =
      train(model, data, Loss::kCrossEntropy, {.learning_rate = 0.2, .batch = 20, .epochs = 300, .patience = 5},
            Stream(1, "batches"), {.validation = &validation});
  ASSERT_TRUE(report.stopped_early);
  const double best = *std::ranges::min_element(report.validation_losses);
  EXPECT_NEAR(ScriptLoss(model, validation, Loss::kCrossEntropy).value(), best, 1e-12);
  EXPECT_THAT(error_of([&] { train(model, data, Loss::kCrossEntropy, {.patience = 1}, Stream()); }),
              HasSubstr("validation set"));
  EXPECT_THAT(error_of([&] { train(model, data, Loss::kCrossEntropy, {.learning_rate = 1e300}, Stream()); }),
              HasSubstr("training diverged: step"));
}

TEST_F(Script, AConvolutionalNetworkLearnsDigits) {
  Labelled data = rendered_digits(400, 3, {.side = 16});
  standardise(data, global_standardisation(data));
  ScriptModel net = script_conv_net({.input = {1, 16, 16}, .channels = {8, 16}}, Stream(0, "init"),
                                    {.precision = Precision::kSingle});
  EXPECT_EQ(net.activations(data, 100, "features")[0].rows(), 16 * 4 * 4);
  train(net, data, Loss::kCrossEntropy,
        {.optimizer = Optimizer::kAdam,
         .learning_rate = 0.01,
         .weight_decay_of = {{"2$", 0.0}},
         .batch = 40,
         .epochs = 20},
        Stream(1, "batches"));
  EXPECT_GT(ScriptLoss(net, data, Loss::kCrossEntropy).accuracy(), 0.9);
}

}  // namespace
}  // namespace offprint::nn
