// FFTW's planner is not thread safe (its executor is), so planning and unplanning take one lock.
#include "offprint/linalg/fft.hpp"

#include <algorithm>
#include <mutex>

#include <fftw3.h>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint::linalg {
namespace {

using Complex = std::complex<double>;

std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

fftw_complex* raw(Complex* p) { return reinterpret_cast<fftw_complex*>(p); }

struct FreePlan {
  void operator()(fftw_plan plan) const {
    const std::lock_guard lock(planner());
    fftw_destroy_plan(plan);
  }
};
using Plan = std::unique_ptr<fftw_plan_s, FreePlan>;

// The data given to the plans later have any alignment.
constexpr unsigned kFlags = FFTW_ESTIMATE | FFTW_UNALIGNED;

void check_length(std::size_t n) {
  if (n == 0 || n > 2147483647) throw InputError(fmt::format("a Fourier transform of length {} was asked for", n));
}

void check_size(std::size_t have, std::size_t want) {
  if (have != want) throw InputError(fmt::format("Fourier transform: {} values given, {} planned", have, want));
}

}  // namespace

struct ComplexFft::Plans {
  std::size_t n;
  Plan forward;
  Plan inverse;
};

ComplexFft::ComplexFft(std::size_t n) {
  check_length(n);
  std::vector<Complex> scratch(n);
  const std::lock_guard lock(planner());
  const int length = static_cast<int>(n);
  plans_ = std::make_unique<Plans>();
  plans_->n = n;
  plans_->forward.reset(fftw_plan_dft_1d(length, raw(scratch.data()), raw(scratch.data()), FFTW_FORWARD, kFlags));
  plans_->inverse.reset(fftw_plan_dft_1d(length, raw(scratch.data()), raw(scratch.data()), FFTW_BACKWARD, kFlags));
}
ComplexFft::~ComplexFft() = default;
ComplexFft::ComplexFft(ComplexFft&&) noexcept = default;
ComplexFft& ComplexFft::operator=(ComplexFft&&) noexcept = default;

std::size_t ComplexFft::size() const { return plans_->n; }

void ComplexFft::forward(std::span<Complex> data) const {
  check_size(data.size(), plans_->n);
  fftw_execute_dft(plans_->forward.get(), raw(data.data()), raw(data.data()));
}

void ComplexFft::inverse(std::span<Complex> data) const {
  check_size(data.size(), plans_->n);
  fftw_execute_dft(plans_->inverse.get(), raw(data.data()), raw(data.data()));
  const double scale = 1.0 / static_cast<double>(plans_->n);
  for (Complex& x : data) x *= scale;
}

struct RealFft::Plans {
  std::size_t n;
  Plan forward;
  Plan inverse;
};

RealFft::RealFft(std::size_t n) {
  check_length(n);
  std::vector<double> real(n);
  std::vector<Complex> half(n / 2 + 1);
  const std::lock_guard lock(planner());
  const int length = static_cast<int>(n);
  plans_ = std::make_unique<Plans>();
  plans_->n = n;
  plans_->forward.reset(fftw_plan_dft_r2c_1d(length, real.data(), raw(half.data()), kFlags | FFTW_PRESERVE_INPUT));
  plans_->inverse.reset(fftw_plan_dft_c2r_1d(length, raw(half.data()), real.data(), kFlags));
}
RealFft::~RealFft() = default;
RealFft::RealFft(RealFft&&) noexcept = default;
RealFft& RealFft::operator=(RealFft&&) noexcept = default;

std::size_t RealFft::size() const { return plans_->n; }

std::vector<Complex> RealFft::forward(std::span<const double> x) const {
  check_size(x.size(), plans_->n);
  std::vector<Complex> out(plans_->n / 2 + 1);
  // PRESERVE_INPUT: the input is only read, FFTW's signature lacks the const.
  fftw_execute_dft_r2c(plans_->forward.get(), const_cast<double*>(x.data()), raw(out.data()));
  return out;
}

std::vector<double> RealFft::inverse(std::span<const Complex> spectrum) const {
  check_size(spectrum.size(), plans_->n / 2 + 1);
  std::vector<Complex> work(spectrum.begin(), spectrum.end());  // c2r destroys its input
  std::vector<double> out(plans_->n);
  fftw_execute_dft_c2r(plans_->inverse.get(), raw(work.data()), out.data());
  const double scale = 1.0 / static_cast<double>(plans_->n);
  for (double& v : out) v *= scale;
  return out;
}

struct BatchFft::Plans {
  std::size_t reach = 0;
  Plan forward;
  Plan backward;
};

namespace {

std::vector<int> plan_shape(const std::vector<std::size_t>& shape) {
  if (shape.empty()) throw InputError("a Fourier transform over a grid without axes was asked for");
  std::vector<int> lengths;
  for (const std::size_t n : shape) {
    check_length(n);
    lengths.push_back(static_cast<int>(n));
  }
  return lengths;
}

std::size_t product(const std::vector<std::size_t>& shape) {
  std::size_t all = 1;
  for (const std::size_t n : shape) all *= n;
  return all;
}

}  // namespace

