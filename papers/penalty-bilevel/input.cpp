#include "input.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/labelled_rows.hpp"
#include "offprint/io/libsvm.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using io::SparseRows;
using optimize::DesignRows;
using optimize::SoftmaxRegression;

struct RawSet {
  std::string name;
  MatrixXd dense{};  // n x d where not sparse
  SparseRows sparse{};
  bool is_sparse = false;
  std::vector<std::string> labels{};
  std::vector<std::string> features{};

  [[nodiscard]] Index rows() const { return is_sparse ? sparse.rows() : dense.rows(); }
  [[nodiscard]] Index columns() const { return is_sparse ? sparse.cols() : dense.cols(); }
};

bool is_table(const std::filesystem::path& path) {
  auto name = path;
  if (name.extension() == ".gz") name.replace_extension();
  return name.extension() == ".csv" || name.extension() == ".tsv";
}

RawSet read_table(const std::filesystem::path& path, const std::string& label, const Parallel& parallel) {
  io::CsvOptions options;
  options.text_columns = {label};
  options.parallel = parallel;
  auto table = io::read_csv(path, options);
  RawSet out{.name = path.filename().string()};
  if (!table.values.allFinite()) {
    for (Index i = 0; i < table.values.rows(); ++i)
      for (Index j = 0; j < table.values.cols(); ++j)
        if (!std::isfinite(table.values(i, j)))
          throw InputError(fmt::format("{}: row {}, column '{}' is missing or not finite", out.name, i + 1,
                                       table.names[static_cast<std::size_t>(j)]));
  }
  out.labels = table.text.at(0).values;
  out.dense = std::move(table.values);
  out.features = std::move(table.names);
  return out;
}

RawSet read_sparse(const std::filesystem::path& path, Index features, const Parallel& parallel) {
  auto file = io::read_libsvm(path, {.features = features, .parallel = parallel});
  RawSet out{.name = path.filename().string(), .is_sparse = true};
  out.sparse.swap(file.x);  // Eigen 3.4 cannot move a sparse matrix
  for (const double label : file.labels) out.labels.push_back(fmt::format("{}", label));
  return out;
}

RawSet read_set(const Run& run, const std::string& option, Index features) {
  const auto path = run.options().path(option);
  RawSet out = is_table(path) ? read_table(path, run.options().text("label"), run.parallel())
                              : read_sparse(path, features, run.parallel());
  if (out.rows() == 0) throw InputError(fmt::format("--{} {}: the set is empty", option, out.name));
  if (features > 0 && out.columns() != features)
    throw InputError(
        fmt::format("--{} {} has {} features, the training set {}", option, out.name, out.columns(), features));
  return out;
}

std::vector<int> numbered(const RawSet& set, const std::vector<std::string>& classes, const char* option) {
  auto numbers = io::class_numbers(set.labels, classes);
  const auto unknown = std::find(numbers.begin(), numbers.end(), -1);
  if (unknown != numbers.end()) {
    const auto row = static_cast<std::size_t>(unknown - numbers.begin());
    throw InputError(fmt::format("--{} {}, row {}: the label '{}' does not occur in the training set", option, set.name,
                                 row + 1, set.labels[row]));
  }
  return numbers;
}

DesignRows with_constant(RawSet& set) {
  if (!set.is_sparse) {
    MatrixXd out(set.dense.cols() + 1, set.dense.rows());
    out.topRows(set.dense.cols()) = set.dense.transpose();
    out.bottomRows(1).setOnes();
    set.dense.resize(0, 0);
    return DesignRows(std::move(out));
  }
  return DesignRows(io::with_ones(set.sparse));
}

// Centre and scale of the training columns, applied to every dense set.
void standardise(const RawSet& train, const std::vector<RawSet*>& sets) {
  const Eigen::RowVectorXd mean = train.dense.colwise().mean();
  Eigen::RowVectorXd deviation =
      ((train.dense.rowwise() - mean).colwise().squaredNorm() / static_cast<double>(train.dense.rows())).cwiseSqrt();
  for (double& d : deviation)
    if (!(d > 0)) d = 1;
  for (RawSet* set : sets) set->dense = (set->dense.rowwise() - mean).array().rowwise() / deviation.array();
}

// Three Gaussian classes in ten dimensions.
RawSet example(const Run& run, const char* purpose, Index n) {
  Stream centres = run.stream("centres");
  MatrixXd mean(3, 10);
  for (double& entry : mean.reshaped()) entry = 1.2 * centres.normal();
  Stream random = run.stream(purpose);
  RawSet out{.name = "three Gaussian classes", .dense = MatrixXd(n, 10)};
  for (Index i = 0; i < n; ++i) {
    const Index k = i % 3;
    out.labels.push_back(fmt::format("{}", k));
    for (Index j = 0; j < 10; ++j) out.dense(i, j) = mean(k, j) + 1.5 * random.normal();
  }
  for (int j = 1; j <= 10; ++j) out.features.push_back(fmt::format("f{}", j));
  return out;
}

