// The figures that several actions draw.
#pragma once

#include <string>
#include <vector>

#include "input.hpp"
#include "offprint/core/run.hpp"
#include "offprint/landscape/collapse_metrics.hpp"

namespace offprint::papers::neural_collapse {

/// Metrics of named layers in order: the table `layers`, the numbers of the last layer as metrics of the run, and the
/// figure `depth` when there are several.
void report_layers(Run& run, const std::vector<std::string>& names,
                   const std::vector<landscape::CollapseMetrics>& metrics);

/// Gram matrix of the centred means, as cosines: off its diagonal a simplex has -1/(K-1) everywhere.
void draw_gram(Run& run, const landscape::CollapseMetrics& metrics, const landscape::ClassLabels& labels);

/// At most 100 samples of each class along the two widest between-class directions.
void draw_projection(Run& run, const std::string& name, const std::string& title,
                     const landscape::FeatureSource& features, const landscape::ClassLabels& labels,
                     const landscape::CollapseMetrics& metrics);

}  // namespace offprint::papers::neural_collapse
