// Figures over a plane: heat maps, the complex plane, image grids. Fields travel as PNGs, so that a map of 400 x 400
// cells is one picture of 100 kB and not 160,000 marks.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "offprint/core/contour.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/figure.hpp"
#include "offprint/core/figure_parts.hpp"

namespace offprint {

using figure_parts::Canvas;
using figure_parts::clean;
using figure_parts::ColourScale;
using figure_parts::Extent;
using figure_parts::Json;
using figure_parts::rounded;

namespace {

// A picture's pixels enlarged by a whole factor to about this many, so that every renderer keeps cells sharp.
constexpr std::size_t kSharpPixels = 256;

std::string picture_uri(const std::vector<std::uint8_t>& indices, std::size_t width, std::size_t height,
                        std::size_t pixels, const std::array<Rgba, 256>& colours) {
  const std::size_t factor = std::max<std::size_t>(1, (pixels + std::max(width, height) - 1) / std::max(width, height));
  std::vector<std::uint8_t> large;
  large.reserve(indices.size() * factor * factor);
  for (std::size_t row = 0; row < height * factor; ++row) {
    for (std::size_t column = 0; column < width * factor; ++column) {
      large.push_back(indices[row / factor * width + column / factor]);
    }
  }
  return png_data_uri(encode_png_indexed(width * factor, height * factor, large, colours));
}

void check_grid(const Grid& grid, const std::string& where) {
  if (grid.nx == 0 || grid.ny == 0 || grid.values.size() != grid.nx * grid.ny) {
    throw InputError(where + ": a grid of " + std::to_string(grid.nx) + " x " + std::to_string(grid.ny) +
                     " points has " + std::to_string(grid.values.size()) + " values; it needs nx * ny, at least one");
  }
  if (!std::isfinite(grid.x0) || !std::isfinite(grid.y0) || !std::isfinite(grid.dx) || !std::isfinite(grid.dy) ||
      grid.dx <= 0 || grid.dy <= 0) {
    throw InputError(where + ": the grid's steps dx and dy must be positive and its corner finite");
  }
}

// Points are cell centres, so the picture reaches half a step beyond the outermost.
Extent across(const Grid& g) { return {g.x0 - g.dx / 2, g.x0 + (static_cast<double>(g.nx) - 0.5) * g.dx}; }
Extent up(const Grid& g) { return {g.y0 - g.dy / 2, g.y0 + (static_cast<double>(g.ny) - 0.5) * g.dy}; }

void add_field(Canvas& canvas, const Grid& grid, const ColourScale& scale, Extent range, ColourMap map) {
  std::vector<std::uint8_t> indices;
  indices.reserve(grid.values.size());
  std::size_t missing = 0;
  for (std::size_t j = grid.ny; j-- > 0;) {  // pictures start at the top
    for (std::size_t i = 0; i < grid.nx; ++i) {
      indices.push_back(palette_index(scale(grid.values[j * grid.nx + i]), range.lo, range.hi));
      if (indices.back() == kNoColour) ++missing;
    }
  }
  if (missing > 0) canvas.note(std::to_string(missing) + " cells have no value.");
  const Extent x = across(grid);
  const Extent y = up(grid);
  canvas.add_layer(
      {{"data",
        {{"values", Json::array({{{"x", rounded(x.lo, 9)},
                                  {"x2", rounded(x.hi, 9)},
                                  {"y", rounded(y.lo, 9)},
                                  {"y2", rounded(y.hi, 9)},
                                  {"url", picture_uri(indices, grid.nx, grid.ny, kSharpPixels, palette(map))}}})}}},
       {"mark", {{"type", "image"}, {"aspect", false}, {"clip", canvas.clip()}, {"tooltip", nullptr}}},
       {"encoding",
        {{"x", canvas.x()},
         {"x2", {{"field", "x2"}}},
         {"y", canvas.y()},
         {"y2", {{"field", "y2"}}},
         {"url", {{"field", "url"}, {"type", "nominal"}}}}}});
}

// Level lines, each named once on its longest piece; white on the map's dark colours, black on its light ones.
void add_contours(Canvas& canvas, const Grid& grid, const std::vector<double>& levels, const ColourScale& scale,
                  Extent range, ColourMap map) {
  std::vector<double> field(grid.values.size());
  std::transform(grid.values.begin(), grid.values.end(), field.begin(), scale);
  const std::array<Rgba, 256> colours = palette(map);
  std::array<Json, 2> lines{Json::array(), Json::array()};
  std::array<Json, 2> labels{Json::array(), Json::array()};
  std::size_t id = 0;
  for (const double raw : levels) {
    const double level = scale(raw);
    if (std::isnan(level)) continue;
    const Rgba& c = colours[palette_index(level, range.lo, range.hi)];
    const std::size_t dark = 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2] < 140 ? 1 : 0;
    const Polyline* longest = nullptr;
    double most = 0;
    const std::vector<Polyline> pieces = contour_lines(field, grid.nx, grid.ny, level);
    for (const Polyline& piece : pieces) {
      double length = 0;
      for (std::size_t k = 0; k < piece.size(); ++k) {
        if (k > 0) length += std::hypot(piece[k][0] - piece[k - 1][0], piece[k][1] - piece[k - 1][1]);
        lines[dark].push_back({{"x", rounded(grid.x0 + piece[k][0] * grid.dx, 5)},
                               {"y", rounded(grid.y0 + piece[k][1] * grid.dy, 5)},
                               {"i", id}});
      }
      ++id;
      if (length > most) {
        most = length;
        longest = &piece;
      }
    }
    // A label needs room: a line at least an eighth of the map long.
    if (longest != nullptr && most > static_cast<double>(std::max(grid.nx, grid.ny)) / 8) {
      const auto& at = (*longest)[longest->size() / 2];
      labels[dark].push_back({{"x", rounded(grid.x0 + at[0] * grid.dx, 5)},
                              {"y", rounded(grid.y0 + at[1] * grid.dy, 5)},
                              {"t", figure_parts::readable(raw, scale.log())}});
    }
  }
  for (const std::size_t dark : {0U, 1U}) {
    const char* colour = dark == 1 ? "#ffffff" : "#111111";
    if (lines[dark].empty()) continue;
    canvas.add_layer(
        {{"data", {{"values", std::move(lines[dark])}}},
         {"mark",
          {{"type", "line"},
           {"order", false},
           {"color", colour},
           {"strokeWidth", 0.9},
           {"opacity", 0.75},
           {"clip", canvas.clip()},
           {"tooltip", nullptr}}},
         {"encoding", {{"x", canvas.x()}, {"y", canvas.y()}, {"detail", {{"field", "i"}, {"type", "nominal"}}}}}});
    if (labels[dark].empty()) continue;
    canvas.add_layer(
        {{"data", {{"values", std::move(labels[dark])}}},
         {"mark",
          {{"type", "text"},
           {"color", colour},
           {"fontSize", 10},
           {"fontWeight", "bold"},
           {"dy", -6},
           {"clip", canvas.clip()},
           {"tooltip", nullptr}}},
         {"encoding", {{"x", canvas.x()}, {"y", canvas.y()}, {"text", {{"field", "t"}, {"type", "nominal"}}}}}});
  }
}

// About four to eight levels for a field given by its log10: 1 and 3 times powers of ten, or every k-th power.
std::vector<double> automatic_levels(Extent log_range) {
  std::vector<double> levels;
  const int first = static_cast<int>(std::floor(log_range.lo));
  const int last = static_cast<int>(std::ceil(log_range.hi));
  const int step = std::max(1, (last - first) / 7);
  for (int e = last; e >= first; e -= step) {
    for (const double factor : {3.0, 1.0}) {
      if (factor > 1 && log_range.hi - log_range.lo > 3) continue;
      const double level = factor * std::pow(10.0, e);
      if (std::log10(level) > log_range.lo && std::log10(level) < log_range.hi) levels.push_back(level);
    }
  }
  return levels;
}

Extent centred_on_zero(Extent range) {
  const double most = std::max({std::abs(range.lo), std::abs(range.hi), std::numeric_limits<double>::min()});
  return {-most, most};
}

}  // namespace

