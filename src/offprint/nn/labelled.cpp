#include "offprint/nn/labelled.hpp"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;

double deviation_of(const Eigen::MatrixXd& centred) {
  const double deviation = std::sqrt(centred.squaredNorm() / static_cast<double>(centred.size()));
  if (!(deviation > 0)) throw InputError("all values of the inputs are equal: there is nothing to standardise");
  return deviation;
}

}  // namespace

Labelled subset(const Labelled& data, std::span<const std::size_t> indices) {
  Labelled out{Eigen::MatrixXd(data.inputs.rows(), static_cast<Index>(indices.size())), {}, data.classes, data.shape};
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= static_cast<std::size_t>(data.size()))
      throw InputError(fmt::format("sample {} was asked for; the set has {}", indices[i], data.size()));
    out.inputs.col(static_cast<Index>(i)) = data.inputs.col(static_cast<Index>(indices[i]));
    if (!data.labels.empty()) out.labels.push_back(data.labels[indices[i]]);
  }
  return out;
}

std::vector<std::size_t> first_of_each_class(const Labelled& data, std::size_t n, bool by_class) {
  std::vector<std::vector<std::size_t>> members(static_cast<std::size_t>(data.classes));
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    auto& mine = members[static_cast<std::size_t>(data.labels[i])];
    if (mine.size() >= n) continue;
    mine.push_back(i);
    order.push_back(i);
  }
  for (std::size_t k = 0; k < members.size(); ++k)
    if (members[k].size() < n)
      throw InputError(fmt::format("class {} has {} samples; {} of each were asked for", k, members[k].size(), n));
  if (!by_class) return order;
  order.clear();
  for (const auto& mine : members) order.insert(order.end(), mine.begin(), mine.end());
  return order;
}

Standardisation global_standardisation(const Labelled& data) {
  const double mean = data.inputs.mean();
  return {Eigen::VectorXd::Constant(data.inputs.rows(), mean), deviation_of(data.inputs.array() - mean)};
}

Standardisation feature_standardisation(const Labelled& data) {
  const Eigen::VectorXd mean = data.inputs.rowwise().mean();
  return {mean, deviation_of(data.inputs.colwise() - mean)};
}

void standardise(Labelled& data, const Standardisation& how) {
  if (how.mean.size() != data.inputs.rows())
    throw InputError(
        fmt::format("a standardisation of {} features for samples of {}", how.mean.size(), data.inputs.rows()));
  data.inputs.colwise() -= how.mean;
  data.inputs /= how.deviation;
}

Eigen::MatrixXd one_hot(std::span<const int> labels, int classes) {
  Eigen::MatrixXd y = Eigen::MatrixXd::Zero(classes, static_cast<Index>(labels.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes)
      throw InputError(fmt::format("label {} of sample {} is outside [0, {})", labels[i], i, classes));
    y(labels[i], static_cast<Index>(i)) = 1.0;
  }
  return y;
}

Labelled gaussian_blobs(int classes, Index d, Index n, double noise, Stream random) {
  if (classes < 1 || d < 1 || n < 1)
    throw InputError(fmt::format("{} blobs of {} points in {} dimensions; each is at least 1", classes, n, d));
  Labelled data{
      Eigen::MatrixXd(d, n), std::vector<int>(static_cast<std::size_t>(n)), classes, {static_cast<std::size_t>(d)}};
  Eigen::MatrixXd means(d, classes);
  random.fill_normal({means.data(), static_cast<std::size_t>(means.size())});
  random.fill_normal({data.inputs.data(), static_cast<std::size_t>(data.inputs.size())});
  for (Index i = 0; i < n; ++i) {
    const int label = static_cast<int>(i % classes);
    data.labels[static_cast<std::size_t>(i)] = label;
    data.inputs.col(i) = means.col(label) + noise * data.inputs.col(i);
  }
  return data;
}

}  // namespace offprint::nn
