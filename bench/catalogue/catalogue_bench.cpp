// The catalogue at the size of a few years of arXiv: how fast papers come in, and how long a search takes.
//
// Run: build/release/bin/catalogue_bench [PAPERS [PAPERS BETWEEN TWO REFRESHES [FOLDER]]]      (default 100000 5000)
// A FOLDER that is named is kept, and one that has a catalogue already is only searched.
// Papers are generated: words of a Zipf law over 60,000, half of them drawn from the paper's two topics out of 200,
// 150 words an abstract. They come in by pages of 200, as from arXiv, and the search index is refreshed in between, so
// the rate holds rows, keyword index and vectors. Queries are 1 to 4 words of the same law (hence also the commonest
// ones), a third with the last word half typed, as the page sends them. Both wall and processor time are printed: on a
// machine that others use only the latter says something.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "catalogue/catalogue_store.hpp"
#include "catalogue/search.hpp"
#include "offprint/core/random.hpp"

namespace {

using namespace offprint;
using namespace offprint::catalogue;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kVocabulary = 60000;
constexpr std::size_t kTopics = 200;
constexpr std::size_t kTopicWords = 400;

double processor_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Wall and processor time since its construction.
struct Timer {
  Clock::time_point start = Clock::now();
  double processor = processor_seconds();
  [[nodiscard]] double wall() const { return std::chrono::duration<double>(Clock::now() - start).count(); }
  [[nodiscard]] double used() const { return processor_seconds() - processor; }
};

/// Ranks 0 .. n-1 with probability proportional to 1 / (rank + 2.7), as in English text (Mandelbrot 1953).
class Zipf {
 public:
  explicit Zipf(std::size_t n) : cumulative_(n) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) cumulative_[i] = sum += 1.0 / (static_cast<double>(i) + 2.7);
    for (double& c : cumulative_) c /= sum;
  }
  std::size_t operator()(Stream& stream) const {
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(), stream.uniform()) - cumulative_.begin();
    return std::min(static_cast<std::size_t>(at), cumulative_.size() - 1);
  }

 private:
  std::vector<double> cumulative_;
};

std::string word(std::size_t number) {
  static constexpr std::string_view kConsonants = "bcdfghjklmnprstvz";
  static constexpr std::string_view kVowels = "aeiou";
  std::string text;
  for (number += 100; number > 0; number /= 85) {
    text += kConsonants[number % 85 / 5];
    text += kVowels[number % 5];
  }
  return text;
}

class Corpus {
 public:
  explicit Corpus(std::uint64_t seed) : seed_(seed) {
    for (std::size_t t = 0; t < kTopics; ++t) {
      Stream stream(seed, "topic", t);
      for (std::size_t w = 0; w < kTopicWords; ++w) topics_.push_back(100 + stream.below(kVocabulary - 100));
    }
  }
  [[nodiscard]] FeedItem paper(std::size_t number) const {
    Stream stream(seed_, "paper", number);
    const std::size_t topics[2] = {stream.below(kTopics), stream.below(kTopics)};
    const auto words = [&](std::size_t count) {
      std::string text;
      for (std::size_t i = 0; i < count; ++i) {
        if (i > 0) text += ' ';
        text +=
            word(stream.below(2) == 0 ? all_(stream) : topics_[topics[stream.below(2)] * kTopicWords + topic_(stream)]);
      }
      return text;
    };
    FeedItem item;
    item.source = "arxiv";
    item.arxiv = fmt::format("{:02}{:02}.{:05}", 10 + number / 120000, 1 + number / 10000 % 12, number % 10000);
    item.version = 1;
    item.title = words(9);
    item.abstract = words(150);
    for (std::size_t a = 0; a < 1 + stream.below(5); ++a)
      item.authors.push_back(word(stream.below(5000)) + " " + word(stream.below(20000)));
    item.categories = {fmt::format("cs.{}", static_cast<char>('A' + topics[0] % 26)), "stat.ML"};
    item.published = fmt::format("20{:02}-{:02}-{:02}", 10 + number / 120000, 1 + number / 10000 % 12, 1 + number % 28);
    return item;
  }
  [[nodiscard]] std::string query(std::size_t number) const {
    Stream stream(seed_, "query", number);
    const std::size_t topic = stream.below(kTopics);
    std::string text;
    const std::size_t count = 1 + stream.below(4);
    for (std::size_t i = 0; i < count; ++i)
      text += word(stream.below(3) == 0 ? all_(stream) : topics_[topic * kTopicWords + topic_(stream)]) + ' ';
    if (stream.below(3) == 0)
      text.resize(text.size() - 1 - (stream.below(2) == 0 ? 0 : std::min<std::size_t>(2, text.size() - 2)));
    return text;
  }

