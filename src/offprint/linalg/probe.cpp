#include "offprint/linalg/probe.hpp"

#include <algorithm>
#include <span>

namespace offprint::linalg {

void fill_probes(const StreamSource& streams, std::uint64_t first, Probe probe, Eigen::Ref<Eigen::MatrixXd> columns) {
  for (Eigen::Index j = 0; j < columns.cols(); ++j) {
    Stream stream = streams(first + static_cast<std::uint64_t>(j));
    if (probe == Probe::kGaussian) {
      stream.fill_normal(std::span<double>(columns.col(j).data(), static_cast<std::size_t>(columns.rows())));
      continue;
    }
    for (Eigen::Index i = 0; i < columns.rows(); i += 64) {  // one random word for 64 signs
      std::uint64_t bits = stream();
      const Eigen::Index end = std::min(i + 64, columns.rows());
      for (Eigen::Index k = i; k < end; ++k, bits >>= 1U) columns(k, j) = (bits & 1U) != 0 ? 1.0 : -1.0;
    }
  }
}

Eigen::Index probe_block(Eigen::Index size, Eigen::Index wanted) {
  constexpr Eigen::Index kEntries = Eigen::Index{1} << 25;
  return std::clamp<Eigen::Index>(kEntries / std::max<Eigen::Index>(size, 1), 1, wanted);
}

}  // namespace offprint::linalg
