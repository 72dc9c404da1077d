// The single-process communicator, and the loading of the MPI transport.
#include "offprint/core/communicator.hpp"

#include <cstdlib>

#include <dlfcn.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

class SingleProcess final : public Communicator {
 public:
  [[nodiscard]] int rank() const override { return 0; }
  [[nodiscard]] int size() const override { return 1; }
  [[nodiscard]] std::vector<std::string> all_gather(const std::string& bytes) override { return {bytes}; }
  [[nodiscard]] std::string broadcast(const std::string& bytes) override { return bytes; }
  [[noreturn]] void abort(int exit_code) override { std::_Exit(exit_code); }
};

}  // namespace

std::unique_ptr<Communicator> single_process() { return std::make_unique<SingleProcess>(); }

std::unique_ptr<Communicator> make_communicator(const std::filesystem::path& module_dir) {
  const char* ranks = nullptr;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_SIZE"})
    if (ranks == nullptr) ranks = std::getenv(name);
  if (ranks == nullptr || std::atoi(ranks) <= 1) return single_process();

  const auto path = module_dir / "libofp_mpi.so";
  // RTLD_GLOBAL: Open MPI opens plug-ins of its own that look for its symbols
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr)
    throw Error("started as " + std::string(ranks) + " MPI ranks, but this build has no MPI transport (" +
                path.string() +
                "); rebuild with -DOFFPRINT_MPI=ON and libopenmpi-dev installed, or start a single process");
  using Make = void (*)(std::unique_ptr<Communicator>&);
  const auto make = reinterpret_cast<Make>(dlsym(handle, "offprint_make_mpi"));
  if (make == nullptr) throw Error(path.string() + " is not Offprint's MPI transport; rebuild it");
  std::unique_ptr<Communicator> communicator;
  make(communicator);
  return communicator;
}

}  // namespace offprint
