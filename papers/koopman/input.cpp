#include "input.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::papers::koopman {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// One file cut into tables of equal columns. State columns come first, then the time column, where there is one.
struct Source {
  std::vector<MatrixXd> parts;
  std::vector<std::string> names;  // of the state columns
};

struct Selection {
  std::vector<std::string> columns;
  std::string id;
  std::string time;
};

bool is_number(std::string_view word) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

// Rows grouped by `codes`, groups in the order of first appearance.
std::vector<MatrixXd> grouped(const MatrixXd& table, const std::vector<Index>& codes) {
  std::map<Index, std::size_t> group_of;
  std::vector<std::vector<Index>> rows;
  for (std::size_t r = 0; r < codes.size(); ++r) {
    const auto [at, fresh] = group_of.try_emplace(codes[r], rows.size());
    if (fresh) rows.emplace_back();
    rows[at->second].push_back(static_cast<Index>(r));
  }
  std::vector<MatrixXd> parts;
  parts.reserve(rows.size());
  for (const auto& group : rows) parts.emplace_back(table(group, Eigen::all));
  return parts;
}

// A text table as the reader returned it for text_options: the time column moves to the end, rows go to their ids.
Source arrange_text(const std::string& address, const Selection& wanted, const io::DataFile& file) {
  MatrixXd table = file.values.matrix();
  Source out;
  out.names = file.columns;
  if (!wanted.time.empty()) {
    const auto asked = std::find(wanted.columns.begin(), wanted.columns.end(), wanted.time);
    const Index t = wanted.columns.empty() ? find_column(out.names, wanted.time) : asked - wanted.columns.begin();
    std::vector<Index> order;
    for (Index c = 0; c < table.cols(); ++c)
      if (c != t) order.push_back(c);
    order.push_back(t);
    table = table(Eigen::all, order).eval();
    out.names.erase(out.names.begin() + t);
  }
  if (wanted.id.empty()) {
    out.parts.push_back(std::move(table));
    return out;
  }
  const auto& labels = file.text.front().values;
  for (std::size_t r = 0; r < labels.size(); ++r)
    if (labels[r].empty()) throw InputError(fmt::format("{}: the trajectory id of row {} is empty", address, r + 1));
  out.parts = grouped(table, io::categories(labels).codes);
  return out;
}

Source read_array(const std::string& address, const Selection& wanted, const io::NdArray& array) {
  if (array.is_complex())
    throw InputError(fmt::format("{}: the array is complex; give real and imaginary parts as columns", address));
  if (array.rank() < 1 || array.rank() > 3)
    throw InputError(fmt::format("{}: an array of shape {} is neither (time, state) nor (trajectory, time, state)",
                                 address, array.shape_text()));
  const auto& shape = array.shape();
  const auto width = static_cast<Index>(array.rank() == 1 ? 1 : shape.back());
  const auto rows = static_cast<Index>(array.rank() == 3 ? shape[1] : shape[0]);
  const auto count = static_cast<Index>(array.rank() == 3 ? shape[0] : 1);
  std::vector<std::string> names;
  for (Index c = 0; c < width; ++c) names.push_back(fmt::format("c{}", c + 1));
  const Index id = wanted.id.empty() ? -1 : find_column(names, wanted.id);
  const Index time = wanted.time.empty() ? -1 : find_column(names, wanted.time);
  if (id >= 0 && array.rank() == 3)
    throw InputError(fmt::format("{}: --id is for tables; the first axis of shape {} already counts trajectories",
                                 address, array.shape_text()));
  std::vector<Index> order;
  for (const auto& word : wanted.columns) order.push_back(find_column(names, word));
  if (wanted.columns.empty())
    for (Index c = 0; c < width; ++c)
      if (c != id && c != time) order.push_back(c);
  Source out;
  for (const Index c : order) out.names.push_back(names[static_cast<std::size_t>(c)]);
  if (time >= 0) order.push_back(time);
  for (Index p = 0; p < count; ++p) {
    const Eigen::Map<const io::NdArray::RowMajor> table(array.real().data() + p * rows * width, rows, width);
    MatrixXd part = table(Eigen::all, order);
    if (id < 0) {
      out.parts.push_back(std::move(part));
      continue;
    }
    std::map<double, Index> code_of;
    std::vector<Index> codes;
    for (Index r = 0; r < rows; ++r) {
      if (std::isnan(table(r, id)))
        throw InputError(fmt::format("{}: the trajectory id of row {} is NaN", address, r + 1));
      codes.push_back(code_of.try_emplace(table(r, id), static_cast<Index>(code_of.size())).first->second);
    }
    out.parts = grouped(part, codes);
  }
  return out;
}

