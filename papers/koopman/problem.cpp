#include "problem.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/certify.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/memory.hpp"

namespace offprint::papers::koopman {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using lib::SnapshotPairs;
using lib::Trajectories;

constexpr long kUsualDelays = 20;

// One side of the split: trajectories with the weights of their rows (or none), or pairs.
struct Side {
  Trajectories states;
  std::vector<VectorXd> weights;
};

// Pairs that `parts` give once embedded, counted before anything is allocated.
Index embedded_pairs(const Trajectories& data, Index delays, Index stride) {
  Index pairs = 0;
  for (const auto& part : data.parts) pairs += std::max<Index>(part.rows() - (delays - 1) * stride - 1, 0);
  return pairs;
}

// As many delays as the data carry: at most 20, and such that M >= 2 N.
Index default_delays(const Trajectories& train, Index stride, std::vector<std::string>& notes) {
  Index delays = kUsualDelays;
  while (delays > 1 && embedded_pairs(train, delays, stride) < 2 * delays * train.dimension()) --delays;
  if (delays < kUsualDelays)
    notes.push_back(
        fmt::format("--delays was set to {} (not {}): more would leave fewer than two pairs for each "
                    "dictionary function",
                    delays, kUsualDelays));
  return delays;
}

void require_sizes(Index pairs, Index functions, std::string_view remedy) {
  lib::require_memory(lib::memory_estimate(pairs, functions, functions),
                      fmt::format("a dictionary of N={} functions on M={} pairs", functions, pairs));
  lib::require_pairs(pairs, functions, remedy);
}

// Weights of the pairs of embedded trajectories: a pair has that of the row where its first snapshot starts.
void apply_weights(SnapshotPairs& pairs, const Side& side, Index reach) {
  if (side.weights.empty()) return;
  VectorXd weights(pairs.count());
  Index at = 0;
  for (std::size_t p = 0; p < side.states.parts.size(); ++p) {
    const Index n = side.states.parts[p].rows() - reach - 1;
    if (n < 1) continue;
    weights.segment(at, n) = side.weights[p].head(n);
    at += n;
  }
  lib::set_weights(pairs, weights);
}

// The weights travel through the library's split as a last column.
lib::Split<Side> split_sides(const Input& input, double share) {
  lib::Split<Side> out;
  if (!(share > 0)) {
    out.train = {input.states, input.weights};
    out.test.states.dt = input.states.dt;
    out.test.states.columns = input.states.columns;
    return out;
  }
  if (input.weights.empty()) {
    auto halves = lib::split(input.states, share);
    out.train.states = std::move(halves.train);
    out.test.states = std::move(halves.test);
    return out;
  }
  Trajectories carried = input.states;
  for (std::size_t p = 0; p < carried.parts.size(); ++p) {
    carried.parts[p].conservativeResize(Eigen::NoChange, carried.parts[p].cols() + 1);
    carried.parts[p].rightCols(1) = input.weights[p];
  }
  auto halves = lib::split(carried, share);
  for (auto [from, to] : {std::pair{&halves.train, &out.train}, {&halves.test, &out.test}}) {
    for (auto& part : from->parts) {
      to->weights.emplace_back(part.rightCols(1).col(0));
      part.conservativeResize(Eigen::NoChange, part.cols() - 1);
    }
    to->states = std::move(*from);
  }
  return out;
}

SnapshotPairs joined_pairs(const Input& input) {
  MatrixXd x(input.states.snapshots(), input.states.dimension());
  MatrixXd y(x.rows(), x.cols());
  VectorXd weights(input.weights.empty() ? 0 : x.rows());
  Index at = 0;
  for (std::size_t p = 0; p < input.images.size(); ++p) {
    const Index n = input.images[p].rows();
    x.middleRows(at, n) = input.states.parts[p];
    y.middleRows(at, n) = input.images[p];
    if (weights.size() > 0) weights.segment(at, n) = input.weights[p];
    at += n;
  }
  auto pairs = lib::make_pairs(x, y);
  if (weights.size() > 0) lib::set_weights(pairs, weights);
  return pairs;
}

void prepare_pairs(const Options& o, const Input& input, Mean mean, Problem& problem, std::vector<std::string>& notes) {
  if (o.text("weights") == "trapezoid")
    throw InputError("--weights trapezoid is a rule in time: pairs have none, use uniform or a file");
  SnapshotPairs pairs = joined_pairs(input);
  if (pairs.count() < 2) throw InputError(fmt::format("{} snapshot pair: at least 2 are needed", pairs.count()));
  const double share = o.real("test");
  if (share > 0) {
    auto halves = lib::split(pairs, share);
    problem.train = std::move(halves.train);
    problem.test = std::move(halves.test);
  } else {
    problem.train = std::move(pairs);
  }
  for (const auto& note : problem.train.notes) notes.push_back(note);
  if (mean == Mean::remove) {
    const Eigen::RowVectorXd centre = problem.train.x.colwise().mean();
    for (auto* side : {&problem.train, &problem.test}) {
      side->x.rowwise() -= centre;
      side->y.rowwise() -= centre;
    }
  }
  if (!o.has("rank")) return;
  Trajectories states;
  states.parts = {problem.train.x};
  problem.pod = lib::pod(states, o.integer("rank"));
  const auto project = [&](MatrixXd& m) {
    if (m.rows() == 0) return;
    Trajectories one;
    one.parts = {std::move(m)};
    m = problem.pod->project(one).parts.front();
  };
  for (auto* side : {&problem.train, &problem.test}) {
    project(side->x);
    project(side->y);
  }
}

void prepare_trajectories(const Options& o, Input& input, Mean mean, bool delayed, Problem& problem,
                          std::vector<std::string>& notes) {
  auto sides = split_sides(input, o.real("test"));
  input = Input();
  if (mean == Mean::remove) {
    Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(sides.train.states.dimension());
    for (const auto& part : sides.train.states.parts) sum += part.colwise().sum();
    const Eigen::RowVectorXd centre = sum / static_cast<double>(sides.train.states.snapshots());
    for (auto* side : {&sides.train, &sides.test})
      for (auto& part : side->states.parts) part.rowwise() -= centre;
  }
  if (o.has("rank")) {
    problem.pod = lib::pod(sides.train.states, o.integer("rank"));
    for (auto* side : {&sides.train, &sides.test})
      if (!side->states.parts.empty()) side->states = problem.pod->project(side->states);
  }
  const Index d = sides.train.states.dimension();
  if (delayed) {
    problem.stride = o.integer("stride");
    problem.delays = o.has("delays") ? o.integer("delays") : default_delays(sides.train.states, problem.stride, notes);
    const Index pairs = embedded_pairs(sides.train.states, problem.delays, problem.stride);
    require_sizes(pairs, d * problem.delays, problem.delays > 1 ? "--delays" : "the state (--rank, --columns)");
    if (problem.delays > 1) lib::require_no_constant_column(sides.train.states);
  }
  const Index reach = (problem.delays - 1) * problem.stride;
  const auto rule = o.text("weights") == "trapezoid" ? lib::WeightRule::trapezoid : lib::WeightRule::uniform;
  const auto embed = [&](Side& side, Trajectories& states, SnapshotPairs& pairs) {
    states = problem.delays > 1 ? lib::delay_embed(side.states, problem.delays, problem.stride) : side.states;
    pairs = lib::make_pairs(states, rule);
    apply_weights(pairs, side, reach);
  };
  embed(sides.train, problem.train_states, problem.train);
  for (const auto& note : problem.train.notes) notes.push_back(note);
  if (sides.test.states.parts.empty()) return;
  if (embedded_pairs(sides.test.states, problem.delays, problem.stride) < 1) {
    notes.push_back(
        fmt::format("the held-out data (--test {:g}) are too short for {} delays with stride {}: there are "
                    "no held-out residuals",
                    o.real("test"), problem.delays, problem.stride));
    return;
  }
  embed(sides.test, problem.test_states, problem.test);
}

}  // namespace

