// BLAS is asked by name at run time, because which one stands behind libblas is the machine's choice.
#include "offprint/linalg/describe.hpp"

#include <Eigen/Dense>
#include <dlfcn.h>
#include <fftw3.h>
#include <nlohmann/json.hpp>

#include "offprint/core/error.hpp"
#include "offprint/core/random.hpp"
#include "offprint/linalg/lapack.hpp"

namespace offprint::linalg {
namespace {

template <class Scalar>
bool products_are_right() {
  // odd sizes beyond one block of every kernel, so that the edge code is exercised too
  constexpr Eigen::Index kM = 211;
  constexpr Eigen::Index kK = 307;
  constexpr Eigen::Index kN = 173;
  using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  Stream random(1, "blas self-test");
  const auto fill = [&](Eigen::Index rows, Eigen::Index cols) {
    return Matrix(Matrix::NullaryExpr(rows, cols, [&] { return Scalar(random.normal()); }));
  };
  const Matrix a = fill(kM, kK);
  const Matrix b = fill(kK, kN);
  const Matrix c = multiply(a, b);
  return (c - a.lazyProduct(b)).cwiseAbs().maxCoeff() < 1e-11;  // lazyProduct: Eigen's own loops
}

BlasInfo named_blas() {
  BlasInfo info;
  const auto config = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
  const auto core = reinterpret_cast<char* (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  if (config != nullptr) {
    info.name = config();
    if (core != nullptr && info.name.find(core()) == std::string::npos) info.name += std::string(" ") + core();
    info.fast = true;
  } else if (dlsym(RTLD_DEFAULT, "mkl_get_version") != nullptr) {
    info.name = "Intel MKL";
    info.fast = true;
  } else if (dlsym(RTLD_DEFAULT, "ATL_buildinfo") != nullptr ||
             dlsym(RTLD_DEFAULT, "bli_info_get_version_str") != nullptr) {
    info.name = "ATLAS or BLIS";
    info.fast = true;
  } else {
    info.name = "reference or unknown BLAS";
  }
  return info;
}

}  // namespace

BlasInfo blas_info() {
  BlasInfo info = named_blas();
  info.self_test = products_are_right<double>() && products_are_right<std::complex<double>>();
  return info;
}

void require_sound_blas() {
  const BlasInfo info = blas_info();
  if (!info.self_test)
    throw Error("the matrix products of " + info.name +
                " are wrong on this processor; set OPENBLAS_CORETYPE=Haswell or install a newer OpenBLAS ('offprint "
                "doctor' tells more)");
}

std::map<std::string, std::string> library_versions() {
  return {{"BLAS", named_blas().name},
          {"Eigen", std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
                        std::to_string(EIGEN_MINOR_VERSION)},
          {"FFTW", fftw_version}};
}

}  // namespace offprint::linalg

/// For `offprint doctor`, which opens this library by hand so that nothing else loads a BLAS.
extern "C" const char* offprint_linalg_describe() {
  const auto info = offprint::linalg::blas_info();
  static const std::string text =
      nlohmann::json{{"blas", info.name}, {"fast", info.fast}, {"self_test", info.self_test}}.dump();
  return text.c_str();
}
