// Encodings of RFC 2045 and 2047.
#include "page/digest/mime.hpp"

#include <algorithm>
#include <ctime>

#include "offprint/core/error.hpp"
#include "offprint/core/sha256.hpp"
#include "page/syndication/clean_text.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kQuotedLine = 76;
constexpr std::size_t kHeaderLine = 70;
constexpr std::size_t kWordBytes = 42;  // 56 characters in base64, 68 with the frame of an encoded word
constexpr std::size_t kLongestLine = 998;

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += i + j <= bytes.size() ? kAlphabet[bits >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

bool plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string encoded_words(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t n = std::min(kWordBytes, text.size());
    // not through a character: each word must decode by itself
    while (n < text.size() && n > 1 && (static_cast<unsigned char>(text[n]) & 0xc0) == 0x80) --n;
    out += (out.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(text.substr(0, n)) + "?=";
    text.remove_prefix(n);
  }
  return out;
}

std::string mailbox(const Sender& sender) {
  const auto name = clean_line(sender.name);
  if (name.empty()) return sender.address;
  if (!plain_ascii(name) || name.size() > 60) return encoded_words(name) + "\r\n <" + sender.address + ">";
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\" <" + sender.address + ">";
}

std::string date_header(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  // by hand: strftime's names of days and months follow the locale
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[40];
  std::strftime(text, sizeof text, " %Y %H:%M:%S +0000", &parts);
  return std::string(kDays[parts.tm_wday]) + ", " + std::to_string(parts.tm_mday) + " " + kMonths[parts.tm_mon] + text;
}

}  // namespace

std::string encoded_header(std::string_view text) {
  const auto line = clean_line(text);
  if (plain_ascii(line) && line.size() <= kHeaderLine && line.find("=?") == std::string::npos) return line;
  return encoded_words(line);
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool at_end = i + 1 == text.size() || text[i + 1] == '\n';
    // a dot alone ends a message on the wire, "From " at the start of a line is changed by old mail stores
    const bool delicate = column == 0 && (c == '.' || c == 'F');
    const bool plain = ((c > 0x20 && c < 0x7f && c != '=') || (c == ' ' && !at_end)) && !delicate;
    const std::size_t width = plain ? 1 : 3;
    if (column + width > kQuotedLine - (at_end ? 0 : 1)) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
    } else {
      const auto u = static_cast<unsigned char>(c);
      out += '=';
      out += "0123456789ABCDEF"[u >> 4];
      out += "0123456789ABCDEF"[u & 15];
    }
    column += width;
  }
  return out;
}

std::string to_mime(const Message& message) {
  const std::string boundary = "=_offprint_" + sha256(message.message_id).substr(0, 24);
  std::vector<std::pair<std::string, std::string>> headers = {{"From", mailbox(message.from)},
                                                              {"To", message.to},
                                                              {"Subject", encoded_header(message.subject)},
                                                              {"Date", date_header(message.date)},
                                                              {"Message-ID", "<" + message.message_id + ">"}};
  for (const auto& [name, value] : message.headers) {
    if (!plain_ascii(value) || !plain_ascii(name) || name.size() + value.size() + 2 > kLongestLine)
      throw Error("the header " + name + " of a mail cannot be written");
    headers.emplace_back(name, value);
  }
  headers.emplace_back("MIME-Version", "1.0");
  headers.emplace_back("Content-Type", "multipart/alternative;\r\n boundary=\"" + boundary + "\"");
  std::string out;
  for (const auto& [name, value] : headers) out += name + ": " + value + "\r\n";
  const auto part = [&](const char* type, const std::string& body) {
    out += "\r\n--" + boundary + "\r\nContent-Type: " + type +
           "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + quoted_printable(body);
  };
  part("text/plain", message.text);
  part("text/html", message.html);
  out += "\r\n--" + boundary + "--\r\n";
  return out;
}

}  // namespace offprint::page
