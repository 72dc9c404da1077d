// Available memory from /proc and the memory cgroups.
#include "offprint/koopman/memory.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include <fmt/core.h>

#include "offprint/core/error.hpp"
#include "offprint/core/parallel.hpp"

namespace offprint::koopman {
namespace {

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

// A number in a file; "max", a missing file or anything else is no limit.
std::uint64_t read_number(const std::string& path) {
  std::ifstream in(path);
  std::uint64_t value = 0;
  return in >> value ? value : kUnlimited;
}

std::uint64_t cgroup_headroom(const std::string& root, std::string group, const char* limit_name,
                              const char* used_name) {
  std::uint64_t headroom = kUnlimited;
  for (;;) {
    const std::string folder = root + (group == "/" ? "" : group);
    const std::uint64_t limit = read_number(folder + "/" + limit_name);
    const std::uint64_t used = read_number(folder + "/" + used_name);
    if (limit != kUnlimited && used != kUnlimited) headroom = std::min(headroom, limit > used ? limit - used : 0);
    if (group.empty() || group == "/") return headroom;
    group.resize(group.find_last_of('/'));
  }
}

std::string human(std::uint64_t bytes) {
  const double gib = static_cast<double>(bytes) / (1024.0 * 1024.0 * 1024.0);
  return gib >= 1.0 ? fmt::format("{:.1f} GiB", gib) : fmt::format("{:.1f} MiB", gib * 1024.0);
}

}  // namespace

std::uint64_t available_memory() {
  std::uint64_t available = kUnlimited;
  std::ifstream meminfo("/proc/meminfo");
  std::string line;
  while (std::getline(meminfo, line))
    if (line.rfind("MemAvailable:", 0) == 0) available = std::stoull(line.substr(13)) * 1024;
  std::ifstream groups("/proc/self/cgroup");
  while (std::getline(groups, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty())
      available = std::min(available, cgroup_headroom("/sys/fs/cgroup", group, "memory.max", "memory.current"));
    else if (controllers.find("memory") != std::string::npos)
      available = std::min(
          available, cgroup_headroom("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", "memory.usage_in_bytes"));
  }
  return available;
}

std::uint64_t memory_estimate(Eigen::Index pairs, Eigen::Index functions, Eigen::Index dimension, unsigned threads) {
  const auto m = static_cast<std::uint64_t>(pairs);
  const auto n = static_cast<std::uint64_t>(functions);
  const auto d = static_cast<std::uint64_t>(dimension);
  const std::uint64_t workers = threads == 0 ? hardware_threads() : threads;
  const std::uint64_t data = 16 * m * d;
  const std::uint64_t blocks = workers * (1024 + 2 * n) * 2 * n * 8;
  const std::uint64_t factors = 8 * 16 * n * n;
  return data + blocks + factors;
}

void require_memory(std::uint64_t bytes, std::string_view what) {
  const std::uint64_t available = available_memory();
  if (bytes > available)
    throw InputError(fmt::format("{} needs {} but only {} of memory is available: use fewer functions or fewer samples",
                                 what, human(bytes), human(available)));
}

}  // namespace offprint::koopman
