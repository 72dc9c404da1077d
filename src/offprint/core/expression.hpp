// Expressions: a formula as text, parsed once, evaluated on numbers, on jets (hence with derivatives), and on arrays.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "offprint/core/jet.hpp"

namespace offprint {

/// A formula in named variables, e.g. Expression("r^2/2 - 0.1*cos(3*r)", {"r"}). Grammar: + - * / ^ (right-associative,
/// before the sign: -r^2 is -(r^2)), parentheses, numbers, pi, the variables, and
/// exp log sqrt sin cos tan sinh cosh tanh atan abs; `a < b` and `a > b` (loosest) are 1 where true and 0 elsewhere,
/// step(x) is x > 0. Blanks do not matter. Immutable; cheap to copy; may be evaluated from any thread.
class Expression {
 public:
  /// Throws InputError quoting the text and the position (from 1) where it stops making sense, an unknown name with the
  /// nearest known one, or more than 64 operations deep.
  Expression(std::string_view text, std::vector<std::string> variables);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::vector<std::string>& variables() const { return variables_; }
  /// Whether it holds a comparison or a step: then it may jump, and its derivatives miss that.
  [[nodiscard]] bool has_jump() const;
  /// Whether it is a number for any value of the variables.
  [[nodiscard]] bool is_constant() const;

  /// The value for the variables in the order of variables(). Outside a function's domain: NaN or infinite.
  /// Throws Error when their number is wrong. O(operations).
  [[nodiscard]] double operator()(std::span<const double> values) const;
  [[nodiscard]] long double operator()(std::span<const long double> values) const;
  [[nodiscard]] Jet<double> operator()(std::span<const Jet<double>> values) const;
  [[nodiscard]] Jet<long double> operator()(std::span<const Jet<long double>> values) const;
  [[nodiscard]] Jet<Jet<double>> operator()(std::span<const Jet<Jet<double>>> values) const;
  [[nodiscard]] Jet<Jet<long double>> operator()(std::span<const Jet<Jet<long double>>> values) const;

  /// Of a formula in one variable: value[i] and slope[i] (the first derivative) at x[i] for all i; `slope` may be
  /// empty. One pass over blocks of the array per operation, which a compiler can vectorise.
  void evaluate(std::span<const double> x, std::span<double> value, std::span<double> slope) const;

  enum class Op : unsigned char {
    kNumber,
    kVariable,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kPower,
    kNegate,
    kLess,
    kStep,
    kExp,
    kLog,
    kSqrt,
    kSin,
    kCos,
    kTan,
    kSinh,
    kCosh,
    kTanh,
    kAtan,
    kAbs
  };
  /// One step of the formula in postfix order.
  struct Step {
    Op op = Op::kNumber;
    std::size_t variable = 0;
    long double number = 0;
  };

 private:
  template <class S>
  [[nodiscard]] S run(std::span<const S> values) const;

  std::string text_;
  std::vector<std::string> variables_;
  std::vector<Step> steps_;
  std::size_t depth_ = 0;  // most operands at once
};

}  // namespace offprint
