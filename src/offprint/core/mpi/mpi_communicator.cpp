// The MPI transport of ensembles, a module of its own so that nothing else links MPI.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>

#include <mpi.h>

#include "offprint/core/communicator.hpp"
#include "offprint/core/error.hpp"

namespace offprint {
namespace {

// MPI counts are ints: longer messages go in pieces.
constexpr std::size_t kPiece = std::size_t{1} << 30;

class MpiCommunicator final : public Communicator {
 public:
  MpiCommunicator() {
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    if (provided < MPI_THREAD_FUNNELED) throw Error("this MPI does not support threads (MPI_THREAD_FUNNELED)");
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;
  ~MpiCommunicator() override { MPI_Finalize(); }

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }

  [[nodiscard]] std::vector<std::string> all_gather(const std::string& bytes) override {
    std::vector<std::string> all(static_cast<std::size_t>(size_));
    for (int root = 0; root < size_; ++root) {
      auto& mine = all[static_cast<std::size_t>(root)];
      if (root == rank_) mine = bytes;
      broadcast_from(root, mine);
    }
    return all;
  }

  [[nodiscard]] std::string broadcast(const std::string& bytes) override {
    std::string result = rank_ == 0 ? bytes : std::string();
    broadcast_from(0, result);
    return result;
  }

  [[noreturn]] void abort(int exit_code) override {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
    std::_Exit(exit_code);
  }

 private:
  static void broadcast_from(int root, std::string& bytes) {
    std::uint64_t size = bytes.size();
    MPI_Bcast(&size, 1, MPI_UINT64_T, root, MPI_COMM_WORLD);
    bytes.resize(size);
    for (std::size_t at = 0; at < size; at += kPiece)
      MPI_Bcast(bytes.data() + at, static_cast<int>(std::min<std::size_t>(kPiece, size - at)), MPI_BYTE, root,
                MPI_COMM_WORLD);
  }

  int rank_ = 0;
  int size_ = 1;
};

}  // namespace
}  // namespace offprint

extern "C" void offprint_make_mpi(std::unique_ptr<offprint::Communicator>& out) {
  out = std::make_unique<offprint::MpiCommunicator>();
}
