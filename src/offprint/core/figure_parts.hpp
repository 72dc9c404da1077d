// What the figure factories share: text, rounding, axes, curves, reference lines. Not for use outside figure*.cpp.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "offprint/core/figure.hpp"

namespace offprint::figure_parts {

using Json = nlohmann::json;

/// The kind whose legend shows strokes, dashes included; where curves lie over other marks it shows colours only.
inline constexpr std::string_view kLineChart = "line chart";

/// The smallest interval that holds what was added; empty (lo > hi) at first.
struct Extent {
  double lo = std::numeric_limits<double>::infinity();
  double hi = -std::numeric_limits<double>::infinity();
  void add(double v) {
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  [[nodiscard]] bool empty() const { return lo > hi; }
};

/// `v` to that many significant digits, so that specifications stay short.
[[nodiscard]] double rounded(double v, int digits = 6);

/// `v` as a reader would write it: 4 significant digits, powers of ten as "10⁻³" when `power`.
[[nodiscard]] std::string readable(double v, bool power = false);

/// `text` with invalid UTF-8 (a column name in another encoding) replaced, so that it is valid in JSON.
[[nodiscard]] std::string clean(const std::string& text);

/// "title (unit)".
[[nodiscard]] std::string axis_title(const Axis& axis);

/// Whether a coordinate can be drawn on the axis.
[[nodiscard]] bool drawable(double v, const Axis& axis);

/// "figure 'T'": how messages name the figure.
[[nodiscard]] std::string place(const std::string& title);

/// A figure in the making: layers are added bottom first; finish() gives the specification.
class Canvas {
 public:
  Canvas(std::string_view kind, const std::string& title, Axis x, Axis y);

  /// The names that colours tell apart, in legend order. One name: no legend, the theme's first colour.
  void set_names(std::vector<std::string> names) { names_ = std::move(names); }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  /// Checks a point group or curve, drops what cannot be drawn, adds what is left to the extents.
  [[nodiscard]] Series checked(const Series& series);
  [[nodiscard]] PointGroup checked(const PointGroup& group, const Axis& colour);
  void add_curves(const std::vector<Series>& curves);
  void add_reference_lines(const std::vector<ReferenceLine>& lines);
  void add_layer(Json layer) { layers_.push_back(std::move(layer)); }

  /// Position channels. finish() fills in the scale and ticks of the first layer's, once the extents are known.
  [[nodiscard]] Json x(std::string_view field = "x") const { return channel(x_, field); }
  [[nodiscard]] Json y(std::string_view field = "y") const { return channel(y_, field); }
  /// The colour channel of the names, with their legend.
  [[nodiscard]] Json name_colour() const;
  [[nodiscard]] bool many_names() const { return names_.size() > 1; }

  [[nodiscard]] bool clip() const { return x_.lo || x_.hi || y_.lo || y_.hi; }
  void note(const std::string& sentence) { notes_ += " " + sentence; }
  /// Gives every layer a colour scale and legend of its own: some colour by name, some by value.
  void separate_colours() { separate_colours_ = true; }
  void include_zero_y() { zero_y_ = true; }
  /// Fixes both axes to these ends (plane figures) and the height to width * aspect unless aspect is 0.
  void fix_view(Extent x, Extent y, double aspect);

  Extent x_extent;
  Extent y_extent;
  std::size_t dropped = 0;

  /// The specification without title and description.
  [[nodiscard]] Json finish() const;
  [[nodiscard]] std::string description() const;

 private:
  [[nodiscard]] static Json channel(const Axis& axis, std::string_view field);
  [[nodiscard]] static Json scale(const Axis& axis, bool zero, bool fixed);
  [[nodiscard]] static Json ticks(const Axis& axis, Extent extent);

  std::string kind_;
  std::string place_;
  std::string title_;
  Axis x_;
  Axis y_;
  std::vector<std::string> names_;
  std::string notes_;
  Json layers_ = Json::array();
  double aspect_ = 0;
  bool separate_colours_ = false;
  bool zero_y_ = false;
  bool fixed_ = false;
};

/// The layer that carries nothing but a colour scale's legend, for colours baked into a picture.
[[nodiscard]] Json colour_legend(const std::string& title, Extent range, ColourMap map);

/// The continuous colour channel of `field`.
[[nodiscard]] Json value_colour(std::string_view field, const std::string& title, Extent range, ColourMap map);

/// The colour scale of values: log10 where the axis says so, 0 lifted to the smallest positive value.
class ColourScale {
 public:
  explicit ColourScale(const Axis& axis) : axis_(axis) {}
  void see(double v);                               ///< every value first, to know the ends
  [[nodiscard]] bool accepts(double v) const;       ///< finite, and not negative on a log scale
  [[nodiscard]] double operator()(double v) const;  ///< value or log10 of it; NaN for what it does not accept
  [[nodiscard]] Extent range() const;               ///< in transformed units, the axis's own ends first
  [[nodiscard]] std::string title() const;          ///< "log₁₀ residual (unit)"
  [[nodiscard]] bool log() const { return axis_.log; }

 private:
  Axis axis_;
  Extent seen_;
};

}  // namespace offprint::figure_parts