Source read_source(const std::string& address, Selection wanted) {
  io::DataOptions options;
  if (!wanted.id.empty()) {
    options.csv.text_columns = {wanted.id};
    if (is_number(wanted.time)) {
      // A number counts all columns of the file, the id's included, which is not among those that come back.
      io::DataOptions only;
      only.csv.columns = {wanted.time};
      const auto named = io::read_data(address, only);
      if (!named.columns.empty()) wanted.time = named.columns.front();
    }
  }
  options.csv.columns = wanted.columns;
  const bool among = std::find(wanted.columns.begin(), wanted.columns.end(), wanted.time) != wanted.columns.end();
  if (!wanted.columns.empty() && !wanted.time.empty() && !among) options.csv.columns.push_back(wanted.time);
  const io::DataFile file = io::read_data(address, options);
  Source out = file.columns.empty() ? read_array(address, wanted, file.values) : arrange_text(address, wanted, file);
  if (out.names.empty()) throw InputError(fmt::format("{}: no state column is left", address));
  return out;
}

std::vector<Source> read_sources(const std::vector<std::filesystem::path>& paths, const Selection& wanted) {
  std::vector<Source> sources;
  for (const auto& path : paths) {
    sources.push_back(read_source(path.string(), wanted));
    if (sources.back().names.size() != sources.front().names.size())
      throw InputError(fmt::format("{} has {} state columns where {} has {}: all files must hold the same state",
                                   path.string(), sources.back().names.size(), paths.front().string(),
                                   sources.front().names.size()));
  }
  return sources;
}

// Cuts a part where the time (its last column) does not advance by the median step: what --drop-gaps means when the
// missing rows are not there at all.
std::vector<MatrixXd> cut_at_jumps(const MatrixXd& part) {
  const Index rows = part.rows();
  if (rows < 3) return {part};
  const VectorXd steps = part.col(part.cols() - 1).tail(rows - 1) - part.col(part.cols() - 1).head(rows - 1);
  std::vector<double> sorted;
  for (const double s : steps)
    if (std::isfinite(s)) sorted.push_back(s);
  if (sorted.empty()) return {part};
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  const double median = sorted[sorted.size() / 2];
  std::vector<MatrixXd> pieces;
  Index start = 0;
  for (Index r = 1; r <= rows; ++r) {
    if (r < rows && !(steps(r - 1) > 1.5 * median)) continue;
    pieces.emplace_back(part.middleRows(start, r - start));
    start = r;
  }
  return pieces;
}

double common_step(const std::vector<MatrixXd>& parts) {
  double step = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (parts[p].rows() < 2) continue;
    const double here = lib::uniform_step(parts[p].rightCols(1).col(0));
    if (step > 0 && std::abs(here - step) > 1e-6 * step)
      throw InputError(
          fmt::format("the time step of trajectory {} is {}, that of the first {}: resample them to a uniform step",
                      p + 1, here, step));
    if (step == 0) step = here;
  }
  return step;
}

VectorXd read_weights(const std::string& address, Index rows) {
  const auto file = io::read_data(address);
  if (file.values.is_complex() || file.values.size() != static_cast<std::size_t>(rows))
    throw InputError(
        fmt::format("{}: --weights holds {} numbers and --data {} rows: give one weight per row (that of the pair "
                    "which starts there)",
                    address, file.values.size(), rows));
  VectorXd weights = file.values.real();
  for (Index r = 0; r < rows; ++r)
    if (!(weights(r) >= 0) || !std::isfinite(weights(r)))
      throw InputError(
          fmt::format("{}: weight {} is {}: weights must be finite and not negative", address, r + 1, weights(r)));
  if (!(weights.sum() > 0)) throw InputError(fmt::format("{}: the weights have sum 0: give a positive one", address));
  return weights;
}

