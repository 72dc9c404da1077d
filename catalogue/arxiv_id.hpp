// arXiv identifiers: "2407.06312v2", "math/0211159".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace offprint::catalogue {

struct ArxivId {
  std::string
      id;  // without version; of the old scheme without the subject class ("math/0309136", not "math.GT/0309136")
  int version = 0;  // 0: not said
};

/// Reads an identifier, also as "arXiv:..." or as an address of arxiv.org (abs or pdf). Nothing when it is none, or is
/// followed by anything else.
[[nodiscard]] std::optional<ArxivId> parse_arxiv_id(std::string_view text);

/// The month an identifier says it is from, as YYYY-MM-01.
[[nodiscard]] std::string month_of_arxiv_id(std::string_view id);

}  // namespace offprint::catalogue