BatchFft::BatchFft(const BatchLayout& layout) {
  const auto lengths = plan_shape(layout.shape);
  if (layout.count == 0 || layout.stride == 0) throw InputError("Fourier transforms of no arrays were asked for");
  plans_ = std::make_unique<Plans>();
  plans_->reach = (layout.count - 1) * layout.distance + (product(layout.shape) - 1) * layout.stride + 1;
  std::vector<Complex> scratch(plans_->reach);
  const std::lock_guard lock(planner());
  const auto plan = [&](int sign) {
    return fftw_plan_many_dft(static_cast<int>(lengths.size()), lengths.data(), static_cast<int>(layout.count),
                              raw(scratch.data()), nullptr, static_cast<int>(layout.stride),
                              static_cast<int>(layout.distance), raw(scratch.data()), nullptr,
                              static_cast<int>(layout.stride), static_cast<int>(layout.distance), sign, FFTW_ESTIMATE);
  };
  plans_->forward.reset(plan(FFTW_FORWARD));
  plans_->backward.reset(plan(FFTW_BACKWARD));
}
BatchFft::~BatchFft() = default;
BatchFft::BatchFft(BatchFft&&) noexcept = default;
BatchFft& BatchFft::operator=(BatchFft&&) noexcept = default;

void BatchFft::forward(std::span<Complex> data) const {
  if (data.size() < plans_->reach) check_size(data.size(), plans_->reach);
  fftw_execute_dft(plans_->forward.get(), raw(data.data()), raw(data.data()));
}

void BatchFft::backward(std::span<Complex> data) const {
  if (data.size() < plans_->reach) check_size(data.size(), plans_->reach);
  fftw_execute_dft(plans_->backward.get(), raw(data.data()), raw(data.data()));
}

struct RealGridFft::Plans {
  std::size_t size = 0;
  std::size_t modes = 0;
  Plan forward;
  Plan backward;
};

RealGridFft::RealGridFft(std::vector<std::size_t> shape) {
  const auto lengths = plan_shape(shape);
  plans_ = std::make_unique<Plans>();
  plans_->size = product(shape);
  plans_->modes = plans_->size / shape.back() * (shape.back() / 2 + 1);
  std::vector<double> real(plans_->size);
  std::vector<Complex> half(plans_->modes);
  const std::lock_guard lock(planner());
  const int rank = static_cast<int>(lengths.size());
  plans_->forward.reset(
      fftw_plan_dft_r2c(rank, lengths.data(), real.data(), raw(half.data()), kFlags | FFTW_PRESERVE_INPUT));
  plans_->backward.reset(fftw_plan_dft_c2r(rank, lengths.data(), raw(half.data()), real.data(), kFlags));
}
RealGridFft::~RealGridFft() = default;
RealGridFft::RealGridFft(RealGridFft&&) noexcept = default;
RealGridFft& RealGridFft::operator=(RealGridFft&&) noexcept = default;

std::size_t RealGridFft::size() const { return plans_->size; }
std::size_t RealGridFft::modes() const { return plans_->modes; }

void RealGridFft::forward(std::span<const double> values, std::span<Complex> spectrum) const {
  check_size(values.size(), plans_->size);
  check_size(spectrum.size(), plans_->modes);
  fftw_execute_dft_r2c(plans_->forward.get(), const_cast<double*>(values.data()), raw(spectrum.data()));
}

void RealGridFft::backward(std::span<Complex> spectrum, std::span<double> values) const {
  check_size(spectrum.size(), plans_->modes);
  check_size(values.size(), plans_->size);
  fftw_execute_dft_c2r(plans_->backward.get(), raw(spectrum.data()), values.data());
}

std::size_t fast_length(std::size_t n) {
  for (std::size_t candidate = std::max<std::size_t>(n, 1);; ++candidate) {
    std::size_t rest = candidate;
    for (const std::size_t p : {2, 3, 5, 7})
      while (rest % p == 0) rest /= p;
    if (rest == 1) return candidate;
  }
}

std::vector<double> cross_correlation(std::span<const double> x, std::span<const double> y, std::size_t lags) {
  std::vector<double> out(lags, 0.0);
  if (x.empty() || y.empty() || lags == 0) return out;
  const RealFft fft(fast_length(x.size() + y.size()));
  std::vector<double> padded(fft.size(), 0.0);
  std::copy(x.begin(), x.end(), padded.begin());
  const auto fx = fft.forward(padded);
  std::fill(padded.begin(), padded.end(), 0.0);
  std::copy(y.begin(), y.end(), padded.begin());
  auto fy = fft.forward(padded);
  for (std::size_t k = 0; k < fy.size(); ++k) fy[k] *= std::conj(fx[k]);
  const auto r = fft.inverse(fy);
  std::copy_n(r.begin(), std::min(lags, y.size()), out.begin());
  return out;
}

std::vector<Complex> cross_correlation(std::span<const Complex> x, std::span<const Complex> y, std::size_t lags) {
  std::vector<Complex> out(lags, 0.0);
  if (x.empty() || y.empty() || lags == 0) return out;
  const ComplexFft fft(fast_length(x.size() + y.size()));
  std::vector<Complex> fx(fft.size(), 0.0);
  std::vector<Complex> fy(fft.size(), 0.0);
  std::copy(x.begin(), x.end(), fx.begin());
  std::copy(y.begin(), y.end(), fy.begin());
  fft.forward(fx);
  fft.forward(fy);
  for (std::size_t k = 0; k < fy.size(); ++k) fy[k] *= std::conj(fx[k]);
  fft.inverse(fy);
  for (std::size_t k = 0; k < std::min(lags, y.size()); ++k) out[k] = std::conj(fy[k]);
  return out;
}

std::vector<double> autocorrelation(std::span<const double> x, std::size_t lags) {
  return cross_correlation(x, x, lags);
}
std::vector<Complex> autocorrelation(std::span<const Complex> x, std::size_t lags) {
  return cross_correlation(x, x, lags);
}

}  // namespace offprint::linalg
