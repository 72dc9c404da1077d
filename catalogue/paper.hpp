// A paper as the page lists it: from a card of ours, from feeds, or from both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace offprint::catalogue {

/// What a feed says of a paper. Everything here is foreign text: valid UTF-8 without control characters, cut to the
/// limits in limits.hpp, but otherwise untrusted; whoever shows it escapes it.
struct FeedItem {
  std::string source;  // "arxiv", "huggingface", "text"
  std::string arxiv;   // "2407.06312" or "math/0211159", without a version; "" when the feed does not say
  int version = 0;     // of the arXiv paper; 0 unknown
  std::string title;   // white space folded
  std::vector<std::string> authors;
  std::string abstract;
  std::string published;                // YYYY-MM-DD of the first version; "" unknown
  std::string updated;                  // YYYY-MM-DD of this version; "" unknown
  std::string listed;                   // YYYY-MM-DD: the day it belongs to on the page; "" : `published`
  std::vector<std::string> categories;  // "cs.LG", ..., the primary one first
  std::string doi;
  std::string venue;  // journal reference or comment
  int upvotes = -1;   // -1: the feed has none
};

/// A row of the catalogue. `key` names the paper in addresses: the card's slug; else the arXiv id; else "t-" and the
/// first 16 hexadecimal digits of the SHA-256 of the normalised title.
struct PaperRow {
  std::string key;
  std::string slug;    // of the card, "" for a paper that feeds alone know
  std::string status;  // "ready" (runs here), "planned" (card without module), "feed"
  std::string arxiv;
  int version = 0;
  std::string title;
  std::vector<std::string> authors;
  std::string abstract;  // the authors' words, from a feed
  std::string summary;   // ours, from the card
  int year = 0;
  std::string published;
  std::string updated;
  std::string listed;  // never "": the card's day, the feed's, or the month of the arXiv id as YYYY-MM-01
  std::vector<std::string> categories;  // the feed's, the primary one first; then the field of a card (its component)
  std::vector<std::string> keywords;
  std::string doi;
  std::string venue;
  std::string code;  // address of the authors' code
  int imported_upvotes = 0;
  int local_upvotes = 0;
  [[nodiscard]] int upvotes() const { return imported_upvotes + local_upvotes; }
};

}  // namespace offprint::catalogue
