// Dictionary values as a stream of row blocks.
#include "offprint/koopman/pair_source.hpp"

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/koopman/memory.hpp"

namespace offprint::koopman {

PairSource<double> pair_source(const Dictionary& dictionary, const SnapshotPairs& pairs) {
  if (dictionary.dimension() != pairs.dimension())
    throw InputError(fmt::format("the dictionary was built for {} state variables, the pairs have {}",
                                 dictionary.dimension(), pairs.dimension()));
  require_pairs(pairs.count(), dictionary.size());
  require_memory(memory_estimate(pairs.count(), dictionary.size(), pairs.dimension()),
                 fmt::format("a run with M={} pairs and N={} functions", pairs.count(), dictionary.size()));
  PairSource<double> source;
  source.pairs = pairs.count();
  source.functions = dictionary.size();
  source.weights = pairs.weights;
  source.fill = [&dictionary, &pairs](Index first, Eigen::Ref<Matrix<double>> px, Eigen::Ref<Matrix<double>> py) {
    dictionary.evaluate(pairs.x.middleRows(first, px.rows()), px);
    dictionary.evaluate(pairs.y.middleRows(first, py.rows()), py);
  };
  return source;
}

}  // namespace offprint::koopman
