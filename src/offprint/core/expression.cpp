#include "offprint/core/expression.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

#include <boost/spirit/home/x3.hpp>
#include <fmt/format.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

namespace x3 = boost::spirit::x3;
using Op = Expression::Op;
using Step = Expression::Step;

constexpr std::array<std::pair<const char*, Op>, 12> kFunctions{{{"exp", Op::kExp},
                                                                 {"log", Op::kLog},
                                                                 {"sqrt", Op::kSqrt},
                                                                 {"sin", Op::kSin},
                                                                 {"cos", Op::kCos},
                                                                 {"tan", Op::kTan},
                                                                 {"sinh", Op::kSinh},
                                                                 {"cosh", Op::kCosh},
                                                                 {"tanh", Op::kTanh},
                                                                 {"atan", Op::kAtan},
                                                                 {"abs", Op::kAbs},
                                                                 {"step", Op::kStep}}};

// What the grammar's actions write to.
struct Translation {
  const std::vector<std::string>& variables;
  std::vector<Step> steps;
  std::vector<Op> pending;  // functions whose argument is being read

  [[nodiscard]] std::vector<std::string> names() const {
    auto all = variables;
    all.emplace_back("pi");
    for (const auto& [name, op] : kFunctions) all.emplace_back(name);
    return all;
  }
};
struct Target;  // the key of x3::with

template <Op op>
struct Emit {
  template <class Context>
  void operator()(Context& context) const {
    x3::get<Target>(context).get().steps.push_back({op});
  }
};
// a > b is b < a with the operands as written: 0 < a - b.
struct EmitGreater {
  template <class Context>
  void operator()(Context& context) const {
    auto& steps = x3::get<Target>(context).get().steps;
    steps.push_back({Op::kSubtract});
    steps.push_back({Op::kStep});
  }
};
struct EmitNumber {
  template <class Context>
  void operator()(Context& context) const {
    const auto range = x3::_attr(context);
    const std::string word(range.begin(), range.end());
    x3::get<Target>(context).get().steps.push_back({Op::kNumber, 0, std::strtold(word.c_str(), nullptr)});
  }
};
struct EmitName {
  template <class Context>
  void operator()(Context& context) const {
    auto& target = x3::get<Target>(context).get();
    const auto range = x3::_attr(context);
    const std::string word(range.begin(), range.end());
    const auto found = std::find(target.variables.begin(), target.variables.end(), word);
    if (found != target.variables.end())
      target.steps.push_back({Op::kVariable, static_cast<std::size_t>(found - target.variables.begin())});
    else if (word == "pi")
      target.steps.push_back({Op::kNumber, 0, std::numbers::pi_v<long double>});
    else
      throw x3::expectation_failure<const char*>(range.begin(), word);
  }
};
struct BeginCall {
  template <class Context>
  void operator()(Context& context) const {
    auto& target = x3::get<Target>(context).get();
    const auto range = x3::_attr(context);
    const std::string word(range.begin(), range.end());
    const auto* const found =
        std::find_if(kFunctions.begin(), kFunctions.end(), [&](const auto& f) { return word == f.first; });
    if (found == kFunctions.end()) throw x3::expectation_failure<const char*>(range.begin(), word);
    target.pending.push_back(found->second);
  }
};
struct EndCall {
  template <class Context>
  void operator()(Context& context) const {
    auto& target = x3::get<Target>(context).get();
    target.steps.push_back({target.pending.back()});
    target.pending.pop_back();
  }
};

const x3::rule<class Comparison> kComparison = "a formula";
const x3::rule<class Sum> kSum = "a formula";
const x3::rule<class Product> kProduct = "a factor";
const x3::rule<class Signed> kSigned = "a number, a name or '('";
const x3::rule<class Powered> kPowered = "a number, a name or '('";
const x3::rule<class Primary> kPrimary = "a number, a name or '('";

const auto kDigits = +x3::digit;
const auto kExponent = (x3::lit('e') | 'E') >> -(x3::lit('+') | '-') >> kDigits;
const auto kNumber = x3::raw[x3::lexeme[((kDigits >> -('.' >> *x3::digit)) | ('.' >> kDigits)) >> -kExponent]];
const auto kLetters = x3::lexeme[x3::char_("a-zA-Z_") >> *x3::char_("a-zA-Z0-9_")];
const auto kWord = x3::raw[kLetters];

