#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "actions.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/landscape/stability.hpp"
#include "subject.hpp"

namespace offprint::papers::sgd_stability {
namespace {

using Eigen::Index;
using landscape::Batch;
using landscape::GradientGeometry;
using landscape::Stability;

const char* word(Stability verdict) {
  switch (verdict) {
    case Stability::kStable:
      return "stable";
    case Stability::kMarginal:
      return "marginal";
    case Stability::kUnstable:
      break;
  }
  return "unstable";
}

Subject read_subject(Run& run) {
  const Options& o = run.options();
  if (o.has("learning-rate") && !(o.real("learning-rate") > 0 && std::isfinite(o.real("learning-rate"))))
    throw InputError(fmt::format("--learning-rate is {}; it must be positive and finite", o.real("learning-rate")));
  for (const long size : o.integers("batch-size"))
    if (size < 1) throw InputError(fmt::format("--batch-size {}: a batch has at least 1 sample", size));
  if (o.has("gradients") && o.has("model"))
    throw InputError("--gradients and --model are both given: give the one or the other");
  if (o.has("gradients")) {
    if (o.flag("train")) throw InputError("--train needs a model: gradients alone cannot be trained (give --model)");
    return from_gradients(run);
  }
  if (o.has("model")) return from_model(run);
  for (const char* name : {"data", "targets", "target-column"})
    if (o.has(name)) throw InputError(fmt::format("--{} needs --model: a TorchScript file", name));
  if (o.has("residuals")) throw InputError("--residuals needs --gradients");
  return from_example(run);
}

class Analysis {
 public:
  Analysis(Run& run, const Subject& subject)
      : run_(run),
        subject_(subject),
        at_(subject.gram, subject.outputs),
        replacement_(!run.options().flag("without-replacement")) {}

  void report() {
    numbers();
    warnings();
    thresholds();
    sentence();
    figures();
    run_.artifact("spectrum.csv",
                  [&](const std::filesystem::path& path) { io::write_csv(path, {"eigenvalue"}, at_.eigenvalues()); });
  }

 private:
  [[nodiscard]] Batch batch(Index size) const { return {size, replacement_}; }
  [[nodiscard]] double exact(Index size) {
    if (const auto known = exact_.find(size); known != exact_.end()) return known->second;
    const auto found = at_.threshold(batch(size), run_.parallel());
    if (!found.converged)
      run_.note(fmt::format("the threshold of batch {} stopped after {} iterations: it is an upper bound", size,
                            found.iterations));
    return exact_[size] = found.learning_rate;
  }

  void numbers() {
    run_.metric("samples", static_cast<double>(at_.samples()));
    run_.metric("parameters", static_cast<double>(subject_.parameters));
    run_.metric("rank", static_cast<double>(at_.rank()));
    run_.metric("trace", at_.trace());
    run_.metric("frobenius", at_.frobenius());
    run_.metric("lambda_max", at_.largest());
    run_.metric("fourth_moment", at_.fourth_moment());
    Table table{"Sharpness of " + subject_.name, {"quantity", "value", "largest step it allows"}, {}};
    table.rows.push_back({"Tr(G)", at_.trace(), at_.trace_bound()});
    table.rows.push_back({"E|g|^4 (batch 1)", at_.fourth_moment(), at_.moment_bound()});
    table.rows.push_back({"||G||_F (scale only)", at_.frobenius(), 2 / at_.frobenius()});
    table.rows.push_back({"lambda_max (full-batch descent)", at_.largest(), at_.descent_bound()});
    if (subject_.residuals.size() > 0 && subject_.residuals.squaredNorm() > 0) {
      const double mu = at_.alignment(subject_.residuals);
      run_.metric("alignment", mu);
      if (mu > 0) table.rows.push_back({"alignment mu (batch 1)", mu, at_.alignment_bound(mu, {1})});
    }
    run_.table("sharpness", table);
    if (subject_.loss) run_.metric("loss", *subject_.loss);
    if (subject_.gradient_norm) run_.metric("gradient_norm", *subject_.gradient_norm);
    if (subject_.residual_part) run_.metric("residual_part", *subject_.residual_part);
    if (!subject_.training.log.empty()) {
      run_.metric("steps", static_cast<double>(subject_.training.steps));
      run_.metric("clipped_share", subject_.training.clipped_share());
      run_.metric("last_clipped_step", static_cast<double>(subject_.training.last_clipped));
    }
  }

