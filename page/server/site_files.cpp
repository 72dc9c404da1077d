// Files of one folder, and nothing outside it.
#include "page/server/site_files.hpp"

#include <map>

#include <fmt/format.h>

namespace offprint::page {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNotBuilt = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Offprint</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1>The page's site was not built</h1>
<p>The server works (its interface is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>), but the site
itself is missing: <code>./offprint</code> builds it with Node.js and npm. Install them
(<code>apt-get install nodejs npm</code>) and run <code>./offprint</code> again.</p>
<p><a href="/edition">Today's results</a> can be read without it.</p></body></html>
)html";

}  // namespace

std::string content_type(const fs::path& file) {
  static const std::map<std::string, std::string> kTypes = {{".html", "text/html; charset=utf-8"},
                                                            {".js", "text/javascript; charset=utf-8"},
                                                            {".mjs", "text/javascript; charset=utf-8"},
                                                            {".css", "text/css; charset=utf-8"},
                                                            {".json", "application/json"},
                                                            {".svg", "image/svg+xml"},
                                                            {".png", "image/png"},
                                                            {".jpg", "image/jpeg"},
                                                            {".ico", "image/x-icon"},
                                                            {".webp", "image/webp"},
                                                            {".woff", "font/woff"},
                                                            {".woff2", "font/woff2"},
                                                            {".ttf", "font/ttf"},
                                                            {".txt", "text/plain; charset=utf-8"},
                                                            {".csv", "text/csv; charset=utf-8"},
                                                            {".webmanifest", "application/manifest+json"},
                                                            {".map", "application/json"},
                                                            {".wasm", "application/wasm"}};
  const auto at = kTypes.find(file.extension().string());
  return at != kTypes.end() ? at->second : "application/octet-stream";
}

HttpReply file_reply(const HttpRequest& request, const fs::path& file, std::string type, std::string cache_control) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  if (error) throw HttpError(404, "the file is gone");
  const auto time = fs::last_write_time(file, error).time_since_epoch().count();
  HttpReply reply;
  reply.type = std::move(type);
  reply.with("Cache-Control", std::move(cache_control)).with("Vary", "Accept-Encoding");
  auto chosen = file;
  const auto packed = fs::path(file.string() + ".gz");
  const bool gzip = accepts_gzip(request.header("Accept-Encoding")) && fs::is_regular_file(packed, error);
  const auto etag = fmt::format("\"{:x}-{:x}{}\"", size, static_cast<std::uint64_t>(time), gzip ? "-gz" : "");
  reply.with("ETag", etag);
  if (etag_matches(request.header("If-None-Match"), etag)) {
    reply.status = 304;
    return reply;
  }
  if (gzip) {
    chosen = packed;
    reply.with("Content-Encoding", "gzip");
  }
  reply.file = chosen;
  return reply;
}

HttpReply SiteFiles::reply(const HttpRequest& request) const {
  std::error_code error;
  const auto index = folder_ / "index.html";
  if (!fs::is_regular_file(index, error)) {
    auto reply = text_reply(std::string(kNotBuilt), "text/html; charset=utf-8", 503);
    return reply.with("Cache-Control", "no-store");
  }
  fs::path file = folder_;
  for (const auto& segment : request.segments) {
    if (segment.empty() || segment.front() == '.' || segment.find('/') != std::string::npos) {
      file.clear();
      break;
    }
    file /= segment;
  }
  const bool asset = !request.segments.empty() && request.segments.front() == "assets";
  if (!file.empty() && !request.segments.empty() && fs::is_regular_file(file, error)) {
    const auto canonical = fs::canonical(file, error);
    const auto home = fs::canonical(folder_, error);
    const auto [h, c] = std::mismatch(home.begin(), home.end(), canonical.begin(), canonical.end());
    if (!error && h == home.end())
      // assets carry a hash of their content in their names
      return file_reply(request, file, content_type(file), asset ? "public, max-age=31536000, immutable" : "no-cache");
  }
  if (asset) throw HttpError(404, "the site has no such file");
  return file_reply(request, index, content_type(index), "no-cache");
}

}  // namespace offprint::page
