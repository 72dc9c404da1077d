// The loop over claimed messages.
#include "page/digest/mailer.hpp"

#include <fmt/format.h>

#include "offprint/core/error.hpp"
#include "page/digest/compose.hpp"
#include "page/digest/plan.hpp"

namespace offprint::page {
namespace {

constexpr int kServerFailures = 3;  // in a row, after which the server counts as down

/// The message was withdrawn while it was on its way.
struct Withdrawn {};

}  // namespace

Mailer::Mailer(const std::filesystem::path& store, const MailSettings& settings,
               std::function<void(const std::string&)> log)
    : settings_(settings),
      log_(std::move(log)),
      subscriptions_(store, Signer::open(store)),
      outbox_(store, subscriptions_),
      connection_(settings),
      store_(store) {}
Mailer::~Mailer() = default;

Message Mailer::compose(const Claim& claim) {
  const auto now = clock_();
  Reader reader{claim.email, claim.subject, claim.wish, ""};
  if (claim.kind == "confirm") {
    reader.link =
        settings_.base_url + "/subscriptions/confirm?token=" + subscriptions_.confirm_token(claim.subject, now);
    return confirmation_mail(reader, claim.edition, settings_, now);
  }
  if (!edition_ || edition_->name != claim.edition)
    edition_ = std::make_unique<Edition>(kept_edition(store_, subscriptions_, claim.edition));
  reader.link =
      settings_.base_url + "/subscriptions/unsubscribe?token=" + subscriptions_.unsubscribe_token(claim.subject);
  return digest_mail(*edition_, claim.selection, reader, settings_, now);
}

SendCounts Mailer::send_due(const std::string& kind, const CancelToken& cancel) {
  SendCounts counts;
  counts.unsure = outbox_.recover(clock_());
  int failures = 0;
  while (!cancel.cancelled() && failures < kServerFailures) {
    const auto claim = outbox_.claim(kind, clock_());
    if (!claim) break;
    const auto message = to_mime(compose(*claim));
    SendResult result;
    try {
      result = connection_.send(
          claim->email, message,
          [&] {
            if (!outbox_.committing(*claim, clock_())) throw Withdrawn();
          },
          cancel);
    } catch (const Withdrawn&) {
      continue;
    }
    const auto now = clock_();
    const auto tell = [&](const char* what) {
      log_(fmt::format("message {}: {}: {}", claim->id, what, result.answer));
    };
    failures = result.outcome == Outcome::kNoServer ? failures + 1 : 0;
    switch (result.outcome) {
      case Outcome::kTaken:
        outbox_.sent(*claim, now);
        ++counts.sent;
        break;
      case Outcome::kLater:
      case Outcome::kUnsure:
        tell(result.outcome == Outcome::kLater ? "not taken yet" : "sent, but the server did not answer");
        ++(outbox_.later(*claim, result.answer, result.outcome == Outcome::kUnsure, now) ? counts.later
                                                                                         : counts.failed);
        break;
      case Outcome::kRefused:
        tell("refused");
        outbox_.refused(*claim, result.answer, result.about_mailbox, now);
        ++counts.failed;
        break;
      case Outcome::kNoServer:
        tell("the mail server cannot be reached");
        ++(outbox_.later(*claim, result.answer, false, now) ? counts.later : counts.failed);
        if (failures == kServerFailures) counts.unreachable = result.answer;
        break;
      case Outcome::kMisset:
        outbox_.release(*claim, now);
        throw Error("the mail server " + settings_.smtp + " does not accept this sender: " + result.answer +
                    "; check --smtp, --mail-user, --mail-from and --mail-ca-file");
      case Outcome::kCancelled:
        outbox_.release(*claim, now);
        break;
    }
  }
  return counts;
}

}  // namespace offprint::page