MatrixXd Problem::state_of(const Eigen::Ref<const MatrixXd>& rows) const {
  if (delays == 1) return rows;
  MatrixXd states(rows.rows(), rows.cols() / delays);
  for (Index c = 0; c < states.cols(); ++c) states.col(c) = rows.col(c * delays);
  return states;
}

MatrixXd Problem::newest_of(const Eigen::Ref<const MatrixXd>& rows) const {
  if (delays == 1) return rows;
  MatrixXd states(rows.rows(), rows.cols() / delays);
  for (Index c = 0; c < states.cols(); ++c) states.col(c) = rows.col((c + 1) * delays - 1);
  return states;
}

Eigen::MatrixXcd Problem::lift(const Eigen::MatrixXcd& modes) const {
  if (!pod) return modes;
  return modes * pod->modes.transpose();
}

lib::PairSource<double> Problem::test_source() const {
  // Held-out pairs may be fewer than the functions: their residuals are an average over what there is.
  lib::PairSource<double> source;
  source.pairs = test.count();
  source.functions = dictionary->size();
  source.weights = test.weights;
  source.fill = [this](Index first, Eigen::Ref<MatrixXd> px, Eigen::Ref<MatrixXd> py) {
    dictionary->evaluate(test.x.middleRows(first, px.rows()), px);
    dictionary->evaluate(test.y.middleRows(first, py.rows()), py);
  };
  return source;
}

