// An efficient Asymptotic-Preserving scheme for the Boltzmann mixture with disparate mass: what the card names, and the
// functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::boltzmann_mixture {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("M1", m1);
  paper.claim("M2", m2);
  paper.claim("M3", m3);
  paper.claim("M4", m4);
  paper.claim("M4f", m4f);
  paper.claim("M5", m5);
  paper.claim("M6", m6);
  paper.claim("M7", m7);
  paper.action("relax", relax);
  paper.action("operator", evaluate_operator);
  paper.action("epochs", epochs);
  paper.action("compare", compare);
  paper.action("transport", transport);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::boltzmann_mixture

OFFPRINT_PAPER(offprint::papers::boltzmann_mixture::make);
