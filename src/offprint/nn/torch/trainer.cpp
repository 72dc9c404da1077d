#include "offprint/nn/torch/trainer.hpp"

#include <cmath>
#include <map>
#include <regex>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/archive.hpp"
#include "offprint/core/error.hpp"
#include "offprint/nn/torch/tensor_bytes.hpp"

namespace offprint::nn {
namespace {

void check(const TrainOptions& options) {
  const auto refuse = [](bool wrong, std::string_view what, double value, std::string_view right) {
    if (wrong) throw InputError(fmt::format("{} is {}; it must be {}", what, value, right));
  };
  refuse(!(options.learning_rate > 0) || !std::isfinite(options.learning_rate), "the learning rate",
         options.learning_rate, "positive and finite");
  refuse(!(options.momentum >= 0 && options.momentum < 1), "the momentum", options.momentum, "in [0, 1)");
  refuse(!(options.beta1 >= 0 && options.beta1 < 1), "beta1", options.beta1, "in [0, 1)");
  refuse(!(options.beta2 >= 0 && options.beta2 < 1), "beta2", options.beta2, "in [0, 1)");
  refuse(!(options.weight_decay >= 0), "the weight decay", options.weight_decay, "at least 0");
  refuse(!(options.clip_norm >= 0), "the clip norm", options.clip_norm, "at least 0");
  refuse(!(options.ema_decay >= 0 && options.ema_decay < 1), "the decay of the average", options.ema_decay,
         "in [0, 1)");
  refuse(options.epochs < 0, "the number of epochs", static_cast<double>(options.epochs), "at least 0");
  refuse(options.patience < 0, "the patience", static_cast<double>(options.patience), "at least 0");
}

double decay_of(const std::string& name, const TrainOptions& options) {
  for (const auto& [pattern, decay] : options.weight_decay_of)
    if (std::regex_search(name, std::regex(pattern))) return decay;
  return options.weight_decay;
}

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const FlatParameters& parameters, const TrainOptions& options) {
  std::map<double, std::vector<torch::Tensor>> by_decay;
  for (std::size_t i = 0; i < parameters.leaves.size(); ++i)
    by_decay[decay_of(parameters.info[i].name, options)].push_back(parameters.leaves[i]);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (auto& [decay, tensors] : by_decay) {
    std::unique_ptr<torch::optim::OptimizerOptions> one;
    switch (options.optimizer) {
      case Optimizer::kSgd:
        one = std::make_unique<torch::optim::SGDOptions>(
            torch::optim::SGDOptions(options.learning_rate).momentum(options.momentum).weight_decay(decay));
        break;
      case Optimizer::kAdam:
        one = std::make_unique<torch::optim::AdamOptions>(torch::optim::AdamOptions(options.learning_rate)
                                                              .betas({options.beta1, options.beta2})
                                                              .eps(options.epsilon)
                                                              .weight_decay(decay));
        break;
      case Optimizer::kAdamW:
        one = std::make_unique<torch::optim::AdamWOptions>(torch::optim::AdamWOptions(options.learning_rate)
                                                               .betas({options.beta1, options.beta2})
                                                               .eps(options.epsilon)
                                                               .weight_decay(decay));
        break;
    }
    groups.emplace_back(std::move(tensors), std::move(one));
  }
  switch (options.optimizer) {
    case Optimizer::kAdam:
      return std::make_unique<torch::optim::Adam>(groups, torch::optim::AdamOptions(options.learning_rate));
    case Optimizer::kAdamW:
      return std::make_unique<torch::optim::AdamW>(groups, torch::optim::AdamWOptions(options.learning_rate));
    case Optimizer::kSgd:
      break;
  }
  return std::make_unique<torch::optim::SGD>(groups, torch::optim::SGDOptions(options.learning_rate));
}

}  // namespace

Trainer::Trainer(FlatParameters parameters, TrainOptions options, std::size_t samples, Stream random)
    : parameters_(std::move(parameters)), options_(std::move(options)) {
  check(options_);
  batches_ = Batches(samples, options_.batch, random, options_.drop_last);
  optimizer_ = make_optimizer(parameters_, options_);
  if (options_.ema_decay > 0) average_ = parameters_.flat.detach().clone();
}

void Trainer::set_rate(double rate) {
  for (auto& group : optimizer_->param_groups()) group.options().set_lr(rate);
}

double Trainer::step(const BatchLoss& loss) {
  optimizer_->zero_grad();
  const torch::Tensor value = loss(batches_.next());
  const auto number = value.item<double>();
  if (!std::isfinite(number))
    throw Error(fmt::format("training diverged: step {}, loss {}; lower the learning rate ({}) or clip the gradient",
                            steps_ + 1, number, options_.learning_rate));
  value.backward();
  if (options_.clip_norm > 0) torch::nn::utils::clip_grad_norm_(parameters_.leaves, options_.clip_norm);
  set_rate(options_.learning_rate * options_.schedule(steps_));
  optimizer_->step();
  ++steps_;
  if (average_.defined()) {
    const torch::NoGradGuard no_grad;
    average_.mul_(options_.ema_decay).add_(parameters_.flat, 1.0 - options_.ema_decay);
  }
  return number;
}

std::string Trainer::state() const {
  torch::serialize::OutputArchive archive;
  optimizer_->save(archive);
  std::ostringstream optimizer;
  archive.save_to(optimizer);
  Writer writer;
  writer(batches_, steps_, tensor_bytes(parameters_.flat), tensor_bytes(average_), optimizer.str());
  return writer.take();
}

void Trainer::restore(const std::string& bytes) {
  std::string flat;
  std::string average;
  std::string optimizer;
  Reader reader(bytes);
  reader(batches_, steps_, flat, average, optimizer);
  set_tensor(parameters_.flat, std::move(flat));
  set_tensor(average_, std::move(average));
  std::istringstream in(optimizer);
  torch::serialize::InputArchive archive;
  archive.load_from(in);
  optimizer_->load(archive);
}

}  // namespace offprint::nn
