// A deliberate subset of RFC 5321: what mail providers give out, and nothing that could smuggle a header or a command.
#include "page/digest/address.hpp"

#include <algorithm>
#include <cctype>

#include "offprint/core/error.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kAddressBytes = 254;
constexpr std::size_t kLocalBytes = 64;
constexpr std::size_t kLabelBytes = 63;

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

[[noreturn]] void refuse(const std::string& why) {
  throw InputError("this e-mail address " + why + "; write it like name@example.org");
}

void check_local(std::string_view local) {
  if (local.empty()) refuse("has nothing before the @");
  if (local.size() > kLocalBytes) refuse("has more than 64 characters before the @");
  if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos)
    refuse("has a dot too many before the @");
  for (const char c : local)
    if (!is_alnum(c) && std::string_view(".!#$%&'*+-/=?^_`{|}~").find(c) == std::string_view::npos)
      refuse("has a character before the @ that is not supported");
}

void check_domain(std::string_view domain) {
  if (domain.empty()) refuse("has no domain after the @");
  if (domain == "localhost") return;
  std::size_t labels = 0;
  std::string_view last;
  for (std::size_t at = 0; at <= domain.size(); ++labels) {
    const auto end = std::min(domain.find('.', at), domain.size());
    last = domain.substr(at, end - at);
    if (last.empty()) refuse("has an empty part in its domain");
    if (last.size() > kLabelBytes) refuse("has a part of its domain longer than 63 characters");
    if (last.front() == '-' || last.back() == '-') refuse("has a hyphen at the edge of a part of its domain");
    for (const char c : last)
      if (!is_alnum(c) && c != '-') refuse("has a character in its domain that domains do not have");
    at = end + 1;
  }
  if (labels < 2) refuse("has a domain without a dot");
  if (std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; }))
    refuse("names its server by number");
}

}  // namespace

std::string normalised_address(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty()) throw InputError("an e-mail address is needed, like name@example.org");
  if (text.size() > kAddressBytes) refuse("is longer than 254 characters");
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) refuse("has no @");
  const auto beyond_ascii = [](std::string_view part) {
    return std::any_of(part.begin(), part.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  };
  if (beyond_ascii(text.substr(at)))
    throw InputError(
        "internationalised domains are not supported as such; write the domain in its ASCII form, xn--...");
  if (beyond_ascii(text)) throw InputError("letters beyond ASCII before the @ are not supported by every mail server");
  check_local(text.substr(0, at));
  check_domain(text.substr(at + 1));
  std::string address(text);
  std::transform(address.begin() + static_cast<std::ptrdiff_t>(at), address.end(),
                 address.begin() + static_cast<std::ptrdiff_t>(at),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return address;
}

Sender parse_sender(std::string_view text) {
  try {
    const auto open = text.rfind('<');
    if (open == std::string_view::npos) return {"", normalised_address(text)};
    const auto close = text.rfind('>');
    if (close == std::string_view::npos || close < open || !clean_line(text.substr(close + 1)).empty())
      throw InputError("the < is not closed at the end");
    std::string name = clean_line(text.substr(0, open));
    if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
    return {name, normalised_address(text.substr(open + 1, close - open - 1))};
  } catch (const InputError& e) {
    throw InputError("--mail-from '" + clean_line(text) + "': " + e.what() +
                     "; e.g. --mail-from 'Offprint <papers@example.org>'");
  }
}

}  // namespace offprint::page