const auto kComparison_def = kSum >> -(('<' > kSum)[Emit<Op::kLess>()] | ('>' > kSum)[EmitGreater()]);
const auto kSum_def = kProduct >> *(('+' > kProduct)[Emit<Op::kAdd>()] | ('-' > kProduct)[Emit<Op::kSubtract>()]);
const auto kProduct_def = kSigned >> *(('*' > kSigned)[Emit<Op::kMultiply>()] | ('/' > kSigned)[Emit<Op::kDivide>()]);
const auto kSigned_def = ('-' > kSigned)[Emit<Op::kNegate>()] | ('+' > kSigned) | kPowered;
const auto kPowered_def = kPrimary >> -((x3::lit("**") | '^') > kSigned)[Emit<Op::kPower>()];
const auto kPrimary_def = kNumber[EmitNumber()] |
                          (&(kLetters >> '(') >> kWord[BeginCall()] >> ('(' > kComparison > ')'))[EndCall()] |
                          kWord[EmitName()] | ('(' > kComparison > ')');

BOOST_SPIRIT_DEFINE(kComparison, kSum, kProduct, kSigned, kPowered, kPrimary)

std::size_t operands(Op op) {
  if (op == Op::kNumber || op == Op::kVariable) return 0;
  return op == Op::kAdd || op == Op::kSubtract || op == Op::kMultiply || op == Op::kDivide || op == Op::kPower ||
                 op == Op::kLess
             ? 2
             : 1;
}

[[noreturn]] void complain(std::string_view text, std::size_t at, const std::string& what) {
  throw InputError(fmt::format("'{}', position {}: {}", text, at + 1, what));
}

template <class S>
S number_as(long double x) {
  if constexpr (detail::kIsJet<S>)
    return S(number_as<typename S::Scalar>(x));
  else
    return static_cast<S>(x);
}

template <class S>
S unary(Op op, const S& a) {
  using std::abs, std::atan, std::cos, std::cosh, std::exp, std::log, std::sin, std::sinh, std::sqrt, std::tan,
      std::tanh;
  switch (op) {
    case Op::kNegate:
      return -a;
    case Op::kStep:
      return number_as<S>(leading(a) > 0 ? 1 : 0);
    case Op::kExp:
      return exp(a);
    case Op::kLog:
      return log(a);
    case Op::kSqrt:
      return sqrt(a);
    case Op::kSin:
      return sin(a);
    case Op::kCos:
      return cos(a);
    case Op::kTan:
      return tan(a);
    case Op::kSinh:
      return sinh(a);
    case Op::kCosh:
      return cosh(a);
    case Op::kTanh:
      return tanh(a);
    case Op::kAtan:
      return atan(a);
    default:
      return abs(a);
  }
}

template <class S>
S raised(const S& a, const S& b) {
  using std::pow;
  if constexpr (detail::kIsJet<S>) {
    // A constant exponent keeps whole powers exact at and below zero.
    const auto exponent = leading(b);
    bool constant = b.is_constant();
    if constexpr (detail::kIsJet<typename S::Scalar>) constant = constant && b.value().is_constant();
    return constant ? pow(a, exponent) : pow(a, b);
  } else {
    if (b == std::floor(b) && std::abs(b) <= 64) {
      const S p = power(a, static_cast<unsigned>(std::abs(b)));
      return b >= 0 ? p : 1 / p;
    }
    return pow(a, b);
  }
}

template <class S>
S binary(Op op, const S& a, const S& b) {
  switch (op) {
    case Op::kAdd:
      return a + b;
    case Op::kSubtract:
      return a - b;
    case Op::kMultiply:
      return a * b;
    case Op::kDivide:
      return a / b;
    case Op::kLess:
      return number_as<S>(leading(a) < leading(b) ? 1 : 0);
    default:
      return raised(a, b);
  }
}

}  // namespace

