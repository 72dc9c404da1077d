// Tokens, vocabulary and word vectors.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "offprint/core/error.hpp"
#include "offprint/io/labelled_text.hpp"
#include "offprint/linalg/lapack.hpp"
#include "offprint/nn/vocabulary.hpp"
#include "offprint/nn/word_vectors.hpp"

namespace offprint::nn {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TextFiles : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  template <class F>
  static std::string message(F&& f) {
    try {
      f();
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }

 private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("ofp-text-" + std::to_string(::getpid()));
};

TEST(Tokenizer, SplitsWordsAndSigns) {
  EXPECT_THAT(tokenize("It's GOOD, isn't it? (co-op)"),
              ElementsAre("it's", "good", ",", "isn't", "it", "?", "(", "co-op", ")"));
  EXPECT_THAT(tokenize("A,b  c\td", Tokenizer::kWhitespace), ElementsAre("a,b", "c", "d"));
  EXPECT_THAT(tokenize(" \n"), ElementsAre());
}

TEST(Vocabulary, KeepsFrequentWordsByFallingCount) {
  const std::vector<std::string> texts{"b a a c", "a b d", "b"};
  const Vocabulary vocabulary(texts, 2);
  EXPECT_THAT(vocabulary.words(), ElementsAre("a", "b"));
  EXPECT_THAT(vocabulary.encode("c B a x"), ElementsAre(1U, 0U));
  EXPECT_THAT(vocabulary.encode("nothing"), ElementsAre());
}

TEST(WordVectors, AreTheLeadingSingularVectorsOfPositivePmi) {
  Stream random(1, "texts");
  std::vector<std::vector<std::uint32_t>> texts(40);
  for (auto& text : texts) {
    text.resize(12);
    for (auto& token : text) token = static_cast<std::uint32_t>(random.below(8) + random.below(8));
  }
  const std::size_t v = 15;
  MatrixXd c = MatrixXd::Zero(15, 15);
  for (const auto& text : texts)
    for (std::size_t i = 0; i < text.size(); ++i)
      for (std::size_t j = 0; j < text.size(); ++j)
        if (i != j && (i > j ? i - j : j - i) <= 5)
          c(text[i], text[j]) += 1 / static_cast<double>(i > j ? i - j : j - i);
  const VectorXd row = c.rowwise().sum();
  VectorXd context = row.array().pow(0.75);
  context /= context.sum();
  MatrixXd pmi = MatrixXd::Zero(15, 15);
  for (Index i = 0; i < 15; ++i)
    for (Index j = 0; j < 15; ++j)
      if (c(i, j) > 0) pmi(i, j) = std::max(0.0, std::log(c(i, j) / row.sum() / (row[i] / row.sum() * context[j])));
  const auto svd = linalg::svd(pmi);
  MatrixXd expected = svd.s.head(4).cwiseSqrt().asDiagonal() * svd.u.leftCols(4).transpose();
  expected /= std::sqrt(expected.squaredNorm() / 60);
  const MatrixXd found = pmi_vectors(texts, v, Stream(2, "svd"), {.dimension = 4});
  EXPECT_LT((found.transpose() * found - expected.transpose() * expected).norm(), 1e-6);
  EXPECT_NEAR(found.squaredNorm() / 60, 1, 1e-12);
  EXPECT_THROW((void)pmi_vectors(texts, v, Stream(2, "svd"), {.dimension = 16}), InputError);
  const std::vector<std::vector<std::uint32_t>> lonely{{1}, {2}};
  EXPECT_THROW((void)pmi_vectors(lonely, 3, Stream(2, "svd"), {.dimension = 2}), InputError);
}

TEST_F(TextFiles, WordVectorsFromAFile) {
  const std::vector<std::string> words{"good", "bad", "odd"};
  const auto read = read_word_vectors(write("g.txt", "bad 3 4\nextra 1 1\ngood -3 -4\n"), words);
  EXPECT_EQ(read.missing, 1U);
  EXPECT_NEAR(read.vectors(0, 0), -3 / std::sqrt(12.5), 1e-15);
  EXPECT_NEAR(read.vectors(1, 1), 4 / std::sqrt(12.5), 1e-15);
  EXPECT_TRUE(read.vectors.col(2).isZero(0));
  EXPECT_EQ(read_word_vectors(write("w.txt", "2 3\nbad 1 2 3\nodd 1 1 1\n"), words).missing, 1U);
  EXPECT_THAT(message([&] { (void)read_word_vectors(write("g.txt", "bad 3 4\ngood 1 2 3\n"), words); }),
              HasSubstr("line 2 has 3 entries; the lines before it have 2"));
  EXPECT_THAT(message([&] { (void)read_word_vectors(write("g.txt", "bad 3 x\n"), words); }),
              HasSubstr("line 1: 'x' is no number"));
  EXPECT_THAT(message([&] { (void)read_word_vectors(write("g.txt", "fine 3 1\n"), words); }),
              HasSubstr("none of the 3 words"));
}

TEST_F(TextFiles, LabelledTextsOfThreeFormats) {
  const std::string quoted = "domain,label,text\nbooks,1,\"good, \"\"very\"\" good\"\ntoys,0,bad\n";
  const auto tsv =
      io::read_labelled_texts(write("a.tsv", "domain\tlabel\ttext\nbooks\t1\tgood, \"very\" good\r\ntoys\t0\tbad\n"));
  const auto csv = io::read_labelled_texts(write("a.csv", quoted));
  const auto json =
      io::read_labelled_texts(write("a.jsonl",
                                    "{\"text\": \"good, \\\"very\\\" good\", \"label\": 1, \"domain\": \"books\"}\n"
                                    "{\"text\": \"bad\", \"label\": 0, \"domain\": \"toys\"}\n"));
  for (const auto& read : {tsv, csv, json}) {
    EXPECT_THAT(read.texts, ElementsAre("good, \"very\" good", "bad"));
    EXPECT_THAT(read.labels, ElementsAre("1", "0"));
    EXPECT_THAT(read.domains, ElementsAre("books", "toys"));
  }
  const auto classes = io::named_classes({"pos", "neg", "pos"});
  EXPECT_THAT(classes.names, ElementsAre("neg", "pos"));
  EXPECT_THAT(classes.codes, ElementsAre(1, 0, 1));
}

TEST_F(TextFiles, LabelledTextsSayWhatIsWrong) {
  const auto read = [&](const std::string& name, const std::string& content, io::TextColumns columns = {}) {
    const auto path = write(name, content);
    return message([&] { (void)io::read_labelled_texts(path, columns); });
  };
  EXPECT_THAT(read("a.tsv", "domain\ttext\nx\ty\n"),
              HasSubstr("no label column 'label'; its columns are domain, text"));
  EXPECT_THAT(read("a.csv", "domain,text\nx,y\n"), HasSubstr("no label column 'label'; its columns are domain, text"));
  EXPECT_THAT(read("a.jsonl", "{\"text\": \"x\"}\n"), HasSubstr("line 1 has no key 'label'"));
  EXPECT_THAT(read("a.jsonl", "[1]\n"), HasSubstr("line 1 is not a JSON object"));
  EXPECT_THAT(read("a.tsv", "label\ttext\nx\ty\tz\n"), HasSubstr("line 2 has 3 fields; the header has 2"));
  EXPECT_THAT(read("a.tsv", "label\ttext\n\ty\n"), HasSubstr("line 2 has an empty label"));
  EXPECT_THAT(read("a.tsv", "label\ttext\n"), HasSubstr("no rows"));
  EXPECT_THAT(read("a.txt", "label\ttext\n"), HasSubstr(".tsv, .csv, .jsonl"));
  EXPECT_THAT(read("a.tsv", "label\ttext\nx\ty\n", {.domain_required = true}), HasSubstr("no domain column"));
}

TEST(AmazonReviews, HaveTheVocabularyOfTheSheet) {
  const char* data = std::getenv("OFFPRINT_DATA");
  const auto file = std::filesystem::path(data == nullptr ? "" : data) / "amazon-reviews" / "reviews.tsv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "amazon-reviews is not here";
  const auto reviews = io::read_labelled_texts(file);
  EXPECT_EQ(reviews.size(), 6872U);
  EXPECT_EQ(Vocabulary(reviews.texts, 3, Tokenizer::kWhitespace).size(), 8473U);
}

}  // namespace
}  // namespace offprint::nn
