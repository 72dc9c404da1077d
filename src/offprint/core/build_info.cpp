// The machine's description, from /proc and uname.
#include "offprint/core/build_info.hpp"

#include <fstream>

#include <sys/utsname.h>
#include <unistd.h>

#include "offprint/core/parallel.hpp"

namespace offprint {
namespace {

std::string value_of(const char* file, const std::string& key, char separator) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    const auto at = line.find(separator);
    if (at == std::string::npos) continue;
    auto value = line.substr(at + 1);
    value.erase(0, value.find_first_not_of(" \t\""));
    value.erase(value.find_last_not_of(" \t\"") + 1);
    return value;
  }
  return "";
}

}  // namespace

Json machine_info() {
  utsname system{};
  uname(&system);
  const double gib =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30);
  return {{"cpu", value_of("/proc/cpuinfo", "model name", ':')},
          {"threads", hardware_threads()},
          {"memory_gib", static_cast<double>(static_cast<long>(gib * 10.0 + 0.5)) / 10.0},
          {"os", value_of("/etc/os-release", "PRETTY_NAME", '=')},
          {"kernel", std::string(system.sysname) + " " + system.release},
          {"host", system.nodename}};
}

}  // namespace offprint
