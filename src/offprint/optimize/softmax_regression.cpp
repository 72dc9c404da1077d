#include "offprint/optimize/softmax_regression.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::optimize {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr Index kChunks = 8;            // partial sums of a gradient; fixed, so that threads change no bit
constexpr Index kCacheBytes = 1 << 19;  // of a block of dense rows: half a usual second-level cache

void require(bool holds, const std::string& what) {
  if (!holds) throw InputError(what);
}

// Outputs (K x B) become probabilities minus the label's unit vector; losses go to `losses`. K = 1: log odds of
// class 1.
void to_residuals(MatrixXd& outputs, const Index* labels, double* losses) {
  const Index k = outputs.rows();
  if (k == 1) {
    for (Index i = 0; i < outputs.cols(); ++i) {
      const double t = outputs(0, i);
      const double small = std::exp(-std::abs(t));
      const double p = t >= 0 ? 1 / (1 + small) : small / (1 + small);
      losses[i] = std::log1p(small) + (labels[i] == 1 ? std::max(-t, 0.0) : std::max(t, 0.0));
      outputs(0, i) = p - (labels[i] == 1 ? 1.0 : 0.0);
    }
    return;
  }
  for (Index i = 0; i < outputs.cols(); ++i) {
    auto column = outputs.col(i);
    column.array() -= column.maxCoeff();
    losses[i] = -column[labels[i]];
  }
  outputs = outputs.array().exp();
  for (Index i = 0; i < outputs.cols(); ++i) {
    auto column = outputs.col(i);
    const double sum = column.sum();
    column /= sum;
    losses[i] += std::log(sum);
    column[labels[i]] -= 1;
  }
}

}  // namespace

// Some rows of a pass: neighbours in memory (dense, no copy) or any.
struct SoftmaxRegression::Block {
  Index position = 0;       // of the first among the rows looked at
  std::vector<Index> rows;  // their indices in the data
  std::vector<Index> labels;
  bool gathered = false;
  MatrixXd copy;  // of gathered dense rows

  [[nodiscard]] Index size() const { return static_cast<Index>(rows.size()); }
};

Index DesignRows::rows() const { return sparse() ? sparse_data().rows() : dense_data().cols(); }
Index DesignRows::features() const { return sparse() ? sparse_data().cols() : dense_data().rows(); }

SoftmaxRegression::SoftmaxRegression(DesignRows x, std::vector<int> labels, int classes, Parallel parallel)
    : x_(std::move(x)), labels_(std::move(labels)), classes_(classes), parallel_(std::move(parallel)) {
  require(x_.rows() > 0 && x_.features() > 0, "the data have no rows or no features");
  require(static_cast<Index>(labels_.size()) == x_.rows(),
          fmt::format("there are {} labels for {} rows", labels_.size(), x_.rows()));
  require(classes_ >= 2, fmt::format("the labels have {} class; a classifier needs at least 2", classes_));
  for (std::size_t i = 0; i < labels_.size(); ++i)
    require(labels_[i] >= 0 && labels_[i] < classes_,
            fmt::format("the label of row {} is {}; it must lie in [0, {})", i + 1, labels_[i], classes_));
}

void SoftmaxRegression::outputs_of(const Block& block, const Weights& w, MatrixXd& out) const {
  const Index k = outputs();
  const Eigen::Map<const MatrixXd> weights(w.data(), k, features());
  if (!x_.sparse()) {
    out.resize(k, block.size());
    if (block.gathered) {
      linalg::multiply_into(out, 1, weights, linalg::Op::kNone, block.copy, linalg::Op::kNone, 0);
    } else {
      linalg::multiply_into(out, 1, weights, linalg::Op::kNone,
                            x_.dense_data().middleCols(block.position, block.size()), linalg::Op::kNone, 0);
    }
    return;
  }
  out.setZero(k, block.size());
  if (k == 1) {
    for (Index i = 0; i < block.size(); ++i) {
      double sum = 0;
      for (io::SparseRows::InnerIterator it(x_.sparse_data(), block.rows[static_cast<std::size_t>(i)]); it; ++it)
        sum += it.value() * w[it.col()];
      out(0, i) = sum;
    }
    return;
  }
  for (Index i = 0; i < block.size(); ++i)
    for (io::SparseRows::InnerIterator it(x_.sparse_data(), block.rows[static_cast<std::size_t>(i)]); it; ++it)
      out.col(i) += it.value() * weights.col(it.col());
}

