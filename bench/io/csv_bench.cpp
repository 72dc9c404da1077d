// How fast tables come in: bytes of the file per second for CSV (1 and 2 threads), NPY and HDF5.
//
// Run: OPENBLAS_NUM_THREADS=1 build/release/bin/io_bench
// The files (about 160 MB of CSV) are made once in the temporary folder and removed at the end; they are in the page
// cache, so that the parser is measured and not the disk.
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "offprint/core/random.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/hdf5.hpp"
#include "offprint/io/npy.hpp"

namespace {

namespace fs = std::filesystem;
using namespace offprint;

constexpr Eigen::Index kRows = 1'000'000;
constexpr Eigen::Index kColumns = 8;

// Normal variates with all their digits: the longest numbers, hence the hardest case a number.
class Files {
 public:
  static const Files& get() {
    static const Files files;
    return files;
  }
  [[nodiscard]] std::string at(const char* name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::int64_t bytes(const char* name) const {
    return static_cast<std::int64_t>(fs::file_size(folder_ / name));
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

 private:
  Files() : folder_(fs::temp_directory_path() / ("offprint-io-bench-" + std::to_string(::getpid()))) {
    fs::create_directories(folder_);
    Eigen::MatrixXd values(kRows, kColumns);
    Stream(1, "io-bench").fill_normal({values.data(), static_cast<std::size_t>(values.size())});
    io::write_csv(folder_ / "a.csv", {"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"}, values);
    const io::NdArray array = io::NdArray::from_matrix(values);
    io::write_npy(folder_ / "a.npy", array);
    const std::pair<std::string, io::NdArray> named{"x", array};
    io::write_hdf5(folder_ / "a.h5", {&named, 1});
    io::write_hdf5(folder_ / "deflated.h5", {&named, 1}, {.compression = 1});
  }
  ~Files() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  fs::path folder_;
};

void csv_read(benchmark::State& state) {
  io::CsvOptions options;
  options.parallel.threads = static_cast<unsigned>(state.range(0));
  const std::string path = Files::get().at("a.csv");
  for (auto _ : state) benchmark::DoNotOptimize(io::read_csv(path, options).values.data());
  state.SetBytesProcessed(state.iterations() * Files::get().bytes("a.csv"));
}
BENCHMARK(csv_read)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void csv_read_two_of_eight_columns(benchmark::State& state) {
  io::CsvOptions options;
  options.columns = {"x2", "x7"};
  options.parallel.threads = static_cast<unsigned>(state.range(0));
  const std::string path = Files::get().at("a.csv");
  for (auto _ : state) benchmark::DoNotOptimize(io::read_csv(path, options).values.data());
  state.SetBytesProcessed(state.iterations() * Files::get().bytes("a.csv"));
}
BENCHMARK(csv_read_two_of_eight_columns)
    ->ArgName("threads")
    ->Arg(1)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void npy_read(benchmark::State& state) {
  const std::string path = Files::get().at("a.npy");
  for (auto _ : state) benchmark::DoNotOptimize(io::read_npy(path).real().data());
  state.SetBytesProcessed(state.iterations() * Files::get().bytes("a.npy"));
}
BENCHMARK(npy_read)->Unit(benchmark::kMillisecond);

void hdf5_read(benchmark::State& state, const char* name) {
  const std::string path = Files::get().at(name);
  for (auto _ : state) benchmark::DoNotOptimize(io::read_hdf5(path, "x").real().data());
  state.SetBytesProcessed(state.iterations() * Files::get().bytes(name));
}
BENCHMARK_CAPTURE(hdf5_read, contiguous, "a.h5")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(hdf5_read, deflated, "deflated.h5")->Unit(benchmark::kMillisecond);

// A thousand rows out of a million: what is not asked for must not be read.
void hdf5_read_rows(benchmark::State& state) {
  const std::string path = Files::get().at("a.h5");
  const io::Hdf5Options options{.rows = {{kRows / 2, 1000}}};
  for (auto _ : state) benchmark::DoNotOptimize(io::read_hdf5(path, "x", options).real().data());
}
BENCHMARK(hdf5_read_rows)->Unit(benchmark::kMicrosecond);

}  // namespace
