// The zip format (PKWARE APPNOTE 6.3) over zlib's raw deflate.
#include "offprint/io/zip.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <zlib.h>

#include "offprint/core/error.hpp"

namespace offprint::io {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kCentral = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kLocator64 = 0x07064b50;
constexpr std::uint64_t kLimit32 = 0xffffffff;
constexpr std::uint64_t kLimit16 = 0xffff;
constexpr unsigned kStored = 0;
constexpr unsigned kDeflated = 8;
constexpr unsigned kZip64Field = 1;
constexpr unsigned kVersion = 45;  // zip64
constexpr unsigned kDate1980 = 0x21;

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

uInt piece_of(std::size_t left) {
  return static_cast<uInt>(std::min<std::size_t>(left, std::numeric_limits<uInt>::max()));
}

// Inflates into exactly out.size() bytes; false when the data are damaged or of another length.
bool inflate_raw(std::string_view in, std::string& out) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::size_t consumed = 0;
  std::size_t produced = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    const uInt give = piece_of(in.size() - consumed);
    const uInt room = piece_of(out.size() - produced);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data() + consumed));
    stream.avail_in = give;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + produced);
    stream.avail_out = room;
    status = inflate(&stream, Z_NO_FLUSH);
    consumed += give - stream.avail_in;
    produced += room - stream.avail_out;
  }
  return status == Z_STREAM_END && produced == out.size();
}

std::string deflate_raw(std::string_view in) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw IoError("zlib could not be started");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, deflateEnd);
  std::string out;
  std::size_t consumed = 0;
  int status = Z_OK;
  while (status != Z_STREAM_END) {
    constexpr uInt kRoom = 1U << 20;
    const std::size_t used = out.size();
    out.resize(used + kRoom);
    const uInt give = piece_of(in.size() - consumed);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data() + consumed));
    stream.avail_in = give;
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = kRoom;
    status = deflate(&stream, consumed + give == in.size() ? Z_FINISH : Z_NO_FLUSH);
    consumed += give - stream.avail_in;
    out.resize(used + kRoom - stream.avail_out);
  }
  return out;
}

}  // namespace

void ZipReader::damaged(std::string_view what) const {
  throw InputError(fmt::format("{}: the zip archive is damaged or cut off ({})", name_, what));
}

std::string_view ZipReader::piece(std::uint64_t at, std::uint64_t size) const {
  if (at > bytes_.size() || size > bytes_.size() - at) damaged("it points beyond its end");
  return bytes_.substr(at, size);
}

std::uint64_t ZipReader::number(std::uint64_t at, unsigned bytes) const {
  const std::string_view raw = piece(at, bytes);
  std::uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
  return value;
}

ZipReader::ZipReader(std::string_view bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {
  constexpr std::size_t kEndSize = 22;
  if (bytes_.substr(0, 2) != "PK") throw InputError(fmt::format("{}: this is not a zip archive", name_));
  if (bytes_.size() < kEndSize) damaged("it has no directory");
  // the end record is followed by a comment of at most 65535 bytes
  std::size_t end = bytes_.size() - kEndSize;
  const std::size_t lowest = end - std::min<std::size_t>(end, kLimit16);
  while (number(end, 4) != kEnd) {
    if (end == lowest) damaged("it has no directory");
    --end;
  }
  std::uint64_t count = number(end + 10, 2);
  std::uint64_t at = number(end + 16, 4);
  if ((count == kLimit16 || at == kLimit32) && end >= 20 && number(end - 20, 4) == kLocator64) {
    const std::uint64_t end64 = number(end - 12, 8);
    if (number(end64, 4) != kEnd64) damaged("its zip64 directory is not where it should be");
    count = number(end64 + 32, 8);
    at = number(end64 + 48, 8);
  }
  for (std::uint64_t i = 0; i < count; ++i) entries_.push_back(entry_at(at));
}

ZipReader::Entry ZipReader::entry_at(std::uint64_t& at) const {
  if (number(at, 4) != kCentral) damaged("its directory is not where it should be");
  Entry entry;
  entry.flags = static_cast<unsigned>(number(at + 8, 2));
  entry.method = static_cast<unsigned>(number(at + 10, 2));
  entry.crc = static_cast<std::uint32_t>(number(at + 16, 4));
  entry.compressed = number(at + 20, 4);
  entry.size = number(at + 24, 4);
  entry.offset = number(at + 42, 4);
  const std::uint64_t name_size = number(at + 28, 2);
  const std::uint64_t extra_size = number(at + 30, 2);
  const std::uint64_t comment_size = number(at + 32, 2);
  entry.name = piece(at + 46, name_size);
  const std::uint64_t extra_end = at + 46 + name_size + extra_size;
  for (std::uint64_t field = at + 46 + name_size; field + 4 <= extra_end;) {
    std::uint64_t value = field + 4;
    if (number(field, 2) == kZip64Field) {  // holds, in this order, those numbers that did not fit
      for (std::uint64_t* wide : {&entry.size, &entry.compressed, &entry.offset}) {
        if (*wide != kLimit32) continue;
        *wide = number(value, 8);
        value += 8;
      }
    }
    field += 4 + number(field + 2, 2);
  }
  at = extra_end + comment_size;
  return entry;
}

std::vector<std::string> ZipReader::names() const {
  std::vector<std::string> out;
  for (const auto& entry : entries_) out.push_back(entry.name);
  return out;
}

std::string ZipReader::read(std::string_view wanted) const {
  const auto entry = std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.name == wanted; });
  if (entry == entries_.end())
    throw InputError(fmt::format("{}: there is no entry '{}'{}", name_, wanted, suggestion(wanted, names())));
  if ((entry->flags & 1U) != 0) throw InputError(fmt::format("{}: the entry '{}' is encrypted", name_, wanted));
  if (number(entry->offset, 4) != kLocal) damaged("an entry is not where it should be");
  const std::uint64_t start = entry->offset + 30 + number(entry->offset + 26, 2) + number(entry->offset + 28, 2);
  const std::string_view raw = piece(start, entry->compressed);

  std::string content;
  if (entry->method == kStored) {
    content = raw;
  } else if (entry->method == kDeflated) {
    constexpr std::uint64_t kBestRatio = 1032;  // deflate packs no tighter: a larger size is a lie
    if (entry->size / kBestRatio > raw.size() + 1) damaged("an entry's size is impossible");
    content.resize(entry->size);
    if (!inflate_raw(raw, content)) damaged(fmt::format("the entry '{}' does not decompress", wanted));
  } else {
    throw InputError(fmt::format("{}: the entry '{}' is compressed by method {}; only stored and deflated are read",
                                 name_, wanted, entry->method));
  }
  if (content.size() != entry->size || checksum(content) != entry->crc)
    damaged(fmt::format("the checksum of the entry '{}' is wrong", wanted));
  return content;
}

