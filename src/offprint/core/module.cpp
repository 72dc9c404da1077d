// dlopen with answers to what can be wrong.
#include "offprint/core/module.hpp"

#include <algorithm>
#include <cstring>

#include <dlfcn.h>

#include "offprint/core/error.hpp"

namespace offprint {
namespace {

void require_same(const Card& card, const char* what, std::vector<std::string> on_card,
                  std::vector<std::string> in_module) {
  std::sort(on_card.begin(), on_card.end());
  std::sort(in_module.begin(), in_module.end());
  std::vector<std::string> missing;
  std::set_difference(on_card.begin(), on_card.end(), in_module.begin(), in_module.end(), std::back_inserter(missing));
  if (!missing.empty())
    throw Error("paper '" + card.slug + "': " + what + " '" + missing.front() +
                "' is on the card but not in the module");
  std::set_difference(in_module.begin(), in_module.end(), on_card.begin(), on_card.end(), std::back_inserter(missing));
  if (!missing.empty())
    throw Error("paper '" + card.slug + "': " + what + " '" + missing.front() +
                "' is in the module but not on the card");
}

}  // namespace

Paper load_paper(const Card& card) {
  const auto path = card.path.parent_path() / ("libofp_" + card.slug + ".so");
  if (!std::filesystem::exists(path))
    throw Error("paper '" + card.slug + "' has no module (" + path.string() + " is missing); rebuild with ./offprint");
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw Error("cannot load paper '" + card.slug + "': " + dlerror());
  const auto* module = static_cast<const ModuleInterface*>(dlsym(handle, "offprint_paper_module"));
  if (module == nullptr)
    throw Error(path.string() + " is not an Offprint paper module; rebuild it with OFFPRINT_PAPER(...)");
  if (std::strcmp(module->version, OFFPRINT_VERSION) != 0)
    throw Error("the module of paper '" + card.slug + "' was built for Offprint " + module->version +
                ", this is Offprint " + OFFPRINT_VERSION + "; rebuild the module");
  Paper paper = module->make();
  std::vector<std::string> claims;
  for (const auto& claim : card.claims) claims.push_back(claim.id);
  std::vector<std::string> actions;
  for (const auto& action : card.actions) actions.push_back(action.name);
  require_same(card, "claim", claims, paper.claims());
  require_same(card, "action", actions, paper.actions());
  return paper;
}

}  // namespace offprint
