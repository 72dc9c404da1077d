// Feeds in the formats that arXiv and Hugging Face send, with made-up papers, for tests and benchmarks.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace offprint::catalogue::test {

/// One <entry> as arXiv writes it.
inline std::string atom_entry(const std::string& id, const std::string& title,
                              const std::string& summary = "We study something.\n  It works.") {
  return fmt::format(R"(  <entry>
    <id>http://arxiv.org/abs/{}</id>
    <updated>2024-09-02T08:00:00Z</updated>
    <published>2024-07-08T17:59:59Z</published>
    <title>{}</title>
    <summary>  {}
</summary>
    <author>
      <name>Ada Lovelace</name>
      <arxiv:affiliation xmlns:arxiv="http://arxiv.org/schemas/atom">London</arxiv:affiliation>
    </author>
    <author>
      <name>Henri Poincaré</name>
    </author>
    <arxiv:doi xmlns:arxiv="http://arxiv.org/schemas/atom">10.1000/xyz.1</arxiv:doi>
    <arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">12 pages, 3 figures</arxiv:comment>
    <arxiv:journal_ref xmlns:arxiv="http://arxiv.org/schemas/atom">J. Made Up 1 (2024) 2</arxiv:journal_ref>
    <link href="http://arxiv.org/abs/{}" rel="alternate" type="text/html"/>
    <arxiv:primary_category xmlns:arxiv="http://arxiv.org/schemas/atom" term="math.DS" scheme="http://arxiv.org/schemas/atom"/>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <category term="math.DS" scheme="http://arxiv.org/schemas/atom"/>
  </entry>
)",
                     id, title, summary, id);
}

inline std::string atom_feed(const std::vector<std::string>& entries, std::size_t total, std::size_t start = 0) {
  std::string feed = fmt::format(R"(<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <link href="http://arxiv.org/api/query?search_query%3Dcat%3Acs.LG" rel="self" type="application/atom+xml"/>
  <title type="html">ArXiv Query: search_query=cat:cs.LG</title>
  <id>http://arxiv.org/api/made-up</id>
  <updated>2024-09-03T00:00:00-04:00</updated>
  <opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{}</opensearch:totalResults>
  <opensearch:startIndex xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{}</opensearch:startIndex>
  <opensearch:itemsPerPage xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{}</opensearch:itemsPerPage>
)",
                                 total, start, entries.size());
  for (const auto& entry : entries) feed += entry;
  return feed + "</feed>\n";
}

inline nlohmann::json daily_entry(const std::string& id, const std::string& title, int upvotes) {
  return {{"paper",
           {{"id", id},
            {"authors", {{{"_id", "1"}, {"name", "Ada Lovelace"}, {"hidden", false}}, {{"name", "Emmy Noether"}}}},
            {"publishedAt", "2024-07-08T17:59:59.000Z"},
            {"submittedOnDailyAt", "2024-07-10T01:02:03.000Z"},
            {"title", title},
            {"summary", "We study\nsomething."},
            {"upvotes", upvotes},
            {"discussionId", "2"}}},
          {"publishedAt", "2024-07-09T00:00:00.000Z"},
          {"title", title},
          {"numComments", 2},
          {"submittedBy", {{"name", "someone"}}}};
}

}  // namespace offprint::catalogue::test
