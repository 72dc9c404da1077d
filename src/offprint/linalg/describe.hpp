// Which numeric libraries compute here, and whether their products are right on this processor.
#pragma once

#include <map>
#include <string>

namespace offprint::linalg {

/// What is known of the BLAS in use.
struct BlasInfo {
  std::string name;        // "OpenBLAS 0.3.21 ... Haswell", or "reference or unknown BLAS"
  bool fast = false;       // a tuned one
  bool self_test = false;  // dgemm, zgemm and a QR give what plain loops give, to rounding
};

/// Runs the self-test: a few milliseconds. Old OpenBLAS builds are wrong on processors newer than they are, silently.
[[nodiscard]] BlasInfo blas_info();

/// Throws Error, saying what to set or install, when the self-test fails: wrong products would make every number wrong.
void require_sound_blas();

/// Names and versions of the numeric libraries behind this component, for the run record.
[[nodiscard]] std::map<std::string, std::string> library_versions();

}  // namespace offprint::linalg
