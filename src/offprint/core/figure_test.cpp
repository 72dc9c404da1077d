#include "offprint/core/figure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "offprint/core/contour.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/png.hpp"

namespace offprint {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

TEST(Png, KnownFile) {
  const std::vector<std::uint8_t> pixel{128};
  const std::string png = encode_png_grey(1, 1, pixel);
  EXPECT_EQ(png.substr(0, 8), std::string("\x89PNG\r\n\x1a\n", 8));
  // Length 13, IHDR, 1 x 1, 8 bits grey, and the chunk's checksum as every 1 x 1 grey PNG has it.
  EXPECT_EQ(png.substr(8, 25), std::string("\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0\x3a\x7e\x9b\x55", 25));
  EXPECT_EQ(png.substr(png.size() - 12), std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12));
}

TEST(Png, PixelsComeBack) {
  const std::vector<std::uint8_t> indices{0, 1, 2, 2, 1, 0};
  const std::vector<Rgba> colours{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 0, 0}};
  const std::string png = encode_png_indexed(3, 2, indices, colours);
  EXPECT_NE(png.find(std::string("PLTE\xff\0\0\0\xff\0\0\0\0", 13)), std::string::npos);
  EXPECT_NE(png.find(std::string("tRNS\xff\xff\0", 7)), std::string::npos);
  const std::size_t at = png.find("IDAT");
  const std::size_t length = static_cast<std::uint8_t>(png[at - 1]);
  std::string raw(8, '\0');
  uLongf size = raw.size();
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(raw.data()), &size, reinterpret_cast<const Bytef*>(png.data() + at + 4),
                       static_cast<uLong>(length)),
            Z_OK);
  EXPECT_EQ(raw, std::string("\0\0\1\2\0\2\1\0", 8));
}

TEST(Png, RefusesWrongSizes) {
  const std::vector<std::uint8_t> five(5, 0);
  EXPECT_THAT(message_of([&] { (void)encode_png_grey(2, 3, five); }), HasSubstr("needs 6 bytes, not 5"));
  EXPECT_THAT(message_of([&] { (void)encode_png_rgb(0, 3, five); }), HasSubstr("0 x 3"));
  const std::vector<std::uint8_t> three{3};
  const std::vector<Rgba> colours(2);
  EXPECT_THAT(message_of([&] { (void)encode_png_indexed(1, 1, three, colours); }),
              HasSubstr("colour 3 of a palette of 2"));
}

TEST(Png, Base64OfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Contour, CircleIsOneClosedLineOfItsRadius) {
  const std::size_t n = 81;
  std::vector<double> f(n * n);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      f[j * n + i] = std::hypot(static_cast<double>(i) - 40, static_cast<double>(j) - 40);
    }
  }
  for (const double tolerance : {0.0, 0.05}) {
    const auto lines = contour_lines(f, n, n, 25.5, tolerance);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].front(), lines[0].back());
    EXPECT_GT(lines[0].size(), 12U);
    for (const auto& p : lines[0]) EXPECT_NEAR(std::hypot(p[0] - 40, p[1] - 40), 25.5, 0.01);
  }
  EXPECT_LT(contour_lines(f, n, n, 25.5, 0.05)[0].size(), contour_lines(f, n, n, 25.5, 0)[0].size());
}

TEST(Contour, OpenLineSaddleAndHoles) {
  const std::vector<double> ramp{0, 1, 2, 0, 1, 2, 0, 1, 2};
  auto lines = contour_lines(ramp, 3, 3, 1.5, 0);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0], (Polyline{{1.5, 0}, {1.5, 1}, {1.5, 2}}));
  const std::vector<double> saddle_high{1, 0, 0, 1};  // mean 0.5 >= 0.4: the two ones are joined
  lines = contour_lines(saddle_high, 2, 2, 0.4, 0);
  ASSERT_EQ(lines.size(), 2U);
  for (const auto& line : lines) EXPECT_GT(std::abs(line[0][0] + line[0][1] - 1), 0.1);
  std::vector<double> hole = ramp;
  hole[0] = kNan;
  EXPECT_TRUE(contour_lines(hole, 3, 3, 0.5, 0).size() == 1U);
  EXPECT_THROW((void)contour_lines(ramp, 3, 2, 1.5), InputError);
}