Index rows_of(const std::vector<MatrixXd>& parts) {
  Index rows = 0;
  for (const auto& part : parts) rows += part.rows();
  return rows;
}

// Carried through grouping and cutting as a last column.
void append_column(std::vector<MatrixXd>& parts, const VectorXd& column) {
  Index at = 0;
  for (auto& part : parts) {
    part.conservativeResize(Eigen::NoChange, part.cols() + 1);
    part.rightCols(1) = column.segment(at, part.rows());
    at += part.rows();
  }
}

void drop_last_column(std::vector<MatrixXd>& parts) {
  for (auto& part : parts) part.conservativeResize(Eigen::NoChange, part.cols() - 1);
}

bool has_weight_file(const Options& o) {
  return o.has("weights") && o.text("weights") != "uniform" && o.text("weights") != "trapezoid";
}

void read_pairs(const Options& o, const Selection& wanted, Input& input) {
  for (const auto& [name, given] : {std::pair{"--id", !wanted.id.empty()}, {"--time", !wanted.time.empty()}})
    if (given) throw InputError(fmt::format("{} is for trajectories: the rows of --pairs need none", name));
  const auto x_files = o.paths("data");
  const auto y_files = o.paths("pairs");
  if (x_files.size() != y_files.size())
    throw InputError(fmt::format("--data names {} files and --pairs {}: give the images file by file", x_files.size(),
                                 y_files.size()));
  const auto xs = read_sources(x_files, wanted);
  const auto ys = read_sources(y_files, wanted);
  input.pairs = true;
  input.states.columns = xs.front().names;
  for (std::size_t f = 0; f < xs.size(); ++f) {
    if (xs[f].parts.size() != ys[f].parts.size())
      throw InputError(fmt::format("{} holds {} tables and {} {}: X and Y must have the same shape",
                                   x_files[f].string(), xs[f].parts.size(), y_files[f].string(), ys[f].parts.size()));
    for (std::size_t p = 0; p < xs[f].parts.size(); ++p) {
      const auto& x = xs[f].parts[p];
      const auto& y = ys[f].parts[p];
      if (x.rows() != y.rows() || x.cols() != y.cols())
        throw InputError(
            fmt::format("{} is {} x {} but {} is {} x {}: row m of --pairs must be the image of row m of "
                        "--data",
                        x_files[f].string(), x.rows(), x.cols(), y_files[f].string(), y.rows(), y.cols()));
      input.states.parts.push_back(x);
      input.images.push_back(y);
    }
  }
  if (has_weight_file(o)) {
    const VectorXd weights = read_weights(o.text("weights"), rows_of(input.states.parts));
    Index at = 0;
    for (const auto& part : input.states.parts) {
      input.weights.emplace_back(weights.segment(at, part.rows()));
      at += part.rows();
    }
  }
  if (!o.flag("drop-gaps")) return;
  Index dropped = 0;
  for (std::size_t p = 0; p < input.images.size(); ++p) {
    std::vector<Index> kept;
    for (Index r = 0; r < input.images[p].rows(); ++r)
      if (input.states.parts[p].row(r).allFinite() && input.images[p].row(r).allFinite()) kept.push_back(r);
    dropped += input.images[p].rows() - static_cast<Index>(kept.size());
    input.states.parts[p] = input.states.parts[p](kept, Eigen::all).eval();
    input.images[p] = input.images[p](kept, Eigen::all).eval();
    if (!input.weights.empty()) input.weights[p] = input.weights[p](kept).eval();
  }
  if (dropped > 0) input.notes.push_back(fmt::format("{} pairs with missing values were dropped", dropped));
}

