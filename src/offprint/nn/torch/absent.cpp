// Stands in for the component in a build without LibTorch.
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/torch/device.hpp"
#include "offprint/nn/torch/networks.hpp"
#include "offprint/nn/torch/script_function.hpp"
#include "offprint/nn/torch/script_loss.hpp"
#include "offprint/nn/torch/script_model.hpp"
#include "offprint/nn/torch/script_module.hpp"
#include "offprint/nn/torch/train.hpp"

// NOLINTBEGIN(performance-unnecessary-value-param): the signatures are the component's
namespace offprint::nn {
namespace {

[[noreturn]] void absent() {
  throw NotAvailable(
      "this Offprint was built without LibTorch: install libtorch-dev (Debian) or set CMAKE_PREFIX_PATH to "
      "it, and build again");
}

}  // namespace

struct ScriptModel::State {};
struct ScriptLoss::State {};
struct ScriptFunction::State {};

ScriptModel::ScriptModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
ScriptModel::~ScriptModel() = default;
ScriptModel::ScriptModel(ScriptModel&&) noexcept = default;
ScriptModel& ScriptModel::operator=(ScriptModel&&) noexcept = default;
ScriptModel ScriptModel::load(const std::filesystem::path&, const ScriptModelOptions&) { absent(); }
ScriptModel ScriptModel::clone() const { absent(); }
void ScriptModel::save(const std::filesystem::path&) const { absent(); }
const std::vector<ParameterInfo>& ScriptModel::parameters() const { absent(); }
Eigen::Index ScriptModel::size() const { absent(); }
bool ScriptModel::single_precision() const { absent(); }
std::string ScriptModel::device() const { absent(); }
Eigen::VectorXd ScriptModel::theta() const { absent(); }
void ScriptModel::set_theta(const Eigen::Ref<const Eigen::VectorXd>&) { absent(); }
Eigen::MatrixXd ScriptModel::outputs(const Labelled&, Eigen::Index) const { absent(); }
std::vector<Eigen::MatrixXd> ScriptModel::activations(const Labelled&, Eigen::Index, const std::string&) const {
  absent();
}
std::optional<Eigen::VectorXd> ScriptModel::tensor(const std::string&) const { absent(); }
std::string first_difference(const ScriptModel&, const ScriptModel&) { absent(); }

ScriptLoss::ScriptLoss(const ScriptModel&, const Labelled&, Loss, const ScriptLossOptions&) { absent(); }
ScriptLoss::ScriptLoss(const ScriptModel&, const Labelled&, const Eigen::MatrixXd&, Loss, const ScriptLossOptions&) {
  absent();
}
ScriptLoss::~ScriptLoss() = default;
ScriptLoss::ScriptLoss(ScriptLoss&&) noexcept = default;
ScriptLoss& ScriptLoss::operator=(ScriptLoss&&) noexcept = default;
Eigen::Index ScriptLoss::samples() const { absent(); }
Eigen::Index ScriptLoss::outputs() const { absent(); }
Eigen::Index ScriptLoss::size() const { absent(); }
std::vector<ParameterInfo> ScriptLoss::parameters() const { absent(); }
double ScriptLoss::value() const { absent(); }
double ScriptLoss::accuracy() const { absent(); }
double ScriptLoss::gradient(Eigen::Ref<Eigen::VectorXd>) const { absent(); }
double ScriptLoss::gradient(std::span<const std::size_t>, Eigen::Ref<Eigen::VectorXd>) const { absent(); }
linalg::SymmetricOperator ScriptLoss::hessian() const { absent(); }
linalg::SymmetricOperator ScriptLoss::gauss_newton() const { absent(); }
linalg::SymmetricOperator ScriptLoss::residual() const { absent(); }
linalg::SymmetricOperator ScriptLoss::empirical_fisher() const { absent(); }
ScriptLoss::Rows ScriptLoss::gauss_newton_rows(Eigen::Index, Eigen::Index) const { absent(); }
ScriptLoss::Rows ScriptLoss::sample_gradients(Eigen::Index, Eigen::Index) const { absent(); }
Eigen::MatrixXd ScriptLoss::output_gradients() const { absent(); }

ScriptFunction::ScriptFunction(const ScriptModel&, const std::string&, const std::string&) { absent(); }
ScriptFunction::~ScriptFunction() = default;
ScriptFunction::ScriptFunction(ScriptFunction&&) noexcept = default;
ScriptFunction& ScriptFunction::operator=(ScriptFunction&&) noexcept = default;
Eigen::Index ScriptFunction::argument_size() const { absent(); }
const Eigen::VectorXd& ScriptFunction::start() const { absent(); }
bool ScriptFunction::sampled() const { absent(); }
double ScriptFunction::value(const Vector&, std::optional<std::uint64_t>) const { absent(); }
double ScriptFunction::gradient_argument(const Vector&, std::optional<std::uint64_t>, Eigen::VectorXd&) const {
  absent();
}
double ScriptFunction::gradient_parameters(const Vector&, std::optional<std::uint64_t>, Eigen::VectorXd&) const {
  absent();
}
void ScriptFunction::hessian_product(const Vector&, const Vector&, std::optional<std::uint64_t>,
                                     Eigen::VectorXd&) const {
  absent();
}
void ScriptFunction::mixed_product(const Vector&, const Vector&, std::optional<std::uint64_t>, Eigen::VectorXd&) const {
  absent();
}

std::string choose_device(const std::string& wanted) {
  if (wanted == "auto" || wanted == "cpu") return "cpu";
  absent();
}
std::vector<std::pair<std::string, std::string>> torch_versions() { return {}; }

ScriptModel script_module(const ScriptSource&, const ScriptModelOptions&) { absent(); }
ScriptModel script_mlp(const Mlp&, const Eigen::Ref<const Eigen::VectorXd>&, const ScriptModelOptions&) { absent(); }
ScriptModel script_conv_net(const ConvNetShape&, Stream, const ScriptModelOptions&) { absent(); }
ScriptModel script_resnet18(const ResNetShape&, Stream, const ScriptModelOptions&) { absent(); }
TrainReport train(ScriptModel&, const Labelled&, Loss, const TrainOptions&, Stream, const TrainHooks&) { absent(); }

}  // namespace offprint::nn
// NOLINTEND(performance-unnecessary-value-param)
