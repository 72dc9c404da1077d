// metrics: how far each layer of the reader's network has collapsed.
#include <fmt/format.h>

#include "actions.hpp"
#include "figures.hpp"
#include "input.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/table_file.hpp"

namespace offprint::papers::neural_collapse {

void metrics(Run& run) {
  const Options& o = run.options();
  const Layers input = read_layers(run);
  std::vector<std::string> names;
  std::vector<landscape::CollapseMetrics> found;
  auto progress = run.progress(input.layers.size(), "layers");
  for (std::size_t l = 0; l < input.layers.size(); ++l) {
    landscape::CollapseMetricsOptions options;
    options.parallel = run.parallel();
    if (o.has("weights") && l + 1 == input.layers.size())
      options.classifier = io::read_matrix(o.text("weights")).values;
    try {
      found.push_back(landscape::collapse_metrics(input.layers[l].features, input.labels, options));
    } catch (const InputError& error) {
      throw InputError(fmt::format("layer {} ({}): {}", l + 1, input.layers[l].name, error.what()));
    }
    names.push_back(input.layers[l].name);
    progress.set(l + 1);
  }
  report_layers(run, names, found);
  draw_gram(run, found.back(), input.labels);
  draw_projection(run, "projection", fmt::format("Features of {}", names.back()), input.layers.back().features,
                  input.labels, found.back());
}

}  // namespace offprint::papers::neural_collapse
