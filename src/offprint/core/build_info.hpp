// Where a number comes from: which Offprint, built how, on which machine.
#pragma once

#include <string>

#include "offprint/core/card.hpp"

namespace offprint {

struct BuildInfo {
  std::string version;
  std::string commit;  // "+changes" when the tree was not clean
  std::string build_type;
  std::string compiler;
};
[[nodiscard]] BuildInfo build_info();

/// Processor, threads, memory, system of this machine, for the run record and the report.
[[nodiscard]] Json machine_info();

}  // namespace offprint
