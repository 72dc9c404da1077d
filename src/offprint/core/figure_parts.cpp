#include "offprint/core/figure_parts.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "offprint/core/error.hpp"

namespace offprint::figure_parts {
namespace {

constexpr std::size_t kMostCurvePoints = 4000;
constexpr double kWidth = 560;
constexpr double kHeight = 340;

// Keeps of every run of neighbours its lowest and highest point, so that peaks survive.
Series thinned(const Series& series) {
  const std::size_t n = series.x.size();
  const std::size_t runs = kMostCurvePoints / 2;
  Series out = series;
  out.x.clear();
  out.y.clear();
  out.lo.clear();
  out.hi.clear();
  for (std::size_t r = 0; r < runs; ++r) {
    const std::size_t begin = r * n / runs;
    const std::size_t end = (r + 1) * n / runs;
    const auto [low, high] = std::minmax_element(series.y.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 series.y.begin() + static_cast<std::ptrdiff_t>(end));
    auto a = static_cast<std::size_t>(low - series.y.begin());
    auto b = static_cast<std::size_t>(high - series.y.begin());
    if (a > b) std::swap(a, b);
    if (r == 0) a = 0;
    if (r + 1 == runs) b = n - 1;
    for (const std::size_t i : {a, b}) {
      out.x.push_back(series.x[i]);
      out.y.push_back(series.y[i]);
      if (!series.lo.empty()) {
        out.lo.push_back(series.lo[i]);
        out.hi.push_back(series.hi[i]);
      }
    }
  }
  return out;
}

std::string superscript(int exponent) {
  constexpr std::array<const char*, 10> kDigits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = exponent < 0 ? "⁻" : "";
  for (const char c : std::to_string(std::abs(exponent))) out += kDigits[static_cast<std::size_t>(c - '0')];
  return out;
}

}  // namespace

double rounded(double v, int digits) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*e", digits - 1, v);
  return std::strtod(text.data(), nullptr) + 0.0;  // + 0.0: no negative zero
}

std::string readable(double v, bool power) {
  if (power && v > 0) {
    const double e = std::log10(v);
    if (std::abs(e - std::round(e)) < 1e-9) return "10" + superscript(static_cast<int>(std::round(e)));
  }
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.4g", v);
  return text.data();
}

