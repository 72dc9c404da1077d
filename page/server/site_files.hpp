// The built site's files.
#pragma once

#include <filesystem>
#include <string>

#include "page/server/http_message.hpp"

namespace offprint::page {

class SiteFiles {
 public:
  explicit SiteFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  /// The file of that address, or index.html for an address of the single-page app; a page that says what to do when
  /// the site was not built. Throws HttpError 404 for an asset that does not exist.
  [[nodiscard]] HttpReply reply(const HttpRequest& request) const;

 private:
  std::filesystem::path folder_;
};

/// Content-Type by the file's extension.
[[nodiscard]] std::string content_type(const std::filesystem::path& file);
/// A file with an ETag from its size and time; 304 when the client has it. A ".gz" beside it is sent to who takes it.
[[nodiscard]] HttpReply file_reply(const HttpRequest& request, const std::filesystem::path& file, std::string type,
                                   std::string cache_control);

}  // namespace offprint::page
