// How mail goes out: the options that `serve` and `digest send` share.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "offprint/core/card.hpp"
#include "page/digest/address.hpp"

namespace offprint::page {

struct MailSettings {
  std::string smtp;  // "smtp://HOST:PORT" or "smtps://HOST:PORT"
  Sender from;
  std::string user;  // "" : no authentication
  std::string password;
  std::filesystem::path ca_file;  // PEM; empty: the system's certificates
  bool plain = false;             // no TLS, loopback only
  std::string base_url;           // "https://papers.example.org", no slash at the end
  int connect_seconds = 20;       // for the connection with TLS and greeting
  int message_seconds = 120;      // for one message, whatever the server does
};

/// From --smtp, --mail-from, --mail-user, --mail-password-file, --mail-ca-file, --mail-plain and --base-url; nothing
/// when
/// --smtp is not given. `base_url` stands in for an absent --base-url ("" : it must be given). Throws InputError with
/// the option's name: an address that is not smtp:// or smtps://, --mail-plain beyond this machine, no --mail-from, a
/// user without a password or the reverse, a password file that others may read, a base URL that is not http:// or
/// https://.
[[nodiscard]] std::optional<MailSettings> mail_settings(const Json& options, const std::string& base_url = "");

/// The same check for --base-url alone: `http(s)://host[:port][/path]`, without a slash at the end.
[[nodiscard]] std::string checked_base_url(const std::string& text);

}  // namespace offprint::page