std::string clean(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

std::string axis_title(const Axis& axis) {
  return clean(axis.unit.empty() ? axis.title : axis.title + " (" + axis.unit + ")");
}

bool drawable(double v, const Axis& axis) { return std::isfinite(v) && (!axis.log || v > 0); }

std::string place(const std::string& title) { return "figure '" + clean(title) + "'"; }

Canvas::Canvas(std::string_view kind, const std::string& title, Axis x, Axis y)
    : kind_(kind), place_(place(title)), title_(clean(title)), x_(std::move(x)), y_(std::move(y)) {
  for (const Axis* axis : {&x_, &y_}) {
    for (const auto& end : {axis->lo, axis->hi}) {
      if (end && !drawable(*end, *axis)) {
        throw InputError(place_ + ": the axis '" + clean(axis->title) + "' ends at " + readable(*end) + "; " +
                         (axis->log ? "a log axis needs positive ends" : "it needs finite ends"));
      }
    }
    if (axis->lo && axis->hi && !(*axis->lo < *axis->hi)) {
      throw InputError(place_ + ": the axis '" + clean(axis->title) + "' runs from " + readable(*axis->lo) + " to " +
                       readable(*axis->hi) + "; the first must be the smaller");
    }
  }
}

Series Canvas::checked(const Series& series) {
  const std::string where = place_ + ": series '" + clean(series.name) + "'";
  const std::size_t n = series.x.size();
  if (n == 0 && series.y.empty()) throw InputError(where + " is empty; it needs at least one point");
  if (series.y.size() != n) {
    throw InputError(where + " has " + std::to_string(n) + " x and " + std::to_string(series.y.size()) +
                     " y values; they must be as many");
  }
  const bool band = !series.lo.empty() || !series.hi.empty();
  if (band && (series.lo.size() != n || series.hi.size() != n)) {
    throw InputError(where + " has " + std::to_string(n) + " points, but a band of " +
                     std::to_string(series.lo.size()) + " lower and " + std::to_string(series.hi.size()) +
                     " upper ends; give both for every point, or neither");
  }
  Series out{.name = clean(series.name), .points = series.points, .dashed = series.dashed};
  for (std::size_t i = 0; i < n; ++i) {
    if (!drawable(series.x[i], x_) || !drawable(series.y[i], y_)) continue;
    out.x.push_back(series.x[i]);
    out.y.push_back(series.y[i]);
    if (band) {  // an end that cannot be drawn leaves the band closed at the curve
      out.lo.push_back(drawable(series.lo[i], y_) ? series.lo[i] : series.y[i]);
      out.hi.push_back(drawable(series.hi[i], y_) ? series.hi[i] : series.y[i]);
    }
  }
  dropped += n - out.x.size();
  if (out.x.empty()) {
    throw InputError(where + " has no point that can be drawn: all " + std::to_string(n) +
                     (x_.log || y_.log ? " are NaN, infinite or not positive on a log axis" : " are NaN or infinite"));
  }
  if (out.x.size() > kMostCurvePoints) {
    note((out.name.empty() ? "The curve" : "'" + out.name + "'") + " has " + std::to_string(out.x.size()) +
         " points; its extremes are drawn.");
    out = thinned(out);
  }
  for (const double v : out.x) x_extent.add(v);
  for (const auto* column : {&out.y, &out.lo, &out.hi}) {
    for (const double v : *column) y_extent.add(v);
  }
  return out;
}

PointGroup Canvas::checked(const PointGroup& group, const Axis& colour) {
  const std::string where = place_ + ": group '" + clean(group.name) + "'";
  const std::size_t n = group.x.size();
  if (n == 0 && group.y.empty()) throw InputError(where + " is empty; it needs at least one point");
  if (group.y.size() != n || (!group.value.empty() && group.value.size() != n)) {
    throw InputError(where + " has " + std::to_string(n) + " x, " + std::to_string(group.y.size()) + " y and " +
                     std::to_string(group.value.size()) + " colour values; they must be as many (colours may be none)");
  }
  const ColourScale scale(colour);
  PointGroup out{.name = clean(group.name)};
  for (std::size_t i = 0; i < n; ++i) {
    if (!drawable(group.x[i], x_) || !drawable(group.y[i], y_)) continue;
    if (!group.value.empty() && !scale.accepts(group.value[i])) continue;
    out.x.push_back(group.x[i]);
    out.y.push_back(group.y[i]);
    if (!group.value.empty()) out.value.push_back(group.value[i]);
    x_extent.add(group.x[i]);
    y_extent.add(group.y[i]);
  }
  dropped += n - out.x.size();
  if (out.x.empty()) {
    throw InputError(where + " has no point that can be drawn: all " + std::to_string(n) +
                     " are NaN, infinite or not positive on a log scale");
  }
  return out;
}

void Canvas::add_curves(const std::vector<Series>& curves) {
  Json band = Json::array();
  Json solid = Json::array();
  Json dashed = Json::array();
  Json point = Json::array();
  Json dashes = Json::array();  // of each name, for the legend of a line chart
  for (const Series& curve : curves) {
    const Series s = checked(curve);
    dashes.push_back(s.dashed ? Json{5, 3} : Json{1, 0});
    for (std::size_t i = 0; i < s.x.size(); ++i) {
      Json row{{"x", rounded(s.x[i], 7)}, {"y", rounded(s.y[i], 7)}};
      if (many_names()) row["s"] = s.name;
      if (s.points) point.push_back(row);
      if (!s.lo.empty()) {
        Json ends{{"x", row["x"]}, {"lo", rounded(s.lo[i])}, {"hi", rounded(s.hi[i])}};
        if (many_names()) ends["s"] = s.name;
        band.push_back(std::move(ends));
      }
      (s.dashed ? dashed : solid).push_back(std::move(row));
    }
  }
  const auto add = [this](Json& rows, Json mark, Json encoding) {
    if (rows.empty()) return;
    mark["clip"] = clip();
    if (many_names()) encoding["color"] = name_colour();
    add_layer({{"data", {{"values", std::move(rows)}}}, {"mark", std::move(mark)}, {"encoding", std::move(encoding)}});
  };
  add(band, {{"type", "area"}, {"opacity", 0.2}, {"order", false}},
      {{"x", x()}, {"y", y("lo")}, {"y2", {{"field", "hi"}}}});
  const Json path{{"x", x()}, {"y", y()}};
  const Json line{{"type", "line"}, {"order", false}};
  Json dashed_line = line;
  dashed_line["strokeDash"] = {5, 3};
  if (kind_ == kLineChart && many_names() && !dashed.empty()) {
    Json with_dashes = path;
    with_dashes["strokeDash"] = {{"field", "s"},
                                 {"type", "nominal"},
                                 {"title", nullptr},
                                 {"scale", {{"domain", names_}, {"range", std::move(dashes)}}},
                                 {"legend", name_colour()["legend"]}};
    for (Json& row : dashed) solid.push_back(std::move(row));
    add(solid, line, with_dashes);
  } else {
    add(solid, line, path);
    add(dashed, dashed_line, path);
  }
  Json at = path;
  at["tooltip"] = Json::array({{{"field", "x"}, {"type", "quantitative"}, {"title", axis_title(x_)}},
                               {{"field", "y"}, {"type", "quantitative"}, {"title", axis_title(y_)}}});
  if (many_names()) at["tooltip"].push_back({{"field", "s"}, {"type", "nominal"}, {"title", "series"}});
  add(point, {{"type", "point"}, {"filled", true}, {"size", 28}, {"opacity", 1}}, at);
}

void Canvas::add_reference_lines(const std::vector<ReferenceLine>& lines) {
  std::size_t vertical = 0;
  for (const ReferenceLine& line : lines) {
    const Axis& axis = line.vertical ? x_ : y_;
    if (!drawable(line.at, axis)) {
      throw InputError(place_ + ": the reference line '" + clean(line.label) + "' at " + readable(line.at) +
                       " cannot be drawn on the axis '" + clean(axis.title) + "'; " +
                       (axis.log ? "a log axis needs a positive place" : "it needs a finite place"));
    }
    (line.vertical ? x_extent : y_extent).add(line.at);
  }
  for (const ReferenceLine& line : lines) {
    const double at = rounded(line.at, 7);
    const std::string field = line.vertical ? "x" : "y";
    const Json position = line.vertical ? x() : y();
    add_layer({{"data", {{"values", Json::array({{{field, at}}})}}},
               {"mark", {{"type", "rule"}, {"style", "reference"}, {"strokeDash", {5, 3}}, {"clip", clip()}}},
               {"encoding", {{field, position}}}});
    if (line.label.empty()) continue;
    Json mark{{"type", "text"}, {"style", "reference-label"}, {"text", clean(line.label)}, {"clip", clip()}};
    Json encoding{{field, position}};
    if (line.vertical) {
      const auto place_of = [&](double v) { return x_.log ? std::log(v) : v; };
      const bool right_half =
          place_of(line.at) > (place_of(x_.lo.value_or(x_extent.lo)) + place_of(x_.hi.value_or(x_extent.hi))) / 2;
      mark.update({{"align", right_half ? "right" : "left"}, {"dx", right_half ? -5 : 5}, {"baseline", "top"}});
      encoding["y"] = {{"value", 4 + 14 * static_cast<int>(vertical++)}};  // one below the other
    } else {
      mark.update({{"align", "right"}, {"baseline", "bottom"}, {"dx", -4}, {"dy", -3}});
      encoding["x"] = {{"value", "width"}};
    }
    add_layer({{"data", {{"values", Json::array({{{field, at}}})}}},
               {"mark", std::move(mark)},
               {"encoding", std::move(encoding)}});
  }
}

Json Canvas::name_colour() const {
  // As many names a row as fit about 560 px at 7 px a letter.
  std::size_t longest = 1;
  for (const std::string& name : names_) longest = std::max(longest, name.size());
  const std::size_t columns = std::clamp<std::size_t>(560 / (7 * longest + 30), 1, 6);
  Json legend{{"orient", "top"}, {"columns", columns}, {"labelLimit", 260}, {"symbolOpacity", 1}};
  if (kind_ == kLineChart) legend["symbolType"] = "stroke";
  return {{"field", "s"},
          {"type", "nominal"},
          {"title", nullptr},
          {"scale", {{"domain", names_}}},
          {"legend", std::move(legend)}};
}

void Canvas::fix_view(Extent x, Extent y, double aspect) {
  x_extent = x;
  y_extent = y;
  x_.lo = x.lo;
  x_.hi = x.hi;
  y_.lo = y.lo;
  y_.hi = y.hi;
  aspect_ = aspect;
  fixed_ = true;
}

Json Canvas::channel(const Axis& axis, std::string_view field) {
  const std::string title = axis_title(axis);
  return {{"field", std::string(field)},
          {"type", "quantitative"},
          {"title", title.empty() ? Json(nullptr) : Json(title)},
          {"scale", {{"type", axis.log ? "log" : "linear"}}}};
}

Json Canvas::scale(const Axis& axis, bool zero, bool fixed) {
  Json out{{"type", axis.log ? "log" : "linear"}, {"nice", !fixed}};
  if (!axis.log) out["zero"] = zero && !axis.lo;
  if (axis.lo) out["domainMin"] = rounded(*axis.lo, 9);
  if (axis.hi) out["domainMax"] = rounded(*axis.hi, 9);
  if (axis.lo && axis.hi) out["nice"] = false;
  return out;
}

// A log axis over two decades or more is labelled with powers of ten only, at most about eight of them.
Json Canvas::ticks(const Axis& axis, Extent extent) {
  if (!axis.log) return Json::object();
  const double lo = std::log10(axis.lo.value_or(extent.lo));
  const double hi = std::log10(axis.hi.value_or(extent.hi));
  if (hi - lo < 1.5) return {{"format", "~g"}};
  const int first = static_cast<int>(std::floor(lo));
  const int last = static_cast<int>(std::ceil(hi));
  const int step = std::max(1, (last - first + 7) / 8);
  Json values = Json::array();
  Json labels = Json::array();
  for (int e = first; e <= last; e += step) {
    values.push_back(rounded(std::pow(10.0, e), 3));
    labels.push_back("10" + superscript(e));
  }
  return {{"values", std::move(values)},
          {"labelExpr", labels.dump() + "[round((log(datum.value) / LN10 - (" + std::to_string(first) + ")) / " +
                            std::to_string(step) + ")]"}};
}

Json Canvas::finish() const {
  Json layers = layers_;
  for (const auto& [field, axis, extent] : {std::tuple{"x", &x_, &x_extent}, std::tuple{"y", &y_, &y_extent}}) {
    const bool zero = zero_y_ && axis == &y_;
    for (Json& layer : layers) {
      Json& encoding = layer["encoding"];
      if (!encoding.contains(field) || !encoding[field].contains("field")) continue;
      encoding[field]["scale"] = scale(*axis, zero, fixed_);
      encoding[field]["axis"] = ticks(*axis, *extent);
      break;
    }
  }
  double width = kWidth;
  double height = kHeight;
  if (aspect_ > 0) {
    width = std::min(440.0, 520.0 / aspect_);
    height = width * aspect_;
  }
  Json out{{"$schema", "https://vega.github.io/schema/vega-lite/v5.json"},
           {"width", std::lround(width)},
           {"height", std::lround(height)},
           {"layer", std::move(layers)},
           {"usermeta",
            {{"offprint", {{"kind", kind_}, {"aspect", aspect_ > 0 ? Json(rounded(aspect_)) : Json(nullptr)}}}}}};
  if (separate_colours_) out["resolve"] = {{"scale", {{"color", "independent"}}}};
  return out;
}

std::string Canvas::description() const {
  const auto axis = [](const char* which, const Axis& a, const Extent& e) {
    std::string out = std::string(" ") + which + ": " + (a.title.empty() ? "no title" : axis_title(a));
    if (!e.empty()) out += ", from " + readable(a.lo.value_or(e.lo)) + " to " + readable(a.hi.value_or(e.hi));
    return out + (a.log ? ", logarithmic." : ".");
  };
  std::string out = title_ + ". " + kind_ + "." + axis("Across", x_, x_extent) + axis("Up", y_, y_extent);
  out[title_.size() + 2] = static_cast<char>(std::toupper(static_cast<unsigned char>(kind_[0])));
  if (!names_.empty() && !(names_.size() == 1 && names_[0].empty())) {
    out += " Shown:";
    for (std::size_t i = 0; i < names_.size(); ++i) out += (i ? ", " : " ") + names_[i];
    out += ".";
  }
  out += notes_;
  if (dropped > 0) {
    out += " " + std::to_string(dropped) + (dropped == 1 ? " point that is" : " points that are") +
           " not finite (or not positive on a log scale) " + (dropped == 1 ? "is" : "are") + " left out.";
  }
  return out;
}

Json value_colour(std::string_view field, const std::string& title, Extent range, ColourMap map) {
  if (!(range.lo < range.hi)) {  // one colour: any interval around it
    const double half = range.lo == 0 ? 1 : std::abs(range.lo) * 0.5;
    range = {range.lo - half, range.hi + half};
  }
  Json scale{
      {"domain", {rounded(range.lo, 5), rounded(range.hi, 5)}}, {"nice", false}, {"zero", false}, {"clamp", true}};
  if (map == ColourMap::kGrey) {
    scale["range"] = {"#000000", "#ffffff"};
  } else {
    scale["scheme"] = map == ColourMap::kViridis ? "viridis" : "blueorange";
  }
  return {
      {"field", std::string(field)},
      {"type", "quantitative"},
      {"title", title.empty() ? Json(nullptr) : Json(title)},
      {"scale", std::move(scale)},
      {"legend", {{"orient", "right"}, {"tickCount", 6}, {"gradientLength", {{"expr", "clamp(height, 60, 200)"}}}}}};
}

Json colour_legend(const std::string& title, Extent range, ColourMap map) {
  return {{"data", {{"values", Json::array({{{"v", rounded(range.lo, 5)}}})}}},
          {"mark", {{"type", "point"}, {"opacity", 0}, {"tooltip", nullptr}}},
          {"encoding", {{"color", value_colour("v", title, range, map)}}}};
}

void ColourScale::see(double v) {
  if (std::isfinite(v) && (!axis_.log || v > 0)) seen_.add(v);
}

bool ColourScale::accepts(double v) const { return std::isfinite(v) && (!axis_.log || v >= 0); }

double ColourScale::operator()(double v) const {
  if (!accepts(v)) return std::numeric_limits<double>::quiet_NaN();
  if (!axis_.log) return v;
  if (v > 0) return std::log10(v);
  return seen_.empty() ? 0.0 : std::log10(seen_.lo);
}

Extent ColourScale::range() const {
  Extent out;
  const double lo = axis_.lo.value_or(seen_.empty() ? (axis_.log ? 1 : 0) : seen_.lo);
  const double hi = axis_.hi.value_or(seen_.empty() ? lo : seen_.hi);
  out.add((*this)(lo));
  out.add((*this)(hi));
  return out;
}

std::string ColourScale::title() const {
  const std::string title = axis_title(axis_);
  return axis_.log ? "log₁₀ " + title : title;
}

}  // namespace offprint::figure_parts
