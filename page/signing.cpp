// Tokens under HMAC-SHA256; the secret's file appears whole, once, whoever comes first.
#include "page/signing.hpp"

#include <array>
#include <cerrno>
#include <charconv>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "offprint/core/atomic_file.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/hmac.hpp"

namespace offprint::page {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kLongestToken = 4096;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::kConfirm:
      return "confirm";
    case Purpose::kUnsubscribe:
      return "unsubscribe";
    case Purpose::kSession:
      return "session";
  }
  return "";
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::string random_bytes(std::size_t n) {
  std::string bytes(n, '\0');
  std::size_t got = 0;
  while (got < n) {
    const ssize_t more = ::getrandom(bytes.data() + got, n - got, 0);
    if (more < 0 && errno != EINTR) throw IoError("the system gives no random numbers: " + describe_errno(errno));
    if (more > 0) got += static_cast<std::size_t>(more);
  }
  return bytes;
}

/// Puts a new secret at `path` unless there is one: written and synced under another name, then linked, which fails
/// when the name is taken. So nobody ever reads half a secret or one that is later replaced.
void create_secret(const std::filesystem::path& path) {
  const auto fail = [&](int error) { throw IoError("cannot create " + path.string() + ": " + describe_errno(error)); };
  std::string temporary = path.string() + ".XXXXXX";
  const Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (file.get() < 0) fail(errno);
  const std::string secret = random_bytes(kSecretBytes);
  int error = 0;
  if (::write(file.get(), secret.data(), secret.size()) != static_cast<ssize_t>(secret.size()))
    error = errno != 0 ? errno : ENOSPC;
  if (error == 0 && ::fsync(file.get()) != 0) error = errno;
  if (error == 0 && ::link(temporary.c_str(), path.c_str()) != 0 && errno != EEXIST) error = errno;
  ::unlink(temporary.c_str());
  if (error != 0) fail(error);
}

}  // namespace

std::string base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      text += kAlphabet[bits >> count & 63];
    }
  }
  if (count > 0) text += kAlphabet[bits << (6 - count) & 63];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  // what is left over must be less than a character and zero, so that every byte string has exactly one spelling
  if (count >= 6 || (bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

Signer Signer::open(const std::filesystem::path& folder) {
  const auto path = folder / "page.secret";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError("cannot create the folder " + folder.string() + ": " + error.message());
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.get() < 0) {
      if (errno != ENOENT || attempt > 0) throw IoError("cannot read " + path.string() + ": " + describe_errno(errno));
      create_secret(path);
      continue;
    }
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) throw IoError("cannot read " + path.string() + ": " + describe_errno(errno));
    if ((about.st_mode & 077) != 0)
      throw InputError(path.string() + " can be read by others, who could then sign links; run 'chmod 600 " +
                       path.string() +
                       "', or remove it to get a new one (links in mail already sent then stop working)");
    std::string secret(kSecretBytes + 1, '\0');
    const ssize_t got = ::read(file.get(), secret.data(), secret.size());
    if (got < 0) throw IoError("cannot read " + path.string() + ": " + describe_errno(errno));
    if (static_cast<std::size_t>(got) != kSecretBytes)
      throw InputError(path.string() + " should hold " + std::to_string(kSecretBytes) +
                       " bytes; remove it to get a new one (links in mail already sent then stop working)");
    secret.resize(kSecretBytes);
    return Signer(std::move(secret));
  }
  throw IoError("cannot read " + path.string());
}

std::string Signer::code(Purpose purpose, std::string_view signed_part) const {
  std::string message = "offprint token 1 ";
  message += name_of(purpose);
  message += '\0';
  message += signed_part;
  return hmac_sha256(secret_, message);
}

std::string Signer::sign(Purpose purpose, std::string_view payload, std::int64_t expires) const {
  const std::string part = base64url(payload) + "." + std::to_string(expires);
  return part + "." + base64url(code(purpose, part));
}

std::optional<std::string> Signer::verify(Purpose purpose, std::string_view token, std::int64_t now) const {
  if (token.size() > kLongestToken) return std::nullopt;
  const auto last = token.rfind('.');
  if (last == std::string_view::npos) return std::nullopt;
  const auto part = token.substr(0, last);
  const auto given = from_base64url(token.substr(last + 1));
  if (!given || !equal_in_constant_time(*given, code(purpose, part))) return std::nullopt;
  const auto first = part.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto digits = part.substr(first + 1);
  std::int64_t expires = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), expires);
  if (problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (expires != 0 && now >= expires) return std::nullopt;
  return from_base64url(part.substr(0, first));
}

}  // namespace offprint::page
