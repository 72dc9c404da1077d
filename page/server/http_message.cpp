// Bodies, replies, and what each kind of error becomes.
#include "page/server/http_message.hpp"

#include <new>

#include <strings.h>

namespace offprint::page {

std::string_view HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  return "";
}

std::string HttpRequest::body(std::size_t limit) const {
  const auto too_large = [&] {
    return HttpError(413, "the request is larger than the " + std::to_string(limit) + " bytes allowed here");
  };
  if (content_length && *content_length > limit) throw too_large();
  std::string text;
  bool over = false;
  const bool whole = read_body([&](std::string_view bytes) {
    over = text.size() + bytes.size() > limit;
    if (!over) text += bytes;
    return !over;
  });
  if (over) throw too_large();
  if (!whole) throw HttpError(400, "the request ended before its body did");
  return text;
}

Json HttpRequest::json_body(std::size_t limit) const {
  const std::string text = body(limit);
  bool too_deep = false;
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > 8;
    return !too_deep;
  };
  try {
    Json json = Json::parse(text, shallow);
    if (too_deep || !json.is_object()) throw HttpError(400, "the request's body must be a JSON object");
    return json;
  } catch (const Json::parse_error& e) {
    throw HttpError(400, "the request's body is not JSON: there is a mistake at byte " + std::to_string(e.byte));
  }
}

HttpReply json_reply(const Json& json, int status) {
  return text_reply(json.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json", status);
}

HttpReply text_reply(std::string text, std::string type, int status) {
  HttpReply reply;
  reply.status = status;
  reply.type = std::move(type);
  reply.body = std::move(text);
  return reply;
}

HttpReply error_reply(int status, std::string_view sentence) {
  auto reply = json_reply({{"error", sentence}}, status);
  reply.with("Cache-Control", "no-store");
  return reply;
}

HttpReply reply_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const HttpError& e) {
    auto reply = error_reply(e.status(), e.what());
    if (e.retry_after() > 0) reply.with("Retry-After", std::to_string(e.retry_after()));
    return reply;
  } catch (const InputError& e) {
    return error_reply(400, e.what());
  } catch (const Error& e) {
    return error_reply(500, e.what());
  } catch (const std::bad_alloc&) {
    return error_reply(503, "the page has not enough memory for this just now; try again");
  } catch (const std::exception& e) {
    return error_reply(500, std::string("the page failed at this: ") + e.what());
  }
}

}  // namespace offprint::page
