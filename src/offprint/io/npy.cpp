// The NPY format: numpy/lib/format.py's header, a Python dictionary in text, then the raw elements.
#include "offprint/io/npy.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/io/large_pages.hpp"
#include "offprint/io/mapped_file.hpp"
#include "offprint/io/zip.hpp"

namespace offprint::io {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

struct Dtype {
  bool little = true;
  char kind = 'f';  // b i u f c
  std::size_t bytes = 8;
  [[nodiscard]] bool swapped() const { return little != (std::endian::native == std::endian::little); }
  [[nodiscard]] bool is_complex() const { return kind == 'c'; }
};

Dtype parse_dtype(std::string_view text, std::string_view name) {
  const auto refuse = [&](std::string_view what) {
    throw InputError(
        fmt::format("{}: elements of type '{}' ({}) are not read, only numbers: b1, i1 to i8, u1 to u8, f2, f4, "
                    "f8, c8, c16",
                    name, text, what));
  };
  Dtype type;
  std::size_t at = 0;
  if (!text.empty() && std::string_view("<>|=").find(text[0]) != std::string_view::npos) {
    type.little = text[0] == '=' ? std::endian::native == std::endian::little : text[0] != '>';
    at = 1;
  }
  type.kind = at < text.size() ? text[at] : ' ';
  if (type.kind == '?') return {true, 'b', 1};
  if (type.kind == 'O') refuse("Python objects, which could run code when loaded");
  if (type.kind == 'U' || type.kind == 'S' || type.kind == 'a') refuse("text");
  if (type.kind == 'M' || type.kind == 'm') refuse("dates or durations");
  if (type.kind == 'V') refuse("raw bytes");
  const char* begin = text.data() + std::min(at + 1, text.size());
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, type.bytes);
  if (error != std::errc{} || stop != end) refuse("unknown");
  const auto one_of = [&](std::initializer_list<std::size_t> sizes) {
    return std::find(sizes.begin(), sizes.end(), type.bytes) != sizes.end();
  };
  const bool known = (type.kind == 'b' && one_of({1})) ||
                     ((type.kind == 'i' || type.kind == 'u') && one_of({1, 2, 4, 8})) ||
                     (type.kind == 'f' && one_of({2, 4, 8})) || (type.kind == 'c' && one_of({8, 16}));
  if (!known) refuse((type.kind == 'f' || type.kind == 'c') && type.bytes > 8 ? "extended precision" : "unknown");
  return type;
}

struct HeaderInfo {
  Dtype dtype;
  std::string descr;
  bool fortran_order = false;
  std::vector<std::size_t> shape;
  std::size_t data_offset = 0;
};

// Reads the one Python dictionary literal that the format allows: keys descr, fortran_order, shape.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  void parse(HeaderInfo& info) {
    bool descr = false;
    bool order = false;
    bool shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr") {
        if (peek() == '[')
          throw InputError(fmt::format("{}: structured arrays (with named fields) are not read", name_));
        info.descr = string();
        info.dtype = parse_dtype(info.descr, name_);
        descr = true;
      } else if (key == "fortran_order") {
        info.fortran_order = boolean();
        order = true;
      } else if (key == "shape") {
        info.shape = tuple();
        shape = true;
      } else {
        damaged();
      }
      if (!accept(',') && peek() != '}') damaged();
    }
    if (!descr || !order || !shape) damaged();
  }

 private:
  [[noreturn]] void damaged() const { throw InputError(fmt::format("{}: the NPY header is damaged", name_)); }
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) damaged();
  }
  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') damaged();
    const std::size_t close = text_.find(quote, ++at_);
    if (close == std::string_view::npos) damaged();
    const std::string_view content = text_.substr(at_, close - at_);
    at_ = close + 1;
    return content;
  }
  bool boolean() {
    (void)peek();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return word == "True";
      }
    }
    damaged();
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> values;
    expect('(');
    while (!accept(')')) {
      (void)peek();
      std::size_t value = 0;
      const auto [stop, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
      if (error != std::errc{}) damaged();
      at_ = static_cast<std::size_t>(stop - text_.data());
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote 3L
      values.push_back(value);
      if (!accept(',') && peek() != ')') damaged();
    }
    return values;
  }

  std::string_view text_;
  std::string_view name_;
  std::size_t at_ = 0;
};

