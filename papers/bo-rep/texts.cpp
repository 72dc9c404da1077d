#include "texts.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/nn/word_vectors.hpp"

namespace offprint::papers::bo_rep {

PreparedTexts prepare(const io::LabelledTexts& texts, Stream random, const TextOptions& options) {
  PreparedTexts out;
  out.labels = io::named_classes(texts.labels);
  if (out.labels.names.size() < 2)
    throw InputError(fmt::format("all {} texts have the label '{}'; at least two classes are needed", texts.size(),
                                 out.labels.names.front()));
  if (!texts.domains.empty()) out.domains = io::named_classes(texts.domains);
  const nn::Vocabulary vocabulary(texts.texts, options.minimum_count, options.tokenizer);
  out.vocabulary = vocabulary.size();
  if (vocabulary.size() == 0)
    throw InputError(fmt::format("no word occurs {} times in the texts: lower --min-count", options.minimum_count));
  auto tokens = vocabulary.encode_all(texts.texts);
  Eigen::MatrixXd table;
  if (options.vectors) {
    auto read = nn::read_word_vectors(*options.vectors, vocabulary.words());
    out.missing_vectors = read.missing;
    table = std::move(read.vectors);
  } else {
    table = nn::pmi_vectors(tokens, vocabulary.size(), random, {.dimension = options.dimension});
  }
  nn::TextSet set(std::move(tokens), std::move(table), options.max_words);
  out.empty = set.empty_texts();
  if (out.empty * 5 > texts.size())
    throw InputError(fmt::format(
        "{} of {} texts have no word that occurs {} times; at most a fifth may be empty: lower --min-count or give "
        "longer texts",
        out.empty, texts.size(), options.minimum_count));
  out.means = std::make_shared<const nn::TextSet>(set.bag_of_words());
  out.texts = options.bag_of_words ? out.means : std::make_shared<const nn::TextSet>(std::move(set));
  return out;
}

io::LabelledTexts reviews(const Run& run) {
  return io::read_labelled_texts(run.data("amazon-reviews") / "reviews.tsv");
}

}  // namespace offprint::papers::bo_rep
