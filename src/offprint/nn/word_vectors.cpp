#include "offprint/nn/word_vectors.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include <Eigen/SparseCore>
#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/mapped_file.hpp"
#include "offprint/linalg/randomized_svd.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using SparseMatrix = Eigen::SparseMatrix<double>;

// C: both orders of each pair of neighbours, 1/distance each.
SparseMatrix co_occurrences(std::span<const std::vector<std::uint32_t>> texts, std::size_t vocabulary,
                            std::size_t window) {
  std::unordered_map<std::uint64_t, double> counts;
  for (const auto& text : texts) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      for (std::size_t k = 1; k <= window && i + k < text.size(); ++k) {
        const std::uint64_t a = text[i];
        const std::uint64_t b = text[i + k];
        counts[a * vocabulary + b] += 1.0 / static_cast<double>(k);
        counts[b * vocabulary + a] += 1.0 / static_cast<double>(k);
      }
    }
  }
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve(counts.size());
  for (const auto& entry : counts)
    entries.emplace_back(static_cast<int>(entry.first / vocabulary), static_cast<int>(entry.first % vocabulary),
                         entry.second);
  const auto n = static_cast<Index>(vocabulary);
  SparseMatrix c(n, n);
  c.setFromTriplets(entries.begin(), entries.end());
  return c;
}

void to_positive_pmi(SparseMatrix& c, double power) {
  const VectorXd row = c * VectorXd::Ones(c.cols());
  VectorXd context = row.array().pow(power);
  context *= row.sum() / context.sum();
  const double total = row.sum();
  for (Index j = 0; j < c.outerSize(); ++j)
    for (SparseMatrix::InnerIterator it(c, j); it; ++it)
      it.valueRef() = std::max(0.0, std::log(it.value() * total / (row[it.row()] * context[it.col()])));
  c.prune(0.0, 0.0);
}

void scale_to_unit(MatrixXd& vectors, double entries) {
  const double rms = std::sqrt(vectors.squaredNorm() / entries);
  if (rms > 0) vectors /= rms;
}

std::string_view next_field(std::string_view& line) {
  const auto start = std::min(line.find_first_not_of(" \t\r"), line.size());
  line.remove_prefix(start);
  const auto end = std::min(line.find_first_of(" \t\r"), line.size());
  const auto field = line.substr(0, end);
  line.remove_prefix(end);
  return field;
}

}  // namespace

MatrixXd pmi_vectors(std::span<const std::vector<std::uint32_t>> texts, std::size_t vocabulary, Stream random,
                     const PmiOptions& options) {
  if (options.dimension < 1 || options.dimension > static_cast<Index>(vocabulary))
    throw InputError(fmt::format("word vectors of {} entries for {} words; at most as many entries as words",
                                 options.dimension, vocabulary));
  SparseMatrix pmi = co_occurrences(texts, vocabulary, options.window);
  if (pmi.nonZeros() == 0)
    throw InputError("no two known words stand beside each other: word vectors need longer texts");
  to_positive_pmi(pmi, options.context_power);
  const Eigen::SparseMatrix<double, Eigen::RowMajor> rows = pmi;
  const linalg::RectangularOperator op{
      .rows = rows.rows(),
      .columns = rows.cols(),
      .apply = [&](const Eigen::Ref<const MatrixXd>& x, Eigen::Ref<MatrixXd> y) { y.noalias() = rows * x; },
      .apply_transpose = [&](const Eigen::Ref<const MatrixXd>& x,
                             Eigen::Ref<MatrixXd> y) { y.noalias() = pmi.transpose() * x; }};
  const auto svd = linalg::randomized_svd(op, options.dimension, random, {.oversampling = 20, .power_iterations = 4});
  MatrixXd vectors = svd.s.cwiseSqrt().asDiagonal() * svd.u.transpose();
  scale_to_unit(vectors, static_cast<double>(vectors.size()));
  return vectors;
}

FileVectors read_word_vectors(const std::filesystem::path& path, std::span<const std::string> words) {
  const io::MappedFile file(path);
  std::string unpacked;
  std::string_view bytes = file.bytes();
  if (io::is_gzip(bytes)) {
    unpacked = io::gunzip(bytes, path.string());
    bytes = unpacked;
  }
  std::unordered_map<std::string_view, Index> wanted;
  for (std::size_t i = 0; i < words.size(); ++i) wanted.emplace(words[i], static_cast<Index>(i));
  FileVectors out;
  std::vector<double> entries;
  std::vector<bool> found(words.size(), false);
  std::size_t number = 0;
  std::size_t hits = 0;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    ++number;
    const std::string_view word = next_field(line);
    if (word.empty()) continue;
    entries.clear();
    for (auto field = next_field(line); !field.empty(); field = next_field(line)) {
      double value = 0;
      const auto result = std::from_chars(field.data(), field.data() + field.size(), value);
      if (result.ec != std::errc{} || result.ptr != field.data() + field.size() || !std::isfinite(value))
        throw InputError(fmt::format("'{}' line {}: '{}' is no number; each line is a word and its vector",
                                     path.string(), number, field));
      entries.push_back(value);
    }
    if (number == 1 && entries.size() == 1) continue;  // word2vec's "count dimension"
    const auto size = static_cast<Index>(entries.size());
    if (size == 0) throw InputError(fmt::format("'{}' line {} has a word without a vector", path.string(), number));
    if (out.vectors.rows() == 0) out.vectors = MatrixXd::Zero(size, static_cast<Index>(words.size()));
    if (size != out.vectors.rows())
      throw InputError(fmt::format("'{}' line {} has {} entries; the lines before it have {}", path.string(), number,
                                   size, out.vectors.rows()));
    const auto at = wanted.find(word);
    if (at == wanted.end()) continue;
    out.vectors.col(at->second) = Eigen::Map<const VectorXd>(entries.data(), size);
    if (!found[static_cast<std::size_t>(at->second)]) ++hits;
    found[static_cast<std::size_t>(at->second)] = true;
  }
  if (hits == 0)
    throw InputError(
        fmt::format("'{}' has vectors for none of the {} words of the texts", path.string(), words.size()));
  out.missing = words.size() - hits;
  scale_to_unit(out.vectors, static_cast<double>(hits) * static_cast<double>(out.vectors.rows()));
  return out;
}

}  // namespace offprint::nn
