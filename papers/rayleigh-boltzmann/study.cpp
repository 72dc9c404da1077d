// The Rayleigh-Boltzmann equation with shear: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::rayleigh {
namespace {

Paper make() {
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("R1", r1);
  paper.claim("R2", r2);
  paper.claim("R3", r3);
  paper.claim("R4", r4);
  paper.claim("R4f", r4f);
  paper.claim("R5", r5);
  paper.claim("R6", r6);
  paper.claim("R7", r7);
  paper.claim("R8", r8);
  paper.action("run", simulate);
  paper.action("profile", profile);
  paper.action("analyse", analyse);
  paper.action("deterministic", deterministic);
  paper.action("moments", moments);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::rayleigh

OFFPRINT_PAPER(offprint::papers::rayleigh::make);
