// Ensembles of sheared particles for claims and actions: batches over threads and ranks, reduced one by one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "offprint/core/run.hpp"
#include "offprint/kinetic/rayleigh_process.hpp"

namespace offprint::papers::rayleigh {

constexpr std::size_t kBatch = 4000;

/// reduce(observations) of every batch, in order; a killed run continues with the batches that are missing.
template <class F>
auto sample(Run& run, const std::string& name, const kinetic::RayleighProcess& process, const kinetic::StartLaw& start,
            const std::vector<double>& log_times, std::uint64_t seed, std::size_t particles, const F& reduce,
            bool events = false) {
  return run.ensemble(name, (particles + kBatch - 1) / kBatch, [&, particles, seed, events](std::size_t batch) {
    const std::size_t first = batch * kBatch;
    return reduce(process.simulate(
        start, log_times,
        {.seed = seed, .first = first, .particles = std::min(kBatch, particles - first), .record_events = events}));
  });
}

/// All batches' vectors one after the other.
[[nodiscard]] std::vector<double> joined(const std::vector<std::vector<double>>& parts);
/// Their sum, entry by entry.
[[nodiscard]] std::vector<double> summed(const std::vector<std::vector<double>>& parts);

/// Kolmogorov's distance of the values from the uniform law on [lo, hi]. O(n log n).
[[nodiscard]] double distance_from_uniform(std::vector<double> values, double lo, double hi);
[[nodiscard]] double median(std::vector<double> values);

}  // namespace offprint::papers::rayleigh
