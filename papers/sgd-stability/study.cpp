// The Implicit Regularization of Dynamical Stability in SGD: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::sgd_stability {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("S1", s1);
  paper.claim("S2", s2);
  paper.claim("S3", s3);
  paper.claim("S4", s4);
  paper.claim("S5", s5);
  paper.claim("S6", s6);
  paper.claim("S7", s7);
  paper.claim("S8", s8);
  paper.action("stability", stability);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::sgd_stability

OFFPRINT_PAPER(offprint::papers::sgd_stability::make);