Figure Figure::heat_map(const HeatMap& plot) {
  const std::string where = figure_parts::place(plot.title);
  if (plot.x.log || plot.y.log) {
    throw InputError(where +
                     ": a heat map's grid is regular, so its axes cannot be logarithmic; give a grid of logarithms");
  }
  check_grid(plot.grid, where);
  ColourScale colour(plot.colour);
  bool any = false;
  for (const double v : plot.grid.values) {
    colour.see(v);
    any = any || colour.accepts(v);
  }
  if (!any)
    throw InputError(where + " has no value that can be drawn: all are NaN, infinite or negative on a log scale");
  Extent range = colour.range();
  if (plot.map == ColourMap::kDiverging) range = centred_on_zero(range);

  Canvas canvas("heat map", plot.title, plot.x, plot.y);
  const Extent x{plot.x.lo.value_or(across(plot.grid).lo), plot.x.hi.value_or(across(plot.grid).hi)};
  const Extent y{plot.y.lo.value_or(up(plot.grid).lo), plot.y.hi.value_or(up(plot.grid).hi)};
  canvas.fix_view(x, y, plot.equal_aspect ? std::clamp((y.hi - y.lo) / (x.hi - x.lo), 0.1, 5.0) : 0);
  add_field(canvas, plot.grid, colour, range, plot.map);
  canvas.add_layer(figure_parts::colour_legend(colour.title(), range, plot.map));
  add_contours(canvas, plot.grid, plot.contours, colour, range, plot.map);
  canvas.note("Colour: " + colour.title() + ", from " + figure_parts::readable(range.lo) + " to " +
              figure_parts::readable(range.hi) + ".");
  return Figure(clean(plot.title), canvas.description(), clean(plot.caption), canvas.finish());
}

