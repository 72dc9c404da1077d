// Zip archives, as far as .npz files need them: stored and deflated entries, zip64.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "offprint/core/atomic_file.hpp"

namespace offprint::io {

/// Reads an archive in memory (map the file first). The bytes must outlive the reader.
class ZipReader {
 public:
  /// Reads the directory. Throws InputError when the bytes are no zip archive or are damaged.
  ZipReader(std::string_view bytes, std::string name);

  /// In directory order.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The content of an entry, decompressed and checked. Throws InputError: unknown, encrypted, damaged.
  [[nodiscard]] std::string read(std::string_view entry) const;

 private:
  struct Entry {
    std::string name;
    unsigned flags = 0;
    unsigned method = 0;
    std::uint32_t crc = 0;
    std::uint64_t compressed = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
  };
  [[noreturn]] void damaged(std::string_view what) const;
  [[nodiscard]] std::uint64_t number(std::uint64_t at, unsigned bytes) const;
  [[nodiscard]] std::string_view piece(std::uint64_t at, std::uint64_t size) const;
  Entry entry_at(std::uint64_t& at) const;

  std::string_view bytes_;
  std::string name_;
  std::vector<Entry> entries_;
};

/// Writes an archive, atomically.
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& path) : file_(path) {}
  void add(std::string_view entry, std::string_view content, bool compress);
  /// Writes the directory and makes the file appear.
  void commit();

 private:
  void write(std::string_view bytes);

  AtomicFile file_;
  std::uint64_t written_ = 0;
  std::uint64_t entries_ = 0;
  std::string directory_;
};

}  // namespace offprint::io
