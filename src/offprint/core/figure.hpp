// Figures as Vega-Lite v5 specifications that hold their data: one format for the HTML report, the page and SVG/PNG.
// A specification says what is drawn; colours of axes, text and series come from the theme that renders it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "offprint/core/colour_map.hpp"

namespace offprint {

/// An axis or colour scale: "title (unit)". With `log` values <= 0 cannot be drawn and are dropped like NaN.
/// `lo`, `hi` fix the ends (marks beyond them are clipped); by default the data decide.
struct Axis {
  std::string title{};
  std::string unit{};
  bool log = false;
  std::optional<double> lo{};
  std::optional<double> hi{};
};

/// One named curve, drawn in the order given (so a phase portrait may turn back on itself). `lo` and `hi`, both or
/// neither, as long as `y`, are a band around it. Beyond 4000 points each run of neighbours keeps its extremes only.
struct Series {
  std::string name{};
  std::vector<double> x{};
  std::vector<double> y{};
  std::vector<double> lo{};
  std::vector<double> hi{};
  bool points = false;
  bool dashed = false;
};

/// A labelled straight line across the figure: horizontal at y = `at`, or vertical at x = `at`.
struct ReferenceLine {
  double at = 0;
  std::string label{};
  bool vertical = false;
};

/// Points of one group; `value`, when given for every point, colours them on a continuous scale.
struct PointGroup {
  std::string name{};
  std::vector<double> x{};
  std::vector<double> y{};
  std::vector<double> value{};
};

/// Values on a regular grid: values[j * nx + i] belongs to the point (x0 + i dx, y0 + j dy). NaN: no value,
/// see-through.
struct Grid {
  double x0 = 0;
  double dx = 1;
  std::size_t nx = 0;
  double y0 = 0;
  double dy = 1;
  std::size_t ny = 0;
  std::vector<double> values{};
};

struct LinePlot {
  std::string title{};
  std::string caption{};
  Axis x{};
  Axis y{};
  std::vector<Series> series{};
  std::vector<ReferenceLine> reference_lines{};
};

struct ScatterPlot {
  std::string title{};
  std::string caption{};
  Axis x{};
  Axis y{};
  Axis colour{};  ///< title and scale of the points' values
  std::vector<PointGroup> groups{};
  std::vector<ReferenceLine> reference_lines{};
  std::vector<Series> curves{};  ///< drawn over the points, e.g. a fit
};

struct Histogram {
  std::string title{};
  std::string caption{};
  Axis x{};  ///< log is refused: bins are of equal width
  std::vector<double> values{};
  std::size_t bins = 0;          ///< 0: Freedman-Diaconis, kept within 5..200 (Sturges when the quartiles coincide)
  bool density = false;          ///< area 1 instead of counts
  std::vector<Series> curves{};  ///< drawn over the bars, e.g. the expected density
  std::vector<ReferenceLine> reference_lines{};
};

struct HeatMap {
  std::string title{};
  std::string caption{};
  Axis x{};
  Axis y{};
  Axis colour{};  ///< log: coloured, and contoured, by log10 of the values
  Grid grid{};
  std::vector<double> contours{};  ///< levels, in the units of the values
  ColourMap map = ColourMap::kViridis;
  bool equal_aspect = false;  ///< one unit of x as long as one unit of y
};

/// Points of the complex plane, equal aspect, e.g. eigenvalues coloured by their residual over the pseudospectrum.
struct ComplexPlane {
  std::string title{};
  std::string caption{};
  Axis re{.title = "Re λ"};
  Axis im{.title = "Im λ"};
  Axis colour{.title = "residual", .log = true};  ///< one scale for points and background
  std::vector<PointGroup> groups{};               ///< x = real, y = imaginary parts; several groups differ in shape
  std::optional<Grid> background{};               ///< the same quantity on a grid of the plane
  std::vector<double>
      contours{};  ///< levels on the background, in the units of the values; none: chosen on a log scale
  bool unit_circle = true;
};

/// One picture of an image grid: `width` * `height` values, row by row from the top. NaN is see-through.
struct Picture {
  std::string title{};
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<double> values{};
};

struct ImageGrid {
  std::string title{};
  std::string caption{};
  std::vector<Picture> pictures{};
  std::size_t columns = 0;  ///< 0: chosen so that the whole is about as wide as it is high, at most 8
  ColourMap map = ColourMap::kGrey;
  bool shared_scale = false;  ///< one colour range for all; by default each picture has its own
};

/// A finished figure. Every factory throws InputError, naming the figure, when a series is empty, has no point that can
/// be drawn, has columns of different lengths, or when a grid's size and values disagree. Points that are NaN or
/// infinite (or <= 0 on a log axis) are dropped and counted in the description; on a log colour scale a value of 0 (an
/// exact eigenpair's residual) takes the colour of the smallest positive one. Equal input gives equal bytes.
class Figure {
 public:
  [[nodiscard]] static Figure line(const LinePlot& plot);
  [[nodiscard]] static Figure scatter(const ScatterPlot& plot);
  [[nodiscard]] static Figure histogram(const Histogram& plot);
  /// Cells become one PNG inside the specification (a 400 x 400 map is about 100 kB), contours polylines.
  [[nodiscard]] static Figure heat_map(const HeatMap& plot);
  [[nodiscard]] static Figure complex_plane(const ComplexPlane& plot);
  /// Pictures become PNGs inside the specification.
  [[nodiscard]] static Figure images(const ImageGrid& plot);

  [[nodiscard]] const std::string& title() const { return title_; }
  /// What a screen reader says: kind, axes, series, ranges, what was dropped or thinned.
  [[nodiscard]] const std::string& description() const { return description_; }
  [[nodiscard]] const std::string& caption() const { return caption_; }

  /// The complete Vega-Lite v5 specification, title and description included, 560 x 340 unless the aspect is fixed.
  /// `usermeta.offprint` holds {"kind", "aspect"}: height/width where it must be kept, else null.
  [[nodiscard]] nlohmann::json spec() const;

  /// {"title", "description", "caption", "spec"}, and back; from_json throws InputError when a part is missing.
  friend void to_json(nlohmann::json& json, const Figure& figure);
  friend void from_json(const nlohmann::json& json, Figure& figure);

  /// An empty figure, to be read into.
  Figure() = default;

 private:
  Figure(std::string title, std::string description, std::string caption, nlohmann::json body)
      : title_(std::move(title)),
        description_(std::move(description)),
        caption_(std::move(caption)),
        body_(std::move(body)) {}

  std::string title_;
  std::string description_;
  std::string caption_;
  nlohmann::json body_ = nlohmann::json::object();
};

}  // namespace offprint