Problem prepare(Run& run, Mean mean) {
  const Options& o = run.options();
  Problem problem;
  std::vector<std::string> notes;
  Input input = read_input(o);
  notes = input.notes;
  const std::string kind = o.text("dictionary");
  problem.kernel = kind == "kernel";
  problem.dt = input.states.dt;
  problem.names = input.states.columns;
  if (input.pairs) {
    if (kind == "delay" && o.has("delays") && o.integer("delays") > 1)
      throw InputError("--delays needs trajectories, --pairs has single steps: use another --dictionary");
    if (kind == "delay") notes.emplace_back("pairs carry no delays: the dictionary is the state itself");
    prepare_pairs(o, input, mean, problem, notes);
  } else {
    prepare_trajectories(o, input, mean, kind == "delay", problem, notes);
  }
  if (problem.kernel) {
    problem.kernel_options.kernel = lib::kernel_for(lib::kernel_from_name(o.text("kernel")), problem.train.x);
    problem.kernel_options.at_most = o.integer("functions");
    problem.kernel_options.parallel = run.parallel();
  } else {
    lib::DictionarySpec spec;
    spec.kind = kind == "delay" ? "identity" : kind;
    spec.degree = spec.modes = static_cast<int>(o.integer("degree"));
    spec.centres = o.integer("centres");
    spec.seed = run.seed();
    if (kind == "rbf") {
      static_cast<void>(lib::mean_distance(problem.train.x));  // a scale of 0 is the clearer complaint: comes first
      require_sizes(problem.train.count(), spec.centres, "--centres");
    }
    problem.dictionary = lib::make_dictionary(spec, problem.train.x, run.parallel());
    const bool by_degree = kind == "poly" || kind == "hermite" || kind == "fourier";
    require_sizes(problem.train.count(), problem.dictionary->size(),
                  by_degree       ? "--degree"
                  : kind == "rbf" ? "--centres"
                                  : "the state (--rank, --columns)");
  }
  for (const auto& note : notes) run.note(note);
  return problem;
}

lib::Compression<double> compress_problem(Run& run, const Problem& problem) {
  lib::CompressionOptions options;
  options.parallel = run.parallel();
  auto compression = lib::compress(problem.train_source(), options);
  const auto [smallest, largest] = compression.l_extremes();
  run.metric("pairs", static_cast<double>(compression.pairs));
  run.metric("held_out_pairs", static_cast<double>(problem.test.count()));
  run.metric("functions", static_cast<double>(compression.functions));
  run.metric("dropped_directions", static_cast<double>(compression.dropped));
  run.metric("condition", compression.condition);
  run.metric("l_smallest", smallest);
  run.metric("l_largest", largest);
  for (const auto& warning : compression.warnings) run.note(warning);
  if (compression.residuals_void()) {
    run.note(
        fmt::format("as many functions as pairs (N={}, M={}): every residual is 0 by interpolation and means "
                    "nothing",
                    compression.size(), compression.pairs));
  } else if (2 * compression.size() > compression.pairs) {
    run.note(
        fmt::format("N={} functions are close to M={} pairs: residuals are too small by about sqrt(1 - N/M) = "
                    "{:.2f}; trust the held-out ones, or give more data",
                    compression.size(), compression.pairs,
                    std::sqrt(1 - static_cast<double>(compression.size()) / static_cast<double>(compression.pairs))));
  }
  return compression;
}

bool isometry(Run& run, const Problem& problem, const lib::Compression<double>& compression) {
  const std::string word = run.options().text("measure-preserving");
  if (word == "no") return false;
  const auto wanted = word == "yes" ? lib::MeasurePreserving::kYes : lib::MeasurePreserving::kAuto;
  auto decision = lib::decide_isometry(wanted, compression, problem.train.one_orbit);
  if (!decision.warning.empty()) run.note(decision.warning);
  std::string evidence;
  if (decision.isometry) {
    const auto e = lib::edmd(compression);
    const auto at = lib::isometry_contradiction({e.values.data(), static_cast<std::size_t>(e.values.size())},
                                                {e.residuals.data(), static_cast<std::size_t>(e.residuals.size())});
    if (at) {
      const auto k = static_cast<Index>(*at);
      evidence = fmt::format(
          "the eigenvalue {:.6g}{:+.6g}i has residual {:.2g} and lies {:.2g} from the unit circle, "
          "where a measure-preserving system has none",
          e.values(k).real(), e.values(k).imag(), e.residuals(k), std::abs(1 - std::abs(e.values(k))));
      if (wanted == lib::MeasurePreserving::kYes) run.note("--measure-preserving yes is doubtful: " + evidence);
      if (wanted == lib::MeasurePreserving::kAuto) decision.isometry = false;
    }
  }
  if (wanted == lib::MeasurePreserving::kAuto) {
    const auto [smallest, largest] = compression.l_extremes();
    if (evidence.empty())
      evidence = problem.train.one_orbit ? "one orbit counts as measure-preserving when all lie in [0.95, 1.05]"
                                         : "assumed only for one orbit, otherwise say --measure-preserving yes";
    run.note(fmt::format("measure-preserving: {} (the eigenvalues of L span {:.4g} to {:.4g}; {})",
                         decision.isometry ? "yes" : "no", smallest, largest, evidence));
  }
  return decision.isometry;
}

}  // namespace offprint::papers::koopman
