#include "input.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "offprint/core/error.hpp"

namespace offprint::papers::bo_rep {
namespace {

constexpr const char* kRegistered = "amazon-reviews";

void require_positive(const Options& options, const char* name) {
  const double value = options.real(name);
  if (!(value > 0) || !std::isfinite(value))
    throw InputError(fmt::format("--{} is {}; it must be positive and finite", name, value));
}

double rate_of(const std::string& method, const Options& options) {
  return options.real(method == "bo-rep" || method == "slip" ? "eta" : "lr-outer");
}

}  // namespace

io::LabelledTexts generated_texts(std::size_t count, Stream random) {
  const std::vector<std::string> domains{"garden", "kitchen", "music", "office", "sport", "travel"};
  io::LabelledTexts out;
  for (std::size_t i = 0; i < count; ++i) {
    const bool positive = i % 2 == 0;
    const std::size_t domain = random.below(domains.size());
    std::string text;
    const std::size_t words = 8 + random.below(16);
    for (std::size_t w = 0; w < words; ++w) {
      if (w > 0) text += ' ';
      const double kind = random.uniform();
      if (kind < 0.25) {
        const bool agrees = random.uniform() < 0.8;
        text += fmt::format("{}{}", agrees == positive ? "good" : "bad", random.below(20));
      } else if (kind < 0.4) {
        text += fmt::format("{}{}", domains[domain], random.below(10));
      } else {
        const double u = random.uniform();
        text += fmt::format("word{}", static_cast<int>(100 * u * u));
      }
    }
    out.texts.push_back(std::move(text));
    out.labels.emplace_back(positive ? "positive" : "negative");
    out.domains.push_back(domains[domain]);
  }
  return out;
}

io::TextColumns columns_of(const Options& options) {
  return {.text = options.text("text-column"),
          .label = options.text("label-column"),
          .domain = options.has("domain-column") ? options.text("domain-column") : "domain"};
}

io::LabelledTexts read_texts(Run& run, bool domains) {
  const Options& options = run.options();
  if (!options.has("data")) {
    run.note("No --data: the texts are generated (1200 of six domains, made of invented words).");
    return generated_texts(1200, run.stream("generated texts"));
  }
  io::TextColumns columns = columns_of(options);
  columns.domain_required = domains;
  const std::string data = options.text("data");
  if (data == kRegistered && !std::filesystem::exists(data))
    return io::read_labelled_texts(run.data(kRegistered) / "reviews.tsv", columns);
  return io::read_labelled_texts(data, columns);
}

TextOptions text_options(const Options& options) {
  TextOptions out;
  out.minimum_count = static_cast<std::size_t>(options.integer("min-count"));
  out.max_words = static_cast<std::size_t>(options.integer("max-words"));
  out.dimension = options.integer("embed-dim");
  out.tokenizer = options.text("tokenizer") == "words" ? nn::Tokenizer::kWords : nn::Tokenizer::kWhitespace;
  if (options.has("embed")) out.vectors = options.path("embed");
  out.bag_of_words = options.text("net") == "bow";
  return out;
}

MethodOptions method_options(const Options& options) {
  for (const char* name : {"eta", "lr-outer", "inner-lr", "nu", "radius"}) require_positive(options, name);
  const double beta = options.real("beta");
  if (!(beta >= 0 && beta < 1)) throw InputError(fmt::format("--beta is {}; it must be in [0, 1)", beta));
  for (const char* name : {"period", "inner", "steps"})
    if (options.integer(name) < 1)
      throw InputError(fmt::format("--{} is {}; it must be at least 1", name, options.integer(name)));
  MethodOptions out;
  out.name = options.text("method");
  out.steps = static_cast<std::uint64_t>(options.integer("steps"));
  out.rate = rate_of(out.name, options);
  out.beta = beta;
  out.nu = options.real("nu");
  out.inner_rate = options.real("inner-lr");
  out.inner_steps = static_cast<std::uint64_t>(options.integer("inner"));
  out.period = static_cast<std::uint64_t>(options.integer("period"));
  out.refine = static_cast<std::uint64_t>(options.integer("refine"));
  out.radius = options.real("radius");
  return out;
}

std::vector<MethodOptions> compared_methods(const Options& options) {
  std::vector<MethodOptions> out;
  if (!options.has("compare")) return out;
  std::stringstream names(options.text("compare"));
  for (std::string name; std::getline(names, name, ',');) {
    const auto& known = method_names();
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw InputError(fmt::format("--compare: there is no method '{}'{}", name, suggestion(name, known)));
    out.push_back(method_options(options));
    out.back().name = name;
    out.back().rate = rate_of(name, options);
  }
  return out;
}

nn::Rnn network(const Options& options, const PreparedTexts& texts) {
  return nn::Rnn({.inputs = texts.texts->dimension(),
                  .hidden = options.integer("hidden"),
                  .classes = static_cast<Eigen::Index>(texts.labels.names.size()),
                  .pooling = options.text("pooling") == "mean" ? nn::Pooling::kMean : nn::Pooling::kMax,
                  .cell = options.text("net") == "lstm" ? nn::Cell::kLstm : nn::Cell::kTanh,
                  .layers = options.integer("layers")});
}

void note_texts(Run& run, const PreparedTexts& texts, std::size_t count) {
  run.metric("texts", static_cast<double>(count));
  run.metric("vocabulary", static_cast<double>(texts.vocabulary));
  run.metric("empty_texts", static_cast<double>(texts.empty));
  if (texts.empty > 0)
    run.note(fmt::format("{} of {} texts have no known word: the network sees a zero vector in their place",
                         texts.empty, count));
  if (texts.missing_vectors > 0)
    run.note(fmt::format("{} of {} words have no vector in the file given: theirs is zero", texts.missing_vectors,
                         texts.vocabulary));
}

Split split_rows(const std::vector<int>& labels, std::size_t first, std::size_t count, double validation_share,
                 double test_share, Stream random) {
  const auto part = [&](double share) {
    return static_cast<std::size_t>(std::round(share * static_cast<double>(count)));
  };
  const std::size_t validation = part(validation_share);
  const std::size_t test = part(test_share);
  if (!(validation_share >= 0 && test_share >= 0) || validation + test >= count)
    throw InputError(fmt::format("--val-fraction {} and --test-fraction {} leave no texts to train on",
                                 validation_share, test_share));
  auto order = random.permutation(count);
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(validation));
  std::sort(order.begin() + static_cast<std::ptrdiff_t>(validation),
            order.begin() + static_cast<std::ptrdiff_t>(validation + test));
  std::sort(order.begin() + static_cast<std::ptrdiff_t>(validation + test), order.end());
  Split out;
  for (std::size_t k = 0; k < count; ++k) {
    auto& rows = k < validation ? out.validation : k < validation + test ? out.test : out.train;
    rows.rows.push_back(first + order[k]);
    rows.labels.push_back(labels[first + order[k]]);
  }
  return out;
}

}  // namespace offprint::papers::bo_rep
