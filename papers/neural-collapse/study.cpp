// Perturbation Analysis of Neural Collapse: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"
#include "offprint/nn/torch/device.hpp"

namespace offprint::papers::neural_collapse {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  paper.devices(nn::choose_device);
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("N1", n1);
  paper.claim("N2", n2);
  paper.claim("N3", n3);
  paper.claim("N4", n4);
  paper.claim("N5", n5);
  paper.claim("N6", n6);
  paper.claim("N6b", n6b);
  paper.claim("N7", n7);
  paper.claim("N8", n8);
  paper.claim("N9", n9);
  paper.claim("N9b", n9b);
  paper.action("metrics", metrics);
  paper.action("model", model);
  paper.action("path", path);
  paper.action("response", response);
  paper.action("train", train);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::neural_collapse

OFFPRINT_PAPER(offprint::papers::neural_collapse::make);
