#include "input.hpp"

#include <cmath>
#include <filesystem>
#include <functional>
#include <optional>

#include <Eigen/Geometry>
#include <Eigen/SVD>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/toml_file.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/kinetic/velocities.hpp"

namespace offprint::papers::rayleigh {
namespace {

// The option if it is given, else the run card's entry, else nothing.
class Source {
 public:
  explicit Source(const Options& options) : options_(options) {
    if (!options.has("config")) return;
    name_ = options.path("config").string();
    card_ = load_toml(name_);
    const std::vector<std::string> known{"gamma",
                                         "background",
                                         "rate",
                                         "shear",
                                         "shear-matrix",
                                         "angular",
                                         "angular-table",
                                         "temperature",
                                         "mass-ratio",
                                         "particles",
                                         "times",
                                         "log-times",
                                         "initial-velocity",
                                         "initial-file",
                                         "initial-temperature"};
    for (const auto& [key, value] : card_) {
      const std::string k(key.str());
      if (std::find(known.begin(), known.end(), k) == known.end())
        throw InputError(fmt::format("{}:{}: '{}' is no entry of a run card{}", name_, value.source().begin.line, k,
                                     suggestion(k, known)));
    }
  }

  [[nodiscard]] std::optional<double> real(const std::string& key) const {
    if (options_.has(key)) return options_.real(key);
    const auto* node = card_.get(key);
    if (node == nullptr) return std::nullopt;
    if (const auto v = node->value<double>()) return v;
    throw wrong(key, *node, "a number");
  }
  [[nodiscard]] std::optional<std::string> text(const std::string& key) const {
    if (options_.has(key)) return options_.text(key);
    const auto* node = card_.get(key);
    if (node == nullptr) return std::nullopt;
    if (auto v = node->value<std::string>()) return v;
    throw wrong(key, *node, "a text in quotes");
  }
  // Paths of the run card are relative to it.
  [[nodiscard]] std::optional<std::string> path(const std::string& key) const {
    if (options_.has(key)) return options_.path(key).string();
    auto v = text(key);
    if (!v) return v;
    return (std::filesystem::path(name_).parent_path() / *v).string();
  }
  [[nodiscard]] std::optional<std::vector<double>> reals(const std::string& key) const {
    if (options_.has(key)) return options_.reals(key);
    const auto* node = card_.get(key);
    if (node == nullptr) return std::nullopt;
    std::vector<double> out;
    const std::function<void(const toml::node&)> collect = [&](const toml::node& n) {
      if (const auto* list = n.as_array()) {
        for (const auto& item : *list) collect(item);
      } else if (const auto v = n.value<double>()) {
        out.push_back(*v);
      } else {
        throw wrong(key, n, "a list of numbers");
      }
    };
    collect(*node);
    return out;
  }

