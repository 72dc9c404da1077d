// Snapshot pairs seen through a dictionary: what compress() streams.
#pragma once

#include "offprint/koopman/compression.hpp"
#include "offprint/koopman/dictionary.hpp"
#include "offprint/koopman/trajectories.hpp"

namespace offprint::koopman {

/// Rows of PX = psi(x_m) and PY = psi(y_m), evaluated block by block as they are asked for; the M x N matrices are
/// never stored. Keeps references: dictionary and pairs must outlive the source. Throws InputError when the state
/// dimensions differ, there are fewer pairs than functions, or the memory that such a run needs is not there.
[[nodiscard]] PairSource<double> pair_source(const Dictionary& dictionary, const SnapshotPairs& pairs);

}  // namespace offprint::koopman
