// Jets: truncated Taylor series as numbers, so that a formula written once gives its derivatives to any order.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <vector>

namespace offprint {

/// The Taylor coefficients c_0 + c_1 h + ... + c_n h^n of a function of h, with the arithmetic and the elementary
/// functions of the field T (double, long double, or again a Jet for derivatives in a second variable). Derivative k is
/// k! c_k. A jet of one coefficient is a constant, exact to every order; otherwise an operation between jets of
/// different length keeps the shorter one's. Products and functions take O(n^2) operations of T; the recurrences are
/// those of Griewank & Walther, "Evaluating Derivatives" (2008), chapter 13. Outside a function's domain the
/// coefficients are NaN or infinite; nothing throws.
template <class T>
class Jet {
 public:
  using Scalar = T;

  Jet() : c_(1, T(0)) {}
  Jet(T value) : c_(1, std::move(value)) {}  // NOLINT(google-explicit-constructor): a number is a constant function
  template <class U>
  requires(std::is_arithmetic_v<U> && !std::is_same_v<U, T>) Jet(U value)
      : c_(1, T(value)) {}  // NOLINT(google-explicit-constructor)
  explicit Jet(std::vector<T> coefficients) : c_(std::move(coefficients)) {
    if (c_.empty()) c_.push_back(T(0));
  }
  /// The identity at `value`: value + h, carried to order `order` >= 0.
  static Jet variable(T value, std::size_t order) {
    std::vector<T> c(order + 1, T(0));
    c[0] = std::move(value);
    if (order > 0) c[1] = T(1);
    return Jet(std::move(c));
  }

  [[nodiscard]] std::size_t size() const { return c_.size(); }
  [[nodiscard]] std::size_t order() const { return c_.size() - 1; }
  [[nodiscard]] bool is_constant() const { return c_.size() == 1; }
  /// Coefficient k; zero beyond the end.
  [[nodiscard]] T operator[](std::size_t k) const { return k < c_.size() ? c_[k] : T(0); }
  [[nodiscard]] const T& value() const { return c_[0]; }
  [[nodiscard]] const std::vector<T>& coefficients() const { return c_; }

  /// The derivative in h, one order shorter.
  [[nodiscard]] Jet derivative() const {
    if (c_.size() == 1) return Jet(T(0));
    std::vector<T> d(c_.size() - 1, T(0));
    for (std::size_t k = 0; k < d.size(); ++k) d[k] = c_[k + 1] * T(static_cast<double>(k + 1));
    return Jet(std::move(d));
  }
  /// The first n + 1 coefficients. A constant stays one.
  [[nodiscard]] Jet truncated(std::size_t n) const {
    return Jet(std::vector<T>(c_.begin(), c_.begin() + static_cast<std::ptrdiff_t>(std::min(n + 1, c_.size()))));
  }

  Jet operator-() const {
    Jet out = *this;
    for (auto& x : out.c_) x = -x;
    return out;
  }
  friend Jet operator+(const Jet& a, const Jet& b) { return combine(a, b, false); }
  friend Jet operator-(const Jet& a, const Jet& b) { return combine(a, b, true); }
  friend Jet operator*(const Jet& a, const Jet& b) {
    if (a.is_constant()) return b.scaled(a.c_[0]);
    if (b.is_constant()) return a.scaled(b.c_[0]);
    const std::size_t n = std::min(a.size(), b.size());
    std::vector<T> c(n, T(0));
    for (std::size_t k = 0; k < n; ++k) {
      T sum = a.c_[0] * b.c_[k];
      for (std::size_t j = 1; j <= k; ++j) sum = sum + a.c_[j] * b.c_[k - j];
      c[k] = std::move(sum);
    }
    return Jet(std::move(c));
  }
  friend Jet operator/(const Jet& a, const Jet& b) {
    const std::size_t n = b.is_constant() ? a.size() : a.is_constant() ? b.size() : std::min(a.size(), b.size());
    std::vector<T> c(n, T(0));
    for (std::size_t k = 0; k < n; ++k) {
      T sum = a[k];
      for (std::size_t j = 1; j <= k && j < b.size(); ++j) sum = sum - b.c_[j] * c[k - j];
      c[k] = sum / b.c_[0];
    }
    return Jet(std::move(c));
  }
  Jet& operator+=(const Jet& b) { return *this = *this + b; }
  Jet& operator-=(const Jet& b) { return *this = *this - b; }
  Jet& operator*=(const Jet& b) { return *this = *this * b; }
  Jet& operator/=(const Jet& b) { return *this = *this / b; }