void SoftmaxRegression::add_gradient(const Block& block, const MatrixXd& residuals, Eigen::Ref<MatrixXd> sum) const {
  if (!x_.sparse()) {
    if (block.gathered) {
      linalg::multiply_into(sum, 1, residuals, linalg::Op::kNone, block.copy, linalg::Op::kAdjoint, 1);
    } else {
      linalg::multiply_into(sum, 1, residuals, linalg::Op::kNone,
                            x_.dense_data().middleCols(block.position, block.size()), linalg::Op::kAdjoint, 1);
    }
    return;
  }
  if (sum.rows() == 1) {
    for (Index i = 0; i < block.size(); ++i)
      for (io::SparseRows::InnerIterator it(x_.sparse_data(), block.rows[static_cast<std::size_t>(i)]); it; ++it)
        sum(0, it.col()) += it.value() * residuals(0, i);
    return;
  }
  for (Index i = 0; i < block.size(); ++i)
    for (io::SparseRows::InnerIterator it(x_.sparse_data(), block.rows[static_cast<std::size_t>(i)]); it; ++it)
      sum.col(it.col()) += it.value() * residuals.col(i);
}

void SoftmaxRegression::gather(Rows rows, Index begin, Index end, Block& block) const {
  block.position = begin;
  block.rows.resize(static_cast<std::size_t>(end - begin));
  block.labels.resize(block.rows.size());
  block.gathered = !rows.empty();
  for (std::size_t i = 0; i < block.rows.size(); ++i) {
    const Index at = begin + static_cast<Index>(i);
    block.rows[i] = rows.empty() ? at : rows[static_cast<std::size_t>(at)];
    block.labels[i] = labels_[static_cast<std::size_t>(block.rows[i])];
  }
  if (x_.sparse() || !block.gathered) return;
  block.copy.resize(features(), block.size());
  for (Index i = 0; i < block.size(); ++i)
    block.copy.col(i) = x_.dense_data().col(block.rows[static_cast<std::size_t>(i)]);
}

