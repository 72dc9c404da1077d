// Options of the command line, checked before anything is sent.
#include "page/digest/mail_settings.hpp"

#include <cerrno>
#include <charconv>
#include <fstream>

#include <arpa/inet.h>
#include <sys/stat.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"

namespace offprint::page {
namespace {

std::string text(const Json& options, const char* name) { return options.value(name, std::string()); }

struct Address {
  std::string host;
  std::string port;  // "" when not given
};

/// host[:port] or [v6]:port. Throws InputError "<what> ...".
Address split_host(const std::string& what, const std::string& rest) {
  Address address;
  std::size_t after = 0;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string::npos) throw InputError(what + " lacks the ] of its host");
    address.host = rest.substr(1, close - 1);
    after = close + 1;
  } else {
    after = std::min(rest.find(':'), rest.size());
    address.host = rest.substr(0, after);
  }
  if (address.host.empty()) throw InputError(what + " names no host");
  if (address.host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:_") !=
      std::string::npos)
    throw InputError(what + " has a host with characters that hosts do not have");
  if (after < rest.size()) {
    address.port = rest.substr(after + 1);
    int port = 0;
    const auto [end, problem] = std::from_chars(address.port.data(), address.port.data() + address.port.size(), port);
    if (rest[after] != ':' || problem != std::errc() || end != address.port.data() + address.port.size() || port < 1 ||
        port > 65535)
      throw InputError(what + " should end in a port between 1 and 65535");
  }
  return address;
}

bool on_this_machine(const std::string& host) {
  // an address, not a name that begins like one
  in_addr address{};
  const bool numeric = ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  return host == "localhost" || host == "::1" || (numeric && ntohl(address.s_addr) >> 24 == 127);
}

std::string first_line_of_secret(const std::string& file) {
  struct stat about {};
  std::ifstream in(file);
  if (::stat(file.c_str(), &about) != 0 || !in)
    throw InputError("--mail-password-file " + file + " cannot be read: " + describe_errno(errno));
  if ((about.st_mode & 077) != 0)
    throw InputError("--mail-password-file " + file + " can be read by others; run 'chmod 600 " + file + "'");
  std::string line;
  std::getline(in, line);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) throw InputError("--mail-password-file " + file + " should hold the password in its first line");
  return line;
}

}  // namespace

std::string checked_base_url(const std::string& text) {
  const std::string what = "--base-url '" + text + "'";
  const auto scheme = text.find("://");
  if (!text.starts_with("https://") && !text.starts_with("http://"))
    throw InputError(what + " should be the page's address as readers reach it, https://HOST");
  const auto path = std::min(text.find('/', scheme + 3), text.size());
  (void)split_host(what, text.substr(scheme + 3, path - scheme - 3));
  if (text.find_first_of("?#\"<> \t\r\n@") != std::string::npos)
    throw InputError(what + " should have no user, query, fragment or space");
  auto end = text.size();
  while (text[end - 1] == '/') --end;
  return text.substr(0, end);
}

std::optional<MailSettings> mail_settings(const Json& options, const std::string& base_url) {
  MailSettings settings;
  settings.smtp = text(options, "smtp");
  if (settings.smtp.empty()) return std::nullopt;
  const std::string what = "--smtp '" + settings.smtp + "'";
  const bool tls_at_once = settings.smtp.starts_with("smtps://");
  if (!tls_at_once && !settings.smtp.starts_with("smtp://"))
    throw InputError(what + " should be smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT");
  auto rest = settings.smtp.substr(settings.smtp.find("://") + 3);
  if (rest.ends_with('/')) rest.pop_back();
  const auto address = split_host(what, rest);
  // the port for handing in mail, not the one for passing it between servers
  const std::string host = address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
  settings.smtp = std::string(tls_at_once ? "smtps://" : "smtp://") + host + ":" +
                  (!address.port.empty() ? address.port
                   : tls_at_once         ? "465"
                                         : "587");
  settings.plain = options.value("mail-plain", false);
  if (settings.plain && !on_this_machine(address.host))
    throw InputError("--mail-plain is for a mail server on this machine only, not for " + address.host +
                     "; leave it out to send with TLS");
  if (text(options, "mail-from").empty())
    throw InputError("--mail-from is needed with --smtp, e.g. 'Offprint <papers@example.org>'");
  settings.from = parse_sender(text(options, "mail-from"));
  settings.user = text(options, "mail-user");
  const auto password = text(options, "mail-password-file");
  if (settings.user.empty() != password.empty())
    throw InputError("--mail-user and --mail-password-file belong together");
  if (!password.empty()) settings.password = first_line_of_secret(password);
  settings.ca_file = text(options, "mail-ca-file");
  if (!settings.ca_file.empty() && !std::ifstream(settings.ca_file))
    throw InputError("--mail-ca-file " + settings.ca_file.string() + " cannot be read");
  const auto given = text(options, "base-url");
  if (given.empty() && base_url.empty())
    throw InputError("--base-url is needed with --smtp: the page's address as readers reach it, for the links in mail");
  settings.base_url = checked_base_url(given.empty() ? base_url : given);
  return settings;
}

}  // namespace offprint::page
