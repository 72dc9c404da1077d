// ensemble(n, f): n independent members computed over threads and, under mpirun, over ranks; results come back by index
// on every rank, bit-identical for any number of threads and ranks.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "offprint/core/archive.hpp"
#include "offprint/core/communicator.hpp"
#include "offprint/core/parallel.hpp"

namespace offprint {

/// Where an ensemble that can be resumed keeps its finished members. `load` gives what an earlier, killed run kept
/// (empty if none), the same bytes on every rank; `save` keeps the bytes (it is called on every rank, the store writes
/// on rank 0).
struct EnsembleMemory {
  std::function<std::string()> load{};
  std::function<void(const std::string&)> save{};
};

namespace detail {
/// The type-erased ensemble: member i as bytes.
std::vector<std::string> ensemble_bytes(std::size_t n, const Parallel& how, Communicator& ranks,
                                        const EnsembleMemory& memory, const std::function<std::string(std::size_t)>& f);
}  // namespace detail

/// Computes f(0), ..., f(n-1) and returns them in order, on every rank. f's result is a number, string, vector, Eigen
/// matrix or a class with serialize() (archive.hpp); f must depend on its index only (take its random numbers from
/// Stream(seed, purpose, index)). If members throw, every rank throws the error of the lowest failing index among those
/// computed. With `memory`, finished members are kept about every second and not computed again after a kill.
template <class F>
auto ensemble(std::size_t n, const Parallel& how, Communicator& ranks, F&& f, const EnsembleMemory& memory = {})
    -> std::vector<std::invoke_result_t<F, std::size_t>> {
  using Result = std::invoke_result_t<F, std::size_t>;
  const auto all = detail::ensemble_bytes(n, how, ranks, memory, [&](std::size_t i) { return to_bytes(f(i)); });
  std::vector<Result> results;
  results.reserve(n);
  for (const auto& bytes : all) results.push_back(from_bytes<Result>(bytes));
  return results;
}

}  // namespace offprint
