// Papers, claims and runs as the JSON of the API.
#pragma once

#include <string>

#include "catalogue/paper.hpp"
#include "page/server/services.hpp"

namespace offprint::page {

/// PaperSummary. `reader` is the reader's random id, "" unknown.
[[nodiscard]] Json paper_summary(Services& services, const RecordSnapshot& record, const catalogue::PaperRow& row,
                                 catalogue::CatalogueStore& store, const std::string& reader);
/// Paper: the summary and everything else.
[[nodiscard]] Json whole_paper(Services& services, const RecordSnapshot& record, const catalogue::PaperRow& row,
                               catalogue::CatalogueStore& store, const std::string& reader);
[[nodiscard]] Json run_summary(const RecordSnapshot& record, const RunInfo& run);
/// BibTeX of a paper, special characters escaped.
[[nodiscard]] std::string bibtex(const catalogue::PaperRow& row);

}  // namespace offprint::page