TEST(Figure, LineKeepsDataAndCountsWhatItDrops) {
  const Figure f =
      Figure::line({.title = "Error",
                    .x = {.title = "n"},
                    .y = {.title = "error", .unit = "m", .log = true},
                    .series = {{.name = "a", .x = {1, 2, 3, 4}, .y = {1, 0.1, kNan, 0}},
                               {.name = "b", .x = {1, 2}, .y = {1e-3, 1e-4}, .lo = {1e-4, 1e-5}, .hi = {1e-2, 1e-3}}},
                    .reference_lines = {{.at = 1e-2, .label = "paper"}}});
  const Json spec = f.spec();
  EXPECT_THAT(f.description(), HasSubstr("2 points that are not finite"));
  EXPECT_THAT(f.description(), HasSubstr("error (m), from 1e-05 to 1, logarithmic"));
  EXPECT_EQ(spec["title"], "Error");
  EXPECT_EQ(spec["width"], 560);
  EXPECT_EQ(spec["height"], 340);
  const Json& lines = spec["layer"][1]["data"]["values"];  // the band lies below
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[1], (Json{{"x", 2.0}, {"y", 0.1}, {"s", "a"}}));
  EXPECT_EQ(spec["layer"][0]["encoding"]["y"]["scale"]["type"], "log");
  EXPECT_EQ(Json::parse(spec.dump()), spec);
}

TEST(Figure, LongCurvesKeepTheirPeaks) {
  Series s{.name = "a", .x = std::vector<double>(100000), .y = std::vector<double>(100000, 0.0)};
  for (std::size_t i = 0; i < s.x.size(); ++i) s.x[i] = static_cast<double>(i);
  s.y[34567] = 7;
  const Figure f = Figure::line({.title = "T", .series = {s}});
  const Json values = f.spec()["layer"][0]["data"]["values"];
  EXPECT_EQ(values.size(), 4000U);
  EXPECT_TRUE(
      std::any_of(values.begin(), values.end(), [](const Json& v) { return v["x"] == 34567.0 && v["y"] == 7.0; }));
  EXPECT_EQ(values.front()["x"], 0.0);
  EXPECT_EQ(values.back()["x"], 99999.0);
}

TEST(Figure, HistogramCountsEveryValueOnce) {
  const Figure f = Figure::histogram({.title = "H", .values = {0, 0.5, 1, 1.5, 2, kInf}, .bins = 2});
  const Json values = f.spec()["layer"][0]["data"]["values"];
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0], (Json{{"x", 0.0}, {"r", 1.0}, {"y", 2.0}, {"y0", 0}}));
  EXPECT_EQ(values[1]["y"], 3.0);  // the upper end belongs to the last bin
  EXPECT_THAT(f.description(), HasSubstr("5 values in 2 bins. 1 point that is not finite"));
  const Figure density = Figure::histogram({.title = "H", .values = {0, 1, 2, 3, 4, 5, 6, 7}, .density = true});
  double area = 0;
  const Json spec = density.spec();
  for (const Json& bar : spec["layer"][0]["data"]["values"]) {
    area += bar["y"].get<double>() * (bar["r"].get<double>() - bar["x"].get<double>());
  }
  EXPECT_NEAR(area, 1, 1e-4);
  EXPECT_NO_THROW((void)Figure::histogram({.title = "one value", .values = {3, 3, 3}}));
}

TEST(Figure, ComplexPlaneHasEqualAspect) {
  const Figure f = Figure::complex_plane({.title = "S", .groups = {{.x = {0, 3}, .y = {0, 0.5}, .value = {1e-3, 0}}}});
  const Json spec = f.spec();
  const Json& encoding = spec["layer"][0]["encoding"];
  const double rx =
      encoding["x"]["scale"]["domainMax"].get<double>() - encoding["x"]["scale"]["domainMin"].get<double>();
  const double ry =
      encoding["y"]["scale"]["domainMax"].get<double>() - encoding["y"]["scale"]["domainMin"].get<double>();
  EXPECT_NEAR(spec["height"].get<double>() / spec["width"].get<double>(), ry / rx, 3e-3);
  EXPECT_GE(rx, 4.0);  // circle and outlier
  // A residual of exactly 0 is drawn, in the colour of the smallest positive one.
  const Json& points = spec["layer"][1]["data"]["values"];
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[1]["v"], -3.0);
}

TEST(Figure, PlaneFiguresStaySmall) {
  Grid grid{.x0 = -2, .dx = 0.01, .nx = 400, .y0 = -2, .dy = 0.01, .ny = 400, .values = std::vector<double>(160000)};
  for (std::size_t k = 0; k < grid.values.size(); ++k) {
    const double x = grid.x0 + static_cast<double>(k % 400) * grid.dx;
    const double y = grid.y0 + static_cast<double>(k / 400) * grid.dy;
    grid.values[k] = std::hypot(x * x - y * y - 1, 2 * x * y);
  }
  const HeatMap plot{.title = "H", .colour = {.title = "|z² - 1|", .log = true}, .grid = grid, .contours = {0.1, 1, 2}};
  const std::string spec = Figure::heat_map(plot).spec().dump();
  EXPECT_LT(spec.size(), 250000U);
  EXPECT_EQ(spec, Figure::heat_map(plot).spec().dump());
  EXPECT_THAT(spec, HasSubstr("data:image/png;base64,iVBORw0KGgo"));
}

