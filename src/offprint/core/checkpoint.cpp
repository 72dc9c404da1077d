// The checkpoint file format.
#include "offprint/core/checkpoint.hpp"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include <zlib.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"

namespace offprint {
namespace {

constexpr char kMagic[8] = {'O', 'F', 'P', 'C', 'K', 'P', 'T', '\n'};
constexpr std::uint32_t kVersion = 1;

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t crc;
  std::uint64_t size;
};
static_assert(sizeof(Header) == 24);

std::uint32_t crc_of(std::string_view bytes) {
  auto crc = crc32_z(0L, nullptr, 0);
  crc = crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return static_cast<std::uint32_t>(crc);
}

/// The payload of one file, or why there is none ("" in `why`: the file does not exist).
std::optional<std::string> read_one(const std::filesystem::path& path, std::string& why) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::string all((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  Header header{};
  if (all.size() < sizeof header) {
    why = "shorter than its header";
    return std::nullopt;
  }
  std::memcpy(&header, all.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) {
    why = "not a checkpoint";
    return std::nullopt;
  }
  if (header.version > kVersion)
    throw IoError("checkpoint " + path.string() + " has format " + std::to_string(header.version) +
                  ", this Offprint reads up to " + std::to_string(kVersion) +
                  ": resume with the newer version that wrote it");
  std::string payload = all.substr(sizeof header);
  if (payload.size() != header.size) {
    why = "cut off";
    return std::nullopt;
  }
  if (crc_of(payload) != header.crc) {
    why = "checksum does not match";
    return std::nullopt;
  }
  return payload;
}

}  // namespace

void CheckpointFile::save(std::string_view bytes) const {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.crc = crc_of(bytes);
  header.size = bytes.size();
  std::string all(reinterpret_cast<const char*>(&header), sizeof header);
  all += bytes;
  // The new one is complete on disk before the newest gives up its name; a kill between the two renames leaves the
  // previous.
  const auto fresh = std::filesystem::path(path_.string() + ".new");
  write_atomically(fresh, all);
  std::error_code ignored;  // there is no newest before the first save
  std::filesystem::rename(path_, path_.string() + ".previous", ignored);
  std::error_code error;
  std::filesystem::rename(fresh, path_, error);
  if (error) throw IoError("cannot keep checkpoint " + path_.string() + ": " + error.message());
}

std::optional<LoadedCheckpoint> CheckpointFile::load() const {
  std::string why;
  if (auto bytes = read_one(path_, why)) return LoadedCheckpoint{std::move(*bytes), false, ""};
  std::string why_previous;
  if (auto bytes = read_one(path_.string() + ".previous", why_previous))
    return LoadedCheckpoint{std::move(*bytes), true, why};
  if (!why.empty() && !why_previous.empty())
    throw IoError("checkpoint " + path_.string() + " is damaged (" + why + ") and so is the one before (" +
                  why_previous + "): start the run anew");
  return std::nullopt;
}

}  // namespace offprint
