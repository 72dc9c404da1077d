// Labelled data from files.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/cifar.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/idx.hpp"
#include "offprint/io/libsvm.hpp"
#include "offprint/io/mapped_file.hpp"
#include "offprint/io/table_file.hpp"
#include "offprint/nn/labelled.hpp"

namespace offprint::nn {
namespace {

namespace fs = std::filesystem;
using Eigen::Index;

Labelled from_bytes(const io::ByteArray& images, std::size_t limit) {
  const std::size_t n = limit > 0 ? std::min(limit, images.shape[0]) : images.shape[0];
  const std::size_t d = images.shape[0] > 0 ? images.values.size() / images.shape[0] : 0;
  Labelled data;
  data.inputs = Eigen::Map<const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic>>(
                    images.values.data(), static_cast<Index>(d), static_cast<Index>(n))
                    .cast<double>() /
                255.0;
  data.shape.assign(images.shape.begin() + 1, images.shape.end());
  return data;
}

/// The file itself, or its compressed form.
fs::path plain_or_gz(const fs::path& path) {
  if (fs::exists(path)) return path;
  if (fs::path gz = path.string() + ".gz"; fs::exists(gz)) return gz;
  throw InputError(fmt::format("'{}' is missing, and so is '{}.gz'", path.string(), path.string()));
}

/// The first bytes of what a file holds, decompressed when it is a gzip file.
bool holds_idx(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;
  const io::MappedFile file(path);
  if (!io::is_gzip(file.bytes())) return io::is_idx(file.bytes());
  return path.filename().string().find("idx") != std::string::npos;
}

bool named_cifar(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".bin") || name.ends_with(".bin.gz");
}

bool named_libsvm(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".libsvm") || name.ends_with(".libsvm.gz") || name.ends_with(".svm");
}

/// A sparse file made dense; its labels, numbered in ascending order (-1 and +1 become 0 and 1).
Labelled from_libsvm(const fs::path& path) {
  const io::LibsvmFile file = io::read_libsvm(path);
  Labelled data;
  data.inputs = Eigen::MatrixXd(file.x).transpose();
  data.shape = {static_cast<std::size_t>(file.x.cols())};
  std::vector<double> values(file.labels.begin(), file.labels.end());
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  for (const double label : file.labels)
    data.labels.push_back(static_cast<int>(std::ranges::lower_bound(values, label) - values.begin()));
  data.classes = static_cast<int>(values.size());
  return data;
}

std::vector<int> to_labels(const std::vector<std::uint8_t>& bytes, std::size_t limit) {
  const std::size_t n = limit > 0 ? std::min(limit, bytes.size()) : bytes.size();
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n)};
}

int to_label(double value, Index row, std::string_view address) {
  if (!(value >= 0) || value != std::floor(value) || value > 1e9)
    throw InputError(fmt::format("{}: the label of sample {} is {}; labels are integers from 0", address, row, value));
  return static_cast<int>(value);
}

}  // namespace

Labelled read_mnist(const fs::path& folder, Split split, std::size_t limit) {
  const std::string prefix = split == Split::kTrain ? "train" : "t10k";
  const auto images_path = plain_or_gz(folder / (prefix + "-images-idx3-ubyte"));
  const auto labels_path = plain_or_gz(folder / (prefix + "-labels-idx1-ubyte"));
  const io::ByteArray images = io::read_idx_bytes(images_path);
  const io::ByteArray labels = io::read_idx_bytes(labels_path);
  if (images.shape.size() != 3 || labels.shape.size() != 1 || images.shape[0] != labels.shape[0])
    throw InputError(fmt::format("'{}' holds {} and '{}' {}; N images of two dimensions and N labels are needed",
                                 images_path.string(), io::shape_text(images.shape), labels_path.string(),
                                 io::shape_text(labels.shape)));
  Labelled data = from_bytes(images, limit);
  data.shape.insert(data.shape.begin(), 1);
  data.labels = to_labels(labels.values, limit);
  data.classes = 10;
  return data;
}