void read_trajectories(const Options& o, const Selection& wanted, Input& input) {
  auto sources = read_sources(o.paths("data"), wanted);
  input.states.columns = sources.front().names;
  std::vector<MatrixXd> parts;
  for (auto& source : sources)
    for (auto& part : source.parts) parts.push_back(std::move(part));
  const bool gaps = o.flag("drop-gaps");
  const bool weighted = has_weight_file(o);
  const bool timed = !wanted.time.empty();
  std::vector<MatrixXd> weights;
  if (weighted) {
    const VectorXd all = read_weights(o.text("weights"), rows_of(parts));
    // Before the time column, which cut_at_jumps expects to be the last.
    append_column(parts, all);
    if (timed)
      for (auto& part : parts) part.col(part.cols() - 1).swap(part.col(part.cols() - 2));
  }
  if (timed && gaps) {
    std::vector<MatrixXd> pieces;
    for (const auto& part : parts)
      for (auto& piece : cut_at_jumps(part)) pieces.push_back(std::move(piece));
    if (pieces.size() > parts.size())
      input.notes.push_back(
          fmt::format("{} jumps of the time column were treated as gaps", pieces.size() - parts.size()));
    parts = std::move(pieces);
  }
  input.states.parts = std::move(parts);
  if (gaps) {
    auto report = lib::drop_gaps(input.states);
    if (report.rows_dropped > 0)
      input.notes.push_back(
          fmt::format("{} rows with missing values (or alone between two) were dropped; {} "
                      "uninterrupted pieces remain",
                      report.rows_dropped, report.pieces));
    input.states.parts = std::move(report.data.parts);
  }
  lib::require_finite(input.states);
  if (timed) {
    const double step = common_step(input.states.parts);
    if (step > 0) input.states.dt = step;
    if (o.has("dt") && std::abs(o.real("dt") - step) > 1e-6 * step)
      throw InputError(fmt::format("the time column has step {} but --dt is {}: leave --dt out", step, o.real("dt")));
    drop_last_column(input.states.parts);
  }
  if (weighted) {
    for (const auto& part : input.states.parts) input.weights.emplace_back(part.rightCols(1).col(0));
    drop_last_column(input.states.parts);
  }
  const Index rows = input.states.snapshots();
  if (std::none_of(input.states.parts.begin(), input.states.parts.end(), [](const auto& p) { return p.rows() >= 2; }))
    throw InputError(
        fmt::format("the data hold {} snapshot{} and no two in one trajectory: at least 2 consecutive "
                    "snapshots are needed",
                    rows, rows == 1 ? "" : "s"));
}

}  // namespace

Index find_column(const std::vector<std::string>& names, std::string_view word) {
  const auto at = std::find(names.begin(), names.end(), word);
  if (at != names.end()) return at - names.begin();
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size()) {
    if (number >= 1 && number <= names.size()) return static_cast<Index>(number) - 1;
    throw InputError(fmt::format("there is no column {}: the data have columns 1 to {}", word, names.size()));
  }
  throw InputError(fmt::format("there is no column '{}'{}", word, suggestion(word, names)));
}

std::vector<std::string> words_of(const Options& options, std::string_view name) {
  std::vector<std::string> words;
  if (!options.has(name)) return words;
  const std::string text = options.text(name);
  std::size_t from = 0;
  for (;;) {
    const auto comma = text.find(',', from);
    std::string word = text.substr(from, comma == std::string::npos ? comma : comma - from);
    if (word.empty()) throw InputError(fmt::format("option --{}: '{}' has an empty entry", name, text));
    words.push_back(std::move(word));
    if (comma == std::string::npos) return words;
    from = comma + 1;
  }
}

Input read_input(const Options& o) {
  Selection wanted{words_of(o, "columns"), o.has("id") ? o.text("id") : "", o.has("time") ? o.text("time") : ""};
  Input input;
  input.states.dt = o.has("dt") ? o.real("dt") : 1.0;
  if (o.has("pairs")) {
    read_pairs(o, wanted, input);
  } else {
    read_trajectories(o, wanted, input);
  }
  return input;
}

}  // namespace offprint::papers::koopman
