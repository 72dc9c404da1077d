// libcurl's multi interface with one transfer, since only it lets the waiting be cut into pieces.
#include "catalogue/fetch.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

#include <curl/curl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "catalogue/text.hpp"
#include "offprint/core/random.hpp"

namespace offprint::catalogue {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr auto kPoll = std::chrono::milliseconds(50);
constexpr int kMalformedAttempts = 3;  // an answer that is malformed three times will be so the fourth time

/// libcurl's process-wide state lives as long as the process.
void start_curl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error("libcurl cannot start: " + std::string(curl_easy_strerror(started)));
}

// both handles are void to C++
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

struct Body {
  std::string text;
  std::size_t limit = 0;
  bool too_large = false;
};

std::size_t receive(const char* data, std::size_t size, std::size_t count, void* target) {
  auto& body = *static_cast<Body*>(target);
  if (body.text.size() + size * count > body.limit) {
    body.too_large = true;
    return 0;
  }
  body.text.append(data, size * count);
  return size * count;
}

/// One attempt's end.
struct Outcome {
  bool good = false;
  bool again = false;  // repeating may help
  std::string why;
  std::optional<Seconds> retry_after{};
};

bool may_pass(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_SSL_CONNECT_ERROR:
      return true;
    default:
      return false;
  }
}

long milliseconds(Seconds s) { return std::max(1L, std::lround(s.count() * 1000.0)); }

}  // namespace

struct Fetcher::Impl {
  FetchOptions options;
  std::unique_ptr<CURL, EasyDeleter> easy;
  std::unique_ptr<CURLM, MultiDeleter> multi;
  Stream jitter{static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()), "fetch jitter",
                static_cast<std::uint64_t>(getpid())};
  std::optional<Clock::time_point> last_start{};
  std::size_t requests = 0;

  void say(const std::string& text) const {
    if (options.say) options.say(text);
  }

  void wait_until(Clock::time_point then) const {
    for (options.cancel.check(); Clock::now() < then; options.cancel.check())
      std::this_thread::sleep_until(std::min(then, Clock::now() + kPoll));
  }

  template <class Value>
  void set(CURLoption option, Value value) const {
    if (const auto code = curl_easy_setopt(easy.get(), option, value); code != CURLE_OK)
      throw Error(std::string("libcurl refuses an option: ") + curl_easy_strerror(code));
  }

  /// Runs the transfer to its end, looking at the cancel token in between.
  CURLcode transfer() const {
    curl_multi_add_handle(multi.get(), easy.get());
    const auto remove = [this](void*) { curl_multi_remove_handle(multi.get(), easy.get()); };
    const std::unique_ptr<CURLM, decltype(remove)> removed(multi.get(), remove);
    int running = 1;
    while (running > 0) {
      options.cancel.check();
      curl_multi_perform(multi.get(), &running);
      if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(kPoll.count()), nullptr);
    }
    options.cancel.check();
    CURLcode result = CURLE_RECV_ERROR;
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &queued))
      if (message->msg == CURLMSG_DONE) result = message->data.result;
    return result;
  }

  Outcome attempt(const std::string& url, Body& body) {
    if (last_start) wait_until(*last_start + std::chrono::duration_cast<Clock::duration>(options.courtesy));
    last_start = Clock::now();
    ++requests;
    body.text.clear();
    const bool secure = url.starts_with("https:");
    char error[CURL_ERROR_SIZE] = "";
    curl_easy_reset(easy.get());
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    set(CURLOPT_FOLLOWLOCATION, 1L);
    set(CURLOPT_MAXREDIRS, 5L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USERAGENT, "offprint/" OFFPRINT_VERSION);
    set(CURLOPT_ACCEPT_ENCODING, "");
    set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_timeout));
    set(CURLOPT_TIMEOUT_MS, milliseconds(options.timeout));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, std::max(1L, std::lround(std::ceil(options.stalled.count()))));
    set(CURLOPT_ERRORBUFFER, error);
    set(CURLOPT_WRITEFUNCTION, receive);
    set(CURLOPT_WRITEDATA, &body);
    const CURLcode code = transfer();
    set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    if (body.too_large) return {.why = fmt::format("its answer has more than {} bytes", body.limit)};
    if (code != CURLE_OK)
      return {.again = may_pass(code), .why = clean_text(*error != 0 ? error : curl_easy_strerror(code), 200)};
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 200) return {.good = true, .why = {}};
    Outcome outcome{.again = status == 408 || status == 425 || status == 429 || status >= 500,
                    .why = fmt::format("it answers {} ({})", status, clean_text(body.text, 120))};
    curl_off_t after = 0;
    if (curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0)
      outcome.retry_after = Seconds(static_cast<double>(after));
    return outcome;
  }
};

Fetcher::Fetcher(FetchOptions options) {
  start_curl();
  impl_ = std::make_unique<Impl>();
  impl_->options = std::move(options);
  impl_->easy.reset(curl_easy_init());
  impl_->multi.reset(curl_multi_init());
  if (!impl_->easy || !impl_->multi) throw Error("libcurl cannot start a transfer: out of memory?");
}
Fetcher::Fetcher(Fetcher&&) noexcept = default;
Fetcher::~Fetcher() = default;

std::size_t Fetcher::requests() const { return impl_->requests; }

std::string Fetcher::get(const std::string& url, const std::function<void(const std::string& body)>& accept) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    throw InputError("the address '" + clean_text(url, 200) + "' does not begin with http:// or https://");
  const FetchOptions& options = impl_->options;
  Body body{.text = {}, .limit = options.size_limit};
  int malformed = 0;
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = impl_->attempt(url, body);
    if (outcome.good) {
      if (!accept) return std::move(body.text);
      try {
        accept(body.text);
        return std::move(body.text);
      } catch (const InputError& e) {
        if (++malformed >= kMalformedAttempts || attempt >= options.attempts) throw;
        outcome = {.again = true, .why = e.what()};
      }
    }
    if (!outcome.again) throw FetchError(fmt::format("{} cannot be fetched: {}", url, outcome.why));
    if (attempt >= options.attempts)
      throw FetchError(fmt::format("{} cannot be fetched in {} attempts: {}", url, attempt, outcome.why));
    Seconds wait = options.backoff * std::exp2(attempt - 1) * impl_->jitter.uniform(0.5, 1.5);
    wait = std::min(wait, options.longest_wait);
    if (outcome.retry_after) {
      if (*outcome.retry_after > options.longest_wait)
        throw FetchError(fmt::format("{} asks to be left alone for {:.0f} s: {}; try again then", url,
                                     outcome.retry_after->count(), outcome.why));
      wait = *outcome.retry_after;
    }
    impl_->say(fmt::format("attempt {} of {} failed: {}; waiting {:.1f} s", attempt, options.attempts, outcome.why,
                           wait.count()));
    impl_->wait_until(Clock::now() + std::chrono::duration_cast<Clock::duration>(wait));
  }
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", u);
    }
  }
  return out;
}

}  // namespace offprint::catalogue
