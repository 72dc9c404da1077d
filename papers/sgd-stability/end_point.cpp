#include "end_point.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "offprint/landscape/diagonal_network.hpp"
#include "offprint/landscape/relu_network.hpp"
#include "offprint/landscape/stability.hpp"

namespace offprint::papers::sgd_stability {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;

constexpr Index kTestSamples = 3000;
constexpr Index kNonzero = 3;
constexpr Index kNeurons = 100;
constexpr Index kTeacher = 10;

Parallel one_thread(const Run& run) {
  Parallel how = run.parallel();
  how.threads = 1;  // the ensemble already uses them all
  return how;
}

landscape::DescentOptions options_of(const Run& run, const Setting& setting) {
  landscape::DescentOptions options;
  options.learning_rate = setting.learning_rate;
  options.batch = setting.batch;
  options.clip_norm = setting.clip_norm;
  options.max_steps = setting.max_steps;
  options.cancel = run.parallel().cancel;
  return options;
}

void measure_sharpness(EndPoint& point, const MatrixXd& gram, Index exact_batch, const Parallel& how) {
  if (point.training.diverged) return;
  const landscape::GradientGeometry at(gram);
  point.frobenius = at.frobenius();
  point.largest = at.largest();
  point.moment_bound = at.moment_bound();
  const Index batch = point.is_descent() ? std::max<Index>(exact_batch, 1) : point.setting.batch;
  point.exact = at.threshold({batch}, how).learning_rate;
  const auto& squares = at.squared_norms();
  point.squared_norms.assign(squares.data(), squares.data() + squares.size());
}

EndPoint train_from(const Run& run, const Setting& setting, landscape::DiagonalNetwork& net,
                    const landscape::RegressionData& data) {
  EndPoint point;
  point.setting = setting;
  point.start_trace = landscape::trace(net, data.x);
  point.training = landscape::train(net, data, options_of(run, setting), run.stream("diagonal samples", setting.seed));
  point.trace = landscape::trace(net, data.x);
  point.norm = net.coefficients().lpNorm<1>();
  point.balance = net.balance_ratio();
  return point;
}

landscape::RegressionData diagonal_data(const Run& run, const Setting& setting) {
  return landscape::sparse_regression(setting.samples, setting.inputs, kNonzero,
                                      run.stream("diagonal data", setting.seed));
}

using Quantity = std::function<double(const EndPoint&)>;

// Mean over seeds by learning rate, with the range as a band.
Series over_learning_rates(const std::string& name, const std::vector<EndPoint>& points, bool descent,
                           const Quantity& quantity) {
  std::map<double, std::vector<double>> values;
  for (const auto& p : points)
    if (p.is_descent() == descent) values[p.setting.learning_rate].push_back(quantity(p));
  Series series{.name = name};
  for (const auto& [eta, all] : values) {
    double sum = 0;
    for (const double v : all) sum += v;
    series.x.push_back(eta);
    series.y.push_back(sum / static_cast<double>(all.size()));
    series.lo.push_back(*std::min_element(all.begin(), all.end()));
    series.hi.push_back(*std::max_element(all.begin(), all.end()));
  }
  return series;
}

Axis learning_rate_axis(const std::vector<EndPoint>& points) {
  const auto [least, largest] = std::minmax_element(points.begin(), points.end(), [](const auto& a, const auto& b) {
    return a.setting.learning_rate < b.setting.learning_rate;
  });
  return {.title = "learning rate",
          .log = true,
          .lo = 0.9 * least->setting.learning_rate,
          .hi = 1.1 * largest->setting.learning_rate};
}

std::string method_of(const EndPoint& p) {
  if (p.is_descent()) return "GD";
  return p.setting.batch == 1 ? "SGD" : fmt::format("SGD, B = {}", p.setting.batch);
}

}  // namespace

EndPoint train_diagonal(const Run& run, const Setting& setting, Index exact_batch) {
  const auto data = diagonal_data(run, setting);
  auto net = landscape::normal_network(setting.inputs, run.stream("diagonal init", setting.seed));
  EndPoint point = train_from(run, setting, net, data);
  measure_sharpness(point, landscape::gradient_gram(net, data.x, one_thread(run)), exact_batch, one_thread(run));
  point.test = net.mean_squared_error(
      landscape::sparse_regression(kTestSamples, setting.inputs, kNonzero, run.stream("diagonal test", setting.seed)));
  return point;
}

EndPoint train_unbalanced(const Run& run, const Setting& setting, double ratio) {
  auto net = landscape::unbalanced_network(setting.inputs, 0.1, ratio, run.stream("unbalanced init", setting.seed));
  return train_from(run, setting, net, diagonal_data(run, setting));
}

