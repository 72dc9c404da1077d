#include "offprint/io/idx.hpp"

#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/mapped_file.hpp"

namespace offprint::io {
namespace {

enum Type : unsigned { kUint8 = 0x08, kInt8 = 0x09, kInt16 = 0x0B, kInt32 = 0x0C, kFloat = 0x0D, kDouble = 0x0E };

std::size_t width_of(unsigned type) {
  switch (type) {
    case kUint8:
    case kInt8:
      return 1;
    case kInt16:
      return 2;
    case kInt32:
    case kFloat:
      return 4;
    case kDouble:
      return 8;
    default:
      return 0;
  }
}

template <class Unsigned>
Unsigned big_endian(const char* p) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
    value = static_cast<Unsigned>(value << 8U) | static_cast<unsigned char>(p[i]);
  return value;
}

double number(const char* p, unsigned type) {
  switch (type) {
    case kUint8:
      return static_cast<unsigned char>(*p);
    case kInt8:
      return static_cast<signed char>(*p);
    case kInt16:
      return std::bit_cast<std::int16_t>(big_endian<std::uint16_t>(p));
    case kInt32:
      return std::bit_cast<std::int32_t>(big_endian<std::uint32_t>(p));
    case kFloat:
      return std::bit_cast<float>(big_endian<std::uint32_t>(p));
    default: {
      const auto bits = big_endian<std::uint64_t>(p);
      return std::bit_cast<double>(bits);
    }
  }
}

struct Parsed {
  unsigned type = 0;
  std::vector<std::size_t> shape;
  std::string_view payload;
};

Parsed parse(std::string_view bytes, const std::string& name) {
  if (!is_idx(bytes))
    throw InputError(fmt::format("{}: not an idx file: it should start with two zero bytes, a type and a rank", name));
  Parsed parsed;
  parsed.type = static_cast<unsigned char>(bytes[2]);
  const std::size_t rank = static_cast<unsigned char>(bytes[3]);
  const std::size_t header = 4 + 4 * rank;
  if (bytes.size() < header)
    throw InputError(
        fmt::format("{}: the idx header is cut off: expected {} bytes, found {}", name, header, bytes.size()));
  for (std::size_t k = 0; k < rank; ++k) parsed.shape.push_back(big_endian<std::uint32_t>(bytes.data() + 4 + 4 * k));
  const std::size_t expected = element_count(parsed.shape, name) * width_of(parsed.type) + header;
  if (bytes.size() != expected)
    throw InputError(fmt::format("{}: an idx file of shape {} has {} bytes, found {}", name, shape_text(parsed.shape),
                                 expected, bytes.size()));
  parsed.payload = bytes.substr(header);
  return parsed;
}

template <class F>
auto with_content(const std::filesystem::path& path, F&& f) {
  const MappedFile file(path);
  if (!is_gzip(file.bytes())) return f(file.bytes());
  const std::string plain = gunzip(file.bytes(), path.string());
  return f(std::string_view(plain));
}

}  // namespace

bool is_idx(std::string_view bytes) {
  return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && width_of(static_cast<unsigned char>(bytes[2])) != 0 &&
         bytes[3] >= 1 && bytes[3] <= 8;
}

ByteArray read_idx_bytes(const std::filesystem::path& path) {
  return with_content(path, [&](std::string_view bytes) {
    Parsed parsed = parse(bytes, path.string());
    if (parsed.type != kUint8)
      throw InputError(fmt::format("{}: the idx file holds values of type 0x{:02X}; unsigned bytes (0x08) are needed",
                                   path.string(), parsed.type));
    return ByteArray{std::move(parsed.shape), {parsed.payload.begin(), parsed.payload.end()}};
  });
}

NdArray read_idx(const std::filesystem::path& path) {
  return with_content(path, [&](std::string_view bytes) {
    Parsed parsed = parse(bytes, path.string());
    const std::size_t width = width_of(parsed.type);
    Eigen::VectorXd values(static_cast<Eigen::Index>(parsed.payload.size() / width));
    for (Eigen::Index i = 0; i < values.size(); ++i)
      values[i] = number(parsed.payload.data() + static_cast<std::size_t>(i) * width, parsed.type);
    return NdArray(std::move(parsed.shape), std::move(values));
  });
}

}  // namespace offprint::io
