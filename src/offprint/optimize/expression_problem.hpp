// A bilevel problem written down in a file: f and g as expressions, boxes for x and y.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "offprint/core/expression.hpp"
#include "offprint/optimize/bilevel_problem.hpp"
#include "offprint/optimize/box.hpp"

namespace offprint::optimize {

/// What a problem file says.
struct ExpressionText {
  std::string f;
  std::string g;
  std::vector<std::string> x;  ///< names of the upper variables
  std::vector<std::string> y;
  Eigen::VectorXd x_lower;  ///< empty: no bound; entries may be infinite
  Eigen::VectorXd x_upper;
  Eigen::VectorXd y_lower;
  Eigen::VectorXd y_upper;
};

/// f and g as expressions in the syntax of core/expression.hpp. Derivatives, the second ones too, are exact: Taylor
/// arithmetic on the expression. An evaluation is some 50 ns per operation; a gradient one evaluation on jets per
/// variable, hvp and jvp one on jets of jets: for teaching and for problems of a few dozen variables. May be called
/// from several threads.
class ExpressionProblem final : public BilevelProblem {
 public:
  /// Throws InputError: a syntax error or an unknown name (quoting the expression and position), no variable of a
  /// level, a name used twice, a bound of another length, lower > upper ("the box of y is empty").
  explicit ExpressionProblem(ExpressionText text);

  [[nodiscard]] const ExpressionText& text() const { return text_; }
  [[nodiscard]] Eigen::Index dimension_x() const override { return static_cast<Eigen::Index>(text_.x.size()); }
  [[nodiscard]] Eigen::Index dimension_y() const override { return static_cast<Eigen::Index>(text_.y.size()); }
  [[nodiscard]] double f(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  [[nodiscard]] double g(const VectorRef& x, const VectorRef& y, const Sample& sample = {}) const override;
  void f_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void f_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_x(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  void g_y(const VectorRef& x, const VectorRef& y, Eigen::VectorXd& out, const Sample& sample = {}) const override;
  [[nodiscard]] bool second_order() const override { return true; }
  void hvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void jvp(const VectorRef& x, const VectorRef& y, const VectorRef& v, Eigen::VectorXd& out,
           const Sample& sample = {}) const override;
  void project_x(Eigen::VectorXd& x) const override { box_x_.project(x); }
  void project_y(Eigen::VectorXd& y) const override { box_y_.project(y); }
  [[nodiscard]] bool constrained_y() const override { return box_y_.bounded(); }
  [[nodiscard]] const Box& box_x() const { return box_x_; }

 private:
  ExpressionText text_;
  Box box_x_;
  Box box_y_;
  Expression f_;
  Expression g_;
};

/// Reads a TOML file:
///   f = "-y + x^2"
///   g = "x * y"
///   x = ["x"]              # names of the variables
///   y = ["y"]
///   x_lower = [-1]         # optional bounds, an entry per variable; inf and -inf are none
///   x_upper = [1]
///   y_lower = [-1]
///   y_upper = [1]
/// Throws InputError naming file and key: what is missing, of the wrong type or unknown; `constraints`, for which there
/// is no projection (boxes are all there is); what the constructor throws.
[[nodiscard]] ExpressionText read_expression_text(const std::filesystem::path& file);

}  // namespace offprint::optimize
