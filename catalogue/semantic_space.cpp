// Fitting and folding in.
#include "catalogue/semantic_space.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "offprint/core/error.hpp"
#include "offprint/linalg/randomized_svd.hpp"

namespace offprint::catalogue {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A sparse matrix by rows.
struct SparseRows {
  std::size_t columns = 0;
  std::vector<std::size_t> start{0};
  std::vector<std::uint32_t> column;
  std::vector<float> value;

  [[nodiscard]] std::size_t rows() const { return start.size() - 1; }

  /// y = A x. Rows of x and y are contiguous inside, so that every entry costs one pass over a short row.
  void multiply(const Eigen::Ref<const Eigen::MatrixXd>& x, Eigen::Ref<Eigen::MatrixXd> y) const {
    const RowMajor by_row = x;
    RowMajor product = RowMajor::Zero(y.rows(), y.cols());
    for (std::size_t i = 0; i < rows(); ++i)
      for (std::size_t e = start[i]; e < start[i + 1]; ++e)
        product.row(static_cast<Eigen::Index>(i)) +=
            static_cast<double>(value[e]) * by_row.row(static_cast<Eigen::Index>(column[e]));
    y = product;
  }

  [[nodiscard]] SparseRows transposed() const {
    SparseRows t;
    t.columns = rows();
    t.start.assign(columns + 1, 0);
    for (const auto c : column) ++t.start[c + 1];
    for (std::size_t c = 0; c < columns; ++c) t.start[c + 1] += t.start[c];
    t.column.resize(column.size());
    t.value.resize(value.size());
    auto next = t.start;
    for (std::size_t i = 0; i < rows(); ++i)
      for (std::size_t e = start[i]; e < start[i + 1]; ++e) {
        const auto at = next[column[e]]++;
        t.column[at] = static_cast<std::uint32_t>(i);
        t.value[at] = value[e];
      }
    return t;
  }
};

/// (index of the term, weight) of the known terms, of length 1.
template <class Find>
std::vector<std::pair<std::uint32_t, float>> weights(const TermCounts& counts, const std::vector<float>& idf,
                                                     const Find& find) {
  std::vector<std::pair<std::uint32_t, float>> list;
  double squared = 0.0;
  for (const auto& [term, count] : counts) {
    const auto at = find(term);
    if (!at) continue;
    const float w = (1.0F + std::log(std::max(count, 1.0F))) * idf[*at];
    list.emplace_back(*at, w);
    squared += static_cast<double>(w) * w;
  }
  const auto scale = squared > 0.0 ? static_cast<float>(1.0 / std::sqrt(squared)) : 0.0F;
  for (auto& [at, w] : list) w *= scale;
  return list;
}

template <class T>
void put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Reads what put() wrote; every read is checked.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T get() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) throw IoError("the search model in the catalogue is cut short");
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace

