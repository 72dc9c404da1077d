#include "input.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/labelled_rows.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::papers::gns {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

bool ends_with(const std::string& text, std::string_view tail) {
  return text.size() >= tail.size() && text.compare(text.size() - tail.size(), tail.size(), tail) == 0;
}

bool is_table(const std::string& address) {
  const std::string file = io::parse_address(address).file.string();
  constexpr std::array kTables{".csv",    ".tsv", ".txt", ".dat", ".csv.gz", ".tsv.gz", ".txt.gz",
                               ".dat.gz", ".npy", ".npz", ".h5",  ".hdf5",   ".he5",    ".mat"};
  return std::any_of(kTables.begin(), kTables.end(), [&](const char* tail) { return ends_with(file, tail); });
}

bool as_number(const std::string& text, double& value) {
  const char* first = text.data();
  const char* last = first + text.size();
  if (first != last && *first == '+') ++first;
  const auto read = std::from_chars(first, last, value);
  return read.ec == std::errc() && read.ptr == last;
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 8; ++i) out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 8 ? out + ", ..." : out;
}

void number_classes(Dataset& data, const std::vector<std::string>& labels, const InputOptions& options, Task task) {
  std::map<std::string, std::size_t> first;  // row where a label occurs first
  for (std::size_t i = 0; i < labels.size(); ++i) first.emplace(labels[i], i);
  data.classes = options.classes;
  if (data.classes.empty()) {
    data.classes = io::class_names(labels);
    if (task == Task::kBinary && data.classes.size() > 2) {
      std::size_t third = labels.size();
      std::vector<std::size_t> rows;
      for (const auto& [label, row] : first) rows.push_back(row);
      std::nth_element(rows.begin(), rows.begin() + 2, rows.end());
      third = rows[2];
      throw InputError(
          fmt::format("{}: the logistic loss needs two labels, but there are {}: {} (row {} has the third); "
                      "use --loss softmax",
                      data.name, data.classes.size(), list(data.classes), third + 1));
    }
    // A single label is the positive class unless it is a number <= 0.
    double value = 0;
    if (data.classes.size() == 1 && task == Task::kBinary) {
      const bool negative = as_number(data.classes[0], value) && value <= 0;
      data.classes.insert(negative ? data.classes.end() : data.classes.begin(), "(no other label)");
    }
  }
  const auto numbers = io::class_numbers(labels, data.classes);
  data.targets.resize(static_cast<Index>(labels.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (numbers[i] < 0)
      throw InputError(fmt::format("{}: row {} has the label {}, which training has not seen (it knows {})", data.name,
                                   i + 1, labels[i], list(data.classes)));
    data.targets(static_cast<Index>(i)) = numbers[i];
  }
}

std::vector<std::string> as_text(const VectorXd& values) {
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(values.size()));
  for (const double v : values) out.push_back(fmt::format("{}", v));
  return out;
}

Dataset read_sparse(const std::string& address, const InputOptions& options, Task task, const Parallel& parallel) {
  Dataset data;
  data.name = address;
  data.is_sparse = true;
  auto file = io::read_libsvm(address, {.parallel = parallel});
  data.sparse = std::move(file.x);
  if (task == Task::kNumbers)
    data.targets = std::move(file.labels);
  else if (task != Task::kNone)
    number_classes(data, as_text(file.labels), options, task);
  if (data.columns() == 0) throw InputError(fmt::format("{}: no row has a feature", address));
  return data;
}

Index target_position(const std::vector<std::string>& columns, const std::string& wanted, const std::string& address) {
  if (wanted.empty()) return static_cast<Index>(columns.size()) - 1;
  const auto named = std::find(columns.begin(), columns.end(), wanted);
  if (named != columns.end()) return named - columns.begin();
  Index number = 0;
  const auto read = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
  if (read.ec == std::errc() && read.ptr == wanted.data() + wanted.size()) {
    if (number < 1 || number > static_cast<Index>(columns.size()))
      throw InputError(fmt::format("--target-column {}: {} has columns 1 to {}", wanted, address, columns.size()));
    return number - 1;
  }
  throw InputError(
      fmt::format("--target-column {}: {} has no such column{}", wanted, address, suggestion(wanted, columns)));
}

