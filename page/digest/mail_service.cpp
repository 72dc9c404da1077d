// One mutex over the subscriptions; the sending thread has a database connection of its own.
#include "page/digest/mail_service.hpp"

#include <algorithm>
#include <chrono>

#include "offprint/core/error.hpp"
#include "page/digest/mailer.hpp"

namespace offprint::page {
namespace {

constexpr std::int64_t kLongestSleep = 60;   // seconds; another process may have queued something
constexpr std::int64_t kAfterTrouble = 300;  // seconds, when our settings cannot work

}  // namespace

MailService::MailService(const std::filesystem::path& store, std::optional<MailSettings> settings,
                         std::function<void(const std::string&)> log)
    : store_(store), settings_(std::move(settings)), log_(std::move(log)), subscriptions_(store, Signer::open(store)) {
  if (settings_) sender_ = std::thread([this] { send_until_stopped(); });
}

MailService::~MailService() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (sender_.joinable()) sender_.join();
}

void MailService::send_until_stopped() {
  const CancelToken stopped([this] {
    const std::lock_guard lock(mutex_);
    return stop_;
  });
  std::unique_ptr<Mailer> mailer;
  while (!stopped.cancelled()) {
    auto pause = kLongestSleep;
    try {
      if (!mailer) mailer = std::make_unique<Mailer>(store_, *settings_, log_);
      mailer->send_due("confirm", stopped);
      if (const auto due = mailer->outbox().next_due("confirm"))
        pause = std::clamp<std::int64_t>(*due - seconds_now(), 1, kLongestSleep);
    } catch (const std::exception& e) {
      // the page goes on without mail; what is queued waits
      log_(std::string("mail: ") + e.what());
      mailer.reset();
      pause = kAfterTrouble;
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::seconds(pause), [this] { return news_ || stop_; });
    news_ = false;
  }
}

void MailService::subscribe(std::string_view email, const Wish& wish) {
  if (!settings_) throw NotAvailable("this page sends no mail: it was started without --smtp");
  const std::lock_guard lock(mutex_);
  if (subscriptions_.request(email, wish, seconds_now())) news_ = true;
  wake_.notify_all();
}

std::optional<PendingRequest> MailService::pending(std::string_view token) const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.pending(token, seconds_now());
}

std::optional<Subscriber> MailService::confirm(std::string_view token) {
  const std::lock_guard lock(mutex_);
  return subscriptions_.confirm(token, seconds_now());
}

bool MailService::genuine_unsubscribe(std::string_view token) const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.genuine_unsubscribe(token);
}

std::optional<Subscriber> MailService::subscriber_of(std::string_view token) const {
  const std::lock_guard lock(mutex_);
  return subscriptions_.subscriber_of(token);
}

bool MailService::unsubscribe(std::string_view token) {
  const std::lock_guard lock(mutex_);
  return subscriptions_.unsubscribe(token);
}

}  // namespace offprint::page