void ZipWriter::write(std::string_view bytes) {
  file_.write(bytes);
  written_ += bytes.size();
}

void ZipWriter::add(std::string_view entry, std::string_view content, bool compress) {
  const std::string deflated = compress ? deflate_raw(content) : std::string();
  const std::string_view raw = compress ? std::string_view(deflated) : content;
  const std::uint64_t offset = written_;
  const bool wide = content.size() >= kLimit32 || raw.size() >= kLimit32 || offset >= kLimit32;

  std::string common;  // what the local header and the directory share
  put(common, kVersion, 2);
  put(common, 0x800, 2);  // names are UTF-8
  put(common, compress ? kDeflated : kStored, 2);
  put(common, 0, 2);
  put(common, kDate1980, 2);  // no time: the same arrays give the same file
  put(common, checksum(content), 4);
  put(common, wide ? kLimit32 : raw.size(), 4);
  put(common, wide ? kLimit32 : content.size(), 4);
  put(common, entry.size(), 2);

  std::string header;
  put(header, kLocal, 4);
  header += common;
  put(header, wide ? 20 : 0, 2);
  header += entry;
  if (wide) {
    put(header, kZip64Field, 2);
    put(header, 16, 2);
    put(header, content.size(), 8);
    put(header, raw.size(), 8);
  }
  write(header);
  write(raw);

  put(directory_, kCentral, 4);
  put(directory_, kVersion, 2);
  directory_ += common;
  put(directory_, wide ? 28 : 0, 2);
  put(directory_, 0, 6);  // comment length, disk, internal attributes
  put(directory_, 0, 4);  // external attributes
  put(directory_, wide ? kLimit32 : offset, 4);
  directory_ += entry;
  if (wide) {
    put(directory_, kZip64Field, 2);
    put(directory_, 24, 2);
    put(directory_, content.size(), 8);
    put(directory_, raw.size(), 8);
    put(directory_, offset, 8);
  }
  ++entries_;
}

void ZipWriter::commit() {
  const std::uint64_t start = written_;
  const std::uint64_t size = directory_.size();
  write(directory_);
  std::string end;
  const bool wide = start >= kLimit32 || size >= kLimit32 || entries_ >= kLimit16;
  if (wide) {
    put(end, kEnd64, 4);
    put(end, 44, 8);
    put(end, kVersion, 2);
    put(end, kVersion, 2);
    put(end, 0, 4 + 4);
    put(end, entries_, 8);
    put(end, entries_, 8);
    put(end, size, 8);
    put(end, start, 8);
    put(end, kLocator64, 4);
    put(end, 0, 4);
    put(end, start + size, 8);
    put(end, 1, 4);
  }
  put(end, kEnd, 4);
  put(end, 0, 2 + 2);
  put(end, wide ? kLimit16 : entries_, 2);
  put(end, wide ? kLimit16 : entries_, 2);
  put(end, wide ? kLimit32 : size, 4);
  put(end, wide ? kLimit32 : start, 4);
  put(end, 0, 2);
  write(end);
  file_.commit();
}

}  // namespace offprint::io
