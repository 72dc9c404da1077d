// Offprint's side of the comparison with NumPy and SciPy, through the public headers alone.
//
//   koopman_peer prepare FOLDER                        the inputs of every task, which both sides read
//   koopman_peer offprint TASK FOLDER THREADS RESULT   does the task, writes its numbers as NPY, prints "wall cpu"
//   seconds koopman_peer limit TASK FOLDER                     the library calls below which the task cannot go, in
//   seconds
//
// Reading the inputs and writing the results is not timed. `run` beside this file drives it; peer.py is the other side.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <complex>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <fftw3.h>
#include <lapacke.h>

#include "cases.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/io/csv.hpp"
#include "offprint/io/npy.hpp"
#include "offprint/koopman/edmd.hpp"
#include "offprint/koopman/kernel_resdmd.hpp"
#include "offprint/koopman/mpedmd.hpp"
#include "offprint/koopman/pseudospectrum.hpp"
#include "offprint/koopman/rage.hpp"

namespace {

namespace fs = std::filesystem;
using namespace offprint;
using namespace offprint::koopman;

constexpr Eigen::Index kRank = 100;         // of kernel ResDMD: eigenvalues of the kernel matrix far above rounding
constexpr Eigen::Index kCsvRows = 700'000;  // times 8 columns of 18 digits: 100 MB

// Of the best run: the clock on the wall and, since machines are shared, the processor time of all threads.
struct Cost {
  double wall = std::numeric_limits<double>::infinity();
  double cpu = std::numeric_limits<double>::infinity();
};
Cost operator+(Cost a, Cost b) { return {a.wall + b.wall, a.cpu + b.cpu}; }
Cost operator*(double factor, Cost a) { return {factor * a.wall, factor * a.cpu}; }

Cost best_of(int times, const std::function<void()>& work) {
  Cost best;
  for (int i = 0; i < times; ++i) {
    const std::clock_t cpu = std::clock();
    const auto start = std::chrono::steady_clock::now();
    work();
    best.wall = std::min(best.wall, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    best.cpu = std::min(best.cpu, static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC);
  }
  return best;
}

Matrix<double> load(const fs::path& path) { return io::read_npy(path).matrix(); }
void save(const fs::path& path, const Matrix<double>& matrix) {
  io::write_npy(path, io::NdArray::from_matrix(matrix), {.fortran_order = true});
}

std::vector<Complex> k1_grid() { return make_grid(0.02, -0.5, 1.0, 0.0, 1.0).points(); }

// 20000 samples: three incommensurate oscillations and a chaotic part.
Eigen::VectorXd record() {
  Eigen::VectorXd out = lorenz_data(20'000, 3).parts.front().col(0) / 8.0;
  for (Eigen::Index t = 0; t < out.size(); ++t) {
    const auto time = static_cast<double>(t);
    out[t] += std::cos(0.1 * time) + 0.7 * std::sin(0.0414 * time) + 0.5 * std::cos(0.0173 * time);
  }
  return out;
}

void prepare(const fs::path& folder) {
  fs::create_directories(folder);
  for (const Eigen::Index n : {50, 100, 200}) {
    const auto c = bench::duffing_compression(n);
    save(folder / ("a" + std::to_string(n) + ".npy"), c.a);
    save(folder / ("s" + std::to_string(n) + ".npy"), c.s);
  }
  const auto lorenz = bench::lorenz_pairs(300);
  save(folder / "px.npy", lorenz.x);
  save(folder / "py.npy", lorenz.y);
  const Matrix<double> px = lorenz.x;
  const Matrix<double> py = lorenz.y;
  save(folder / "a300.npy", compress(stored_pairs(px, py)).a);
  save(folder / "record.npy", record());
  const auto states = bench::lorenz_pairs(60, 500);
  save(folder / "x.npy", states.x);
  save(folder / "y.npy", states.y);
  Eigen::MatrixXd table(kCsvRows, 8);
  Stream(1, "koopman-peer").fill_normal({table.data(), static_cast<std::size_t>(table.size())});
  io::write_csv(folder / "table.csv", {"x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"}, table);
}

// A compression of which A_q and S are all that is known: what the pseudospectrum and mpEDMD need.
Compression<double> from_parts(Matrix<double> a, Matrix<double> s) {
  Compression<double> c;
  c.functions = a.rows();
  c.to_raw = c.from_raw = Matrix<double>::Identity(a.rows(), a.rows());
  c.a = std::move(a);
  c.s = std::move(s);
  return c;
}

Matrix<double> complex_rows(const Vector<Complex>& values, const Eigen::VectorXd& beside) {
  Matrix<double> out(values.size(), 3);
  out << values.real(), values.imag(), beside;
  return out;
}

struct Outcome {
  Cost cost;
  Matrix<double> numbers;
};

// The best of a few runs in a row: the first warms caches and pages, as peer.py does.
Outcome offprint_side(const std::string& task, const fs::path& folder, unsigned threads) {
  const Parallel how{.threads = threads};
  Outcome out;
  if (task.starts_with("grid")) {
    const std::string n = task.substr(4);
    const auto c = from_parts(load(folder / ("a" + n + ".npy")), load(folder / ("s" + n + ".npy")));
    const auto points = k1_grid();
    std::vector<double> values;
    out.cost = best_of(2, [&] { values = Pseudospectrum<double>(c).residuals(points, how); });
    out.numbers = Eigen::Map<Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
  } else if (task == "edmd") {
    const Matrix<double> px = load(folder / "px.npy");
    const Matrix<double> py = load(folder / "py.npy");
    Edmd e;
    out.cost = best_of(2, [&] { e = edmd(compress(stored_pairs(px, py), {.parallel = how})); });
    out.numbers = complex_rows(e.values, e.residuals);
  } else if (task == "mpedmd") {
    const Matrix<double> a = load(folder / "a300.npy");
    const auto c = from_parts(a, Matrix<double>::Zero(a.rows(), a.rows()));
    MpEdmd m;
    out.cost = best_of(2, [&] { m = mpedmd(c); });
    out.numbers = complex_rows(m.values, Eigen::VectorXd::Zero(m.values.size()));
  } else if (task == "rage") {
    const Matrix<double> s = load(folder / "record.npy");
    Rage r;
    out.cost = best_of(5, [&] { r = rage({s.data(), static_cast<std::size_t>(s.size())}, {.horizon = 10'000}, how); });
    out.numbers = r.average;
  } else if (task == "kernel") {
    const auto pairs = make_pairs(load(folder / "x.npy"), load(folder / "y.npy"));
    KernelResDmd k;
    out.cost = best_of(2, [&] { k = kernel_resdmd(pairs, {.rank = kRank, .parallel = how}); });
    out.numbers = complex_rows(k.eigenvalues, k.residuals);
  } else if (task == "csv") {
    Eigen::MatrixXd values;
    const auto read = [&] { values = io::read_csv(folder / "table.csv", {.parallel = how}).values; };
    out.cost = best_of(2, read);
    out.numbers = values.topRows(kCsvRows / 50);
  } else {
    throw InputError("unknown task '" + task + "'");
  }
  return out;
}

lapack_int as_int(Eigen::Index n) { return static_cast<lapack_int>(n); }

Cost qr_limit(Eigen::Index rows, Eigen::Index columns) {
  Matrix<double> stack = Matrix<double>::Random(rows, columns);
  Vector<double> tau(columns);
  return best_of(2, [&] {
    LAPACKE_dgeqrf(LAPACK_COL_MAJOR, as_int(rows), as_int(columns), stack.data(), as_int(rows), tau.data());
  });
}

Cost eigen_limit(Matrix<double> a, char left) {
  const lapack_int n = as_int(a.rows());
  Vector<double> re(n), im(n);
  Matrix<double> vl(n, n), vr(n, n);
  return best_of(1, [&] {
    LAPACKE_dgeev(LAPACK_COL_MAJOR, left, 'V', n, a.data(), n, re.data(), im.data(), vl.data(), n, vr.data(), n);
  });
}

Cost limit(const std::string& task, const fs::path& folder) {
  if (task.starts_with("grid")) {  // one zpotrf a point
    const Matrix<double> a = load(folder / ("a" + task.substr(4) + ".npy"));
    const Eigen::Index n = a.rows();
    const Matrix<Complex> h =
        (a.transpose() * a + static_cast<double>(n) * Matrix<double>::Identity(n, n)).cast<Complex>();
    Matrix<Complex> work = h;
    constexpr int kBatch = 20;
    const Cost copies = best_of(20, [&] {
      for (int i = 0; i < kBatch; ++i) work = h;
    });
    const Cost both = best_of(20, [&] {
      for (int i = 0; i < kBatch; ++i) {
        work = h;
        LAPACKE_zpotrf_work(LAPACK_COL_MAJOR, 'L', as_int(n), work.data(), as_int(n));
      }
    });
    return static_cast<double>(k1_grid().size()) / kBatch * (both + -1.0 * copies);
  }
  if (task == "edmd") {  // dgeqrf of the stack, dgeev of A_q
    const Matrix<double> px = load(folder / "px.npy");
    return qr_limit(px.rows(), 2 * px.cols()) + eigen_limit(load(folder / "a300.npy"), 'N');
  }
  if (task == "mpedmd") {  // dgesdd, zgees
    Matrix<double> a = load(folder / "a300.npy");
    const lapack_int n = as_int(a.rows());
    Matrix<double> u(n, n), vt(n, n);
    Vector<double> s(n);
    Cost total = best_of(
        1, [&] { LAPACKE_dgesdd(LAPACK_COL_MAJOR, 'A', n, n, a.data(), n, s.data(), u.data(), n, vt.data(), n); });
    Matrix<Complex> t = (u * vt).cast<Complex>();
    Matrix<Complex> z(n, n);
    Vector<Complex> w(n);
    lapack_int sdim = 0;
    total = total + best_of(1, [&] {
              LAPACKE_zgees(LAPACK_COL_MAJOR, 'V', 'N', nullptr, n, t.data(), n, &sdim, w.data(), z.data(), n);
            });
    return total;
  }
  if (task == "rage") {  // 21 transforms forward, 20 back, of length 20000
    constexpr int n = 20'000;
    std::vector<double> x(n);
    std::vector<std::complex<double>> f(n / 2 + 1);
    auto* c = reinterpret_cast<fftw_complex*>(f.data());
    const fftw_plan forward = fftw_plan_dft_r2c_1d(n, x.data(), c, FFTW_ESTIMATE);
    const fftw_plan back = fftw_plan_dft_c2r_1d(n, c, x.data(), FFTW_ESTIMATE);
    const Cost total = best_of(5, [&] {
      for (int i = 0; i < 21; ++i) fftw_execute(forward);
      for (int i = 0; i < 20; ++i) fftw_execute(back);
    });
    fftw_destroy_plan(forward);
    fftw_destroy_plan(back);
    return total;
  }
  if (task == "kernel") {  // dsyevd of k(X,X), dgeev of the compression
    const Matrix<double> x = load(folder / "x.npy");
    Matrix<double> g = kernel_matrix(kernel_for({}, x), x, x, {.threads = 1});
    const lapack_int n = as_int(g.rows());
    Vector<double> w(n);
    return best_of(1, [&] { LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', n, g.data(), n, w.data()); }) +
           eigen_limit(Matrix<double>::Random(kRank, kRank), 'V');
  }
  // csv: one number after another through std::from_chars, nothing else (a fortieth of them, scaled)
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> fields;
  Stream stream(1, "koopman-peer");
  char buffer[40];
  for (Eigen::Index i = 0; i < kCsvRows * 8 / 40; ++i) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, stream.normal()).ptr;
    fields.emplace_back(text.size(), static_cast<std::size_t>(end - buffer));
    text.append(buffer, end);
  }
  double sum = 0;
  const Cost cost = best_of(3, [&] {
    for (const auto& [from, length] : fields) {
      double value = 0;
      std::from_chars(text.data() + from, text.data() + from + length, value);
      sum += value;
    }
  });
  if (sum == 0) std::fputs("", stderr);
  return 40.0 * cost;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() == 2 && words[0] == "prepare") {
      prepare(words[1]);
    } else if (words.size() == 5 && words[0] == "offprint") {
      const Outcome outcome = offprint_side(words[1], words[2], static_cast<unsigned>(std::stoul(words[3])));
      save(words[4], outcome.numbers);
      std::printf("%.6f %.6f\n", outcome.cost.wall, outcome.cost.cpu);
    } else if (words.size() == 3 && words[0] == "limit") {
      const Cost cost = limit(words[1], words[2]);
      std::printf("%.6f %.6f\n", cost.wall, cost.cpu);
    } else {
      std::fputs("usage: koopman_peer prepare FOLDER | offprint TASK FOLDER THREADS RESULT | limit TASK FOLDER\n",
                 stderr);
      return 2;
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "koopman_peer: %s\n", error.what());
    return 1;
  }
  return 0;
}
