#include "input.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/core/toml_file.hpp"
#include "offprint/kinetic/distributions.hpp"
#include "offprint/kinetic/moments.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

// One table of the card, with errors that name it.
class Section {
 public:
  Section(const toml::table& table, std::string where, const std::vector<std::string>& known)
      : table_(table), where_(std::move(where)) {
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        throw InputError(fmt::format("{} has no key '{}'{}", where_, name, suggestion(name, known)));
      }
    }
  }
  [[nodiscard]] bool has(const char* key) const { return table_.contains(key); }
  [[nodiscard]] double real(const char* key, double otherwise) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value<double>();
    if (!value || !std::isfinite(*value)) throw InputError(fmt::format("{}: {} must be a finite number", where_, key));
    return *value;
  }
  [[nodiscard]] double positive(const char* key, double otherwise) const {
    const double value = real(key, otherwise);
    if (!(value > 0)) throw InputError(fmt::format("{}: {} = {} must be positive", where_, key, value));
    return value;
  }
  [[nodiscard]] std::string text(const char* key, const std::string& otherwise) const {
    const auto* node = table_.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value<std::string>();
    if (!value) throw InputError(fmt::format("{}: {} must be text in quotes", where_, key));
    return *value;
  }
  [[nodiscard]] Eigen::VectorXd vector(const char* key, int size, double otherwise) const {
    Eigen::VectorXd v = Eigen::VectorXd::Constant(size, otherwise);
    const auto* node = table_.get(key);
    if (node == nullptr) return v;
    const auto* array = node->as_array();
    if (array == nullptr || static_cast<int>(array->size()) != size) {
      throw InputError(fmt::format("{}: {} must be a list of {} numbers", where_, key, size));
    }
    for (int i = 0; i < size; ++i) {
      const auto value = array->get(static_cast<std::size_t>(i))->value<double>();
      if (!value || !std::isfinite(*value)) {
        throw InputError(fmt::format("{}: {} must hold finite numbers", where_, key));
      }
      v[i] = *value;
    }
    return v;
  }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  const toml::table& table_;
  std::string where_;
};

const std::vector<std::string> kTop{"dimension", "mass_ratio", "omega", "half_width", "light", "heavy"};
const std::vector<std::string> kSpecies{"mass",      "density", "temperature", "temperatures", "mean",    "initial",
                                        "amplitude", "file",    "half_width",  "unit",         "diameter"};

Species read_species(const Section& s, const std::string& name, int dimension, const std::filesystem::path& folder,
                     double eps) {
  Species species;
  species.name = name;
  species.density = s.positive("density", 1.0);
  species.mean = s.vector("mean", dimension, 0.0);
  species.diameter = s.positive("diameter", 1.0);
  species.initial = s.text("initial", s.has("temperatures") ? "bi-maxwellian" : "maxwellian");
  const std::vector<std::string> forms{"maxwellian", "bi-maxwellian", "bkw", "grid", "particles"};
  if (std::find(forms.begin(), forms.end(), species.initial) == forms.end()) {
    throw InputError(
        fmt::format("{}: initial = '{}' is unknown{}", s.where(), species.initial, suggestion(species.initial, forms)));
  }
  species.temperature = s.positive("temperature", 1.0);
  species.temperatures = s.vector("temperatures", dimension, species.temperature);
  if (!(species.temperatures.minCoeff() > 0)) {
    throw InputError(
        fmt::format("{}: temperatures must be positive, but one is {}", s.where(), species.temperatures.minCoeff()));
  }
  if (species.initial == "bi-maxwellian") species.temperature = species.temperatures.mean();
  species.amplitude = s.real("amplitude", 0.0);
  if (species.initial == "bkw" && species.mean.norm() > 0) {
    throw InputError(fmt::format("{}: a BKW start has no mean velocity", s.where()));
  }
  const bool from_file = species.initial == "grid" || species.initial == "particles";
  if (from_file != s.has("file")) {
    throw InputError(fmt::format("{}: `file` goes with initial = \"grid\" or \"particles\"", s.where()));
  }
  if (from_file) {
    const std::filesystem::path file = s.text("file", "");
    species.file = file.is_absolute() ? file.string() : (folder / file).string();
    species.file_half_width = s.has("half_width") ? s.positive("half_width", 1.0) : 0.0;
  }
  const std::string unit = s.text("unit", name == "heavy" && species.initial == "particles" ? "physical" : "thermal");
  if (unit != "thermal" && unit != "physical") {
    throw InputError(fmt::format("{}: unit is \"thermal\" (V/eps) or \"physical\" (V), not '{}'", s.where(), unit));
  }
  if (name == "heavy" && unit == "physical") species.velocity_scale = 1 / eps;
  return species;
}

}  // namespace