Figure Figure::complex_plane(const ComplexPlane& plot) {
  const std::string where = figure_parts::place(plot.title);
  if (plot.re.log || plot.im.log) throw InputError(where + ": the axes of the complex plane cannot be logarithmic");
  if (plot.groups.empty() && !plot.background) {
    throw InputError(where + " has no points and no background; it needs one of them");
  }
  Canvas canvas("complex plane", plot.title, plot.re, plot.im);
  ColourScale colour(plot.colour);
  std::vector<PointGroup> groups;
  std::vector<std::string> names;
  bool any_value = false;
  Extent background;  // of the field alone, in units of the scale
  for (const PointGroup& raw : plot.groups) {
    groups.push_back(canvas.checked(raw, plot.colour));
    if (groups.back().name.empty() && plot.groups.size() > 1) {
      groups.back().name = "group " + std::to_string(groups.size());
    }
    names.push_back(groups.back().name);
    for (const double v : groups.back().value) colour.see(v);
    any_value = any_value || !groups.back().value.empty();
  }
  canvas.set_names(names);
  if (plot.background) {
    check_grid(*plot.background, where);
    for (const double v : plot.background->values) {
      colour.see(v);
      if (!std::isnan(colour(v))) background.add(colour(v));
    }
    if (background.empty()) {
      throw InputError(where +
                       " has a background without a value that can be drawn; all are NaN, infinite or negative");
    }
  }

  // The view: the background's own rectangle, or else points and circle with a margin; never thinner than 1 : 0.35.
  Extent x = canvas.x_extent;
  Extent y = canvas.y_extent;
  if (plot.background) {
    x = across(*plot.background);
    y = up(*plot.background);
  } else {
    if (plot.unit_circle) {
      for (Extent* e : {&x, &y}) {
        e->add(-1);
        e->add(1);
      }
    }
    const double margin = 0.06 * std::max({x.hi - x.lo, y.hi - y.lo, 1e-9});
    x = {x.lo - margin, x.hi + margin};
    y = {y.lo - margin, y.hi + margin};
  }
  x = {plot.re.lo.value_or(x.lo), plot.re.hi.value_or(x.hi)};
  y = {plot.im.lo.value_or(y.lo), plot.im.hi.value_or(y.hi)};
  const auto widen = [](Extent& e, double length) {
    const double more = (length - (e.hi - e.lo)) / 2;
    if (more > 0) e = {e.lo - more, e.hi + more};
  };
  widen(y, 0.35 * (x.hi - x.lo));
  widen(x, 0.35 * (y.hi - y.lo));
  std::size_t outside = 0;
  for (const PointGroup& group : groups) {
    for (std::size_t i = 0; i < group.x.size(); ++i) {
      const bool seen = group.x[i] >= x.lo && group.x[i] <= x.hi && group.y[i] >= y.lo && group.y[i] <= y.hi;
      if (!seen) ++outside;
    }
  }
  if (outside > 0) canvas.note(std::to_string(outside) + " points lie beyond the view.");
  canvas.fix_view(x, y, (y.hi - y.lo) / (x.hi - x.lo));

  // One point at rounding error must not take all colours from the field: points below its range by more than a decade
  // have the darkest.
  Extent range = colour.range();
  if (plot.background && colour.log() && !plot.colour.lo) range.lo = std::max(range.lo, background.lo - 1);
  if (plot.background) {
    add_field(canvas, *plot.background, colour, range, ColourMap::kViridis);
    if (!any_value) canvas.add_layer(figure_parts::colour_legend(colour.title(), range, ColourMap::kViridis));
    const std::vector<double> levels =
        plot.contours.empty() && colour.log() ? automatic_levels(background) : plot.contours;
    add_contours(canvas, *plot.background, levels, colour, range, ColourMap::kViridis);
  }
  if (plot.unit_circle) {
    Json circle = Json::array();
    constexpr int kSteps = 180;
    for (int k = 0; k <= kSteps; ++k) {
      const double angle = 2 * std::numbers::pi * k / kSteps;
      circle.push_back({{"x", rounded(std::cos(angle), 5)}, {"y", rounded(std::sin(angle), 5)}});
    }
    Json mark{{"type", "line"},       {"order", false}, {"style", "reference"},
              {"strokeDash", {5, 3}}, {"clip", true},   {"tooltip", nullptr}};
    if (plot.background) mark.update({{"color", "#ffffff"}, {"strokeWidth", 1.4}});
    canvas.add_layer({{"data", {{"values", std::move(circle)}}},
                      {"mark", std::move(mark)},
                      {"encoding", {{"x", canvas.x()}, {"y", canvas.y()}}}});
  }

  Json rows = Json::array();
  for (const PointGroup& group : groups) {
    for (std::size_t i = 0; i < group.x.size(); ++i) {
      Json row{{"x", rounded(group.x[i], 7)}, {"y", rounded(group.y[i], 7)}};
      if (canvas.many_names()) row["s"] = group.name;
      if (!group.value.empty()) row["v"] = rounded(colour(group.value[i]), 5);
      rows.push_back(std::move(row));
    }
  }
  if (!rows.empty()) {
    Json encoding{{"x", canvas.x()}, {"y", canvas.y()}};
    Json tips = Json::array(
        {{{"field", "x"}, {"type", "quantitative"}, {"title", figure_parts::axis_title(plot.re)}, {"format", ".6"}},
         {{"field", "y"}, {"type", "quantitative"}, {"title", figure_parts::axis_title(plot.im)}, {"format", ".6"}}});
    if (any_value) {
      encoding["color"] = figure_parts::value_colour("v", colour.title(), range, ColourMap::kViridis);
      tips.push_back({{"field", "v"}, {"type", "quantitative"}, {"title", colour.title()}, {"format", ".4"}});
    } else if (canvas.many_names() && !plot.background) {
      encoding["color"] = canvas.name_colour();
    }
    if (canvas.many_names()) {
      encoding["shape"] = {{"field", "s"},
                           {"type", "nominal"},
                           {"title", nullptr},
                           {"scale", {{"domain", names}}},
                           {"legend", {{"orient", "top"}}}};
      tips.push_back({{"field", "s"}, {"type", "nominal"}, {"title", "group"}});
    }
    encoding["tooltip"] = std::move(tips);
    Json mark{
        {"type", "point"}, {"filled", true}, {"size", rows.size() <= 400 ? 46 : 20}, {"opacity", 1}, {"clip", true}};
    if (plot.background) {  // a ring keeps a point apart from a field of the same colour
      mark.update({{"stroke", "#ffffff"}, {"strokeWidth", 1.1}});
      if (!any_value) mark["color"] = "#d55e00";
    } else if (any_value) {  // the map's ends stand out from white and from black
      mark.update({{"stroke", "#888888"}, {"strokeWidth", 0.7}});
    }
    canvas.add_layer(
        {{"data", {{"values", std::move(rows)}}}, {"mark", std::move(mark)}, {"encoding", std::move(encoding)}});
  }
  if (any_value || plot.background) {
    canvas.note("Colour: " + colour.title() + ", from " + figure_parts::readable(range.lo) + " to " +
                figure_parts::readable(range.hi) + ".");
  }
  return Figure(clean(plot.title), canvas.description(), clean(plot.caption), canvas.finish());
}