Expression::Expression(std::string_view text, std::vector<std::string> variables)
    : text_(text), variables_(std::move(variables)) {
  if (text_.size() > 10000) throw InputError(fmt::format("a formula of {} characters is too long", text_.size()));
  Translation target{variables_, {}, {}};
  const char* const begin = text_.data();
  const char* const end = begin + text_.size();
  const char* at = begin;
  const auto grammar = x3::with<Target>(std::ref(target))[kComparison];
  bool matched = false;
  try {
    matched = x3::phrase_parse(at, end, grammar, x3::space);
  } catch (const x3::expectation_failure<const char*>& failure) {
    auto where = static_cast<std::size_t>(failure.where() - begin);
    while (where < text_.size() && std::isspace(static_cast<unsigned char>(text_[where])) != 0) ++where;
    const std::string& which = failure.which();
    const bool name = !which.empty() && text_.compare(where, which.size(), which) == 0 && std::isalpha(which[0]) != 0;
    if (name) complain(text_, where, fmt::format("unknown name {}{}", which, suggestion(which, target.names())));
    complain(text_, where, fmt::format("{} was expected", which));
  }
  if (!matched) complain(text_, static_cast<std::size_t>(at - begin), "a number, a name or '(' was expected");
  if (at != end)
    complain(text_, static_cast<std::size_t>(at - begin), fmt::format("'{}' does not continue the formula", *at));
  steps_ = std::move(target.steps);
  std::size_t height = 0;
  for (const Step& step : steps_) {
    height = height + 1 - operands(step.op);
    depth_ = std::max(depth_, height);
  }
  if (depth_ > 64) throw InputError(fmt::format("'{}' is nested more than 64 deep", text_));
}

bool Expression::has_jump() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const Step& step) { return step.op == Op::kLess || step.op == Op::kStep; });
}

bool Expression::is_constant() const {
  return std::none_of(steps_.begin(), steps_.end(), [](const Step& step) { return step.op == Op::kVariable; });
}

template <class S>
S Expression::run(std::span<const S> values) const {
  if (values.size() != variables_.size())
    throw Error(fmt::format("'{}' has {} variables, not {}", text_, variables_.size(), values.size()));
  std::vector<S> stack;
  stack.reserve(depth_);
  for (const Step& step : steps_) {
    switch (operands(step.op)) {
      case 0:
        stack.push_back(step.op == Op::kNumber ? number_as<S>(step.number) : values[step.variable]);
        break;
      case 1:
        stack.back() = unary(step.op, stack.back());
        break;
      default: {
        const S b = std::move(stack.back());
        stack.pop_back();
        stack.back() = binary(step.op, stack.back(), b);
      }
    }
  }
  return stack.back();
}

double Expression::operator()(std::span<const double> v) const { return run(v); }
long double Expression::operator()(std::span<const long double> v) const { return run(v); }
Jet<double> Expression::operator()(std::span<const Jet<double>> v) const { return run(v); }
Jet<long double> Expression::operator()(std::span<const Jet<long double>> v) const { return run(v); }
Jet<Jet<double>> Expression::operator()(std::span<const Jet<Jet<double>>> v) const { return run(v); }
Jet<Jet<long double>> Expression::operator()(std::span<const Jet<Jet<long double>>> v) const { return run(v); }

