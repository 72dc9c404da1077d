// A whole input file as one range of bytes, without copying it: the ground of every reader here.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace offprint::io {

/// A file mapped read-only into memory; what cannot be mapped (a pipe, /dev/stdin) is read to its end instead.
/// The file must not be shortened by another process meanwhile.
class MappedFile {
 public:
  /// Throws InputError "cannot read 'PATH': CAUSE" (missing, a folder, permission denied).
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] std::string_view bytes() const { return {data_, size_}; }

 private:
  const char* data_ = "";
  std::size_t size_ = 0;
  bool mapped_ = false;
  std::string read_;
};

}  // namespace offprint::io
