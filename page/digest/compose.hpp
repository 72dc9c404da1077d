// The mails themselves: a digest and a request for confirmation, each as plain text and as HTML that reads well in
// light and dark and loads nothing from anywhere.
#pragma once

#include <string>

#include "page/digest/edition.hpp"
#include "page/digest/mail_settings.hpp"
#include "page/digest/mime.hpp"

namespace offprint::page {

/// Papers told of in full in one mail; the rest are counted, with a link to the page.
inline constexpr std::size_t kMailPapers = 40;

/// Whom a mail is for.
struct Reader {
  std::string email;
  std::int64_t number = 0;  // of the subscriber or the request
  Wish wish{};
  std::string link{};  // to unsubscribe, or to confirm
};

/// The digest of one subscriber. Its Message-ID depends on edition and subscriber alone, so that a message sent twice
/// is recognised as one; its headers say how to leave by one click (RFC 8058), that it is a list's (RFC 2919) and
/// automatic (RFC 3834).
[[nodiscard]] Message digest_mail(const Edition& edition, const Selection& selection, const Reader& reader,
                                  const MailSettings& settings, std::int64_t date);

/// `asked`: when, to make the Message-ID of each request's mail its own.
[[nodiscard]] Message confirmation_mail(const Reader& reader, const std::string& asked, const MailSettings& settings,
                                        std::int64_t date);

}  // namespace offprint::page