 private:
  std::uint64_t seed_;
  Zipf all_{kVocabulary};
  Zipf topic_{kTopicWords};
  std::vector<std::size_t> topics_;
};

void print_percentiles(const char* what, std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double q) {
    return 1e3 *
           seconds[std::min(seconds.size() - 1, static_cast<std::size_t>(q * static_cast<double>(seconds.size())))];
  };
  fmt::print("{:<28} p50 {:8.2f} ms   p90 {:8.2f} ms   p99 {:8.2f} ms   max {:8.2f} ms\n", what, at(0.5), at(0.9),
             at(0.99), 1e3 * seconds.back());
}

}  // namespace

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // so that one sees how far it is
  const std::size_t papers = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
  const std::size_t between = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 5000;
  const auto folder =
      argc > 3 ? std::filesystem::path(argv[3])
               : std::filesystem::temp_directory_path() / ("offprint-catalogue-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const Corpus corpus(1);
  if (!std::filesystem::exists(folder / CatalogueStore::kFile)) {
    CatalogueStore store(folder);
    SearchIndex index(store);
    double add_wall = 0.0;
    double add_used = 0.0;
    double index_wall = 0.0;
    double index_used = 0.0;
    for (std::size_t first = 0; first < papers;) {
      std::vector<FeedItem> page;
      for (; page.size() < 200 && first < papers; ++first) page.push_back(corpus.paper(first));
      const Timer add;
      store.add(page);
      add_wall += add.wall();
      add_used += add.used();
      if (first % between != 0 && first < papers) continue;
      const Timer refresh;
      index.refresh();
      index_wall += refresh.wall();
      index_used += refresh.used();
    }
    const auto n = static_cast<double>(papers);
    fmt::print("{} papers in pages of 200, index refreshed every {}\n", papers, between);
    fmt::print(
        "rows and keyword index: {:8.1f} s wall, {:8.1f} s processor: {:8.0f} papers/s wall, {:8.0f} processor\n",
        add_wall, add_used, n / add_wall, n / add_used);
    fmt::print("vectors:                {:8.1f} s wall, {:8.1f} s processor\n", index_wall, index_used);
    fmt::print("ingestion altogether:   {:8.0f} papers/s wall, {:8.0f} papers/s processor\n",
               n / (add_wall + index_wall), n / (add_used + index_used));
    fmt::print("catalogue.sqlite: {:.0f} MB\n",
               static_cast<double>(std::filesystem::file_size(folder / CatalogueStore::kFile)) / 1e6);
  }
  CatalogueStore store(folder);
  SearchIndex index(store);
  const Timer open;
  index.refresh();
  fmt::print("opening the index: {:.0f} ms wall, {:.0f} ms processor\n", 1e3 * open.wall(), 1e3 * open.used());

  std::vector<double> wall;
  std::vector<double> used;
  double total = 0.0;
  const auto measure = [&](std::size_t count, const auto& f) {
    wall.clear();
    used.clear();
    for (std::size_t i = 0; i < count; ++i) {
      const Timer t;
      f(i);
      wall.push_back(t.wall());
      used.push_back(t.used());
    }
  };
  measure(3000, [&](std::size_t i) { total += static_cast<double>(index.search({.text = corpus.query(i)}).total); });
  fmt::print("3000 queries, {:.0f} papers found on average\n", total / 3000.0);
  print_percentiles("search, wall", wall);
  print_percentiles("search, processor", used);
  measure(300, [&](std::size_t i) { (void)index.search({.text = corpus.query(i), .category = "cs.B"}); });
  print_percentiles("in a category, processor", used);
  measure(300, [&](std::size_t i) { (void)index.related(corpus.paper(i * 7 % papers).arxiv, 6); });
  print_percentiles("related, processor", used);
  measure(300, [&](std::size_t i) { (void)store.list({.offset = i * 50}); });
  print_percentiles("a list of 50, processor", used);
  if (argc > 3) return 0;
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}
