// Subscriptions as the server mounts them: safe to call from any thread, and confirmation mail goes out at once from a
// thread of its own.
//
//   MailService mail(call.store, mail_settings(call.options, own_address), call.say);
//   POST /api/v1/subscriptions      mail.subscribe(email, wish): 202 kSubscribeAnswer; InputError 400, NotAvailable 503
//   GET  /subscriptions/confirm     mail.pending(token): what to show above the button; nothing: the link is dead
//   POST /subscriptions/confirm     mail.confirm(token): nothing: the link is dead
//   GET  /subscriptions/unsubscribe mail.genuine_unsubscribe(token), mail.subscriber_of(token) to show above the button
//   POST /subscriptions/unsubscribe mail.unsubscribe(token): false: 400, the link is damaged
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "page/digest/mail_settings.hpp"
#include "page/digest/subscriptions.hpp"

namespace offprint::page {

/// What every request to subscribe is answered, whoever asks for whichever address.
inline constexpr const char* kSubscribeAnswer =
    "If this address can get mail, a message with a link to confirm is on its way; look for it in the next minutes, "
    "also "
    "among the unwanted mail.";

class MailService {
 public:
  /// Opens the store's subscriptions. Without settings, nobody can subscribe, but links in mail already sent still
  /// work. `log` gets one line for each failure to send (never an address), from the sending thread.
  MailService(const std::filesystem::path& store, std::optional<MailSettings> settings,
              std::function<void(const std::string&)> log);
  /// Stops sending: waits for the message in flight, at most MailSettings::message_seconds.
  ~MailService();
  MailService(const MailService&) = delete;
  MailService& operator=(const MailService&) = delete;

  [[nodiscard]] bool set_up() const { return settings_.has_value(); }

  /// See Subscriptions::request. Throws NotAvailable when mail is not set up.
  void subscribe(std::string_view email, const Wish& wish);
  [[nodiscard]] std::optional<PendingRequest> pending(std::string_view token) const;
  std::optional<Subscriber> confirm(std::string_view token);
  [[nodiscard]] bool genuine_unsubscribe(std::string_view token) const;
  [[nodiscard]] std::optional<Subscriber> subscriber_of(std::string_view token) const;
  bool unsubscribe(std::string_view token);

 private:
  void send_until_stopped();

  std::filesystem::path store_;
  std::optional<MailSettings> settings_;
  std::function<void(const std::string&)> log_;
  mutable std::mutex mutex_;  // over subscriptions_, news_ and stop_
  Subscriptions subscriptions_;
  std::condition_variable wake_;
  bool news_ = true;  // something may have been queued since the thread last looked
  bool stop_ = false;
  std::thread sender_;
};

}  // namespace offprint::page
