// Bilevel Optimization under Unbounded Smoothness: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::bo_rep {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("B1", b1);
  paper.claim("B1u", b1u);
  paper.claim("B2", b2);
  paper.claim("B3", b3);
  paper.claim("B4", b4);
  paper.claim("B4f", b4);
  paper.claim("B5", b5);
  paper.claim("B6", b6);
  paper.claim("B7", b7);
  paper.action("clean-text", clean_text);
  paper.action("represent", represent);
  paper.action("tune-l2", tune_l2);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::bo_rep

OFFPRINT_PAPER(offprint::papers::bo_rep::make);
