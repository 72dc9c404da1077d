// Gzip through zlib.
#include "offprint/io/gzip.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include <zlib.h>

#include "offprint/core/error.hpp"

namespace offprint::io {

bool is_gzip(std::string_view bytes) { return bytes.size() >= 3 && bytes.substr(0, 3) == "\x1f\x8b\x08"; }

std::string gunzip(std::string_view bytes, std::string_view name) {
  z_stream stream{};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) throw IoError("zlib could not be started");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);

  std::string out;
  std::size_t consumed = 0;
  int status = Z_OK;
  // members may follow one another; zero padding after the last is allowed, as gzip itself allows it
  while (consumed < bytes.size()) {
    if (status == Z_STREAM_END) {
      if (!is_gzip(bytes.substr(consumed))) break;
      inflateReset(&stream);
    }
    const std::size_t piece = std::min<std::size_t>(bytes.size() - consumed, std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + consumed));
    stream.avail_in = static_cast<uInt>(piece);
    do {
      const std::size_t used = out.size();
      const std::size_t room = std::clamp<std::size_t>(used, std::size_t{1} << 16, std::size_t{1} << 28);
      out.resize(used + room);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
      stream.avail_out = static_cast<uInt>(room);
      status = inflate(&stream, Z_NO_FLUSH);
      out.resize(used + room - stream.avail_out);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        throw InputError(std::string(name) + ": the gzip data are damaged (" +
                         (stream.msg != nullptr ? stream.msg : "error " + std::to_string(status)) + ")");
      }
    } while (status == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
    consumed += piece - stream.avail_in;
    if (status == Z_BUF_ERROR && stream.avail_in > 0) break;
  }
  if (status != Z_STREAM_END)
    throw InputError(std::string(name) + ": the gzip data end too early (the file is cut off)");
  return out;
}

}  // namespace offprint::io