 private:
  [[nodiscard]] Jet scaled(const T& factor) const {
    Jet out = *this;
    for (auto& x : out.c_) x = x * factor;
    return out;
  }
  static Jet combine(const Jet& a, const Jet& b, bool minus) {
    const std::size_t n = b.is_constant() ? a.size() : a.is_constant() ? b.size() : std::min(a.size(), b.size());
    std::vector<T> c(n, T(0));
    for (std::size_t k = 0; k < n; ++k) c[k] = minus ? a[k] - b[k] : a[k] + b[k];
    return Jet(std::move(c));
  }

  std::vector<T> c_;
};

namespace detail {
// k y_k = sum_j j u_j g_{k-j}: what every function with y' = u' g satisfies.
template <class T>
T weighted_term(const Jet<T>& u, const std::vector<T>& g, std::size_t k) {
  T sum = u[1] * g[k - 1];
  for (std::size_t j = 2; j <= k; ++j) sum = sum + u[j] * T(static_cast<double>(j)) * g[k - j];
  return sum / T(static_cast<double>(k));
}

// sine-like pairs: s' = u' c, c' = sign u' s.
template <class T>
std::pair<Jet<T>, Jet<T>> sine_and_cosine(const Jet<T>& u, T s0, T c0, double sign) {
  std::vector<T> s(u.size(), T(0));
  std::vector<T> c(u.size(), T(0));
  s[0] = std::move(s0);
  c[0] = std::move(c0);
  for (std::size_t k = 1; k < u.size(); ++k) {
    s[k] = weighted_term(u, c, k);
    c[k] = weighted_term(u, s, k) * T(sign);
  }
  return {Jet<T>(std::move(s)), Jet<T>(std::move(c))};
}
}  // namespace detail

template <class T>
Jet<T> exp(const Jet<T>& u) {
  using std::exp;
  std::vector<T> y(u.size(), T(0));
  y[0] = exp(u.value());
  for (std::size_t k = 1; k < u.size(); ++k) y[k] = detail::weighted_term(u, y, k);
  return Jet<T>(std::move(y));
}

template <class T>
Jet<T> log(const Jet<T>& u) {
  using std::log;
  std::vector<T> y(u.size(), T(0));
  y[0] = log(u.value());
  for (std::size_t k = 1; k < u.size(); ++k) {
    T sum = u[k] * T(static_cast<double>(k));
    for (std::size_t j = 1; j < k; ++j) sum = sum - y[j] * T(static_cast<double>(j)) * u[k - j];
    y[k] = sum / (u.value() * T(static_cast<double>(k)));
  }
  return Jet<T>(std::move(y));
}

template <class T>
Jet<T> sqrt(const Jet<T>& u) {
  using std::sqrt;
  std::vector<T> y(u.size(), T(0));
  y[0] = sqrt(u.value());
  for (std::size_t k = 1; k < u.size(); ++k) {
    T sum = u[k];
    for (std::size_t j = 1; j < k; ++j) sum = sum - y[j] * y[k - j];
    y[k] = sum / (y[0] * T(2.0));
  }
  return Jet<T>(std::move(y));
}

template <class T>
Jet<T> sin(const Jet<T>& u) {
  using std::cos;
  using std::sin;
  return detail::sine_and_cosine(u, T(sin(u.value())), T(cos(u.value())), -1.0).first;
}

template <class T>
Jet<T> cos(const Jet<T>& u) {
  using std::cos;
  using std::sin;
  return detail::sine_and_cosine(u, T(sin(u.value())), T(cos(u.value())), -1.0).second;
}

template <class T>
Jet<T> sinh(const Jet<T>& u) {
  using std::cosh;
  using std::sinh;
  return detail::sine_and_cosine(u, T(sinh(u.value())), T(cosh(u.value())), 1.0).first;
}

template <class T>
Jet<T> cosh(const Jet<T>& u) {
  using std::cosh;
  using std::sinh;
  return detail::sine_and_cosine(u, T(sinh(u.value())), T(cosh(u.value())), 1.0).second;
}

template <class T>
Jet<T> tan(const Jet<T>& u) {
  return sin(u) / cos(u);
}

/// y' = (1 - y^2) u'.
template <class T>
Jet<T> tanh(const Jet<T>& u) {
  using std::tanh;
  std::vector<T> y(u.size(), T(0));
  std::vector<T> g(u.size(), T(0));
  y[0] = tanh(u.value());
  g[0] = T(1) - y[0] * y[0];
  for (std::size_t k = 1; k < u.size(); ++k) {
    y[k] = detail::weighted_term(u, g, k);
    T square = T(0);
    for (std::size_t j = 0; j <= k; ++j) square = square + y[j] * y[k - j];
    g[k] = -square;
  }
  return Jet<T>(std::move(y));
}

/// y' = u' / (1 + u^2).
template <class T>
Jet<T> atan(const Jet<T>& u) {
  using std::atan;
  const Jet<T> g = Jet<T>(T(1)) / (Jet<T>(T(1)) + u * u);
  std::vector<T> all(u.size(), T(0));
  for (std::size_t k = 0; k < u.size(); ++k) all[k] = g[k];
  std::vector<T> y(u.size(), T(0));
  y[0] = atan(u.value());
  for (std::size_t k = 1; k < u.size(); ++k) y[k] = detail::weighted_term(u, all, k);
  return Jet<T>(std::move(y));
}

/// The innermost number of a nested jet.
inline double leading(double x) { return x; }
inline long double leading(long double x) { return x; }
template <class T>
auto leading(const Jet<T>& x) {
  return leading(x.value());
}

/// |u|: the side of the leading coefficient decides; the kink itself has no series (NaN beyond order 0).
template <class T>
Jet<T> abs(const Jet<T>& u) {
  const auto x = leading(u);
  if (x > 0) return u;
  if (x < 0) return -u;
  if (u.is_constant()) return u;
  std::vector<T> y(u.size(), T(std::nan("")));
  y[0] = T(0);
  return Jet<T>(std::move(y));
}

/// u^n for a whole number n >= 0, by squaring: fine where u is 0 too.
template <class S>
S power(const S& u, unsigned n) {
  S result = S(1);
  S square = u;
  for (; n > 0; n /= 2) {
    if (n % 2 == 1) result = result * square;
    if (n > 1) square = square * square;
  }
  return result;
}

namespace detail {
template <class T>
inline constexpr bool kIsJet = false;
template <class T>
inline constexpr bool kIsJet<Jet<T>> = true;
}  // namespace detail

/// u^a for a real number a; whole numbers by multiplication. y' u = a y u'.
template <class T, class A>
requires std::is_floating_point_v<A> Jet<T> pow(const Jet<T>& u, A a) {
  using std::pow;
  if (a == std::floor(a) && std::abs(a) <= 64) {
    const auto n = static_cast<unsigned>(std::abs(a));
    return a >= 0 ? power(u, n) : Jet<T>(T(1)) / power(u, n);
  }
  std::vector<T> y(u.size(), T(0));
  if constexpr (detail::kIsJet<T>)
    y[0] = pow(u.value(), a);
  else
    y[0] = pow(u.value(), static_cast<T>(a));
  for (std::size_t k = 1; k < u.size(); ++k) {
    T sum = T(0);
    for (std::size_t j = 1; j <= k; ++j) sum = sum + u[j] * y[k - j] * T(a * static_cast<A>(j) - static_cast<A>(k - j));
    y[k] = sum / (u.value() * T(static_cast<double>(k)));
  }
  return Jet<T>(std::move(y));
}

/// u^v = exp(v log u).
template <class T>
Jet<T> pow(const Jet<T>& u, const Jet<T>& v) {
  return exp(v * log(u));
}

/// f(u(h)) from the Taylor coefficients of f at u's value: Horner in u - u_0.
template <class T>
Jet<T> compose(const Jet<T>& f, const Jet<T>& u) {
  std::vector<T> shift = u.coefficients();
  shift[0] = T(0);
  const Jet<T> step(std::move(shift));
  Jet<T> sum(f[f.order()]);
  for (std::size_t k = f.size() - 1; k-- > 0;) sum = sum * step + Jet<T>(f[k]);
  return sum;
}

}  // namespace offprint
