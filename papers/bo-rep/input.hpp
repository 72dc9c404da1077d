// The actions' options, read and checked.
#pragma once

#include <string>
#include <vector>

#include "method.hpp"
#include "offprint/core/run.hpp"
#include "offprint/io/labelled_text.hpp"
#include "offprint/optimize/text_loss.hpp"
#include "texts.hpp"

namespace offprint::papers::bo_rep {

/// `count` short texts of six domains with two classes, made of invented words, in balance: what the actions run on
/// without --data. About four fifths of a text's telling words belong to its class.
[[nodiscard]] io::LabelledTexts generated_texts(std::size_t count, Stream random);

/// --data: a file, the registered set amazon-reviews, or (not given) generated texts.
[[nodiscard]] io::LabelledTexts read_texts(Run& run, bool domains);
[[nodiscard]] io::TextColumns columns_of(const Options& options);
/// --min-count, --max-words, --tokenizer, --embed, --embed-dim, --net.
[[nodiscard]] TextOptions text_options(const Options& options);
/// --method, --steps, --eta or --lr-outer, ...; throws InputError naming the option that is out of its range.
[[nodiscard]] MethodOptions method_options(const Options& options);
/// The methods of --compare with the same options. Throws InputError for an unknown one.
[[nodiscard]] std::vector<MethodOptions> compared_methods(const Options& options);
[[nodiscard]] nn::Rnn network(const Options& options, const PreparedTexts& texts);
/// Notes on what was read: texts without known words, words without a vector.
void note_texts(Run& run, const PreparedTexts& texts, std::size_t count);

/// A share of the rows 0..n-1, drawn at random, for each of two parts; the rest is third. Throws InputError unless the
/// shares are in [0, 1) and leave something.
struct Split {
  optimize::LabelledRows train;
  optimize::LabelledRows validation;
  optimize::LabelledRows test;
};
[[nodiscard]] Split split_rows(const std::vector<int>& labels, std::size_t first, std::size_t count,
                               double validation_share, double test_share, Stream random);

}  // namespace offprint::papers::bo_rep
