#include "network_objective.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::papers::gns {

using optimize::ScriptObjective;

namespace {

nn::Loss loss_of(const std::string& name) {
  if (name == "softmax") return nn::Loss::kCrossEntropy;
  if (name == "squared") return nn::Loss::kMse;
  if (name == "logistic") return nn::Loss::kBce;
  throw InputError(
      fmt::format("--loss {} is not one for a --model: softmax (cross-entropy of its outputs), logistic (of one logit, "
                  "targets 0 and "
                  "1) or squared",
                  name));
}

}  // namespace

std::unique_ptr<ScriptObjective> read_network_objective(Run& run) {
  const Options& o = run.options();
  if (!o.has("data")) throw InputError("--model needs --data: the inputs to train on");
  if (!o.has("targets")) throw InputError("--model needs --targets: class numbers, or the outputs wanted");
  const nn::Loss loss = loss_of(o.text("loss"));
  auto model = nn::ScriptModel::load(o.path("model"), {.device = run.device()});
  nn::Labelled data = nn::read_inputs(o.path("data").string());
  const nn::ScriptLossOptions options{.parallel = run.parallel()};
  if (loss == nn::Loss::kCrossEntropy) {
    data.labels = nn::read_labels(o.path("targets").string(), data.size());
    data.classes = *std::max_element(data.labels.begin(), data.labels.end()) + 1;
    return std::make_unique<ScriptObjective>(std::move(model), data, o.real("l2"), options);
  }
  const auto file = io::read_matrix(o.path("targets").string());
  if (file.values.rows() != data.size())
    throw InputError(fmt::format("{} has targets of {} samples but {} has {}", o.path("targets").string(),
                                 file.values.rows(), o.path("data").string(), data.size()));
  return std::make_unique<ScriptObjective>(std::move(model), data, file.values.transpose(), loss, o.real("l2"),
                                           options);
}

}  // namespace offprint::papers::gns
