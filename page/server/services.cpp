// Construction order is what depends on what.
#include "page/server/services.hpp"

#include <algorithm>

namespace offprint::page {
namespace {

constexpr std::size_t kMostFree = 8;

std::vector<Card> read_cards(const std::vector<std::filesystem::path>& folders) { return Catalogue(folders).cards(); }

}  // namespace

std::unique_ptr<catalogue::CatalogueStore> CataloguePool::lend() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto store = std::move(free_.back());
      free_.pop_back();
      return store;
    }
  }
  return std::make_unique<catalogue::CatalogueStore>(folder_);
}

void CataloguePool::take_back(std::unique_ptr<catalogue::CatalogueStore> store) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < kMostFree) free_.push_back(std::move(store));
}

void SearchService::refresh() {
  const std::lock_guard lock(mutex_);
  index_.refresh();
}

catalogue::SearchResult SearchService::search(const catalogue::SearchQuery& query) {
  const std::lock_guard lock(mutex_);
  index_.refresh();
  return index_.search(query);
}

std::vector<catalogue::SearchHit> SearchService::related(std::string_view key, std::size_t n) {
  const std::lock_guard lock(mutex_);
  index_.refresh();
  return index_.related(key, n);
}

Services::Services(PageSettings settings_, EventHub& hub_)
    : settings(std::move(settings_)),
      hub(hub_),
      access(settings.access),
      cards(read_cards(settings.paper_folders)),
      datasets(settings.share / "registry.toml"),
      catalogue(settings.store),
      search(settings.store),
      record(settings.store, cards),
      folders(settings.allowed),
      uploads({.folder = settings.store / "uploads",
               .file_limit = settings.upload_limit,
               .total_limit = std::max<std::uint64_t>(4ULL << 30U, 2 * settings.upload_limit)}),
      figures(settings.executable, settings.store),
      editions(settings.executable, settings.store),
      site(settings.share / "site"),
      mail(settings.store, settings.mail, settings.log),
      jobs({.store = settings.store,
            .executable = settings.executable,
            .at_once = settings.jobs,
            .queue = settings.queue,
            .memory_limit = settings.memory_limit,
            .record_changed = [this] { record.expire(); }},
           hub),
      vote_rate(60 * settings.rates, 60 * settings.rates),
      job_rate(60 * settings.rates, 60 * settings.rates),
      upload_rate(30 * settings.rates, 30 * settings.rates),
      subscribe_rate(5 * settings.rates, 1 * settings.rates) {
  catalogue.with([&](catalogue::CatalogueStore& store) { store.sync_cards(cards); });
}

const Card* Services::card(std::string_view slug) const {
  const auto at = std::find_if(cards.begin(), cards.end(), [&](const Card& c) { return c.slug == slug; });
  return at != cards.end() ? &*at : nullptr;
}

}  // namespace offprint::page