TEST(Figure, ImagesShareAScaleOnDemand) {
  const ImageGrid plot{.title = "M",
                       .pictures = {{.title = "a", .width = 2, .height = 1, .values = {0, 1}},
                                    {.title = "b", .width = 2, .height = 1, .values = {0, 2}}}};
  const auto urls = [](const Figure& f) {
    const Json spec = f.spec();
    const Json& v = spec["layer"][0]["data"]["values"];
    return std::pair<std::string, std::string>(v[0]["url"], v[1]["url"]);
  };
  const auto own = urls(Figure::images(plot));
  EXPECT_EQ(own.first, own.second);
  ImageGrid shared = plot;
  shared.shared_scale = true;
  const auto common = urls(Figure::images(shared));
  EXPECT_NE(common.first, common.second);
}

TEST(Figure, StoredAndReadBack) {
  const Figure f =
      Figure::scatter({.title = "P", .caption = "C", .groups = {{.x = {1, 2}, .y = {3, 4}, .value = {5, 6}}}});
  const Figure g = Json::parse(Json(f).dump()).get<Figure>();
  EXPECT_EQ(g.title(), "P");
  EXPECT_EQ(g.caption(), "C");
  EXPECT_EQ(g.description(), f.description());
  EXPECT_EQ(g.spec(), f.spec());
  EXPECT_THAT(message_of([] { (void)Json{{"title", "x"}}.get<Figure>(); }), HasSubstr("lacks its 'description'"));
}

TEST(Figure, TextOfAnotherEncodingStaysValid) {
  const Figure f = Figure::line({.title = "caf\xe9", .series = {{.name = "\xff", .x = {1}, .y = {2}}}});
  EXPECT_NO_THROW((void)Json(f).dump());
}

TEST(Figure, BadInputGetsOneSentence) {
  EXPECT_THAT(message_of([] { (void)Figure::line({.title = "T"}); }), HasSubstr("figure 'T' has no series"));
  EXPECT_THAT(message_of([] { (void)Figure::line({.title = "T", .series = {{.name = "s"}}}); }),
              HasSubstr("figure 'T': series 's' is empty"));
  EXPECT_THAT(message_of([] {
                (void)Figure::line({.title = "T", .series = {{.name = "s", .x = {1, 2}, .y = {1}}}});
              }),
              HasSubstr("2 x and 1 y values"));
  EXPECT_THAT(message_of([] { (void)Figure::line({.title = "T", .series = {{.name = "s", .x = {1}, .y = {kNan}}}}); }),
              HasSubstr("no point that can be drawn"));
  EXPECT_THAT(message_of([] {
                (void)Figure::line({.title = "T",
                                    .y = {.title = "e", .log = true},
                                    .series = {{.name = "s", .x = {1}, .y = {1}}},
                                    .reference_lines = {{.at = 0, .label = "zero"}}});
              }),
              HasSubstr("'zero' at 0 cannot be drawn on the axis 'e'"));
  EXPECT_THAT(
      message_of([] {
        (void)Figure::line({.title = "T", .x = {.title = "n", .lo = 2, .hi = 1}, .series = {{.x = {1}, .y = {1}}}});
      }),
      HasSubstr("the axis 'n' runs from 2 to 1"));
  EXPECT_THAT(message_of([] { (void)Figure::heat_map({.title = "T", .grid = {.nx = 2, .ny = 2, .values = {1}}}); }),
              HasSubstr("2 x 2 points has 1 values"));
  EXPECT_THAT(message_of([] { (void)Figure::scatter({.title = "T", .groups = {{.name = "g"}}}); }),
              HasSubstr("group 'g' is empty"));
  EXPECT_THAT(message_of([] { (void)Figure::histogram({.title = "T", .values = {kNan}}); }),
              HasSubstr("no value that can be drawn"));
  EXPECT_THAT(
      message_of([] { (void)Figure::images({.title = "T", .pictures = {{.width = 2, .height = 2, .values = {1}}}}); }),
      HasSubstr("picture 1 of 2 x 2 pixels has 1 values"));
  EXPECT_THAT(message_of([] { (void)Figure::complex_plane({.title = "T"}); }),
              HasSubstr("no points and no background"));
}

}  // namespace
}  // namespace offprint
