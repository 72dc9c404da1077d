// The library parses the head and the body and writes the reply; everything in between is the page's handler.
#include "page/server/exchange.hpp"

#include <charconv>
#include <fstream>
#include <memory>

namespace offprint::page {
namespace {

constexpr int kKeepAliveSeconds = 15;
constexpr std::size_t kRequestsPerConnection = 10000;

}  // namespace

Exchange::Exchange(Connection& connection, const HttpHandler& handler, const HeaderList& headers)
    : connection_(connection), handler_(handler) {
  svr_sock_ = 0;  // the library stops sending when this is -1
  set_keep_alive_timeout(kKeepAliveSeconds);
  set_keep_alive_max_count(kRequestsPerConnection);
  httplib::Headers all;
  for (const auto& [name, value] : headers) all.emplace(name, value);
  set_default_headers(all);
  const Handler plain = [this](const httplib::Request& q, httplib::Response& r) { answer(q, r, nullptr); };
  const HandlerWithContentReader with_body = [this](const httplib::Request& q, httplib::Response& r,
                                                    const httplib::ContentReader& c) { answer(q, r, &c); };
  Get("/", plain);
  Options("/", plain);
  Delete("/", plain);
  Delete("/", with_body);
  Post("/", with_body);
  Put("/", with_body);
  Patch("/", with_body);
  set_error_handler(httplib::Server::Handler([](const httplib::Request&, httplib::Response& r) {
    if (r.body.empty() && r.status >= 400)
      r.set_content(R"({"error":"the request is not HTTP as the page understands it"})", "application/json");
  }));
}

/// Takes everything out of the library's request that it would act upon by itself: routing, ranges, compression,
/// multipart parsing.
void Exchange::prepare(httplib::Request& q) {
  connection_.head_is_read();
  prepared_ = true;
  request_ = HttpRequest{};
  refusal_.reset();
  request_.method = q.method;
  request_.target = q.target;
  request_.address = connection_.address();
  for (const auto& [name, value] : q.headers) request_.headers.emplace_back(name, value);
  const auto encoding = request_.header("Transfer-Encoding");
  const auto lengths = q.get_header_value_count("Content-Length");
  chunked_ = !encoding.empty();
  if (chunked_ && (lengths > 0 || encoding != "chunked"))
    refusal_ = "the request says its length in two ways, or in one the page does not know";
  if (lengths > 1) refusal_ = "the request has two lengths";
  if (lengths == 1) {
    const auto text = request_.header("Content-Length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (error != std::errc() || end != text.data() + text.size()) {
      refusal_ = "the request's Content-Length is not a number";
    } else {
      request_.content_length = length;
    }
  }
  body_left_ = chunked_ || refusal_ || request_.content_length.value_or(0) > 0;
  const auto question = q.target.find('?');
  try {
    request_.segments = path_segments(std::string_view(q.target).substr(0, question));
    if (question != std::string::npos) request_.query = Query::parse(std::string_view(q.target).substr(question + 1));
  } catch (const InputError& e) {
    refusal_ = e.what();
  }
  q.path = "/";
  q.params.clear();
  q.ranges.clear();
  for (const char* name : {"Accept-Encoding", "Content-Encoding", "Content-Type", "Range"}) q.headers.erase(name);
}

void Exchange::answer(const httplib::Request&, httplib::Response& response, const httplib::ContentReader* content) {
  const bool has_body = body_left_ && !refusal_ && content != nullptr;
  request_.read_body = [&](const std::function<bool(std::string_view)>& take) {
    if (!has_body) return !body_left_;
    bool taken = true;
    const bool whole = (*content)([&](const char* data, size_t size) {
      taken = take(std::string_view(data, size));
      return taken;
    });
    if (whole && taken) body_left_ = false;
    return whole && taken;
  };
  if (refusal_) {
    reply_ = error_reply(400, *refusal_);
  } else {
    try {
      reply_ = handler_(request_);
    } catch (...) {
      reply_ = reply_of(std::current_exception());
    }
  }
  request_.read_body = nullptr;
  if (request_.method == "HEAD") reply_.channel.reset();
  fill(response);
}

void Exchange::fill(httplib::Response& response) {
  std::shared_ptr<std::ifstream> file;
  std::size_t size = 0;
  if (!reply_.file.empty()) {
    file = std::make_shared<std::ifstream>(reply_.file, std::ios::binary);
    std::error_code error;
    size = std::filesystem::file_size(reply_.file, error);
    if (!*file || error) {
      reply_ = error_reply(404, "the file is gone");
      file.reset();
    }
  }
  response.status = reply_.status;
  for (const auto& [name, value] : reply_.headers) {
    response.headers.erase(name);  // a reply's own header stands instead of the default
    response.set_header(name, value);
  }
  // a stream ends with its connection; so does a request whose body was not taken
  if (reply_.channel || body_left_) response.set_header("Connection", "close");
  if (reply_.channel) {
    response.set_content_provider("text/event-stream", [](std::size_t, httplib::DataSink& sink) {
      sink.done();
      return true;
    });
  } else if (file && size > 0) {
    response.set_content_provider(
        size, reply_.type, [file](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
          std::array<char, 65536> piece{};
          file->clear();
          file->seekg(static_cast<std::streamoff>(offset));
          file->read(piece.data(), static_cast<std::streamsize>(std::min(piece.size(), length)));
          const auto n = file->gcount();
          return n > 0 && sink.write(piece.data(), static_cast<std::size_t>(n));
        });
  } else if (reply_.status != 204 && reply_.status != 304) {
    response.set_content(std::move(reply_.body), reply_.type);
  }
}

Exchange::Outcome Exchange::one(bool last) {
  prepared_ = false;
  body_left_ = false;
  reply_ = HttpReply{};
  bool closed = false;
  const bool good = process_request(connection_, last, closed, [this](httplib::Request& q) { prepare(q); });
  if (!good || !prepared_) return Outcome::kClose;
  if (reply_.channel) return Outcome::kStream;
  return closed || last || body_left_ ? Outcome::kClose : Outcome::kNext;
}

}  // namespace offprint::page
