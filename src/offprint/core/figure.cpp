// Line, scatter and histogram figures, and how a figure is stored.
#include "offprint/core/figure.hpp"

#include <algorithm>
#include <cmath>

#include "offprint/core/error.hpp"
#include "offprint/core/figure_parts.hpp"

namespace offprint {

using figure_parts::Canvas;
using figure_parts::clean;
using figure_parts::ColourScale;
using figure_parts::Extent;
using figure_parts::Json;
using figure_parts::rounded;

namespace {

constexpr std::size_t kMostPoints = 20000;

// Names for the legend: several curves without a name are numbered.
std::vector<Series> named(std::vector<Series> series) {
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].name.empty() && series.size() > 1) series[i].name = "series " + std::to_string(i + 1);
  }
  return series;
}

double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto k = static_cast<std::size_t>(at);
  const double t = at - static_cast<double>(k);
  return k + 1 < sorted.size() ? (1 - t) * sorted[k] + t * sorted[k + 1] : sorted[k];
}

// Freedman-Diaconis: width 2 IQR n^(-1/3). When the middle half is one value, Sturges: 1 + log2 n bins.
std::size_t automatic_bins(const std::vector<double>& sorted, double lo, double hi) {
  const double n = static_cast<double>(sorted.size());
  const double width = 2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / std::cbrt(n);
  const double bins = width > 0 ? (hi - lo) / width : 1 + std::log2(n);
  return static_cast<std::size_t>(std::clamp(std::ceil(bins), 5.0, 200.0));
}

}  // namespace

Figure Figure::line(const LinePlot& plot) {
  Canvas canvas(figure_parts::kLineChart, plot.title, plot.x, plot.y);
  if (plot.series.empty()) throw InputError(figure_parts::place(plot.title) + " has no series; it needs at least one");
  const std::vector<Series> series = named(plot.series);
  std::vector<std::string> names;
  for (const Series& s : series) names.push_back(clean(s.name));
  canvas.set_names(names);
  canvas.add_curves(series);
  canvas.add_reference_lines(plot.reference_lines);
  return Figure(clean(plot.title), canvas.description(), clean(plot.caption), canvas.finish());
}

Figure Figure::scatter(const ScatterPlot& plot) {
  Canvas canvas("scatter plot", plot.title, plot.x, plot.y);
  if (plot.groups.empty())
    throw InputError(figure_parts::place(plot.title) + " has no points; it needs a group of them");
  std::vector<PointGroup> groups;
  std::vector<std::string> names;  // told apart by colour: groups without values, and curves
  std::size_t valued = 0;          // told apart by shape: groups with values
  std::size_t total = 0;
  ColourScale colour(plot.colour);
  for (const PointGroup& raw : plot.groups) {
    PointGroup group = canvas.checked(raw, plot.colour);
    if (group.name.empty() && plot.groups.size() > 1) group.name = "group " + std::to_string(groups.size() + 1);
    if (group.name.empty() && !plot.curves.empty()) group.name = "points";
    if (group.value.empty()) {
      names.push_back(group.name);
    } else {
      ++valued;
    }
    total += group.x.size();
    for (const double v : group.value) colour.see(v);
    groups.push_back(std::move(group));
  }
  const std::vector<Series> curves = named(plot.curves);
  for (const Series& curve : curves) names.push_back(clean(curve.name));
  canvas.set_names(names);
  if (valued > 0 && !names.empty()) canvas.separate_colours();

  const std::size_t stride = (total + kMostPoints - 1) / kMostPoints;
  if (stride > 1) {
    canvas.note("One point in " + std::to_string(stride) + " of " + std::to_string(total) + " is drawn.");
  }
  Json coloured = Json::array();
  Json plain = Json::array();
  std::size_t index = 0;
  for (const PointGroup& group : groups) {
    for (std::size_t i = 0; i < group.x.size(); ++i) {
      if (index++ % stride != 0) continue;
      Json row{{"x", rounded(group.x[i], 7)}, {"y", rounded(group.y[i], 7)}};
      if (canvas.many_names() || groups.size() > 1) row["s"] = group.name;
      if (!group.value.empty()) row["v"] = rounded(colour(group.value[i]), 5);
      (group.value.empty() ? plain : coloured).push_back(std::move(row));
    }
  }
  const int size = total <= 300 ? 36 : total <= 3000 ? 16 : 7;
  for (const bool with_value : {false, true}) {
    Json& rows = with_value ? coloured : plain;
    if (rows.empty()) continue;
    Json encoding{{"x", canvas.x()}, {"y", canvas.y()}};
    Json tips = Json::array({{{"field", "x"}, {"type", "quantitative"}, {"title", figure_parts::axis_title(plot.x)}},
                             {{"field", "y"}, {"type", "quantitative"}, {"title", figure_parts::axis_title(plot.y)}}});
    if (with_value) {
      encoding["color"] = figure_parts::value_colour("v", colour.title(), colour.range(), ColourMap::kViridis);
      tips.push_back({{"field", "v"}, {"type", "quantitative"}, {"title", colour.title()}});
      if (valued > 1) {
        Json order = Json::array();
        for (const PointGroup& group : groups) {
          if (!group.value.empty()) order.push_back(group.name);
        }
        encoding["shape"] = {{"field", "s"},
                             {"type", "nominal"},
                             {"title", nullptr},
                             {"scale", {{"domain", std::move(order)}}},
                             {"legend", {{"orient", "top"}}}};
      }
    } else if (canvas.many_names()) {
      encoding["color"] = canvas.name_colour();
    }
    if (groups.size() > 1) tips.push_back({{"field", "s"}, {"type", "nominal"}, {"title", "group"}});
    encoding["tooltip"] = std::move(tips);
    Json mark{{"type", "point"}, {"filled", true}, {"size", size}, {"opacity", total <= 300 ? 0.9 : 0.65}};
    mark["clip"] = canvas.clip();
    if (with_value) mark.update({{"stroke", "#888888"}, {"strokeWidth", total <= 300 ? 0.7 : 0.3}});
    canvas.add_layer(
        {{"data", {{"values", std::move(rows)}}}, {"mark", std::move(mark)}, {"encoding", std::move(encoding)}});
  }
  if (!curves.empty()) canvas.add_curves(curves);
  canvas.add_reference_lines(plot.reference_lines);
  return Figure(clean(plot.title), canvas.description(), clean(plot.caption), canvas.finish());
}