// --flip and --truth; in the example someone takes many rows of the second class for the third.
void add_noise(Run& run, RawSet& train, const std::vector<std::string>& classes, std::vector<bool>& wrong) {
  const double flip = run.options().has("flip") ? run.options().real("flip") : 0.0;
  const bool confuse = !run.options().has("train") && flip == 0;
  std::vector<std::string> truth = train.labels;
  if (run.options().has("truth")) {
    io::CsvOptions options;
    options.header = io::Header::absent;
    options.text_columns = {"1"};
    const auto table = io::read_csv(run.options().path("truth"), options);
    truth = table.text.at(0).values;
    if (truth.size() != train.labels.size())
      throw InputError(fmt::format("--truth has {} rows, the training set {}", truth.size(), train.labels.size()));
  }
  if (flip > 0) {
    Stream random = run.stream("flip");
    for (auto& label : train.labels)
      if (random.uniform() < flip) label = classes[random.below(classes.size())];
  }
  if (confuse) {
    Stream random = run.stream("confuse");
    for (auto& label : train.labels)
      if (label == classes[1] && random.uniform() < 0.6) label = classes[2];
  }
  if (flip > 0 || confuse || run.options().has("truth"))
    for (std::size_t i = 0; i < truth.size(); ++i) wrong.push_back(train.labels[i] != truth[i]);
}

}  // namespace

LabelledSets read_sets(Run& run, bool with_noise) {
  const Options& o = run.options();
  for (const char* name : {"val", "test", "truth", "weights", "groups"})
    if (o.has(name) && !o.has("train")) throw InputError(fmt::format("--{} needs --train", name));
  if (o.has("train") && !o.has("val")) throw InputError("--val is missing: a small clean validation set decides");
  const bool own = o.has("train");
  RawSet train = own ? read_set(run, "train", 0) : example(run, "train", 600);
  RawSet validation = own ? read_set(run, "val", train.columns()) : example(run, "validation", 120);
  const bool tested = !own || o.has("test");
  RawSet test;
  if (tested) test = own ? read_set(run, "test", train.columns()) : example(run, "test", 3000);
  if (train.is_sparse != validation.is_sparse || (tested && train.is_sparse != test.is_sparse))
    throw InputError("the sets must all be tables or all be LIBSVM files");

  LabelledSets out;
  out.name = train.name;
  out.classes = io::class_names(train.labels);
  if (out.classes.size() < 2)
    throw InputError(
        fmt::format("--train {} has one class only ('{}'); a classifier needs two", train.name, out.classes.at(0)));
  if (with_noise) add_noise(run, train, out.classes, out.wrong);
  if (o.flag("standardise")) {
    if (train.is_sparse) throw InputError("--standardise would make LIBSVM rows dense; it is for tables");
    std::vector<RawSet*> sets{&validation, &train};
    if (tested) sets.push_back(&test);
    RawSet reference;
    reference.dense = train.dense;
    standardise(reference, sets);
  }
  out.features = train.features;
  if (train.is_sparse)
    for (Index j = 1; j <= train.columns(); ++j) out.features.push_back(fmt::format("{}", j));
  out.features.emplace_back("constant");
  const auto classes = static_cast<int>(out.classes.size());
  const auto build = [&](RawSet& set, const char* option) {
    auto labels = numbered(set, out.classes, option);
    return std::make_shared<SoftmaxRegression>(with_constant(set), std::move(labels), classes, run.parallel());
  };
  out.train = build(train, "train");
  out.validation = build(validation, "val");
  if (tested) out.test = build(test, "test");
  return out;
}

Eigen::VectorXd read_column(const std::filesystem::path& path, Index count, const char* what) {
  const auto table = io::read_csv(path);
  if (table.values.cols() != 1)
    throw InputError(
        fmt::format("{}: {} need one column, not {}", path.filename().string(), what, table.values.cols()));
  if (table.values.rows() != count)
    throw InputError(
        fmt::format("{} has {} {}; there are {} rows", path.filename().string(), table.values.rows(), what, count));
  if (!table.values.allFinite()) throw InputError(fmt::format("{}: {} must be finite", path.filename().string(), what));
  return table.values.col(0);
}

}  // namespace offprint::papers::penalty_bilevel
