// Limits and Powers of Koopman Learning: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::koopman {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("K1", k1);
  paper.claim("K2", k2);
  paper.claim("K3", k3);
  paper.claim("K4", k4);
  paper.claim("K5", k5);
  paper.claim("K6", k6);
  paper.claim("K7", k7);
  paper.action("spectrum", spectrum);
  paper.action("pseudospectrum", pseudospectrum);
  paper.action("measure", measure);
  paper.action("rage", rage);
  paper.action("forecast", forecast);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::koopman

OFFPRINT_PAPER(offprint::papers::koopman::make);