void pick_columns(Dataset& data, const std::vector<std::string>& wanted) {
  if (wanted.empty() || data.features == wanted) return;
  MatrixXd picked(data.dense.rows(), static_cast<Index>(wanted.size()));
  for (std::size_t j = 0; j < wanted.size(); ++j) {
    const auto at = std::find(data.features.begin(), data.features.end(), wanted[j]);
    if (at == data.features.end())
      throw InputError(fmt::format("{}: there is no column '{}', which the model was trained on{}", data.name,
                                   wanted[j], suggestion(wanted[j], data.features)));
    picked.col(static_cast<Index>(j)) = data.dense.col(at - data.features.begin());
  }
  data.dense = std::move(picked);
  data.features = wanted;
}

Dataset read_table(const std::string& address, const InputOptions& options, Task task, const Parallel& parallel) {
  const bool labels = task == Task::kBinary || task == Task::kClasses;
  io::DataOptions how;
  how.csv.parallel = parallel;
  if (labels && !options.target_column.empty() && address.find(".csv") != std::string::npos)
    how.csv.text_columns = {options.target_column};  // words are as good as numbers
  const io::MatrixFile file = io::read_matrix(address, how);
  Dataset data;
  data.name = address;
  data.features = file.columns;
  data.dense = file.values;
  if (!file.text.empty()) {
    number_classes(data, file.text.front().values, options, task);
  } else if (task != Task::kNone) {
    const Index at = target_position(file.columns, options.target_column, address);
    const VectorXd targets = file.values.col(at);
    for (Index i = 0; i < targets.size(); ++i)
      if (!std::isfinite(targets(i)))
        throw InputError(fmt::format("{}: the target of row {} (column {}) is missing or not finite", address, i + 1,
                                     file.columns[static_cast<std::size_t>(at)]));
    MatrixXd rest(file.values.rows(), file.values.cols() - 1);
    rest << file.values.leftCols(at), file.values.rightCols(file.values.cols() - at - 1);
    data.dense = std::move(rest);
    data.features.erase(data.features.begin() + at);
    if (labels)
      number_classes(data, as_text(targets), options, task);
    else
      data.targets = targets;
  }
  if (data.dense.cols() == 0) throw InputError(fmt::format("{}: there is no column besides the targets", address));
  pick_columns(data, options.columns);
  for (Index j = 0; j < data.dense.cols(); ++j)
    for (Index i = 0; i < data.dense.rows(); ++i)
      if (!std::isfinite(data.dense(i, j)))
        throw InputError(fmt::format("{}: row {}, column {} is missing or not finite", address, i + 1,
                                     data.features[static_cast<std::size_t>(j)]));
  return data;
}

}  // namespace

Dataset read_dataset(const std::string& address, const InputOptions& options, Task task, const Parallel& parallel) {
  return is_table(address) ? read_table(address, options, task, parallel)
                           : read_sparse(address, options, task, parallel);
}

Index fit_columns(Dataset& data, Index columns) {
  const Index have = data.columns();
  if (have == columns) return 0;
  if (data.is_sparse) {
    if (have < columns) {
      data.sparse.conservativeResize(data.sparse.rows(), columns);
      return 0;
    }
    const io::SparseRows kept = data.sparse.leftCols(columns);
    data.sparse = kept;
    return have - columns;
  }
  MatrixXd fitted = MatrixXd::Zero(data.dense.rows(), columns);
  fitted.leftCols(std::min(have, columns)) = data.dense.leftCols(std::min(have, columns));
  data.dense = std::move(fitted);
  return std::max<Index>(have - columns, 0);
}

void add_intercept(Dataset& data) {
  const Index d = data.columns();
  if (!data.is_sparse) {
    data.dense.conservativeResize(Eigen::NoChange, d + 1);
    data.dense.col(d).setOnes();
    return;
  }
  data.sparse = io::with_ones(data.sparse);
}

}  // namespace offprint::papers::gns
