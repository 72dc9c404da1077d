// Paper: what a module offers; its claims and actions by name, each a function of the Run.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "offprint/core/card.hpp"
#include "offprint/core/measurement.hpp"
#include "offprint/core/run.hpp"

namespace offprint {

/// A paper's study. The constructor of a room's class (or a factory) registers what the card names:
///   Paper paper;
///   paper.claim("K1", measure_k1);         // Measurement measure_k1(const Claim&, Run&): measures, never judges
///   paper.action("spectrum", spectrum);    // void spectrum(Run&): the method on the reader's data
class Paper {
 public:
  using ClaimFunction = std::function<Measurement(const Claim&, Run&)>;
  using ActionFunction = std::function<void(Run&)>;

  void claim(std::string id, ClaimFunction f) { claims_[std::move(id)] = std::move(f); }
  void action(std::string name, ActionFunction f) { actions_[std::move(name)] = std::move(f); }
  /// Name and version of a numeric library the study computes with; kept in every run record.
  void library(std::string name, std::string version) { libraries_[std::move(name)] = std::move(version); }

  /// How --device is understood: a function from what the user wrote ("auto", "cpu", "cuda", "cuda:N") to the device
  /// that runs get, throwing InputError for what is not here. Without one the paper computes on the
  /// CPU.
  void devices(std::function<std::string(const std::string&)> choose) { choose_device_ = std::move(choose); }
  [[nodiscard]] std::string choose_device(const std::string& wanted) const;

  /// Measures a claim. A claim that is registered without a function throws NotAvailable (a new room's honest state).
  [[nodiscard]] Measurement check(const Claim& claim, Run& run) const;
  void apply(std::string_view action, Run& run) const;

  [[nodiscard]] std::vector<std::string> claims() const;
  [[nodiscard]] std::vector<std::string> actions() const;
  [[nodiscard]] const std::map<std::string, std::string>& libraries() const { return libraries_; }

 private:
  std::map<std::string, ClaimFunction, std::less<>> claims_;
  std::map<std::string, ActionFunction, std::less<>> actions_;
  std::map<std::string, std::string> libraries_;
  std::function<std::string(const std::string&)> choose_device_;
};

/// What OFFPRINT_PAPER exports from a module.
struct ModuleInterface {
  const char* version;  // of the Offprint it was built with
  Paper (*make)();
};

}  // namespace offprint

/// Makes the module's one entry point out of a function `Paper make()`.
#define OFFPRINT_PAPER(make)                                        \
  extern "C" const offprint::ModuleInterface offprint_paper_module; \
  extern "C" const offprint::ModuleInterface offprint_paper_module = {OFFPRINT_VERSION, make}
