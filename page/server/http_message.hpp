// A request and its reply as the page's handlers see them, without a word of the HTTP library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "offprint/core/card.hpp"
#include "offprint/core/error.hpp"
#include "page/server/query.hpp"

namespace offprint::page {

class EventChannel;

/// An error with its HTTP status; any other Error becomes 400 (InputError) or 500.
class HttpError : public Error {
 public:
  HttpError(int status, const std::string& sentence, int retry_after = 0)
      : Error(sentence), status_(status), retry_after_(retry_after) {}
  [[nodiscard]] int status() const { return status_; }
  /// Seconds to wait, for 429 and 503; 0: not told.
  [[nodiscard]] int retry_after() const { return retry_after_; }

 private:
  int status_;
  int retry_after_;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // "GET", "HEAD", "POST", "DELETE", ...
  std::string target;   // as it was sent
  std::string address;  // of the peer
  HeaderList headers;
  std::vector<std::string> segments;  // of the path, decoded
  Query query;
  std::optional<std::uint64_t> content_length;
  /// Streams the body to `take`, which returns false to stop. False when the peer went away or `take` stopped it.
  std::function<bool(const std::function<bool(std::string_view)>& take)> read_body;

  std::vector<std::string> arguments;  // of the route, in order (the router's)
  std::string reader;                  // the reader's random id from its cookie, "" when it has none
  bool session = false;                // asked with a session cookie or token

  /// The first header of that name (any case), or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// The whole body. Throws HttpError 413 beyond `limit` bytes, 400 when the peer went away.
  [[nodiscard]] std::string body(std::size_t limit) const;
  /// The body as JSON, nested at most 8 deep. Throws HttpError 400, 413.
  [[nodiscard]] Json json_body(std::size_t limit = 1U << 20U) const;
};

struct HttpReply {
  int status = 200;
  std::string type;  // Content-Type
  std::string body;
  HeaderList headers;
  std::filesystem::path file;             // sent instead of `body` when not empty
  std::shared_ptr<EventChannel> channel;  // an event stream instead of a body
  std::uint64_t events_after = 0;         // of the channel: events beyond this one
  std::string events_first;               // sent before them

  HttpReply& with(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

[[nodiscard]] HttpReply json_reply(const Json& json, int status = 200);
[[nodiscard]] HttpReply text_reply(std::string text, std::string type, int status = 200);
/// {"error": sentence}
[[nodiscard]] HttpReply error_reply(int status, std::string_view sentence);
/// What an exception tells the client. Errors that are not ours are told in general words.
[[nodiscard]] HttpReply reply_of(std::exception_ptr error);

}  // namespace offprint::page