SemanticSpace SemanticSpace::fit(std::span<const TermCounts> corpus, const SpaceOptions& options,
                                 const Stream& stream) {
  std::unordered_map<std::string_view, std::uint32_t> frequency;
  for (const auto& document : corpus)
    for (const auto& [term, count] : document) ++frequency[term];
  // a term of one document relates it to nothing; in a tiny corpus it is still needed to find that document
  const std::uint32_t least = corpus.size() >= 50 ? 2 : 1;
  std::vector<std::pair<std::string_view, std::uint32_t>> known;
  for (const auto& [term, documents] : frequency)
    if (documents >= least) known.emplace_back(term, documents);
  std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (known.size() > options.terms) known.resize(options.terms);

  SemanticSpace space;
  const auto n = static_cast<double>(corpus.size());
  for (const auto& [term, documents] : known) {
    space.index_.emplace(term, static_cast<std::uint32_t>(space.idf_.size()));
    space.idf_.push_back(static_cast<float>(std::log((2.0 + n) / (1.0 + documents))));
  }
  if (known.empty()) return space;

  std::vector<std::size_t> chosen(corpus.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  if (corpus.size() > options.documents) {
    auto draw = stream;
    chosen = draw.permutation(corpus.size());
    chosen.resize(options.documents);
    std::sort(chosen.begin(), chosen.end());
  }
  SparseRows a;
  a.columns = known.size();
  for (const auto i : chosen) {
    for (const auto& [at, w] : weights(corpus[i], space.idf_, [&](std::string_view term) -> const std::uint32_t* {
           const auto found = space.index_.find(term);
           return found == space.index_.end() ? nullptr : &found->second;
         })) {
      a.column.push_back(at);
      a.value.push_back(w);
    }
    a.start.push_back(a.column.size());
  }
  const auto at = a.transposed();
  const linalg::RectangularOperator products{static_cast<Eigen::Index>(a.rows()), static_cast<Eigen::Index>(a.columns),
                                             [&](const auto& x, auto y) { a.multiply(x, y); },
                                             [&](const auto& x, auto y) { at.multiply(x, y); }};
  const auto rank = std::clamp<std::size_t>(std::min(chosen.size() / 2, known.size() / 4), 1, options.rank);
  const auto svd = linalg::randomized_svd(products, static_cast<Eigen::Index>(rank), stream, {.power_iterations = 1});
  space.rank_ = rank;
  space.vectors_.resize(known.size() * rank);
  for (std::size_t t = 0; t < known.size(); ++t)
    for (std::size_t k = 0; k < rank; ++k)
      space.vectors_[t * rank + k] =
          static_cast<float>(svd.v_adjoint(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(t)));
  return space;
}

std::vector<float> SemanticSpace::embed(const TermCounts& counts) const {
  std::vector<float> vector(rank_, 0.0F);
  for (const auto& [at, w] : weights(counts, idf_, [&](std::string_view term) -> const std::uint32_t* {
         const auto found = index_.find(term);
         return found == index_.end() ? nullptr : &found->second;
       })) {
    const float* row = vectors_.data() + at * rank_;
    for (std::size_t k = 0; k < rank_; ++k) vector[k] += w * row[k];
  }
  double squared = 0.0;
  for (const float x : vector) squared += static_cast<double>(x) * x;
  // what lies almost outside the space has no direction in it
  const auto scale = squared > 1e-6 ? static_cast<float>(1.0 / std::sqrt(squared)) : 0.0F;
  for (float& x : vector) x *= scale;
  return vector;
}

std::string SemanticSpace::bytes() const {
  std::string out;
  put(out, static_cast<std::uint64_t>(rank_));
  put(out, static_cast<std::uint64_t>(idf_.size()));
  std::vector<std::string_view> names(idf_.size());
  for (const auto& [term, at] : index_) names[at] = term;
  for (const auto name : names) {
    put(out, static_cast<std::uint32_t>(name.size()));
    out += name;
  }
  out.append(reinterpret_cast<const char*>(idf_.data()), idf_.size() * sizeof(float));
  out.append(reinterpret_cast<const char*>(vectors_.data()), vectors_.size() * sizeof(float));
  return out;
}

SemanticSpace SemanticSpace::parse(std::string_view bytes) {
  Reader in(bytes);
  SemanticSpace space;
  space.rank_ = in.get<std::uint64_t>();
  const auto terms = in.get<std::uint64_t>();
  if (terms > bytes.size() || space.rank_ > bytes.size()) throw IoError("the search model in the catalogue is damaged");
  for (std::uint64_t t = 0; t < terms; ++t) {
    const auto length = in.get<std::uint32_t>();
    space.index_.emplace(in.take(length), static_cast<std::uint32_t>(t));
  }
  const auto floats = [&](std::vector<float>& out, std::size_t count) {
    const auto raw = in.take(count * sizeof(float));
    out.resize(count);
    std::memcpy(out.data(), raw.data(), raw.size());
  };
  floats(space.idf_, terms);
  floats(space.vectors_, terms * space.rank_);
  return space;
}

}  // namespace offprint::catalogue
