// A module as an Offprint 0.0.0 would have built it.
#include "offprint/core/paper.hpp"

namespace {
offprint::Paper make() { return {}; }
}  // namespace

extern "C" const offprint::ModuleInterface offprint_paper_module;
extern "C" const offprint::ModuleInterface offprint_paper_module = {"0.0.0", make};
