// Penalty methods for nonconvex bilevel optimization: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::penalty_bilevel {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("P1", p1);
  paper.claim("P2", p2);
  paper.claim("P3", p3);
  paper.claim("P4", p4);
  paper.claim("P5", p5);
  paper.claim("P6", p6);
  paper.claim("P7", p7);
  paper.action("clean", clean);
  paper.action("tune", tune);
  paper.action("solve", solve);
  paper.action("landscape", landscape);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::penalty_bilevel

OFFPRINT_PAPER(offprint::papers::penalty_bilevel::make);