Labelled read_cifar10(const fs::path& folder, Split split, std::size_t limit) {
  const std::string prefix = split == Split::kTrain ? "data_batch" : "test_batch";
  std::vector<fs::path> files;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().filename().string().starts_with(prefix) && named_cifar(entry.path()))
        files.push_back(entry.path());
  if (files.empty()) throw InputError(fmt::format("'{}' holds no {}*.bin (or .bin.gz)", folder.string(), prefix));
  std::ranges::sort(files);
  io::ByteArray images{{0, 3, 32, 32}, {}};
  std::vector<std::uint8_t> labels;
  for (const auto& file : files) {
    const io::CifarFile part = io::read_cifar(file);
    images.shape[0] += part.images.shape[0];
    images.values.insert(images.values.end(), part.images.values.begin(), part.images.values.end());
    labels.insert(labels.end(), part.labels.begin(), part.labels.end());
    if (limit > 0 && labels.size() >= limit) break;
  }
  Labelled data = from_bytes(images, limit);
  data.labels = to_labels(labels, limit);
  data.classes = 10;
  return data;
}

Labelled read_inputs(const std::string& address) {
  const fs::path path(address);
  if (holds_idx(path)) {
    const io::ByteArray images = io::read_idx_bytes(path);
    if (images.shape.size() < 2 || images.shape[0] == 0)
      throw InputError(fmt::format("{}: an array of shape {}; samples need rank 2 or more and at least one of them",
                                   address, io::shape_text(images.shape)));
    return from_bytes(images, 0);
  }
  if (named_libsvm(path)) return from_libsvm(path);
  if (named_cifar(path)) {
    const io::CifarFile file = io::read_cifar(path);
    Labelled data = from_bytes(file.images, 0);
    data.labels = to_labels(file.labels, 0);
    data.classes = 10;
    return data;
  }
  const io::DataFile file = io::read_data(address);
  const auto& shape = file.values.shape();
  if (shape.size() < 2 || file.values.size() == 0)
    throw InputError(fmt::format("{}: an array of shape {}; samples need rank 2 or more and at least one value",
                                 address, file.values.shape_text()));
  const auto n = static_cast<Index>(shape[0]);
  const Index d = static_cast<Index>(file.values.size()) / n;
  Labelled data;
  data.inputs = Eigen::Map<const Eigen::MatrixXd>(file.values.real().data(), d, n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < d; ++j)
      if (!std::isfinite(data.inputs(j, i)))
        throw InputError(fmt::format("{}: value {} of sample {} is not finite", address, j, i));
  data.shape.assign(shape.begin() + 1, shape.end());
  return data;
}

std::vector<int> read_labels(const std::string& address, Index samples) {
  std::vector<int> labels;
  if (holds_idx(fs::path(address))) {
    const io::ByteArray bytes = io::read_idx_bytes(address);
    if (bytes.shape.size() != 1)
      throw InputError(
          fmt::format("{}: an array of shape {}; labels need one a sample", address, io::shape_text(bytes.shape)));
    labels = to_labels(bytes.values, 0);
  } else {
    std::optional<io::DataFile> file;
    try {
      file = io::read_data(address);
    } catch (const InputError&) {
      // a column of names: read it as text, and let its own errors stand
      const io::DataFile text = io::read_data(address, {.csv = {.text_columns = {"1"}}});
      if (text.text.size() != 1) throw;
      for (const Index code : io::categories(text.text[0].values).codes) labels.push_back(static_cast<int>(code));
    }
    if (file) {
      const auto& shape = file->values.shape();
      if (file->values.size() == 0 || shape[0] != file->values.size())
        throw InputError(fmt::format("{}: an array of shape {}; labels need one number a sample", address,
                                     file->values.shape_text()));
      const Eigen::VectorXd& values = file->values.real();
      for (Index i = 0; i < values.size(); ++i) labels.push_back(to_label(values[i], i, address));
    }
  }
  if (static_cast<Index>(labels.size()) != samples)
    throw InputError(fmt::format("{}: {} labels for {} samples", address, labels.size(), samples));
  return labels;
}

}  // namespace offprint::nn