HeaderInfo parse_header(std::string_view bytes, std::string_view name) {
  if (bytes.substr(0, kMagic.size()) != kMagic)
    throw InputError(fmt::format("{}: this is not an NPY file (it does not begin with \\x93NUMPY)", name));
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const auto cut_off = [&] { throw InputError(fmt::format("{}: the file is cut off within its header", name)); };
  if (bytes.size() < 10) cut_off();
  const std::size_t version = byte(6);
  if (version < 1 || version > 3)
    throw InputError(fmt::format("{}: NPY format version {} is not known, only 1 to 3", name, version));
  const std::size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) cut_off();
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (bytes.size() - start < length) cut_off();
  HeaderInfo info;
  HeaderParser(bytes.substr(start, length), name).parse(info);
  info.data_offset = start + length;
  return info;
}

// ---- elements ----

template <std::size_t N>
struct UnsignedOf;
template <>
struct UnsignedOf<1> {
  using type = std::uint8_t;
};
template <>
struct UnsignedOf<2> {
  using type = std::uint16_t;
};
template <>
struct UnsignedOf<4> {
  using type = std::uint32_t;
};
template <>
struct UnsignedOf<8> {
  using type = std::uint64_t;
};

template <class U>
U swap_bytes(U x) {
  if constexpr (sizeof(U) == 1) return x;
  if constexpr (sizeof(U) == 2) return __builtin_bswap16(x);
  if constexpr (sizeof(U) == 4) return __builtin_bswap32(x);
  if constexpr (sizeof(U) == 8) return __builtin_bswap64(x);
}

template <class T>
T load(const char* at, bool swapped) {
  typename UnsignedOf<sizeof(T)>::type bits;
  std::memcpy(&bits, at, sizeof bits);
  return std::bit_cast<T>(swapped ? swap_bytes(bits) : bits);
}

template <class T>
void store(char* at, T value, bool swapped) {
  auto bits = std::bit_cast<typename UnsignedOf<sizeof(T)>::type>(value);
  if (swapped) bits = swap_bytes(bits);
  std::memcpy(at, &bits, sizeof bits);
}

// IEEE half precision by its bits.
struct Half {
  std::uint16_t bits;
};

double to_double(Half h) {
  return static_cast<double>(static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(h.bits)));
}
template <class T>
double to_double(T x) {
  return static_cast<double>(x);
}

// Double to half in one rounding: the float between is rounded to odd, so that the second rounding sees every bit.
Half to_half(double x) {
  auto f = static_cast<float>(x);
  if (std::isfinite(f) && static_cast<double>(f) != x) {
    if (std::abs(static_cast<double>(f)) > std::abs(x)) f = std::nextafter(f, 0.0F);
    f = std::bit_cast<float>(std::bit_cast<std::uint32_t>(f) | 1U);
  }
  return {Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(f))};
}

// Calls f with a value of the element type (for complex: of its parts).
template <class F>
void with_type(const Dtype& type, const F& f) {
  const std::size_t bytes = type.is_complex() ? type.bytes / 2 : type.bytes;
  const bool floating = type.kind == 'f' || type.kind == 'c';
  if (floating && bytes == 2) return f(Half{});
  if (floating && bytes == 4) return f(float{});
  if (floating) return f(double{});
  const bool is_signed = type.kind == 'i';
  if (bytes == 1) return is_signed ? f(std::int8_t{}) : f(std::uint8_t{});
  if (bytes == 2) return is_signed ? f(std::int16_t{}) : f(std::uint16_t{});
  if (bytes == 4) return is_signed ? f(std::int32_t{}) : f(std::uint32_t{});
  return is_signed ? f(std::int64_t{}) : f(std::uint64_t{});
}

void decode(const char* data, const Dtype& type, double* out, std::size_t count) {
  if (count == 0) return;  // an empty vector has no address to copy to
  if (type.kind == 'b') {
    for (std::size_t i = 0; i < count; ++i) out[i] = data[i] != 0 ? 1.0 : 0.0;
    return;
  }
  with_type(type, [&]<class T>(T) {
    if (std::is_same_v<T, double> && !type.swapped()) {
      std::memcpy(out, data, count * sizeof(double));
    } else {
      for (std::size_t i = 0; i < count; ++i) out[i] = to_double(load<T>(data + i * sizeof(T), type.swapped()));
    }
  });
}

template <class T>
T to_integer(double x, std::size_t index, std::string_view dtype) {
  // The bounds as doubles: 2^63 and 2^64 are exact, their predecessors are not.
  const double low = static_cast<double>(std::numeric_limits<T>::min());
  const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (!(x >= low && x < beyond) || x != std::trunc(x))
    throw InputError(fmt::format("the value {} (element {}) cannot be stored exactly as '{}'", x, index, dtype));
  return static_cast<T>(x);
}

