// doctor: what this machine has, and what each lack means.
#include <fstream>

#include <dlfcn.h>
#include <fmt/format.h>
#include <hwy/targets.h>
#include <unistd.h>

#include "command.hpp"
#include "offprint/core/build_info.hpp"
#include "offprint/core/error.hpp"
#include "process.hpp"

namespace offprint::app {
namespace {

struct Finding {
  std::string name;
  bool ok;
  std::string text;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

Finding program(const std::string& name, const std::string& what_for, const std::string& package) {
  if (!on_path(name)) return {name, false, fmt::format("not found: {} (apt-get install {})", what_for, package)};
  const auto result = run_process({name, "--version"});
  return {name, result.exit_code == 0, first_line(result.output.empty() ? result.errors : result.output)};
}

/// BLAS is asked through the linalg component, opened here only: no other subcommand that reads cards pays for it.
Finding blas(const std::filesystem::path& prefix) {
  for (const char* folder : {"lib", "lib64", "lib/x86_64-linux-gnu"}) {
    const auto library = prefix / folder / "liboffprint_linalg.so";
    if (!std::filesystem::exists(library)) continue;
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return {"BLAS", false, dlerror()};
    using Describe = const char* (*)();
    const auto describe = reinterpret_cast<Describe>(dlsym(handle, "offprint_linalg_describe"));
    if (describe == nullptr) return {"BLAS", false, "the linalg component does not describe its BLAS; rebuild"};
    const Json info = Json::parse(describe());
    const bool right = info.at("self_test").get<bool>();
    std::string text = info.at("blas").get<std::string>();
    if (!right)
      text +=
          ": its matrix product is WRONG on this processor; set OPENBLAS_CORETYPE=Haswell, or install a newer OpenBLAS";
    else if (!info.at("fast").get<bool>())
      text += ": a reference BLAS, 3 to 4 times slower than OpenBLAS (apt-get install libopenblas-dev)";
    return {"BLAS", right, text};
  }
  return {"BLAS", false, "the linalg component is not installed here"};
}

}  // namespace

int Command::doctor() {
  std::vector<Finding> findings;
  const BuildInfo build = build_info();
  const Json machine = machine_info();
  findings.push_back(
      {"offprint", true,
       fmt::format("{} (commit {}, {}, {})", build.version, build.commit, build.build_type, build.compiler)});
  findings.push_back({"machine", true,
                      fmt::format("{}, {} GiB, {}", machine.value("cpu", "?"), machine.value("memory_gib", 0.0),
                                  machine.value("os", "?"))});
  findings.push_back({"threads", true, fmt::format("{} usable", machine.value("threads", 1))});
  {
    std::vector<std::string> targets;
    for (const auto& [bit, name] :
         std::initializer_list<std::pair<std::int64_t, const char*>>{{HWY_AVX3_DL, "AVX-512 (Ice Lake)"},
                                                                     {HWY_AVX3, "AVX-512"},
                                                                     {HWY_AVX2, "AVX2"},
                                                                     {HWY_SSE4, "SSE4"},
                                                                     {HWY_SSSE3, "SSSE3"},
                                                                     {HWY_NEON, "NEON"}})
      if ((hwy::SupportedTargets() & bit) != 0) targets.emplace_back(name);
    findings.push_back(
        {"SIMD", true, targets.empty() ? "baseline" : fmt::format("{} (chosen at run time)", targets.front())});
  }
  {
    const bool transport = std::filesystem::exists(places_.library_folder / "libofp_mpi.so");
    findings.push_back(
        {"MPI", transport,
         transport
             ? "transport built; mpirun -n N offprint check ... spreads ensembles" +
                   std::string(on_path("mpirun") ? "" : " (but mpirun is not on PATH: apt-get install openmpi-bin)")
             : "not built: ensembles use threads only (apt-get install libopenmpi-dev openmpi-bin, then ./offprint)"});
  }
  findings.push_back({"LibTorch", OFFPRINT_TORCH_FOUND != 0,
                      OFFPRINT_TORCH_FOUND != 0 ? "found at build time" : "not built in: no paper here needs it yet"});
  {
    const bool driver = std::filesystem::exists("/dev/nvidia0");
    findings.push_back(
        {"CUDA", driver, driver ? "an NVIDIA device is present" : "no NVIDIA device: claims of tier gpu are not run"});
  }
  findings.push_back(blas(places_.prefix));
  findings.push_back(program("node", "figures cannot be exported to SVG or PNG; reports still draw them", "nodejs"));
  findings.push_back(program("rsvg-convert", "figures cannot be exported to PNG", "librsvg2-bin"));
  findings.push_back(program("curl", "data sets cannot be fetched", "curl"));
  {
    const bool vega = std::filesystem::exists(places_.share_folder / "figures/node_modules/vega/build/vega.min.js");
    findings.push_back({"Vega", vega,
                        vega ? "bundled: reports draw their figures without a network"
                             : "missing: reports have no figures (npm ci in page/site, then rebuild)"});
  }
  {
    std::vector<std::string> here;
    std::size_t known = 0;
    const auto sets = datasets();
    for (const auto& name : sets.list()) {
      ++known;
      if (sets.find(name)) here.push_back(name);
    }
    findings.push_back(
        {"data", true,
         fmt::format("{} of {} registered sets here{}", here.size(), known,
                     here.empty() ? " (offprint data list)" : fmt::format(": {}", fmt::join(here, ", ")))});
  }
  try {
    const Store store(store_folder(), Store::Access::kWrite);
    findings.push_back(
        {"store", true, fmt::format("{} is writable, {} runs", store.folder().string(), store.runs().size())});
  } catch (const Error& e) {
    findings.push_back({"store", false, e.what()});
  }
  {
    const std::size_t cards = catalogue().cards().size();
    std::size_t runnable = 0;
    for (const auto& card : catalogue().cards()) runnable += card.runnable ? 1 : 0;
    findings.push_back({"papers", cards > 0, fmt::format("{} cards, {} runnable", cards, runnable)});
  }

  // Only what nothing works without decides the exit code.
  bool healthy = true;
  for (const auto& f : findings)
    if ((f.name == "BLAS" || f.name == "store" || f.name == "papers") && !f.ok) healthy = false;
  if (settings_.json) {
    Json j = Json::array();
    for (const auto& f : findings) j.push_back({{"name", f.name}, {"ok", f.ok}, {"text", f.text}});
    print(Json{{"healthy", healthy}, {"findings", j}});
  } else {
    std::vector<std::vector<Cell>> rows;
    for (const auto& f : findings)
      rows.push_back({{f.name, Colour::kBold}, {f.ok ? "ok" : "-", f.ok ? Colour::kGreen : Colour::kYellow}, {f.text}});
    const auto table = format_table(console_, {{""}, {""}, {"", 40}}, rows);
    print(table.substr(table.find('\n') + 1));
  }
  return healthy ? 0 : 1;
}

}  // namespace offprint::app
