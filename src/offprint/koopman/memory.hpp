// How much memory a Koopman computation needs, and a refusal before it is allocated rather than a kill after.
#pragma once

#include <cstdint>
#include <string_view>

#include <Eigen/Core>

namespace offprint::koopman {

/// Bytes this process may still allocate: MemAvailable of /proc/meminfo, or what its memory cgroups (v2 or v1, all
/// ancestors) have left where that is less.
[[nodiscard]] std::uint64_t available_memory();

/// Bytes of a streaming EDMD/ResDMD run with M pairs, N functions and state dimension d: the pairs (16 M d), feature
/// blocks of 1024 rows per thread, the 2N-column R factors of TSQR, and eight complex N x N work matrices.
[[nodiscard]] std::uint64_t memory_estimate(Eigen::Index pairs, Eigen::Index functions, Eigen::Index dimension,
                                            unsigned threads = 0);

/// Throws InputError, naming both numbers, when `bytes` exceed available_memory(). `what` completes "... needs".
void require_memory(std::uint64_t bytes, std::string_view what);

}  // namespace offprint::koopman
