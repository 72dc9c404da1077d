// Communicator: the processes that work on one run together. One process, or the ranks of an MPI job.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace offprint {

/// Collective operations on byte strings; every rank must call the same operations in the same order, from the thread
/// that created the communicator.
class Communicator {
 public:
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;
  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  /// Every rank's bytes, by rank.
  [[nodiscard]] virtual std::vector<std::string> all_gather(const std::string& bytes) = 0;
  /// Rank 0's bytes, on every rank.
  [[nodiscard]] virtual std::string broadcast(const std::string& bytes) = 0;
  /// Ends all ranks at once (an error that only one rank saw).
  [[noreturn]] virtual void abort(int exit_code) = 0;
};

/// A communicator of this process alone.
[[nodiscard]] std::unique_ptr<Communicator> single_process();

/// The communicator this process was started with: under mpirun (or srun with PMI) the MPI ranks, through the transport
/// module libofp_mpi.so in `module_dir`; otherwise single_process(). MPI is loaded only when needed, because loading it
/// takes longer than printing a list. Throws Error when started by mpirun but built without MPI.
[[nodiscard]] std::unique_ptr<Communicator> make_communicator(const std::filesystem::path& module_dir);

}  // namespace offprint
