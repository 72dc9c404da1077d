// Empties the outbox: composes each message that is due and hands it to the mail server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "page/digest/mail_settings.hpp"
#include "page/digest/mime.hpp"
#include "page/digest/outbox.hpp"
#include "page/digest/smtp.hpp"

namespace offprint::page {

struct Edition;

/// A sender. Its connection is kept between messages. For one thread at a time; any number of senders may work on one
/// store. `log` gets a line for each message that was not taken, with its number and never its address.
class Mailer {
 public:
  Mailer(const std::filesystem::path& store, const MailSettings& settings, std::function<void(const std::string&)> log);
  ~Mailer();

  /// Sends what is due of that kind ("confirm", "digest", "" for both) until nothing is, or `cancel`: then the message
  /// in flight is finished when the final dot is near and put back otherwise. Stops early when the server cannot be
  /// reached three times in a row; what is unsent waits for the next time. Throws Error when our settings cannot work
  /// (TLS refused, sign-in refused, sender refused): retrying would not help.
  SendCounts send_due(const std::string& kind, const CancelToken& cancel = {});

  /// The clock, in seconds since 1970, for tests of retries.
  void set_clock(std::function<std::int64_t()> clock) { clock_ = std::move(clock); }

  [[nodiscard]] Outbox& outbox() { return outbox_; }
  [[nodiscard]] Subscriptions& subscriptions() { return subscriptions_; }

 private:
  [[nodiscard]] Message compose(const Claim& claim);

  std::function<std::int64_t()> clock_ = seconds_now;
  MailSettings settings_;
  std::function<void(const std::string&)> log_;
  Subscriptions subscriptions_;
  Outbox outbox_;
  SmtpConnection connection_;
  std::filesystem::path store_;
  std::unique_ptr<Edition> edition_;  // the one composed last: thousands of messages share it
};

}  // namespace offprint::page