  void warnings() {
    if (subject_.outputs > 1)
      run_.note(fmt::format(
          "G is the Gauss-Newton matrix of {} outputs a sample (rows of its square root): the paper's theorem is for "
          "one output and the square loss. The exact threshold holds for the Gauss-Newton part; the trace bound "
          "becomes "
          "2 * {} / Tr(G).",
          subject_.outputs, subject_.outputs));
    if (subject_.loss && subject_.scale && *subject_.loss > 1e-3 * *subject_.scale) {
      std::string text = fmt::format(
          "not an interpolating minimum: H != G, the bound is not the paper's (loss {:.3g}, "
          "{:.2g} of {}",
          *subject_.loss, *subject_.loss / *subject_.scale, subject_.scale_name);
      if (subject_.residual_part)
        text += fmt::format("; ||H - G|| is about {:.3g} beside lambda_max(G) = {:.3g}", *subject_.residual_part,
                            at_.largest());
      run_.note(text + ")");
    }
    const auto& training = subject_.training;
    if (!training.log.empty() && !training.converged)
      run_.note(
          fmt::format("training had not reached a loss of 1e-12 after {} steps (loss {:.3g}): this is a point on "
                      "the way, not where it ends",
                      training.steps, training.loss));
    if (training.clipped > 0 && training.last_clipped == training.steps)
      run_.note("the last steps of training were still clipped: the learning rate was effectively smaller");
  }

  void thresholds() {
    std::set<Index> sizes;
    for (const long size : run_.options().integers("batch-size")) sizes.insert(size);
    Table table{replacement_ ? "Largest stable learning rate by batch size (drawn with replacement)"
                             : "Largest stable learning rate by batch size (drawn without replacement)",
                {"batch size", "eta*_B", "moment bound"},
                {}};
    const double eta = subject_.learning_rate;
    if (eta > 0) table.columns.insert(table.columns.end(), {"eta / eta*_B", "verdict", "growth a step"});
    for (const Index size : sizes) {
      const double edge = exact(size);
      listed_.emplace_back(size, edge);
      std::vector<Json> row{static_cast<std::int64_t>(size), edge, at_.moment_bound(batch(size))};
      if (eta > 0) {
        row.emplace_back(eta / edge);
        row.emplace_back(word(landscape::judge_step(eta, edge)));
        // Far below the edge the factor is 1 - O(eta lambda_min), which tells nothing.
        if (eta > edge) {
          row.emplace_back(at_.growth(eta, batch(size), run_.parallel()).radius);
        } else {
          row.emplace_back("at most 1");
        }
      }
      table.rows.push_back(row);
      run_.metric(fmt::format("threshold_b{}", size), edge);
    }
    run_.table("thresholds", table);
  }

  // The smallest batch for which the learning rate is below the threshold, which never falls as batches grow; 0: none
  // up to n.
  [[nodiscard]] Index smallest_stable_batch(double eta) {
    const Index n = at_.samples();
    if (eta > exact(n)) return 0;
    Index lo = 0;  // unstable
    Index hi = n;  // stable
    while (hi - lo > 1) {
      const Index middle = lo + (hi - lo) / 2;
      (eta <= exact(middle) ? hi : lo) = middle;
    }
    return hi;
  }

  void sentence() {
    const auto& [size, edge] = listed_.front();
    std::string text =
        fmt::format("SGD with batch size {} can stay at this solution up to a learning rate of {:.4g}", size, edge);
    if (listed_.size() > 1)
      text += fmt::format(", with batch size {} up to {:.4g}", listed_.back().first, listed_.back().second);
    text += fmt::format(", full-batch descent up to {:.4g}", at_.descent_bound());
    const double eta = subject_.learning_rate;
    if (eta > 0) {
      const Index least = smallest_stable_batch(eta);
      run_.metric("smallest_stable_batch", static_cast<double>(least));
      if (least == 1)
        text += fmt::format(
            "; your learning rate {:.4g} is {:.3g} % of the edge for batch size 1 ({}), and further "
            "inside it for larger batches.",
            eta, 100 * eta / exact(1), word(landscape::judge_step(eta, exact(1))));
      else if (least > 1)
        text += fmt::format("; at your learning rate {:.4g} it is stable only with batches of {} or more.", eta, least);
      else if (eta <= at_.descent_bound())
        text += fmt::format("; at your learning rate {:.4g} only batches larger than the {} samples would be stable.",
                            eta, at_.samples());
      else
        text +=
            fmt::format("; at your learning rate {:.4g} no batch size is stable, full-batch descent included.", eta);
    } else {
      text += " (--learning-rate gives a verdict on yours).";
    }
    run_.note(text);
  }

  void figures() {
    const double eta = subject_.learning_rate;
    sharpness_figure(eta);
    batch_figure(eta);
    const auto& norms = at_.squared_norms();
    Histogram histogram;
    histogram.title = "Squared gradient norms of the samples";
    histogram.caption = "A heavy tail lowers the exact threshold below the trace bound, which sees the mean only.";
    histogram.x = {.title = subject_.outputs == 1 ? "|g_i|^2" : "Tr(H_i)"};
    histogram.values.assign(norms.data(), norms.data() + norms.size());
    histogram.reference_lines = {{at_.trace(), "mean = Tr(G)", true}};
    run_.figure("gradients", Figure::histogram(histogram));
    trajectory_figures();
  }

