// Radial functions: traps U(r) and statistics f(r), as text or as callables on numbers and jets.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "offprint/core/jet.hpp"

namespace offprint::coulomb {

/// A function of r >= 0, with its derivatives. Immutable; copies share; may be called from any thread.
class RadialFunction {
 public:
  /// A formula in r (core/expression.hpp has the grammar), e.g. "r^2/2". Throws InputError naming the place in the
  /// text.
  explicit RadialFunction(std::string_view formula);
  /// A callable that takes double, long double and jets of them (and jets of jets): [](const auto& r) { return r * r;
  /// }. `smooth` = false says that it jumps somewhere.
  template <class F>
  static RadialFunction of(F f, std::string name = "f", bool smooth = true) {
    return RadialFunction(std::make_shared<const Callable<F>>(std::move(f)), std::move(name), smooth);
  }
  /// a + s b.
  [[nodiscard]] static RadialFunction sum(const RadialFunction& a, double s, const RadialFunction& b);

  [[nodiscard]] double operator()(double r) const { return f_->at(r); }
  [[nodiscard]] long double operator()(long double r) const { return f_->at(r); }
  [[nodiscard]] Jet<double> operator()(const Jet<double>& r) const { return f_->at(r); }
  [[nodiscard]] Jet<long double> operator()(const Jet<long double>& r) const { return f_->at(r); }
  [[nodiscard]] Jet<Jet<double>> operator()(const Jet<Jet<double>>& r) const { return f_->at(r); }
  [[nodiscard]] Jet<Jet<long double>> operator()(const Jet<Jet<long double>>& r) const { return f_->at(r); }
  /// Values and first derivatives at many radii; `slope` may be empty.
  void evaluate(std::span<const double> r, std::span<double> value, std::span<double> slope) const {
    f_->evaluate(r, value, slope);
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  /// False when it may jump (a step or a comparison in the formula).
  [[nodiscard]] bool is_smooth() const { return smooth_; }

 private:
  struct Function {
    Function() = default;
    Function(const Function&) = delete;
    Function& operator=(const Function&) = delete;
    virtual ~Function() = default;
    [[nodiscard]] virtual double at(double r) const = 0;
    [[nodiscard]] virtual long double at(long double r) const = 0;
    [[nodiscard]] virtual Jet<double> at(const Jet<double>& r) const = 0;
    [[nodiscard]] virtual Jet<long double> at(const Jet<long double>& r) const = 0;
    [[nodiscard]] virtual Jet<Jet<double>> at(const Jet<Jet<double>>& r) const = 0;
    [[nodiscard]] virtual Jet<Jet<long double>> at(const Jet<Jet<long double>>& r) const = 0;
    virtual void evaluate(std::span<const double> r, std::span<double> value, std::span<double> slope) const;
  };
  template <class F>
  class Callable final : public Function {
   public:
    explicit Callable(F f) : f_(std::move(f)) {}
    [[nodiscard]] double at(double r) const override { return f_(r); }
    [[nodiscard]] long double at(long double r) const override { return f_(r); }
    [[nodiscard]] Jet<double> at(const Jet<double>& r) const override { return f_(r); }
    [[nodiscard]] Jet<long double> at(const Jet<long double>& r) const override { return f_(r); }
    [[nodiscard]] Jet<Jet<double>> at(const Jet<Jet<double>>& r) const override { return f_(r); }
    [[nodiscard]] Jet<Jet<long double>> at(const Jet<Jet<long double>>& r) const override { return f_(r); }

   private:
    F f_;
  };
  struct Formula;
  struct Sum;

  RadialFunction(std::shared_ptr<const Function> f, std::string name, bool smooth)
      : f_(std::move(f)), name_(std::move(name)), smooth_(smooth) {}

  std::shared_ptr<const Function> f_;
  std::string name_;
  bool smooth_ = true;
};

/// The Laplacian in d dimensions, f'' + (d - 1) f'/r, as a jet around r > 0 of the given order.
template <class T>
[[nodiscard]] Jet<T> laplacian(const RadialFunction& f, int d, T r, std::size_t order) {
  const auto x = Jet<T>::variable(r, order + 2);
  const Jet<T> slope = f(x).derivative();
  const Jet<T> second = slope.derivative();
  if (d == 1) return second.truncated(order);
  return second.truncated(order) + (slope / x * Jet<T>(T(d - 1))).truncated(order);
}

}  // namespace offprint::coulomb
