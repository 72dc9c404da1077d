// Linear statistics for Coulomb gases: what the card names, and the functions that do it.
#include "actions.hpp"
#include "claims.hpp"
#include "offprint/core/paper.hpp"
#include "offprint/linalg/describe.hpp"

namespace offprint::papers::coulomb_gas {
namespace {

Paper make() {
  Paper paper;
  for (const auto& [name, version] : linalg::library_versions()) paper.library(name, version);
  paper.claim("C1", c1);
  paper.claim("C2", c2);
  paper.claim("C3q", c3q);
  paper.claim("C3", c3);
  paper.claim("C4", c4);
  paper.claim("C5", c5);
  paper.claim("C6", c6);
  paper.claim("C6s", c6s);
  paper.claim("C7", c7);
  paper.action("predict", predict);
  paper.action("sample", sample_action);
  paper.action("measure", measure);
  paper.action("rate-function", rate_function);
  paper.action("tilt", tilt);
  return paper;
}

}  // namespace
}  // namespace offprint::papers::coulomb_gas

OFFPRINT_PAPER(offprint::papers::coulomb_gas::make);
