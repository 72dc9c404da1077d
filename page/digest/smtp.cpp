// libcurl asks for the message through a callback and sends the final dot only after the callback has said that there
// is no more: that is the moment to record that the message is about to be taken.
#include "page/digest/smtp.hpp"

#include <algorithm>
#include <cstring>
#include <exception>

#include <curl/curl.h>

#include "offprint/core/error.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

constexpr long kAnswerSeconds = 60;  // for each answer of the server
constexpr std::size_t kAnswerPoints = 300;

/// libcurl's process-wide set-up, once.
void start_libcurl() {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) throw Error(std::string("libcurl cannot start: ") + curl_easy_strerror(started));
}

enum class Stage { kConnecting, kSender, kRecipient, kData, kEnd };

/// What the callbacks share during one message.
struct Exchange {
  std::string_view rest;
  const std::function<void()>* before_end = nullptr;
  const CancelToken* cancel = nullptr;
  std::exception_ptr failure;
  Stage stage = Stage::kConnecting;
  std::string answer;
  bool closing = false;          // QUIT was sent; what is answered to it says nothing of the message
  bool sign_in_refused = false;  // libcurl may go on to another mechanism and then run out of time
};

size_t give_text(char* buffer, size_t size, size_t count, void* context) {
  auto& x = *static_cast<Exchange*>(context);
  if (x.rest.empty()) {
    try {
      if (x.stage != Stage::kEnd) (*x.before_end)();
    } catch (...) {
      x.failure = std::current_exception();
      return CURL_READFUNC_ABORT;
    }
    x.stage = Stage::kEnd;
    return 0;
  }
  const auto n = std::min(size * count, x.rest.size());
  std::memcpy(buffer, x.rest.data(), n);
  x.rest.remove_prefix(n);
  return n;
}

int watch(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& x = *static_cast<Exchange*>(context);
  return x.stage != Stage::kEnd && x.cancel->cancelled() ? 1 : 0;
}

/// Follows which command was sent last and what the server answered; passwords pass here too and are not kept.
int listen(CURL*, curl_infotype type, char* data, size_t size, void* context) {
  auto& x = *static_cast<Exchange*>(context);
  const std::string_view line(data, size);
  if (type == CURLINFO_HEADER_OUT) {
    if (line.starts_with("QUIT")) x.closing = true;
    if (line.starts_with("MAIL")) x.stage = Stage::kSender;
    if (line.starts_with("RCPT")) x.stage = Stage::kRecipient;
    if (line.starts_with("DATA")) x.stage = Stage::kData;
  } else if (type == CURLINFO_HEADER_IN && !x.closing) {
    x.answer = line;
    if (line.starts_with("535")) x.sign_in_refused = true;
  }
  return 0;
}

/// libcurl's answer to a transfer it was not given any data for.
size_t drop(char*, size_t size, size_t count, void*) { return size * count; }

}  // namespace

struct SmtpConnection::Impl {
  explicit Impl(const MailSettings& given) : settings(given) {
    start_libcurl();
    handle = curl_easy_init();
    if (handle == nullptr) throw Error("libcurl gives no handle: not enough memory?");
    set(CURLOPT_URL, settings.smtp.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_USE_SSL, static_cast<long>(settings.plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!settings.ca_file.empty()) {
      set(CURLOPT_CAINFO, settings.ca_file.c_str());
      set(CURLOPT_CAPATH, nullptr);
    }
    if (!settings.user.empty()) {
      set(CURLOPT_USERNAME, settings.user.c_str());
      set(CURLOPT_PASSWORD, settings.password.c_str());
    }
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(settings.connect_seconds));
    set(CURLOPT_TIMEOUT, static_cast<long>(settings.message_seconds));
    set(CURLOPT_SERVER_RESPONSE_TIMEOUT, std::min(kAnswerSeconds, static_cast<long>(settings.message_seconds)));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_MAIL_FROM, ("<" + settings.from.address + ">").c_str());
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &give_text);
    set(CURLOPT_WRITEFUNCTION, &drop);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &watch);
    set(CURLOPT_VERBOSE, 1L);
    set(CURLOPT_DEBUGFUNCTION, &listen);
    for (const auto option : {CURLOPT_READDATA, CURLOPT_XFERINFODATA, CURLOPT_DEBUGDATA}) set(option, &exchange);
    set(CURLOPT_ERRORBUFFER, error);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { curl_easy_cleanup(handle); }

  template <class T>
  void set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(handle, option, value);
    if (code != CURLE_OK) throw Error(std::string("this libcurl cannot send mail: ") + curl_easy_strerror(code));
  }

  MailSettings settings;
  Exchange exchange;  // outlives each message: closing the connection calls back too
  CURL* handle = nullptr;
  char error[CURL_ERROR_SIZE] = {};
};

SmtpConnection::SmtpConnection(const MailSettings& settings) : impl_(std::make_unique<Impl>(settings)) {}
SmtpConnection::~SmtpConnection() = default;

SendResult SmtpConnection::send(const std::string& to, const std::string& message,
                                const std::function<void()>& before_end, const CancelToken& cancel) {
  Exchange& x = impl_->exchange;
  x = {message, &before_end, &cancel, nullptr, Stage::kConnecting, "", false, false};
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), &curl_slist_free_all);
  impl_->set(CURLOPT_MAIL_RCPT, recipients.get());
  impl_->error[0] = '\0';
  const CURLcode code = curl_easy_perform(impl_->handle);
  long status = 0;
  curl_easy_getinfo(impl_->handle, CURLINFO_RESPONSE_CODE, &status);
  if (x.failure) std::rethrow_exception(x.failure);

  SendResult result;
  const bool refused = status >= 400 && status < 600;
  const std::string trouble = impl_->error[0] != '\0' ? impl_->error : curl_easy_strerror(code);
  result.answer = shortened(clean_line(refused && !x.answer.empty() ? x.answer : trouble), kAnswerPoints);
  const bool at_recipient = x.stage == Stage::kRecipient || x.stage == Stage::kData || x.stage == Stage::kEnd;
  if (code == CURLE_OK) {
    result = {Outcome::kTaken, clean_line(x.answer), false};
  } else if (code == CURLE_ABORTED_BY_CALLBACK) {
    result.outcome = Outcome::kCancelled;
  } else if (code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION ||
             code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CIPHER || status == 530 || status == 534 ||
             x.sign_in_refused || (x.stage == Stage::kSender && status >= 500)) {
    result.outcome = Outcome::kMisset;
  } else if (at_recipient && status >= 500 && refused) {
    result.outcome = Outcome::kRefused;
    result.about_mailbox = result.answer.find(" 5.7.") == std::string::npos;
  } else if (at_recipient && refused && status != 421) {
    result.outcome = Outcome::kLater;
  } else if (x.stage == Stage::kEnd && !refused) {
    result.outcome = Outcome::kUnsure;
  } else if (x.stage == Stage::kData) {
    result.outcome = Outcome::kLater;
  } else {
    result.outcome = Outcome::kNoServer;
  }
  return result;
}

}  // namespace offprint::page