 private:
  [[nodiscard]] InputError wrong(const std::string& key, const toml::node& node, const std::string& wanted) const {
    return InputError(fmt::format("{}:{}: '{}' must be {}", name_, node.source().begin.line, key, wanted));
  }
  const Options& options_;
  std::string name_;
  toml::table card_;
};

double positive(double value, const char* what) {
  if (!(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("{} is {}: it must be positive and finite", what, value));
  return value;
}

kinetic::AngularLaw angular_of(const Source& source) {
  const auto file = source.path("angular-table");
  const auto name = source.text("angular");
  if (!file) return kinetic::AngularLaw::named(name.value_or("uniform"));
  if (name) throw InputError("angular and angular-table exclude each other: give one");
  const auto table = io::read_matrix(*file);
  if (table.values.cols() != 2)
    throw InputError(fmt::format("{} has {} columns: an angular table has two, angle in degrees and cross-section",
                                 *file, table.values.cols()));
  const Eigen::VectorXd angle = table.values.col(0);
  const Eigen::VectorXd value = table.values.col(1);
  const auto n = static_cast<std::size_t>(angle.size());
  return kinetic::AngularLaw::table({angle.data(), n}, {value.data(), n});
}

std::vector<double> times_of(const Source& source, const std::vector<double>& otherwise) {
  const auto logs = source.reals("log-times");
  const auto plain = source.reals("times");
  if (logs && plain) throw InputError("times and log-times exclude each other: give one");
  if (logs) return *logs;
  if (!plain) return otherwise;
  std::vector<double> out;
  for (const double t : *plain) out.push_back(std::log(positive(t, "an observation time")));
  return out;
}

}  // namespace

kinetic::SkeletonChain chain_of(const Setup& setup) {
  return {setup.exponent(), setup.model.rate / setup.model.shear, setup.model.angular, setup.model.factor};
}

void limit_times(Setup& setup) {
  const auto& model = setup.model;
  if (model.exponent > 0 && model.shear > 0) return;
  if (!setup.times_given) {
    setup.log_times.clear();
    for (int k = 1; k <= 20; ++k) setup.log_times.push_back(std::log(5 * k / model.rate));
  }
  constexpr double kMost = 1e7;
  const double each = 2 * model.rate + model.shear;  // collisions per time: where the shear is strong, it sets them
  if (setup.log_times.back() + std::log(each) > std::log(kMost))
    throw InputError(fmt::format(
        "ln t = {}: where collisions keep up with the shear (gamma = {}, K = {}) each particle would collide "
        "some e^{:.0f} times by then; ask for times up to {:.3g}, the state is stationary long before",
        setup.log_times.back(), -model.exponent, model.shear, setup.log_times.back() + std::log(each), kMost / each));
}

SimpleShear simple_shear(const Eigen::Matrix3d& matrix) {
  if (!matrix.allFinite()) throw InputError("the shear matrix has an entry that is not finite");
  SimpleShear out;
  if (matrix.isZero(0)) return out;
  const Eigen::JacobiSVD<Eigen::Matrix3d> svd(matrix, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const auto& s = svd.singularValues();
  if (s(1) > 1e-9 * s(0) || std::abs(matrix.trace()) > 1e-9 * s(0))
    throw InputError(
        fmt::format("the shear matrix has singular values {:.4g}, {:.4g}, {:.4g} and trace {:.4g}: only simple shear K "
                    "a b^T with a "
                    "perpendicular to b (rank one, trace zero) is covered, not dilatation, rotation or combined shears",
                    s(0), s(1), s(2), matrix.trace()));
  out.rate = s(0);
  const Eigen::Vector3d a = svd.matrixU().col(0);
  const Eigen::Vector3d b = svd.matrixV().col(0);
  out.rotation.row(0) = a.transpose();
  out.rotation.row(1) = b.transpose();
  out.rotation.row(2) = a.cross(b).transpose();
  return out;
}

Setup read_setup(const Run& run, double default_gamma, const std::vector<double>& default_log_times,
                 std::uint64_t default_particles) {
  const Source source(run.options());
  Setup setup;
  const double gamma = source.real("gamma").value_or(default_gamma);
  if (!(gamma > -3) || !(gamma < 1))
    throw InputError(
        fmt::format("gamma = {}: gamma must lie in (-3, 1): at -3 and below the rate is not integrable, at 1 and above "
                    "it grows too fast with speed",
                    gamma));
  setup.model.exponent = gamma == 0 ? 0 : -gamma;
  if (gamma == -1)
    throw InputError(
        "gamma = -1 is the borderline case between flights that end and flights that freeze: it is not covered");
  const double rate = positive(source.real("rate").value_or(1), "the collision rate C");
  const double temperature = positive(source.real("temperature").value_or(1), "the background's temperature");
  const double ratio = positive(source.real("mass-ratio").value_or(1), "the mass ratio m*/m");
  setup.model.factor = 2 * ratio / (1 + ratio);
  setup.model.angular = angular_of(source);
  const double speed = std::sqrt(temperature / ratio);
  setup.log_unit = std::log(speed);
  setup.model.rate = rate * std::pow(speed, gamma);
  setup.model.shear = source.real("shear").value_or(1);
  if (const auto entries = source.reals("shear-matrix")) {
    if (source.real("shear")) throw InputError("shear and shear-matrix exclude each other: give one");
    if (entries->size() != 9)
      throw InputError(fmt::format("shear-matrix has {} numbers: nine are needed, row by row", entries->size()));
    Eigen::Matrix3d matrix;
    for (int i = 0; i < 9; ++i) matrix(i / 3, i % 3) = (*entries)[static_cast<std::size_t>(i)];
    const auto shear = simple_shear(matrix);
    setup.model.shear = shear.rate;
    setup.to_shear = shear.rotation;
  }
  const std::string background = source.text("background").value_or("thermal");
  if (background != "thermal" && background != "point")
    throw InputError(fmt::format("background is '{}': it must be thermal or point", background));
  setup.model.point_background = background == "point";
  setup.times_given = source.reals("log-times") || source.reals("times");
  setup.log_times = times_of(source, default_log_times);
  const double particles = source.real("particles").value_or(static_cast<double>(default_particles));
  if (!(particles >= 1) || !(particles <= 1e12))
    throw InputError(fmt::format("particles is {}: it must be between 1 and 1e12", particles));
  setup.particles = static_cast<std::uint64_t>(particles);

  const auto velocity = source.reals("initial-velocity");
  const auto file = source.path("initial-file");
  const auto warm = source.real("initial-temperature");
  if ((velocity ? 1 : 0) + (file ? 1 : 0) + (warm ? 1 : 0) > 1)
    throw InputError("initial-velocity, initial-file and initial-temperature exclude each other: give one");
  if (velocity) {
    if (velocity->size() != 3)
      throw InputError(fmt::format("initial-velocity has {} numbers: three are needed", velocity->size()));
    const Eigen::Vector3d w((*velocity)[0], (*velocity)[1], (*velocity)[2]);
    const Eigen::Vector3d v = setup.to_shear * w / speed;
    setup.start = kinetic::fixed_start(v);
    setup.start_moments = v * v.transpose();
    setup.start_text = fmt::format("all particles at ({}, {}, {})", w(0), w(1), w(2));
  } else if (file) {
    auto table = kinetic::read_velocities(*file);
    setup.start_text = fmt::format("{} velocities of {} in turn", table.velocities.rows(), *file);
    const Eigen::MatrixXd v = table.velocities * setup.to_shear.transpose() / speed;
    setup.start = kinetic::table_start(v);
    setup.start_moments = v.transpose() * v / static_cast<double>(v.rows());
  } else {
    const double t0 = positive(warm.value_or(temperature), "the initial temperature");
    setup.start = kinetic::thermal_start(run.seed() + 1, t0 / (speed * speed));
    setup.start_moments *= t0 / (speed * speed);
    setup.start_text = fmt::format("thermal at temperature {}", t0);
  }
  return setup;
}

}  // namespace offprint::papers::rayleigh