void encode(std::span<const double> values, const Dtype& type, std::string_view dtype, char* out) {
  with_type(type, [&]<class T>(T) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      T value{};
      if constexpr (std::is_same_v<T, Half>) {
        value = to_half(values[i]);
      } else if constexpr (std::is_floating_point_v<T>) {
        value = static_cast<T>(values[i]);
      } else {
        value = to_integer<T>(values[i], i, dtype);
        if (type.kind == 'b' && value > T{1}) (void)to_integer<T>(-1.0, i, dtype);
      }
      store(out + i * sizeof(T), value, type.swapped());
    }
  });
}

// The number of elements, all of which are there.
std::size_t complete_elements(const HeaderInfo& info, std::string_view bytes, std::string_view name) {
  const std::size_t count = element_count(info.shape, name);
  const std::size_t available = bytes.size() - info.data_offset;
  if (available / info.dtype.bytes < count) {
    throw InputError(fmt::format("{}: the file is cut off: {} elements of {} bytes need {} bytes, there are {}", name,
                                 shape_text(info.shape), info.dtype.bytes, count * info.dtype.bytes, available));
  }
  return count;
}

std::string with_extension(std::string_view name) { return std::string(name) + ".npy"; }

}  // namespace

NdArray parse_npy(std::string_view bytes, std::string_view name) {
  HeaderInfo info = parse_header(bytes, name);
  const std::size_t count = complete_elements(info, bytes, name);
  if (info.fortran_order) std::reverse(info.shape.begin(), info.shape.end());
  const char* data = bytes.data() + info.data_offset;
  const auto finish = [&](auto values) {
    NdArray array(std::move(info.shape), std::move(values));
    return info.fortran_order ? array.reversed_axes() : array;
  };
  if (info.dtype.is_complex()) {
    Eigen::VectorXcd values(static_cast<Eigen::Index>(count));
    prefer_large_pages(values.data(), count * sizeof(std::complex<double>));
    decode(data, info.dtype, reinterpret_cast<double*>(values.data()), 2 * count);
    return finish(std::move(values));
  }
  Eigen::VectorXd values(static_cast<Eigen::Index>(count));
  prefer_large_pages(values.data(), count * sizeof(double));
  decode(data, info.dtype, values.data(), count);
  return finish(std::move(values));
}

NdArray read_npy(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_npy(file.bytes(), path.string());
}

NpyRows::NpyRows(const std::filesystem::path& path) : file_(std::make_shared<MappedFile>(path)) {
  const std::string name = path.string();
  const HeaderInfo info = parse_header(file_->bytes(), name);
  const std::size_t count = complete_elements(info, file_->bytes(), name);
  if (info.dtype.is_complex())
    throw InputError(fmt::format("{}: the array is complex; give real and imaginary parts as columns", name));
  if (info.shape.size() < 2 || (info.fortran_order && info.shape.size() > 2))
    throw InputError(fmt::format("{}: an array of shape {}{} has no rows; save a matrix (samples, features)", name,
                                 shape_text(info.shape), info.fortran_order ? " in Fortran order" : ""));
  rank_ = info.shape.size();
  rows_ = static_cast<Eigen::Index>(info.shape.front());
  columns_ = rows_ == 0 ? 0 : static_cast<Eigen::Index>(count) / rows_;
  data_offset_ = info.data_offset;
  dtype_ = info.descr;
  fortran_order_ = info.fortran_order;
}

void NpyRows::read(Eigen::Index first, Eigen::Ref<Eigen::MatrixXd> block) const {
  if (first < 0 || first + block.cols() > rows_ || block.rows() != columns_)
    throw Error(fmt::format("rows {} to {} of {} columns were asked for, of a file of {} rows of {} columns", first,
                            first + block.cols() - 1, block.rows(), rows_, columns_));
  const Dtype type = parse_dtype(dtype_, "npy");
  const char* data = file_->bytes().data() + data_offset_;
  const auto width = static_cast<std::size_t>(columns_);
  if (!fortran_order_) {
    for (Eigen::Index j = 0; j < block.cols(); ++j)
      decode(data + static_cast<std::size_t>(first + j) * width * type.bytes, type, block.col(j).data(), width);
    return;
  }
  Eigen::VectorXd column(block.cols());
  for (Eigen::Index c = 0; c < columns_; ++c) {
    decode(data + static_cast<std::size_t>(c * rows_ + first) * type.bytes, type, column.data(),
           static_cast<std::size_t>(block.cols()));
    block.row(c) = column.transpose();
  }
}