namespace {

constexpr std::size_t kBlock = 64;

// A column of values with its derivative; `known` is its one number when it is constant, and the arrays are not filled.
struct Column {
  std::array<double, kBlock> value;
  std::array<double, kBlock> slope;
  bool constant = false;
  double known = 0;
};

void make_constant(Column& a, double x) {
  a.constant = true;
  a.known = x;
}

// The arrays of a constant, for operations without a form of their own for it.
void spread(Column& a) {
  a.value.fill(a.known);
  a.slope.fill(0);
}

void raise_to_whole(Column& a, unsigned n) {
  if (n == 1) return;
  std::array<double, kBlock> lower = a.value;
  for (unsigned k = 2; k < n; ++k)
    for (std::size_t i = 0; i < kBlock; ++i) lower[i] *= a.value[i];
  for (std::size_t i = 0; i < kBlock; ++i) {
    a.slope[i] *= n * lower[i];
    a.value[i] *= lower[i];
  }
}

void combine(Op op, Column& a, Column& b) {
  if (a.constant && b.constant) {
    make_constant(a, binary<double>(op, a.known, b.known));
    return;
  }
  const double n = b.known;
  const bool whole = b.constant && n == std::floor(n) && n >= 1 && n <= 16;
  if (a.constant) spread(a);
  if (b.constant && op != Op::kDivide && !(op == Op::kPower && whole)) spread(b);
  a.constant = false;
  switch (op) {
    case Op::kAdd:
      for (std::size_t i = 0; i < kBlock; ++i) a.value[i] += b.value[i], a.slope[i] += b.slope[i];
      return;
    case Op::kSubtract:
      for (std::size_t i = 0; i < kBlock; ++i) a.value[i] -= b.value[i], a.slope[i] -= b.slope[i];
      return;
    case Op::kMultiply:
      for (std::size_t i = 0; i < kBlock; ++i) {
        a.slope[i] = a.slope[i] * b.value[i] + a.value[i] * b.slope[i];
        a.value[i] *= b.value[i];
      }
      return;
    case Op::kDivide:
      if (b.constant) {
        const double over = 1 / b.known;
        for (std::size_t i = 0; i < kBlock; ++i) {
          a.value[i] *= over;
          a.slope[i] *= over;
        }
        return;
      }
      for (std::size_t i = 0; i < kBlock; ++i) {
        const double over = 1 / b.value[i];
        a.value[i] *= over;
        a.slope[i] = (a.slope[i] - a.value[i] * b.slope[i]) * over;
      }
      return;
    case Op::kLess:
      for (std::size_t i = 0; i < kBlock; ++i) a.value[i] = a.value[i] < b.value[i] ? 1 : 0, a.slope[i] = 0;
      return;
    default:
      if (whole) {
        raise_to_whole(a, static_cast<unsigned>(n));
        return;
      }
      for (std::size_t i = 0; i < kBlock; ++i) {
        const double y = raised(a.value[i], b.value[i]);
        a.slope[i] = (b.constant ? n * raised(a.value[i], n - 1) * a.slope[i]
                                 : y * (b.slope[i] * std::log(a.value[i]) + b.value[i] * a.slope[i] / a.value[i]));
        a.value[i] = y;
      }
  }
}

double slope_of(Op op, double x, double y) {
  switch (op) {
    case Op::kNegate:
      return -1;
    case Op::kExp:
      return y;
    case Op::kLog:
      return 1 / x;
    case Op::kSqrt:
      return 0.5 / y;
    case Op::kSin:
      return std::cos(x);
    case Op::kCos:
      return -std::sin(x);
    case Op::kTan:
      return 1 + y * y;
    case Op::kSinh:
      return std::cosh(x);
    case Op::kCosh:
      return std::sinh(x);
    case Op::kTanh:
      return 1 - y * y;
    case Op::kAtan:
      return 1 / (1 + x * x);
    case Op::kAbs:
      return x > 0 ? 1 : x < 0 ? -1 : 0;
    default:
      return 0;
  }
}

void apply(Op op, Column& a) {
  if (a.constant) {
    make_constant(a, unary(op, a.known));
    return;
  }
  for (std::size_t i = 0; i < kBlock; ++i) {
    const double y = unary(op, a.value[i]);
    a.slope[i] *= slope_of(op, a.value[i], y);
    a.value[i] = y;
  }
}

}  // namespace

void Expression::evaluate(std::span<const double> x, std::span<double> value, std::span<double> slope) const {
  if (variables_.size() != 1) throw Error(fmt::format("'{}' is not a formula in one variable", text_));
  const auto stack = std::make_unique_for_overwrite<Column[]>(depth_);
  for (std::size_t first = 0; first < x.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, x.size() - first);
    std::size_t height = 0;
    for (const Step& step : steps_) {
      if (step.op == Op::kNumber) {
        make_constant(stack[height++], static_cast<double>(step.number));
      } else if (step.op == Op::kVariable) {
        Column& column = stack[height++];
        column.constant = false;
        std::copy_n(x.begin() + static_cast<std::ptrdiff_t>(first), count, column.value.begin());
        std::fill(column.value.begin() + static_cast<std::ptrdiff_t>(count), column.value.end(), x[first + count - 1]);
        column.slope.fill(1);
      } else if (operands(step.op) == 1) {
        apply(step.op, stack[height - 1]);
      } else {
        --height;
        combine(step.op, stack[height - 1], stack[height]);
      }
    }
    if (stack[0].constant) spread(stack[0]);
    for (std::size_t i = 0; i < count; ++i) value[first + i] = stack[0].value[i];
    if (!slope.empty())
      for (std::size_t i = 0; i < count; ++i) slope[first + i] = stack[0].slope[i];
  }
}

}  // namespace offprint