Figure Figure::images(const ImageGrid& plot) {
  const std::string where = figure_parts::place(plot.title);
  if (plot.pictures.empty()) throw InputError(where + " has no pictures; it needs at least one");
  std::vector<Extent> ranges;
  Extent all;
  double aspect = 0;  // the tallest picture decides the cells
  bool titled = false;
  for (std::size_t k = 0; k < plot.pictures.size(); ++k) {
    const Picture& p = plot.pictures[k];
    if (p.width == 0 || p.height == 0 || p.values.size() != p.width * p.height) {
      throw InputError(where + ": picture " + std::to_string(k + 1) + " of " + std::to_string(p.width) + " x " +
                       std::to_string(p.height) + " pixels has " + std::to_string(p.values.size()) +
                       " values; it needs width * height, at least one");
    }
    Extent range;
    for (const double v : p.values) {
      if (std::isfinite(v)) range.add(v);
    }
    if (range.empty()) throw InputError(where + ": picture " + std::to_string(k + 1) + " has no finite value");
    all.add(range.lo);
    all.add(range.hi);
    ranges.push_back(range);
    aspect = std::max(aspect, static_cast<double>(p.height) / static_cast<double>(p.width));
    titled = titled || !p.title.empty();
  }

  const std::size_t count = plot.pictures.size();
  const auto square =
      static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count) * std::min(aspect, 3.0))));
  std::size_t columns =
      plot.columns > 0 ? plot.columns : std::min<std::size_t>(8, std::max(square, std::min<std::size_t>(count, 4)));
  columns = std::min(columns, count);
  const std::size_t rows = (count + columns - 1) / columns;
  constexpr double kGap = 10;
  constexpr double kTitle = 18;
  const double cell = std::min(220.0, (560 - kGap * static_cast<double>(columns - 1)) / static_cast<double>(columns));
  const double cell_height = cell * aspect;
  const double band = titled ? kTitle : 0;
  const double width = cell * static_cast<double>(columns) + kGap * static_cast<double>(columns - 1);
  const double height = (cell_height + band) * static_cast<double>(rows) + kGap * static_cast<double>(rows - 1);

  const std::array<Rgba, 256> colours = palette(plot.map);
  const auto scaled = [&](Extent range) { return plot.map == ColourMap::kDiverging ? centred_on_zero(range) : range; };
  Json pictures = Json::array();
  Json titles = Json::array();
  for (std::size_t k = 0; k < count; ++k) {
    const Picture& p = plot.pictures[k];
    const Extent range = scaled(plot.shared_scale ? all : ranges[k]);
    std::vector<std::uint8_t> indices;
    for (const double v : p.values) {
      indices.push_back(std::isfinite(v) ? palette_index(v, range.lo, range.hi) : kNoColour);
    }
    const double left = static_cast<double>(k % columns) * (cell + kGap);
    const double top = static_cast<double>(k / columns) * (cell_height + band + kGap) + band;
    const double own = cell * static_cast<double>(p.height) / static_cast<double>(p.width);
    pictures.push_back({{"x", rounded(left)},
                        {"x2", rounded(left + cell)},
                        {"y", rounded(top)},
                        {"y2", rounded(top + own)},
                        {"url", picture_uri(indices, p.width, p.height, static_cast<std::size_t>(cell), colours)}});
    if (!p.title.empty()) {
      titles.push_back({{"x", rounded(left + cell / 2)}, {"y", rounded(top - 5)}, {"t", clean(p.title)}});
    }
  }

  const auto position = [](const char* field, double end, bool down) -> Json {
    return {{"field", field},
            {"type", "quantitative"},
            {"axis", nullptr},
            {"scale", {{"domain", {0, rounded(end)}}, {"nice", false}, {"zero", false}, {"reverse", down}}}};
  };
  const Json x = position("x", width, false);
  const Json y = position("y", height, true);
  Json layers = Json::array();
  layers.push_back({{"data", {{"values", std::move(pictures)}}},
                    {"mark", {{"type", "image"}, {"aspect", false}, {"tooltip", nullptr}}},
                    {"encoding",
                     {{"x", x},
                      {"x2", {{"field", "x2"}}},
                      {"y", y},
                      {"y2", {{"field", "y2"}}},
                      {"url", {{"field", "url"}, {"type", "nominal"}}}}}});
  if (!titles.empty()) {
    layers.push_back({{"data", {{"values", std::move(titles)}}},
                      {"mark",
                       {{"type", "text"},
                        {"style", "picture-title"},
                        {"fontSize", 11},
                        {"baseline", "bottom"},
                        {"limit", rounded(cell, 4)},
                        {"tooltip", nullptr}}},
                      {"encoding", {{"x", x}, {"y", y}, {"text", {{"field", "t"}, {"type", "nominal"}}}}}});
  }
  if (plot.shared_scale) layers.push_back(figure_parts::colour_legend("", scaled(all), plot.map));

  std::string description = clean(plot.title) + ". " + std::to_string(count) + (count == 1 ? " image" : " images") +
                            " in " + std::to_string(rows) + (rows == 1 ? " row" : " rows");
  description += ", values from " + figure_parts::readable(all.lo) + " to " + figure_parts::readable(all.hi) + ".";
  std::string list;
  for (const Picture& p : plot.pictures) {
    if (!p.title.empty()) list += (list.empty() ? " Shown: " : ", ") + clean(p.title);
  }
  if (!list.empty()) description += list + ".";
  return Figure(clean(plot.title), description, clean(plot.caption),
                {{"$schema", "https://vega.github.io/schema/vega-lite/v5.json"},
                 {"width", std::lround(width)},
                 {"height", std::lround(height)},
                 {"view", {{"stroke", nullptr}}},
                 {"layer", std::move(layers)},
                 {"usermeta", {{"offprint", {{"kind", "images"}, {"aspect", rounded(height / width)}}}}}});
}

}  // namespace offprint
