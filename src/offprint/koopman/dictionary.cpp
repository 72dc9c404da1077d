// The concrete dictionaries. Polynomials and Fourier modes are products of one-dimensional tables.
#include "offprint/koopman/dictionary.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/kmeans.hpp"
#include "offprint/koopman/memory.hpp"

namespace offprint::koopman {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ConstBlock = Eigen::Ref<const MatrixXd>;

constexpr Index kRows = 256;
constexpr std::size_t kMaxFunctions = 1000000;  // beyond, no N x N matrix fits any machine this runs on

// Multi-indices of total degree 1..degree in `dimension` variables, graded. Throws when there are too many.
std::vector<std::vector<int>> graded_indices(Index dimension, int degree) {
  if (degree < 1) throw InputError(fmt::format("a polynomial degree of {}: it must be at least 1", degree));
  double count = 1.0;
  for (int i = 1; i <= degree; ++i) count *= static_cast<double>(dimension + i) / i;
  if (count > static_cast<double>(kMaxFunctions))
    throw InputError(
        fmt::format("degree {} in {} variables gives {:.3g} functions: lower the degree, or reduce the state "
                    "with --rank",
                    degree, dimension, count));
  std::vector<std::vector<int>> all;
  std::vector<std::vector<int>> last{std::vector<int>(static_cast<std::size_t>(dimension), 0)};
  for (int total = 1; total <= degree; ++total) {
    std::vector<std::vector<int>> next;
    for (const auto& k : last) {
      // Raise only the coordinates at or after the last raised one, so that each index appears once.
      std::size_t from = 0;
      for (std::size_t c = 0; c < k.size(); ++c)
        if (k[c] > 0) from = c;
      for (std::size_t c = from; c < k.size(); ++c) {
        next.push_back(k);
        ++next.back()[c];
      }
    }
    all.insert(all.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return all;
}

class Identity final : public Dictionary {
 public:
  using Dictionary::Dictionary;
  [[nodiscard]] std::string name() const override {
    return fmt::format("identity on {} coordinates (DMD)", dimension());
  }

 protected:
  [[nodiscard]] Index varying() const override { return dimension(); }
  [[nodiscard]] std::string varying_name(Index j) const override { return fmt::format("x{}", j + 1); }
  void evaluate_block(const ConstBlock& x, Eigen::Ref<MatrixXd> out) const override { out = x; }
  [[nodiscard]] Regularity varying_regularity(const VectorXd& low, const VectorXd& high) const override {
    return {low.cwiseAbs().cwiseMax(high.cwiseAbs()).maxCoeff(), 1.0};
  }
};

// Products of one-dimensional polynomials: monomials (mean 0, sd 1) or normalised Hermite polynomials.
class Polynomials final : public Dictionary {
 public:
  Polynomials(VectorXd mean, VectorXd sd, int degree, bool hermite, bool constant)
      : Dictionary(mean.size(), constant),
        mean_(std::move(mean)),
        sd_(std::move(sd)),
        degree_(degree),
        hermite_(hermite),
        indices_(graded_indices(mean_.size(), degree)) {}

  [[nodiscard]] std::string name() const override {
    return fmt::format("{} of degree <= {} in {} variables", hermite_ ? "Hermite polynomials" : "monomials", degree_,
                       dimension());
  }

 protected:
  [[nodiscard]] Index varying() const override { return static_cast<Index>(indices_.size()); }

  [[nodiscard]] std::string varying_name(Index j) const override {
    std::string text;
    const auto& k = indices_[static_cast<std::size_t>(j)];
    for (std::size_t c = 0; c < k.size(); ++c) {
      if (k[c] == 0) continue;
      if (!text.empty()) text += " ";
      if (hermite_)
        text += fmt::format("He{}(x{})", k[c], c + 1);
      else
        text += k[c] == 1 ? fmt::format("x{}", c + 1) : fmt::format("x{}^{}", c + 1, k[c]);
    }
    return text;
  }

  void evaluate_block(const ConstBlock& x, Eigen::Ref<MatrixXd> out) const override {
    const Index p = degree_;
    MatrixXd table(x.rows(), dimension() * p);  // column c p + n - 1: the degree-n polynomial of coordinate c
    for (Index c = 0; c < dimension(); ++c) {
      const Eigen::ArrayXd u = hermite_ ? ((x.col(c).array() - mean_(c)) / sd_(c)).eval() : x.col(c).array().eval();
      Eigen::ArrayXd before = Eigen::ArrayXd::Ones(x.rows());
      Eigen::ArrayXd now = u;
      table.col(c * p) = now;
      for (Index n = 1; n < p; ++n) {
        // Normalised: h_{n+1} = (u h_n - sqrt(n) h_{n-1}) / sqrt(n+1).
        const Eigen::ArrayXd next =
            hermite_ ? ((u * now - std::sqrt(static_cast<double>(n)) * before) / std::sqrt(static_cast<double>(n + 1)))
                           .eval()
                     : (u * now).eval();
        before = now;
        now = next;
        table.col(c * p + n) = now;
      }
    }
    for (Index j = 0; j < varying(); ++j) {
      const auto& k = indices_[static_cast<std::size_t>(j)];
      bool first = true;
      for (Index c = 0; c < dimension(); ++c) {
        const int n = k[static_cast<std::size_t>(c)];
        if (n == 0) continue;
        const auto factor = table.col(c * p + n - 1);
        if (first)
          out.col(j) = factor;
        else
          out.col(j).array() *= factor.array();
        first = false;
      }
    }
  }

  // Each factor is bounded by what its recurrence gives with absolute values; h_n' = sqrt(n) h_{n-1}.
  [[nodiscard]] Regularity varying_regularity(const VectorXd& low, const VectorXd& high) const override {
    const Index p = degree_;
    MatrixXd value(p + 1, dimension());
    MatrixXd slope = MatrixXd::Zero(p + 1, dimension());
    for (Index c = 0; c < dimension(); ++c) {
      const double u = std::max(std::abs(low(c) - mean_(c)), std::abs(high(c) - mean_(c))) / sd_(c);
      value(0, c) = 1.0;
      for (Index n = 1; n <= p; ++n) {
        const auto degree = static_cast<double>(n);
        value(n, c) = u * value(n - 1, c);
        if (hermite_)
          value(n, c) = (value(n, c) + (n > 1 ? std::sqrt(degree - 1) * value(n - 2, c) : 0.0)) / std::sqrt(degree);
        slope(n, c) = (hermite_ ? std::sqrt(degree) : degree) * value(n - 1, c) / sd_(c);
      }
    }
    Regularity out;
    for (const auto& k : indices_) {
      double product = 1.0;
      double square = 0.0;
      for (Index c = 0; c < dimension(); ++c) {
        product *= value(k[static_cast<std::size_t>(c)], c);
        double partial = slope(k[static_cast<std::size_t>(c)], c);
        for (Index other = 0; other < dimension(); ++other)
          if (other != c) partial *= value(k[static_cast<std::size_t>(other)], other);
        square += partial * partial;
      }
      out.bound = std::max(out.bound, product);
      out.lipschitz = std::max(out.lipschitz, std::sqrt(square));
    }
    return out;
  }

 private:
  VectorXd mean_;
  VectorXd sd_;
  int degree_;
  bool hermite_;
  std::vector<std::vector<int>> indices_;
};

class Fourier final : public Dictionary {
 public:
  Fourier(VectorXd origin, VectorXd period, int modes, bool constant)
      : Dictionary(origin.size(), constant), origin_(std::move(origin)), period_(std::move(period)), modes_(modes) {
    if (modes < 1) throw InputError(fmt::format("{} Fourier modes: at least 1 is needed", modes));
    for (Index c = 0; c < period_.size(); ++c)
      if (!(period_(c) > 0.0) || !std::isfinite(period_(c)))
        throw InputError(
            fmt::format("the Fourier period of coordinate {} is {}: it must be positive", c + 1, period_(c)));
    if (std::pow(2.0 * modes + 1.0, static_cast<double>(dimension())) > static_cast<double>(kMaxFunctions))
      throw InputError(
          fmt::format("{} Fourier modes in each of {} coordinates give more than {} functions: lower --modes", modes,
                      dimension(), kMaxFunctions));
    // Half of the box |k_c| <= modes: the first non-zero entry is positive.
    std::vector<int> k(static_cast<std::size_t>(dimension()), -modes);
    for (;;) {
      const auto lead = std::find_if(k.begin(), k.end(), [](int v) { return v != 0; });
      if (lead != k.end() && *lead > 0) waves_.push_back(k);
      std::size_t c = 0;
      while (c < k.size() && k[c] == modes) k[c++] = -modes;
      if (c == k.size()) break;
      ++k[c];
    }
    std::stable_sort(waves_.begin(), waves_.end(), [](const auto& a, const auto& b) {
      const auto size = [](const std::vector<int>& v) {
        int s = 0;
        for (const int e : v) s = std::max(s, std::abs(e));
        return s;
      };
      return size(a) < size(b);
    });
  }

  [[nodiscard]] std::string name() const override {
    return fmt::format("Fourier modes |k| <= {} in {} coordinates", modes_, dimension());
  }

 protected:
  [[nodiscard]] Index varying() const override { return 2 * static_cast<Index>(waves_.size()); }

  [[nodiscard]] std::string varying_name(Index j) const override {
    std::string k;
    for (const int e : waves_[static_cast<std::size_t>(j / 2)]) k += (k.empty() ? "" : ",") + std::to_string(e);
    return fmt::format("{} k=({})", j % 2 == 0 ? "cos" : "sin", k);
  }

  void evaluate_block(const ConstBlock& x, Eigen::Ref<MatrixXd> out) const override {
    // Tables of e^{2 pi i n u_c}, n = 1..modes, each from its own sine and cosine (no recurrence: full accuracy).
    const Index p = modes_;
    MatrixXd cosine(x.rows(), dimension() * p);
    MatrixXd sine(x.rows(), dimension() * p);
    for (Index c = 0; c < dimension(); ++c) {
      const Eigen::ArrayXd u = (x.col(c).array() - origin_(c)) / period_(c);
      for (Index n = 1; n <= p; ++n)
        for (Index m = 0; m < x.rows(); ++m) {
          const double turns = static_cast<double>(n) * u(m);
          const double angle = 2.0 * std::numbers::pi * (turns - std::round(turns));
          cosine(m, c * p + n - 1) = std::cos(angle);
          sine(m, c * p + n - 1) = std::sin(angle);
        }
    }
    Eigen::ArrayXd re(x.rows());
    Eigen::ArrayXd im(x.rows());
    for (std::size_t w = 0; w < waves_.size(); ++w) {
      re.setConstant(std::numbers::sqrt2);
      im.setZero();
      for (Index c = 0; c < dimension(); ++c) {
        const int n = waves_[w][static_cast<std::size_t>(c)];
        if (n == 0) continue;
        const auto cc = cosine.col(c * p + std::abs(n) - 1).array();
        const double sign = n > 0 ? 1.0 : -1.0;
        const auto ss = sign * sine.col(c * p + std::abs(n) - 1).array();
        const Eigen::ArrayXd new_re = re * cc - im * ss;
        im = re * ss + im * cc;
        re = new_re;
      }
      out.col(2 * static_cast<Index>(w)) = re;
      out.col(2 * static_cast<Index>(w) + 1) = im;
    }
  }

  [[nodiscard]] Regularity varying_regularity(const VectorXd&, const VectorXd&) const override {
    return {std::numbers::sqrt2, std::numbers::sqrt2 * 2.0 * std::numbers::pi * modes_ * period_.cwiseInverse().norm()};
  }

 private:
  VectorXd origin_;
  VectorXd period_;
  int modes_;
  std::vector<std::vector<int>> waves_;
};

class Rbf final : public Dictionary {
 public:
  Rbf(MatrixXd centres, RadialShape shape, double rate, bool constant)
      : Dictionary(centres.cols(), constant), centres_(std::move(centres)), shape_(shape), rate_(rate) {
    if (centres_.rows() == 0) throw InputError("an RBF dictionary needs at least one centre");
    if (!(rate > 0.0) || !std::isfinite(rate))
      throw InputError(fmt::format("an RBF rate of {}: it must be positive and finite", rate));
  }

  [[nodiscard]] std::string name() const override {
    const char* shape = shape_ == RadialShape::gaussian      ? "gaussian"
                        : shape_ == RadialShape::exponential ? "exponential"
                                                             : "lorentzian";
    return fmt::format("{} {} radial functions, rate {:.4g}", centres_.rows(), shape, rate_);
  }

 protected:
  [[nodiscard]] Index varying() const override { return centres_.rows(); }
  [[nodiscard]] std::string varying_name(Index j) const override { return fmt::format("rbf at centre {}", j + 1); }
  void evaluate_block(const ConstBlock& x, Eigen::Ref<MatrixXd> out) const override {
    radial_matrix(x, centres_, shape_, rate_, out, Parallel{1, {}, {}});
  }

  [[nodiscard]] Regularity varying_regularity(const VectorXd&, const VectorXd&) const override {
    // The steepest slopes: at r = 0, r^2 = 1/(2 rate) and r^2 = 1/(3 rate).
    switch (shape_) {
      case RadialShape::exponential:
        return {1.0, rate_};
      case RadialShape::gaussian:
        return {1.0, std::sqrt(2.0 * rate_ / std::numbers::e)};
      default:
        return {1.0, 1.125 * std::sqrt(rate_ / 3.0)};
    }
  }

 private:
  MatrixXd centres_;
  RadialShape shape_;
  double rate_;
};

}  // namespace

std::string Dictionary::function_name(Index j) const {
  if (j < 0 || j >= size()) throw InputError(fmt::format("function {} of a dictionary of {}", j, size()));
  if (constant_) return j == 0 ? "1" : varying_name(j - 1);
  return varying_name(j);
}

void Dictionary::evaluate(const ConstBlock& x, Eigen::Ref<MatrixXd> out, const Parallel& how) const {
  if (x.cols() != dimension_)
    throw InputError(
        fmt::format("the dictionary was built for {} state variables, the data have {}", dimension_, x.cols()));
  if (out.rows() != x.rows() || out.cols() != size())
    throw InputError(
        fmt::format("{} functions at {} points do not fit a {} x {} matrix", size(), x.rows(), out.rows(), out.cols()));
  const auto blocks = static_cast<std::size_t>((x.rows() + kRows - 1) / kRows);
  parallel_for(blocks, how, [&](std::size_t b) {
    const Index from = static_cast<Index>(b) * kRows;
    const Index rows = std::min(kRows, x.rows() - from);
    if (constant_) out.col(0).segment(from, rows).setOnes();
    evaluate_block(x.middleRows(from, rows), out.block(from, constant_ ? 1 : 0, rows, varying()));
  });
}

Dictionary::Regularity Dictionary::regularity(const VectorXd& low, const VectorXd& high) const {
  if (low.size() != dimension_ || high.size() != dimension_)
    throw InputError(
        fmt::format("a box of {} and {} sides for {} state variables", low.size(), high.size(), dimension_));
  Regularity out = varying_regularity(low, high);
  if (constant_) out.bound = std::max(out.bound, 1.0);
  return out;
}

MatrixXd Dictionary::operator()(const ConstBlock& x, const Parallel& how) const {
  require_memory(8 * static_cast<std::uint64_t>(x.rows()) * static_cast<std::uint64_t>(size()),
                 fmt::format("evaluating {} functions at {} points", size(), x.rows()));
  MatrixXd out(x.rows(), size());
  evaluate(x, out, how);
  return out;
}

std::unique_ptr<Dictionary> identity_dictionary(Index dimension, bool constant) {
  return std::make_unique<Identity>(dimension, constant);
}

std::unique_ptr<Dictionary> monomial_dictionary(Index dimension, int degree, bool constant) {
  return std::make_unique<Polynomials>(VectorXd::Zero(dimension), VectorXd::Ones(dimension), degree, false, constant);
}

std::unique_ptr<Dictionary> hermite_dictionary(const VectorXd& mean, const VectorXd& sd, int degree, bool constant) {
  for (Index c = 0; c < sd.size(); ++c)
    if (!(sd(c) > 0.0))
      throw InputError(
          fmt::format("coordinate {} does not vary (standard deviation {}): leave it out of a Hermite "
                      "dictionary",
                      c + 1, sd(c)));
  return std::make_unique<Polynomials>(mean, sd, degree, true, constant);
}

std::unique_ptr<Dictionary> fourier_dictionary(const VectorXd& origin, const VectorXd& period, int modes,
                                               bool constant) {
  return std::make_unique<Fourier>(origin, period, modes, constant);
}

std::unique_ptr<Dictionary> rbf_dictionary(MatrixXd centres, RadialShape shape, double rate, bool constant) {
  return std::make_unique<Rbf>(std::move(centres), shape, rate, constant);
}

double radial_rate(RadialShape shape, double scale) {
  if (!(scale > 0.0) || !std::isfinite(scale))
    throw InputError(fmt::format("a radial scale of {}: it must be positive and finite", scale));
  return shape == RadialShape::exponential ? 2.0 / scale : 1.0 / (scale * scale);
}

std::unique_ptr<Dictionary> make_dictionary(const DictionarySpec& spec, const ConstBlock& data, const Parallel& how) {
  const std::vector<std::string> kinds{"identity", "dmd", "poly", "hermite", "fourier", "rbf"};
  if (std::find(kinds.begin(), kinds.end(), spec.kind) == kinds.end())
    throw InputError(fmt::format("unknown dictionary '{}'{}", spec.kind, suggestion(spec.kind, kinds)));
  if (data.rows() == 0) throw InputError("a dictionary is built for data, and there are none: give at least one state");
  const Index d = data.cols();
  if (spec.kind == "identity" || spec.kind == "dmd") return identity_dictionary(d, spec.constant.value_or(false));
  if (spec.kind == "poly") return monomial_dictionary(d, spec.degree, spec.constant.value_or(true));
  if (spec.kind == "hermite") {
    const VectorXd mean = data.colwise().mean().transpose();
    const VectorXd sd = ((data.rowwise() - mean.transpose()).colwise().squaredNorm() / static_cast<double>(data.rows()))
                            .cwiseSqrt()
                            .transpose();
    return hermite_dictionary(mean, sd, spec.degree, spec.constant.value_or(true));
  }
  if (spec.kind == "fourier") {
    const VectorXd origin = data.colwise().minCoeff().transpose();
    VectorXd period = data.colwise().maxCoeff().transpose() - origin;
    if (!spec.periods.empty()) {
      if (static_cast<Index>(spec.periods.size()) != d)
        throw InputError(fmt::format("{} periods for {} coordinates: give one per coordinate", spec.periods.size(), d));
      period = Eigen::Map<const VectorXd>(spec.periods.data(), d);
    }
    return fourier_dictionary(origin, period, spec.modes, spec.constant.value_or(true));
  }
  const double scale = spec.scale != 0.0 ? spec.scale : mean_distance(data);
  KMeansOptions options;
  options.seed = spec.seed;
  return rbf_dictionary(kmeans(data, spec.centres, options, how).centres, spec.shape, radial_rate(spec.shape, scale),
                        spec.constant.value_or(false));
}

}  // namespace offprint::koopman
