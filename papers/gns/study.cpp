// Gradient-Normalized Smoothness for Optimization with Approximate Hessians: what the card names, and the functions
// that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"
#include "offprint/nn/torch/device.hpp"

namespace offprint::papers::gns {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.devices(nn::choose_device);
  paper.claim("G1", g1);
  paper.claim("G1f", g1f);
  paper.claim("G2", g2);
  paper.claim("G3", g3);
  paper.claim("G4", g4);
  paper.claim("G5", g5);
  paper.claim("G6", g6);
  paper.claim("G7", g7);
  paper.action("fit", fit);
  paper.action("predict", predict_action);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::gns

OFFPRINT_PAPER(offprint::papers::gns::make);
