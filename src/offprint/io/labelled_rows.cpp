#include "offprint/io/labelled_rows.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>

namespace offprint::io {
namespace {

std::optional<double> as_number(const std::string& text) {
  const char* first = text.data();
  const char* last = first + text.size();
  if (first != last && *first == '+') ++first;
  double value = 0;
  const auto read = std::from_chars(first, last, value);
  if (read.ec == std::errc() && read.ptr == last) return value;
  return std::nullopt;
}

bool label_before(const std::string& a, const std::string& b) {
  const auto x = as_number(a);
  const auto y = as_number(b);
  if (x && y) return *x < *y;
  if (x.has_value() != y.has_value()) return x.has_value();
  return a < b;
}

}  // namespace

std::vector<std::string> class_names(std::span<const std::string> labels) {
  const std::set<std::string> distinct(labels.begin(), labels.end());
  std::vector<std::string> names(distinct.begin(), distinct.end());
  std::sort(names.begin(), names.end(), label_before);
  return names;
}

std::vector<int> class_numbers(std::span<const std::string> labels, std::span<const std::string> classes) {
  std::map<std::string, int> number;
  for (std::size_t c = 0; c < classes.size(); ++c) number.emplace(classes[c], static_cast<int>(c));
  std::vector<int> out;
  out.reserve(labels.size());
  for (const auto& label : labels) {
    const auto found = number.find(label);
    out.push_back(found == number.end() ? -1 : found->second);
  }
  return out;
}

SparseRows with_ones(const SparseRows& rows) {
  SparseRows wider(rows.rows(), rows.cols() + 1);
  wider.reserve(rows.nonZeros() + rows.rows());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    wider.startVec(i);
    for (SparseRows::InnerIterator it(rows, i); it; ++it) wider.insertBack(i, it.col()) = it.value();
    wider.insertBack(i, rows.cols()) = 1;
  }
  wider.finalize();
  return wider;
}

}  // namespace offprint::io
