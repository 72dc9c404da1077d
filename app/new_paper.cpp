// new-paper: the skeleton of a room.
#include <fstream>
#include <regex>
#include <sstream>

#include <fmt/format.h>

#include "command.hpp"
#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"

namespace offprint::app {
namespace {

constexpr const char* kCard =
    R"(# The card of one paper: everything the catalogue, the command line, the page and the docs say about it.
title = "{slug}"
authors = ["First Last"]
year = 2026
status = "ready"
component = "{slug}"
keywords = ["first keyword"]
summary = """
What problem the paper solves and how, in one sentence. What a user gets from it, in another."""
)";

constexpr const char* kClaim = R"(
[[claim]]
id = "C1"
says = "What the paper claims, in a sentence"
paper = "the number the paper reports"
tier = "quick"
seconds = 1

[[claim.criterion]]
name = "error"
says = "what is measured"
rule = "<= 0.1"
)";

constexpr const char* kStudy =
    R"(// The study of '{slug}': measures the card's claims and applies the method to the reader's data. Thin: the method itself
// belongs to a component under src/offprint/.
#include "offprint/core/paper.hpp"

namespace {{

offprint::Paper make() {{
  offprint::Paper paper;
  // Give the claim a function `Measurement f(const Claim&, Run&)` and it is measured; without one it is honestly "not run".
  paper.claim("C1", nullptr);
  return paper;
}}

}}  // namespace

OFFPRINT_PAPER(make);
)";

constexpr const char* kTest = R"(// Tests of the room '{slug}': its card and module agree.
#include <gtest/gtest.h>

#include "offprint/core/card.hpp"
#include "offprint/core/module.hpp"

namespace {{

TEST(Room, CardAndModuleAgree) {{
  const auto card = offprint::read_card(OFFPRINT_CARD, "{slug}");
  EXPECT_EQ(offprint::load_paper(card).claims().size(), card.claims.size());
}}

}}  // namespace
)";

constexpr const char* kReadme = R"(# {slug}

How to read the result of `offprint check {slug}`: what each claim means, what a reader sees in the figures, where this
implementation departs from the paper and why.
)";

}  // namespace

int Command::new_paper(const std::string& slug) {
  if (!std::regex_match(slug, std::regex("[a-z][a-z0-9]*(-[a-z0-9]+)*")))
    throw InputError("'" + slug +
                     "' is not a slug: lower-case letters, digits and single hyphens, starting with a letter");
  auto root = std::filesystem::current_path();
  while (!std::filesystem::exists(root / "papers/CMakeLists.txt") && root.has_relative_path())
    root = root.parent_path();
  if (!std::filesystem::exists(root / "papers/CMakeLists.txt"))
    throw InputError("new-paper writes into Offprint's source tree: call it inside a clone of the repository");
  const auto room = root / "papers" / slug;
  std::string card = fmt::format(fmt::runtime(kCard), fmt::arg("slug", slug));
  if (std::filesystem::exists(room / "study.cpp")) throw InputError("the room " + room.string() + " exists already");
  if (std::filesystem::exists(room / "paper.toml")) {  // a planned paper moves in: its card keeps what it says
    if (read_card(room / "paper.toml", slug).runnable)
      throw InputError("the room " + room.string() + " exists already");
    std::ifstream in(room / "paper.toml");
    std::stringstream text;
    text << in.rdbuf();
    card = std::regex_replace(text.str(), std::regex("status = \"planned\""), "status = \"ready\"");
    card = std::regex_replace(
        card, std::regex("^#[^\n]*\n"),
        "# The card of one paper: everything the catalogue, the command line, the page and the docs say about it.\n");
    if (card.back() != '\n') card += '\n';
  }
  std::filesystem::create_directories(room);
  const auto write = [&](const char* file, const char* format) {
    write_atomically(room / file, fmt::format(fmt::runtime(format), fmt::arg("slug", slug)));
  };
  write_atomically(room / "paper.toml", card + kClaim);
  write("study.cpp", kStudy);
  write("room_test.cpp", kTest);
  write("README.md", kReadme);
  say(fmt::format(
      "wrote {}: paper.toml, study.cpp, room_test.cpp, README.md\nbuild it with ./offprint, then: ./offprint check {}",
      room.string(), slug));
  return 0;
}

}  // namespace offprint::app
