// Markdown tables.
#include "markdown.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/build_info.hpp"

namespace offprint::app {
namespace {

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string results_markdown(const std::vector<std::pair<const Card*, std::vector<ClaimResult>>>& papers,
                             const std::string& tier) {
  const BuildInfo build = build_info();
  const Json machine = machine_info();
  std::string out =
      "# Results\n\nWhich claims of the papers hold here, as measured by `offprint check --all --markdown`. Made by "
      "the command; not edited.\n\n";
  out += fmt::format("Offprint {} (commit {}), tier {}, on {} ({} threads, {}).\n", build.version, build.commit, tier,
                     machine.value("cpu", "?"), machine.value("threads", 0), machine.value("os", "?"));
  for (const auto& [card, results] : papers) {
    out += fmt::format("\n## {}\n\n{}\n\n{}\n\n", card->slug, card->title, count_line(results));
    out +=
        "| claim | what it says | paper | measured here | verdict | seconds |\n| --- | --- | --- | --- | --- | --- |\n";
    for (const auto& r : results) {
      const Claim& claim = card->claim(r.id);
      std::string measured = r.reason;
      for (const auto& c : r.criteria)
        measured +=
            fmt::format("{}`{}` = {} ({}){}", measured.empty() ? "" : "<br>", c.name, format_estimate(c.measured, 6),
                        c.rule, c.verdict == Verdict::kHolds ? "" : " **" + to_string(c.verdict) + "**");
      out += fmt::format("| {} | {} | {} | {} | {} | {:.1f} |\n", claim.id, cell(claim.says), cell(claim.paper),
                         cell(measured), to_string(r.verdict), r.seconds);
    }
  }
  return out;
}

}  // namespace offprint::app
