// Dispatch of claims and actions.
#include "offprint/core/paper.hpp"

#include "offprint/core/error.hpp"

namespace offprint {

Measurement Paper::check(const Claim& claim, Run& run) const {
  const auto at = claims_.find(claim.id);
  if (at == claims_.end()) throw Error("claim " + claim.id + " is on the card but the module does not implement it");
  if (!at->second) throw NotAvailable("not implemented yet");
  return at->second(claim, run);
}

void Paper::apply(std::string_view action, Run& run) const {
  const auto at = actions_.find(action);
  if (at == actions_.end())
    throw Error("action '" + std::string(action) + "' is on the card but the module does not implement it");
  at->second(run);
}

std::vector<std::string> Paper::claims() const {
  std::vector<std::string> ids;
  for (const auto& [id, f] : claims_) ids.push_back(id);
  return ids;
}

std::vector<std::string> Paper::actions() const {
  std::vector<std::string> names;
  for (const auto& [name, f] : actions_) names.push_back(name);
  return names;
}

std::string Paper::choose_device(const std::string& wanted) const {
  if (choose_device_) return choose_device_(wanted);
  if (wanted == "auto" || wanted == "cpu") return "cpu";
  throw InputError("device '" + wanted + "' is not available for this paper: it computes on the CPU; use --device cpu");
}

}  // namespace offprint
