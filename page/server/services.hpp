// Everything the page's handlers work with.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/search.hpp"
#include "offprint/core/card.hpp"
#include "offprint/core/datasets.hpp"
#include "page/digest/mail_service.hpp"
#include "page/server/access.hpp"
#include "page/server/edition_files.hpp"
#include "page/server/event_hub.hpp"
#include "page/server/figure_files.hpp"
#include "page/server/files.hpp"
#include "page/server/jobs.hpp"
#include "page/server/record_view.hpp"
#include "page/server/site_files.hpp"

namespace offprint::page {

struct PageSettings {
  std::filesystem::path store;
  std::filesystem::path share;                       // share/offprint
  std::filesystem::path executable;                  // the offprint command
  std::vector<std::filesystem::path> paper_folders;  // of the cards
  std::vector<std::string> allowed;                  // folders whose files runs may read
  Access::Settings access;
  int jobs = 1;
  int queue = 100;
  std::uint64_t upload_limit = 512ULL << 20U;  // bytes
  std::uint64_t memory_limit = 0;              // bytes of a run; 0: three quarters of the machine's
  double rates = 1.0;                          // factor on the rate limits, for load tests
  std::string base_url;                        // as readers reach the page; "": from the request
  std::optional<MailSettings> mail;            // nothing: no mail is sent
  std::function<void(const std::string&)> log = [](const std::string&) {};  // one line for the operator
};

/// Catalogue connections, each used by one thread at a time.
class CataloguePool {
 public:
  explicit CataloguePool(std::filesystem::path folder) : folder_(std::move(folder)) {}
  /// Calls `use(CatalogueStore&)` with a free connection.
  template <class Use>
  auto with(Use&& use) {
    struct Loan {
      CataloguePool& pool;
      std::unique_ptr<catalogue::CatalogueStore> store;
      ~Loan() { pool.take_back(std::move(store)); }
    };
    const Loan loan{*this, lend()};
    return use(*loan.store);
  }

 private:
  std::unique_ptr<catalogue::CatalogueStore> lend();
  void take_back(std::unique_ptr<catalogue::CatalogueStore> store);

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<catalogue::CatalogueStore>> free_;
};

/// Search, with a connection of its own; one query at a time.
class SearchService {
 public:
  explicit SearchService(const std::filesystem::path& folder) : store_(folder), index_(store_) {}
  /// Brings the index up to date, which searches do too.
  void refresh();
  [[nodiscard]] catalogue::SearchResult search(const catalogue::SearchQuery& query);
  [[nodiscard]] std::vector<catalogue::SearchHit> related(std::string_view key, std::size_t n);

 private:
  std::mutex mutex_;
  catalogue::CatalogueStore store_;
  catalogue::SearchIndex index_;
};

struct Services {
  Services(PageSettings settings_, EventHub& hub_);

  PageSettings settings;
  EventHub& hub;
  Access access;
  std::vector<Card> cards;  // sorted by slug
  Datasets datasets;
  CataloguePool catalogue;
  SearchService search;
  RecordView record;
  AllowedFolders folders;
  Uploads uploads;
  FigureFiles figures;
  EditionFiles editions;
  SiteFiles site;
  MailService mail;
  Jobs jobs;
  RateLimit vote_rate;
  RateLimit job_rate;
  RateLimit upload_rate;
  RateLimit subscribe_rate;

  /// The card of that slug, or null.
  [[nodiscard]] const Card* card(std::string_view slug) const;
};

}  // namespace offprint::page
