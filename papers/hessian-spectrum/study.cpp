// The Hessian of over-parametrized networks: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"
#include "offprint/nn/torch/device.hpp"

namespace offprint::papers::hessian_spectrum {
namespace {

Paper make() {
  linalg::require_sound_blas();
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  for (const auto& [name, version] : nn::torch_versions()) paper.library(name, version);
  paper.devices(nn::choose_device);
  paper.claim("H1", h1);
  paper.claim("H2", h2);
  paper.claim("H3", h3);
  paper.claim("H4", h4);
  paper.claim("H5", h5);
  paper.claim("H6", h6);
  paper.claim("H7", h7);
  paper.claim("H8", h8);
  paper.action("spectrum", spectrum);
  paper.action("path", path);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::hessian_spectrum

OFFPRINT_PAPER(offprint::papers::hessian_spectrum::make);