void NpyRows::read_columns(std::span<const Eigen::Index> rows, Eigen::Index first,
                           Eigen::Ref<Eigen::MatrixXd> block) const {
  const bool known = std::ranges::all_of(rows, [&](Eigen::Index r) { return r >= 0 && r < rows_; });
  if (!known || first < 0 || first + block.cols() > columns_ || block.rows() != static_cast<Eigen::Index>(rows.size()))
    throw Error(
        fmt::format("columns {} to {} of {} rows were asked for as a block of {} rows, of a file of {} rows of "
                    "{} columns",
                    first, first + block.cols() - 1, rows.size(), block.rows(), rows_, columns_));
  const Dtype type = parse_dtype(dtype_, "npy");
  const char* data = file_->bytes().data() + data_offset_;
  if (!fortran_order_) {
    Eigen::VectorXd part(block.cols());
    for (Eigen::Index i = 0; i < block.rows(); ++i) {
      const Eigen::Index at = rows[static_cast<std::size_t>(i)] * columns_ + first;
      decode(data + static_cast<std::size_t>(at) * type.bytes, type, part.data(),
             static_cast<std::size_t>(part.size()));
      block.row(i) = part.transpose();
    }
    return;
  }
  Eigen::VectorXd column(rows_);
  for (Eigen::Index j = 0; j < block.cols(); ++j) {
    decode(data + static_cast<std::size_t>((first + j) * rows_) * type.bytes, type, column.data(),
           static_cast<std::size_t>(rows_));
    for (Eigen::Index i = 0; i < block.rows(); ++i) block(i, j) = column(rows[static_cast<std::size_t>(i)]);
  }
}

std::string npy_bytes(const NdArray& array, const NpyOptions& options) {
  std::string dtype = options.dtype;
  if (dtype.empty()) dtype = array.is_complex() ? "<c16" : "<f8";
  const Dtype type = parse_dtype(dtype, "cannot write");
  if (array.is_complex() && !type.is_complex())
    throw InputError(fmt::format("complex values cannot be stored as '{}'; use c8 or c16", dtype));

  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", dtype,
                                   options.fortran_order ? "True" : "False", array.shape_text());
  constexpr std::size_t kAlign = 64;
  constexpr std::size_t kPrefix = 10;
  header.append(kAlign - (kPrefix + header.size() + 1) % kAlign, ' ');
  header += '\n';

  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\0';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  const std::size_t start = bytes.size();
  bytes.resize(start + array.size() * type.bytes);

  const NdArray reversed = options.fortran_order ? array.reversed_axes() : NdArray();
  const NdArray& stored = options.fortran_order ? reversed : array;
  if (stored.is_complex()) {
    const auto* parts = reinterpret_cast<const double*>(stored.complex().data());
    encode({parts, 2 * stored.size()}, type, dtype, bytes.data() + start);
  } else if (type.is_complex()) {
    const Eigen::VectorXcd values = stored.real().cast<std::complex<double>>();
    encode({reinterpret_cast<const double*>(values.data()), 2 * stored.size()}, type, dtype, bytes.data() + start);
  } else {
    encode({stored.real().data(), stored.size()}, type, dtype, bytes.data() + start);
  }
  return bytes;
}

void write_npy(const std::filesystem::path& path, const NdArray& array, const NpyOptions& options) {
  write_atomically(path, npy_bytes(array, options));
}

std::vector<std::string> npz_names(const std::filesystem::path& path) {
  const MappedFile file(path);
  std::vector<std::string> names;
  for (std::string entry : ZipReader(file.bytes(), path.string()).names()) {
    if (entry.ends_with(".npy")) names.push_back(entry.substr(0, entry.size() - 4));
  }
  return names;
}

NdArray read_npz(const std::filesystem::path& path, std::string_view name) {
  const auto known = npz_names(path);
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw InputError(fmt::format("{}: there is no array '{}'{}", path.string(), name, suggestion(name, known)));
  const MappedFile file(path);
  return parse_npy(ZipReader(file.bytes(), path.string()).read(with_extension(name)),
                   fmt::format("{}:{}", path.string(), name));
}

void write_npz(const std::filesystem::path& path, std::span<const std::pair<std::string, NdArray>> arrays,
               bool compress) {
  ZipWriter zip(path);
  for (const auto& [name, array] : arrays) zip.add(with_extension(name), npy_bytes(array), compress);
  zip.commit();
}

}  // namespace offprint::io