RunCard read_run_card(const std::optional<std::filesystem::path>& path, const CardOverrides& overrides) {
  RunCard card;
  if (!path) {
    card.mass_ratio = overrides.mass_ratio.value_or(1e-4);
    for (const bool heavy : {false, true}) {
      Species& s = heavy ? card.heavy : card.light;
      s.name = heavy ? "heavy" : "light";
      s.mean = Eigen::Vector2d::Zero();
      s.temperatures = heavy ? Eigen::Vector2d(0.6, 0.4) : Eigen::Vector2d(1.8, 1.2);
      s.temperature = s.temperatures.mean();
    }
  } else {
    const auto table = load_toml(*path);
    const std::string file = path->string();
    const Section top(table, file, kTop);
    card.dimension = static_cast<int>(top.real("dimension", 2));
    if (card.dimension != 2 && card.dimension != 3) {
      throw InputError(fmt::format("{}: dimension is {}, but 2 or 3 are possible", file, card.dimension));
    }
    const auto section = [&](const char* name) {
      const auto* node = table.get_as<toml::table>(name);
      if (node == nullptr) throw InputError(fmt::format("{} lacks the section [{}]", file, name));
      return Section(*node, fmt::format("{}, [{}]", file, name), kSpecies);
    };
    const Section light = section("light");
    const Section heavy = section("heavy");
    if (light.has("mass") != heavy.has("mass") || (light.has("mass") && top.has("mass_ratio"))) {
      throw InputError(fmt::format("{}: give either mass_ratio or a mass in both [light] and [heavy]", file));
    }
    card.mass_ratio = overrides.mass_ratio.value_or(
        light.has("mass") ? light.positive("mass", 1) / heavy.positive("mass", 1) : top.positive("mass_ratio", 1e-4));
    const double omega = top.real("omega", 1.0);
    card.exponent = 2 * (1 - omega);
    if (!(card.exponent >= 0 && card.exponent <= 1)) {
      throw InputError(fmt::format(
          "{}: omega = {} gives gamma = 2 (1 - omega) = {}, outside [0, 1]: omega is 0.5 (hard spheres) to 1 (Maxwell)",
          file, omega, card.exponent));
    }
    if (top.has("half_width")) card.half_width = top.positive("half_width", 1);
    const double eps = std::sqrt(card.mass_ratio);
    card.light = read_species(light, "light", card.dimension, path->parent_path(), eps);
    card.heavy = read_species(heavy, "heavy", card.dimension, path->parent_path(), eps);
  }
  if (!(card.mass_ratio > 0) || card.mass_ratio > 1) {
    throw InputError(fmt::format("the mass ratio m_L/m_H is {}, but must be positive and at most 1", card.mass_ratio));
  }
  return card;
}

kinetic::MixtureModel model_of(const RunCard& card, int points, kinetic::Truncation truncation,
                               const Parallel& parallel) {
  kinetic::MixtureModel model;
  model.eps = std::sqrt(card.mass_ratio);
  const double width =
      card.half_width.value_or(9 * std::sqrt(std::max(card.light.temperature, card.heavy.temperature)) +
                               std::max(card.light.mean.norm(), card.heavy.mean.norm()));
  model.light_grid = model.heavy_grid = {card.dimension, points, width};
  model.light_grid.check();
  const double mixed = 0.5 * (card.light.diameter + card.heavy.diameter);
  model.cross_kernel = {1.0, card.exponent};
  model.light_kernel = {std::pow(card.light.diameter / mixed, 2), card.exponent};
  model.heavy_kernel = {std::pow(card.heavy.diameter / mixed, 2), card.exponent};
  model.truncation = truncation;
  model.collisions.parallel = parallel;
  return model;
}

void require_valid_truncation(const RunCard& card, const kinetic::MixtureModel& model,
                              const kinetic::DisparateMixture& mixture) {
  if (model.truncation == kinetic::Truncation::kExact) return;
  if (card.mass_ratio > 0.25) {
    throw InputError(fmt::format(
        "the expansion is not valid at a mass ratio of {} (above 0.25): use --truncation exact", card.mass_ratio));
  }
  // The heavy species ends at the temperature of the mixture at least.
  const double heavy = std::max(mixture.light_moments().temperature, mixture.heavy_moments().temperature);
  if (!mixture.truncation_is_stable(heavy)) {
    throw InputError(
        fmt::format("the truncated operator is unstable at eps = {:.4g} with N = {} points an axis, whatever the step: "
                    "use --grid {} or "
                    "less, or --truncation exact",
                    model.eps, model.light_grid.points, mixture.largest_stable_points(heavy)));
  }
}

}  // namespace offprint::papers::boltzmann_mixture
