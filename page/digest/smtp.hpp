// Handing mail to a server: SMTP through libcurl, one connection for many messages.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "offprint/core/parallel.hpp"
#include "page/digest/mail_settings.hpp"

namespace offprint::page {

/// What became of one message.
enum class Outcome {
  kTaken,      // the server answered the final dot with 250
  kLater,      // it asked to try again (4xx), or the connection broke before the final dot
  kRefused,    // it refused this recipient or message for good (5xx)
  kUnsure,     // the final dot went out and no answer came: it may or may not have been taken
  kNoServer,   // no connection, or it was lost or refused before this message's recipient was named
  kMisset,     // our settings cannot work: TLS missing or its certificate not trusted, sign-in or sender refused
  kCancelled,  // stopped from our side before the final dot
};

struct SendResult {
  Outcome outcome = Outcome::kNoServer;
  std::string answer;          // the server's last line, or what went wrong, on one line
  bool about_mailbox = false;  // kRefused because of the recipient, not of policy (enhanced status 5.7.x)
};

/// One connection to the mail server of the settings, opened by the first message and again after it was lost. For one
/// thread at a time.
class SmtpConnection {
 public:
  explicit SmtpConnection(const MailSettings& settings);
  SmtpConnection(const SmtpConnection&) = delete;
  SmtpConnection& operator=(const SmtpConnection&) = delete;
  ~SmtpConnection();

  /// Sends one message (CRLF lines). `before_end` is called once the server has been given the whole text and before
  /// the final dot, which is when it takes responsibility; if it throws, the dot is not sent and the exception is
  /// rethrown. Returns within MailSettings::message_seconds plus a second whatever the server does; `cancel` is heeded
  /// until the dot. TLS is demanded unless the settings say plain.
  [[nodiscard]] SendResult send(const std::string& to, const std::string& message,
                                const std::function<void()>& before_end, const CancelToken& cancel = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace offprint::page
