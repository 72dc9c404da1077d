#include "offprint/nn/loss.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::nn {
namespace {

constexpr std::array<std::pair<Loss, std::string_view>, 4> kNames{
    {{Loss::kCrossEntropy, "cross-entropy"}, {Loss::kMse, "mse"}, {Loss::kBce, "bce"}, {Loss::kL1, "l1"}}};

double sigmoid(double x) { return x >= 0 ? 1.0 / (1.0 + std::exp(-x)) : std::exp(x) / (1.0 + std::exp(x)); }

const Eigen::Ref<const Eigen::VectorXd>& numbers(const TargetView& target) {
  return std::get<Eigen::Ref<const Eigen::VectorXd>>(target);
}

}  // namespace

Loss parse_loss(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& [loss, text] : kNames) {
    if (text == name) return loss;
    known.emplace_back(text);
  }
  throw InputError(fmt::format("unknown loss '{}'{}", name, suggestion(name, known)));
}

std::string_view loss_name(Loss loss) {
  return std::ranges::find(kNames, loss, &std::pair<Loss, std::string_view>::first)->second;
}

Eigen::VectorXd softmax(const Eigen::Ref<const Eigen::VectorXd>& logits) {
  Eigen::VectorXd p = (logits.array() - logits.maxCoeff()).exp();
  return p / p.sum();
}

double loss_value(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f, const TargetView& target) {
  switch (loss) {
    case Loss::kCrossEntropy: {
      const double top = f.maxCoeff();
      return std::log((f.array() - top).exp().sum()) + top - f[std::get<int>(target)];
    }
    case Loss::kMse:
      return 0.5 * (f - numbers(target)).squaredNorm();
    case Loss::kBce: {
      double sum = 0.0;
      for (Eigen::Index k = 0; k < f.size(); ++k)
        sum += std::max(f[k], 0.0) - f[k] * numbers(target)[k] + std::log1p(std::exp(-std::abs(f[k])));
      return sum;
    }
    case Loss::kL1:
      break;
  }
  return (f - numbers(target)).lpNorm<1>();
}

void loss_gradient(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f, const TargetView& target,
                   Eigen::Ref<Eigen::VectorXd> g) {
  switch (loss) {
    case Loss::kCrossEntropy: {
      const double top = f.maxCoeff();
      g = (f.array() - top).exp();
      g /= g.sum();
      g[std::get<int>(target)] -= 1.0;
      return;
    }
    case Loss::kMse:
      g = f - numbers(target);
      return;
    case Loss::kBce:
      for (Eigen::Index k = 0; k < f.size(); ++k) g[k] = sigmoid(f[k]) - numbers(target)[k];
      return;
    case Loss::kL1:
      g = (f - numbers(target)).cwiseSign();
      return;
  }
}

void loss_curvature(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f, const Eigen::Ref<const Eigen::VectorXd>& u,
                    Eigen::Ref<Eigen::VectorXd> y) {
  switch (loss) {
    case Loss::kCrossEntropy: {
      const double top = f.maxCoeff();
      y = (f.array() - top).exp();
      y /= y.sum();
      const double mean = y.dot(u);
      y = y.array() * (u.array() - mean);
      return;
    }
    case Loss::kMse:
      y = u;
      return;
    case Loss::kBce:
      for (Eigen::Index k = 0; k < f.size(); ++k) {
        const double s = sigmoid(f[k]);
        y[k] = s * (1 - s) * u[k];
      }
      return;
    case Loss::kL1:
      y.setZero();
      return;
  }
}

Eigen::MatrixXd curvature_factor(Loss loss, const Eigen::Ref<const Eigen::VectorXd>& f) {
  switch (loss) {
    case Loss::kCrossEntropy: {
      const Eigen::VectorXd p = softmax(f);
      const Eigen::VectorXd root = p.cwiseSqrt();
      Eigen::MatrixXd s = -p * root.transpose();
      s.diagonal() += root;
      return s;
    }
    case Loss::kMse:
      return Eigen::MatrixXd::Identity(f.size(), f.size());
    case Loss::kBce:
      return f.unaryExpr([](double x) { return std::sqrt(sigmoid(x) * sigmoid(-x)); }).asDiagonal().toDenseMatrix();
    case Loss::kL1:
      break;
  }
  return Eigen::MatrixXd::Zero(f.size(), f.size());
}

}  // namespace offprint::nn
