// Binary archives: how states are laid down in checkpoints and how results travel between MPI ranks. Little-endian
// hosts.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "offprint/core/error.hpp"

namespace offprint {

static_assert(std::endian::native == std::endian::little, "archives assume a little-endian machine");

namespace detail {
template <class T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;
// Eigen's dense types without including Eigen
template <class T>
concept DenseMatrix = requires(T m) {
  typename T::Scalar;
  {m.rows()};
  {m.cols()};
  {m.data()};
  m.resize(m.rows(), m.cols());
};
template <class T, class Archive>
concept SelfSerializing = requires(T t, Archive& a) {
  t.serialize(a);
};
}  // namespace detail

/// Appends values to a byte string. `writer(a, b, c)` writes each in turn; a class takes part by a member
/// `template <class Archive> void serialize(Archive& archive) { archive(x_, y_); }`, used for writing and reading
/// alike.
class Writer {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (write(values), ...);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void raw(const void* data, std::size_t size) { bytes_.append(static_cast<const char*>(data), size); }

  template <class T>
  void write(const T& value) {
    if constexpr (detail::Plain<T>) {
      raw(&value, sizeof value);
    } else if constexpr (detail::DenseMatrix<T>) {
      write(static_cast<std::uint64_t>(value.rows()));
      write(static_cast<std::uint64_t>(value.cols()));
      raw(value.data(), static_cast<std::size_t>(value.size()) * sizeof(typename T::Scalar));
    } else if constexpr (detail::SelfSerializing<T, Writer>) {
      const_cast<T&>(value).serialize(*this);  // serialize() only reads when writing
    } else {
      static_assert(sizeof(T) == 0, "this type has no serialize(Archive&)");
    }
  }
  void write(const std::string& s) {
    write(static_cast<std::uint64_t>(s.size()));
    raw(s.data(), s.size());
  }
  template <class T>
  void write(const std::vector<T>& v) {
    write(static_cast<std::uint64_t>(v.size()));
    for (const auto& x : v) write(static_cast<const T&>(x));
  }
  template <class T, std::size_t N>
  void write(const std::array<T, N>& v) {
    for (const auto& x : v) write(x);
  }
  template <class A, class B>
  void write(const std::pair<A, B>& p) {
    write(p.first);
    write(p.second);
  }
  template <class T>
  void write(const std::optional<T>& v) {
    write(v.has_value());
    if (v) write(*v);
  }
  template <class K, class V>
  void write(const std::map<K, V>& m) {
    write(static_cast<std::uint64_t>(m.size()));
    for (const auto& [k, v] : m) {
      write(k);
      write(v);
    }
  }

  std::string bytes_;
};

/// Reads what a Writer wrote, in the same order. Throws IoError when the bytes run out.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <class... T>
  void operator()(T&... values) {
    (read(values), ...);
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  void raw(void* data, std::size_t size) {
    if (size > rest_.size()) throw IoError("archive: the data end early, so they are not of the type asked for");
    if (size > 0) std::memcpy(data, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  std::size_t count(std::size_t least_bytes_each) {
    std::uint64_t n = 0;
    read(n);
    if (least_bytes_each > 0 && n > rest_.size() / least_bytes_each)
      throw IoError("archive: a length exceeds the data, so they are not of the type asked for");
    return static_cast<std::size_t>(n);
  }

  template <class T>
  void read(T& value) {
    if constexpr (detail::Plain<T>) {
      raw(&value, sizeof value);
    } else if constexpr (detail::DenseMatrix<T>) {
      std::uint64_t rows = 0;
      std::uint64_t cols = 0;
      read(rows);
      read(cols);
      constexpr std::size_t kSize = sizeof(typename T::Scalar);
      if (cols != 0 && rows > rest_.size() / kSize / cols)
        throw IoError("archive: a matrix exceeds the data, so they are not of the type asked for");
      value.resize(static_cast<decltype(value.rows())>(rows), static_cast<decltype(value.cols())>(cols));
      raw(value.data(), rows * cols * kSize);
    } else {
      value.serialize(*this);
    }
  }
  void read(std::string& s) {
    s.resize(count(1));
    raw(s.data(), s.size());
  }
  template <class T>
  void read(std::vector<T>& v) {
    v.resize(count(detail::Plain<T> ? sizeof(T) : 1));
    for (std::size_t i = 0; i < v.size(); ++i) {
      if constexpr (std::is_same_v<T, bool>) {
        bool b = false;
        read(b);
        v[i] = b;
      } else {
        read(v[i]);
      }
    }
  }
  template <class T, std::size_t N>
  void read(std::array<T, N>& v) {
    for (auto& x : v) read(x);
  }
  template <class A, class B>
  void read(std::pair<A, B>& p) {
    read(p.first);
    read(p.second);
  }
  template <class T>
  void read(std::optional<T>& v) {
    bool has = false;
    read(has);
    if (has) {
      v.emplace();
      read(*v);
    } else {
      v.reset();
    }
  }
  template <class K, class V>
  void read(std::map<K, V>& m) {
    m.clear();
    const std::size_t n = count(1);
    for (std::size_t i = 0; i < n; ++i) {
      K k{};
      read(k);
      read(m[k]);
    }
  }

  std::string_view rest_;
};

/// The bytes of one value.
template <class T>
[[nodiscard]] std::string to_bytes(const T& value) {
  Writer writer;
  writer(value);
  return writer.take();
}

/// The value whose bytes these are. Throws IoError when they are too few or too many.
template <class T>
[[nodiscard]] T from_bytes(std::string_view bytes) {
  T value{};
  Reader reader(bytes);
  reader(value);
  if (!reader.at_end()) throw IoError("archive: data are left over, so they are not of the type asked for");
  return value;
}

}  // namespace offprint