EndPoint train_relu(const Run& run, const Setting& setting) {
  const auto teacher = landscape::relu_teacher(kTeacher, setting.inputs, run.stream("relu teacher", setting.seed));
  const auto draw = [&](Index count, const char* purpose) {
    landscape::RegressionData data{landscape::sphere_points(count, setting.inputs, run.stream(purpose, setting.seed)),
                                   {}};
    data.y = teacher.predict(data.x);
    return data;
  };
  const auto data = draw(setting.samples, "relu data");
  auto net = landscape::normal_network(kNeurons, setting.inputs, run.stream("relu init", setting.seed));
  EndPoint point;
  point.setting = setting;
  point.start_trace = landscape::trace(net, data.x);
  point.training = landscape::train(net, data, options_of(run, setting), run.stream("relu samples", setting.seed));
  point.trace = landscape::trace(net, data.x);
  point.norm = net.path_norm();
  measure_sharpness(point, landscape::gradient_gram(net, data.x, one_thread(run)), 0, one_thread(run));
  point.test = net.mean_squared_error(draw(kTestSamples, "relu test"));
  return point;
}

Table end_point_table(const std::string& title, const std::vector<EndPoint>& points, const std::string& norm) {
  Table table{title,
              {"method", "eta", "seed", "steps", "loss", "clipped", "last clipped step", "Tr(G) at start", "Tr(G)",
               "2/eta", "||G||_F", "lambda_max", "eta*", "2E|g|^2/E|g|^4", norm, "test MSE"},
              {}};
  for (const auto& p : points)
    table.rows.push_back({method_of(p), p.setting.learning_rate, p.setting.seed, p.training.steps, p.training.loss,
                          p.training.clipped_share(), p.training.last_clipped, p.start_trace, p.trace,
                          2 / p.setting.learning_rate, p.frobenius, p.largest, p.exact, p.moment_bound, p.norm,
                          p.test});
  return table;
}

bool all_converged(Run& run, const std::vector<EndPoint>& points, double tolerance) {
  bool all = true;
  for (const auto& p : points) {
    if (p.training.loss < tolerance) {
      if (p.training.clipped > 0 && p.training.last_clipped == p.training.steps)
        run.note(fmt::format("{} with eta = {}, seed {}: the last steps were still clipped", method_of(p),
                             p.setting.learning_rate, p.setting.seed));
      continue;
    }
    all = false;
    run.note(fmt::format("not converged: {} with eta = {}, seed {} has loss {:.3g} after {} steps", method_of(p),
                         p.setting.learning_rate, p.setting.seed, p.training.loss, p.training.steps));
  }
  return all;
}

Figure sharpness_figure(const std::string& title, const std::vector<EndPoint>& points) {
  LinePlot plot;
  plot.title = title;
  plot.caption =
      "Mean over seeds, bands: least and largest. SGD is stable only below the dashed line in the trace; GD "
      "only in lambda_max.";
  plot.x = learning_rate_axis(points);
  plot.y = {.title = "sharpness at the end", .log = true};
  for (const bool descent : {false, true}) {
    if (std::none_of(points.begin(), points.end(), [&](const auto& p) { return p.is_descent() == descent; })) continue;
    const std::string name = descent ? "GD, " : "SGD, ";
    plot.series.push_back(over_learning_rates(name + "Tr(G)", points, descent, [](const auto& p) { return p.trace; }));
    plot.series.push_back(
        over_learning_rates(name + "||G||_F", points, descent, [](const auto& p) { return p.frobenius; }));
    plot.series.push_back(
        over_learning_rates(name + "lambda_max", points, descent, [](const auto& p) { return p.largest; }));
  }
  Series line{.name = "2/eta", .dashed = true};
  std::map<double, bool> etas;
  for (const auto& p : points) etas[p.setting.learning_rate] = true;
  for (const auto& [eta, unused] : etas) {
    line.x.push_back(eta);
    line.y.push_back(2 / eta);
  }
  plot.series.push_back(line);
  for (auto& s : plot.series) s.points = true;
  plot.series.back().points = false;
  return Figure::line(plot);
}

Figure test_figure(const std::string& title, const std::vector<EndPoint>& points) {
  LinePlot plot;
  plot.title = title;
  plot.caption = "Mean squared error on 3000 fresh samples, mean over seeds, bands: least and largest.";
  plot.x = learning_rate_axis(points);
  plot.y = {.title = "test error", .log = true};
  for (const bool descent : {false, true}) {
    auto series = over_learning_rates(descent ? "GD" : "SGD", points, descent, [](const auto& p) { return p.test; });
    series.points = true;
    if (!series.x.empty()) plot.series.push_back(series);
  }
  return Figure::line(plot);
}

Figure trajectory_figure(const std::string& title, const std::vector<EndPoint>& points, bool trace) {
  LinePlot plot;
  plot.title = title;
  plot.caption = trace ? "Dashed: 2/eta of each run." : "Half the mean squared error.";
  plot.x = {.title = "step", .log = true};
  plot.y = {.title = trace ? "Tr(G)" : "loss", .log = true};
  for (const auto& p : points) {
    Series series{.name = fmt::format("{}, eta = {}", method_of(p), p.setting.learning_rate)};
    for (const auto& at : p.training.log) {
      if (at.step == 0) continue;
      series.x.push_back(static_cast<double>(at.step));
      series.y.push_back(trace ? at.trace : at.loss);
    }
    plot.series.push_back(series);
  }
  if (trace)
    for (const auto& p : points)
      plot.reference_lines.push_back({2 / p.setting.learning_rate, fmt::format("2/{}", p.setting.learning_rate)});
  return Figure::line(plot);
}

}  // namespace offprint::papers::sgd_stability