Figure Figure::histogram(const Histogram& plot) {
  const std::string where = figure_parts::place(plot.title);
  if (plot.x.log)
    throw InputError(where + ": a histogram has bins of equal width; take logarithms of the values first");
  const Axis y{.title = plot.density ? "density" : "count"};
  Canvas canvas("histogram", plot.title, plot.x, y);
  canvas.include_zero_y();
  if (plot.values.empty()) throw InputError(where + " has no values; it needs at least one");
  std::vector<double> sorted;
  for (const double v : plot.values) {
    const bool inside = (!plot.x.lo || v >= *plot.x.lo) && (!plot.x.hi || v <= *plot.x.hi);
    if (std::isfinite(v) && inside) sorted.push_back(v);
  }
  if (sorted.empty()) {
    throw InputError(where + " has no value that can be drawn: all " + std::to_string(plot.values.size()) +
                     " are NaN, infinite or beyond the axis");
  }
  std::sort(sorted.begin(), sorted.end());
  canvas.dropped = static_cast<std::size_t>(
      std::count_if(plot.values.begin(), plot.values.end(), [](double v) { return !std::isfinite(v); }));
  if (const std::size_t beyond = plot.values.size() - canvas.dropped - sorted.size(); beyond > 0) {
    canvas.note(std::to_string(beyond) + " values lie beyond the axis.");
  }

  double lo = plot.x.lo.value_or(sorted.front());
  double hi = plot.x.hi.value_or(sorted.back());
  if (!(lo < hi)) {  // all values equal
    const double half = lo == 0 ? 0.5 : std::abs(lo) * 0.5;
    lo -= half;
    hi += half;
  }
  const std::size_t bins = plot.bins > 0 ? plot.bins : automatic_bins(sorted, lo, hi);
  const double width = (hi - lo) / static_cast<double>(bins);
  std::vector<std::size_t> counts(bins, 0);
  for (const double v : sorted) ++counts[std::min(static_cast<std::size_t>((v - lo) / width), bins - 1)];

  const std::vector<Series> curves = named(plot.curves);
  std::vector<std::string> names;
  if (!curves.empty()) {
    names.emplace_back("data");
    for (const Series& curve : curves) names.push_back(clean(curve.name));
  }
  canvas.set_names(names);
  Json rows = Json::array();
  for (std::size_t b = 0; b < bins; ++b) {
    const double count = static_cast<double>(counts[b]);
    const double height = plot.density ? count / (static_cast<double>(sorted.size()) * width) : count;
    const double left = lo + static_cast<double>(b) * width;
    Json row{{"x", rounded(left)}, {"r", rounded(left + width)}, {"y", rounded(height)}, {"y0", 0}};
    if (canvas.many_names()) row["s"] = "data";
    rows.push_back(std::move(row));
    canvas.y_extent.add(height);
  }
  canvas.x_extent.add(lo);
  canvas.x_extent.add(hi);
  canvas.y_extent.add(0);
  canvas.note(std::to_string(sorted.size()) + " values in " + std::to_string(bins) + " bins.");
  Json encoding{{"x", canvas.x()}, {"x2", {{"field", "r"}}}, {"y", canvas.y()}, {"y2", {{"field", "y0"}}}};
  if (canvas.many_names()) encoding["color"] = canvas.name_colour();
  encoding["tooltip"] = {{{"field", "x"}, {"type", "quantitative"}, {"title", "from"}},
                         {{"field", "r"}, {"type", "quantitative"}, {"title", "to"}},
                         {{"field", "y"}, {"type", "quantitative"}, {"title", y.title}}};
  canvas.add_layer({{"data", {{"values", std::move(rows)}}},
                    {"mark", {{"type", "rect"}, {"style", "histogram-bar"}, {"opacity", 0.8}}},
                    {"encoding", std::move(encoding)}});
  if (!curves.empty()) canvas.add_curves(curves);
  canvas.add_reference_lines(plot.reference_lines);
  return Figure(clean(plot.title), canvas.description(), clean(plot.caption), canvas.finish());
}

Json Figure::spec() const {
  Json spec = body_;
  spec["title"] = title_;
  spec["description"] = description_;
  return spec;
}

void to_json(Json& json, const Figure& figure) {
  json = {{"title", figure.title_},
          {"description", figure.description_},
          {"caption", figure.caption_},
          {"spec", figure.spec()}};
}

void from_json(const Json& json, Figure& figure) {
  for (const char* part : {"title", "description", "caption", "spec"}) {
    const bool right = json.is_object() && json.contains(part) &&
                       (std::string_view(part) == "spec" ? json[part].is_object() : json[part].is_string());
    if (!right)
      throw InputError("a stored figure lacks its '" + std::string(part) + "'; it was not written by Offprint");
  }
  Figure read;
  read.title_ = json["title"].get<std::string>();
  read.description_ = json["description"].get<std::string>();
  read.caption_ = json["caption"].get<std::string>();
  read.body_ = json["spec"];
  read.body_.erase("title");
  read.body_.erase("description");
  figure = std::move(read);
}

}  // namespace offprint