  void sharpness_figure(double eta) {
    double lo = 0.5 * std::min(listed_.front().second, at_.trace_bound());
    double hi = 2 * at_.descent_bound();
    if (eta > 0) {
      lo = std::min(lo, eta / 2);
      hi = std::max(hi, 2 * eta);
    }
    LinePlot plot;
    plot.title = "Sharpness against 2/eta";
    plot.caption =
        "Full-batch descent is stable left of where lambda_max meets 2/eta, SGD with batch one at most left "
        "of where Tr(G) does.";
    plot.x = {.title = "learning rate", .log = true, .lo = lo, .hi = hi};
    plot.y = {.title = "sharpness", .log = true};
    const auto flat = [&](const std::string& name, double value) {
      plot.series.push_back({.name = name, .x = {lo, hi}, .y = {value, value}});
    };
    flat("Tr(G)", at_.trace());
    flat("||G||_F", at_.frobenius());
    flat("lambda_max", at_.largest());
    plot.series.push_back({.name = "2/eta", .x = {lo, hi}, .y = {2 / lo, 2 / hi}, .dashed = true});
    plot.reference_lines.push_back(
        {listed_.front().second, fmt::format("eta*, batch {}", listed_.front().first), true});
    if (eta > 0) plot.reference_lines.push_back({eta, "your eta", true});
    run_.figure("sharpness", Figure::line(plot));
  }

  void batch_figure(double eta) {
    const Index n = at_.samples();
    std::set<Index> sizes{n};
    for (Index b = 1; b <= n; b *= 2) sizes.insert(b);
    if (replacement_)
      for (const Index factor : {2, 4, 8}) sizes.insert(factor * n);
    Series series{.name = "eta*_B", .points = true};
    for (const Index size : sizes) {
      series.x.push_back(static_cast<double>(size));
      series.y.push_back(exact(size));
    }
    LinePlot plot;
    plot.title = "Largest stable learning rate against batch size";
    const double last = series.x.back();
    plot.x = {.title = "batch size", .log = true, .lo = 0.9, .hi = 1.1 * last};
    plot.y = {.title = "eta*_B", .log = true};
    plot.series = {series};
    plot.reference_lines = {{at_.trace_bound(), subject_.outputs == 1 ? "2/Tr(G)" : "2k/Tr(G)"},
                            {at_.descent_bound(), "2/lambda_max"}};
    if (eta > 0) plot.series.push_back({.name = "your eta", .x = {1, last}, .y = {eta, eta}, .dashed = true});
    run_.figure("batches", Figure::line(plot));
  }

  void trajectory_figures() {
    Series loss{.name = "loss"};
    Series trace{.name = "Tr(G)"};
    for (const auto& point : subject_.training.log) {
      loss.x.push_back(static_cast<double>(point.step));
      loss.y.push_back(point.loss);
      if (!std::isfinite(point.trace)) continue;
      trace.x.push_back(static_cast<double>(point.step));
      trace.y.push_back(point.trace);
    }
    if (loss.x.size() > 1) {
      LinePlot plot;
      plot.title = "Loss along training";
      plot.x = {.title = "step"};
      plot.y = {.title = "loss", .log = true};
      plot.series = {loss};
      run_.figure("loss", Figure::line(plot));
    }
    if (trace.x.size() > 1) {
      LinePlot plot;
      plot.title = "Trace along training";
      plot.x = {.title = "step"};
      plot.y = {.title = "Tr(G)", .log = true};
      plot.series = {trace};
      plot.reference_lines = {{2 / subject_.learning_rate, "2/eta"}};
      run_.figure("trace", Figure::line(plot));
    }
  }

  Run& run_;
  const Subject& subject_;
  GradientGeometry at_;
  bool replacement_;
  std::map<Index, double> exact_;                 // thresholds computed so far
  std::vector<std::pair<Index, double>> listed_;  // batch sizes asked for, ascending, with their thresholds
};

}  // namespace

void stability(Run& run) {
  const Subject subject = read_subject(run);
  const auto sizes = run.options().integers("batch-size");
  const Index n = subject.gram.rows() / subject.outputs;
  if (run.options().flag("without-replacement"))
    for (const long size : sizes)
      if (size > n)
        throw InputError(
            fmt::format("--batch-size {}: without replacement a batch has at most the {} samples used", size, n));
  Analysis(run, subject).report();
}

}  // namespace offprint::papers::sgd_stability
