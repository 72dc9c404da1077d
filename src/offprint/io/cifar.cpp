#include "offprint/io/cifar.hpp"

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "offprint/io/gzip.hpp"
#include "offprint/io/mapped_file.hpp"

namespace offprint::io {

CifarFile read_cifar(const std::filesystem::path& path, int label_bytes) {
  if (label_bytes != 1 && label_bytes != 2)
    throw InputError(fmt::format("CIFAR records have 1 or 2 label bytes, not {}", label_bytes));
  constexpr std::size_t kPixels = 3 * 32 * 32;
  const MappedFile file(path);
  std::string plain;
  std::string_view bytes = file.bytes();
  if (is_gzip(bytes)) {
    plain = gunzip(bytes, path.string());
    bytes = plain;
  }
  const std::size_t labels = static_cast<std::size_t>(label_bytes);
  const std::size_t record = kPixels + labels;
  if (bytes.empty() || bytes.size() % record != 0)
    throw InputError(fmt::format("{}: expected a multiple of {} bytes (one CIFAR record), found {}", path.string(),
                                 record, bytes.size()));
  const std::size_t count = bytes.size() / record;
  CifarFile out;
  out.images.shape = {count, 3, 32, 32};
  out.images.values.reserve(count * kPixels);
  out.labels.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view one = bytes.substr(i * record, record);
    const auto label = static_cast<std::uint8_t>(one[labels - 1]);
    if (label_bytes == 1 && label > 9)
      throw InputError(fmt::format("{}: image {} has label {}; CIFAR-10 labels are 0 to 9", path.string(), i, label));
    out.labels.push_back(label);
    out.images.values.insert(out.images.values.end(), one.begin() + label_bytes, one.end());
  }
  return out;
}

}  // namespace offprint::io