// Calls work(block, accumulator) for all blocks; the chunks' accumulators are added up in order into *sum.
template <class Work>
void SoftmaxRegression::pass(Rows rows, VectorXd* sum, const Work& work) const {
  const Index count = rows.empty() ? this->rows() : static_cast<Index>(rows.size());
  const Index block_rows = x_.sparse() ? 1024 : std::clamp<Index>(kCacheBytes / (8 * features()), 16, 1024);
  const Index blocks = (count + block_rows - 1) / block_rows;
  const Index chunks = std::min(kChunks, blocks);
  std::vector<VectorXd> partial(static_cast<std::size_t>(chunks));
  Parallel how = parallel_;
  // Threads cost some 20 microseconds to start.
  const Index numbers = x_.sparse() ? x_.sparse_data().nonZeros() / std::max<Index>(1, this->rows()) : features();
  if (count * numbers * outputs() < 200'000) how.threads = 1;
  parallel_for(partial.size(), how, [&](std::size_t c) {
    if (sum != nullptr) partial[c] = VectorXd::Zero(parameters());
    const auto chunk = static_cast<Index>(c);
    Block block;
    for (Index b = blocks * chunk / chunks; b < blocks * (chunk + 1) / chunks; ++b) {
      gather(rows, b * block_rows, std::min((b + 1) * block_rows, count), block);
      work(block, partial[c]);
    }
  });
  if (sum == nullptr) return;
  sum->swap(partial[0]);
  for (std::size_t c = 1; c < partial.size(); ++c) *sum += partial[c];
}

double SoftmaxRegression::loss(const Weights& w, const Weights& s, Rows rows) const {
  VectorXd each;
  losses(w, each, rows);
  if (s.size() > 0)
    for (Index i = 0; i < each.size(); ++i) each[i] *= s[rows.empty() ? i : rows[static_cast<std::size_t>(i)]];
  return each.mean();
}

double SoftmaxRegression::gradient(const Weights& w, VectorXd& out, const Weights& s, Rows rows) const {
  const Index count = rows.empty() ? this->rows() : static_cast<Index>(rows.size());
  VectorXd each(count);
  pass(rows, &out, [&](const Block& block, VectorXd& sum) {
    MatrixXd residuals;
    outputs_of(block, w, residuals);
    to_residuals(residuals, block.labels.data(), each.data() + block.position);
    for (Index i = 0; i < block.size(); ++i) {
      const double weight = s.size() > 0 ? s[block.rows[static_cast<std::size_t>(i)]] : 1.0;
      residuals.col(i) *= weight / static_cast<double>(count);
      each[block.position + i] *= weight;
    }
    add_gradient(block, residuals, Eigen::Map<MatrixXd>(sum.data(), outputs(), features()));
  });
  return each.mean();
}

void SoftmaxRegression::losses(const Weights& w, VectorXd& out, Rows rows) const {
  out.resize(rows.empty() ? this->rows() : static_cast<Index>(rows.size()));
  pass(rows, nullptr, [&](const Block& block, VectorXd&) {
    MatrixXd residuals;
    outputs_of(block, w, residuals);
    to_residuals(residuals, block.labels.data(), out.data() + block.position);
  });
}

void SoftmaxRegression::curvature(const Weights& w, const Weights& v, VectorXd& out, const Weights& s,
                                  Rows rows) const {
  const auto count = static_cast<double>(rows.empty() ? this->rows() : static_cast<Index>(rows.size()));
  pass(rows, &out, [&](const Block& block, VectorXd& sum) {
    MatrixXd p;
    MatrixXd u;
    std::vector<double> unused(static_cast<std::size_t>(block.size()));
    outputs_of(block, w, p);
    outputs_of(block, v, u);
    to_residuals(p, block.labels.data(), unused.data());
    for (Index i = 0; i < block.size(); ++i) {
      const Index row = block.rows[static_cast<std::size_t>(i)];
      const double scale = (s.size() > 0 ? s[row] : 1.0) / count;
      const Index label = block.labels[static_cast<std::size_t>(i)];
      if (outputs() == 1) {
        const double probability = p(0, i) + static_cast<double>(label);
        u(0, i) *= scale * probability * (1 - probability);
        continue;
      }
      p(label, i) += 1;  // the probabilities again
      const double mean = p.col(i).dot(u.col(i));
      u.col(i) = scale * p.col(i).cwiseProduct((u.col(i).array() - mean).matrix());
    }
    add_gradient(block, u, Eigen::Map<MatrixXd>(sum.data(), outputs(), features()));
  });
}

void SoftmaxRegression::slopes(const Weights& w, const Weights& v, VectorXd& out, Rows rows) const {
  out.resize(rows.empty() ? this->rows() : static_cast<Index>(rows.size()));
  pass(rows, nullptr, [&](const Block& block, VectorXd&) {
    MatrixXd residuals;
    MatrixXd u;
    outputs_of(block, w, residuals);
    outputs_of(block, v, u);
    to_residuals(residuals, block.labels.data(), out.data() + block.position);
    out.segment(block.position, block.size()) = residuals.cwiseProduct(u).colwise().sum();
  });
}

std::vector<int> SoftmaxRegression::predict(const Weights& w) const {
  std::vector<int> out(static_cast<std::size_t>(rows()));
  pass({}, nullptr, [&](const Block& block, VectorXd&) {
    MatrixXd values;
    outputs_of(block, w, values);
    for (Index i = 0; i < block.size(); ++i) {
      Index best = 0;
      if (outputs() == 1) {
        best = values(0, i) > 0 ? 1 : 0;
      } else {
        values.col(i).maxCoeff(&best);
      }
      out[static_cast<std::size_t>(block.position + i)] = static_cast<int>(best);
    }
  });
  return out;
}

double SoftmaxRegression::error(const Weights& w) const {
  const auto predicted = predict(w);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) wrong += predicted[i] != labels_[i] ? 1 : 0;
  return static_cast<double>(wrong) / static_cast<double>(predicted.size());
}

}  // namespace offprint::optimize
