// CIFAR's binary format: records of one label byte (CIFAR-100: two) and 3072 bytes of 32 x 32 pixels, plane by plane.
#pragma once

#include <filesystem>
#include <vector>

#include "offprint/io/idx.hpp"

namespace offprint::io {

struct CifarFile {
  ByteArray images;                  ///< N x 3 x 32 x 32
  std::vector<std::uint8_t> labels;  ///< the fine label for CIFAR-100
};

/// Reads data_batch_1.bin and its like, plain or gzip-compressed, any number of images. `label_bytes`: 1 for CIFAR-10,
/// 2 (coarse, fine) for CIFAR-100. Throws InputError when the size is no whole number of records ("expected a multiple
/// of 3073 bytes, found M"), the file is empty, or a CIFAR-10 label exceeds 9.
[[nodiscard]] CifarFile read_cifar(const std::filesystem::path& path, int label_bytes = 1);

}  // namespace offprint::io
