// GET over HTTP for feeds: polite, bounded, patient, interruptible.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "catalogue/limits.hpp"
#include "offprint/core/error.hpp"
#include "offprint/core/parallel.hpp"

namespace offprint::catalogue {

/// How a feed is fetched. The defaults suit arXiv, which asks for three seconds between requests.
struct FetchOptions {
  std::chrono::duration<double> courtesy{3.0};          // between the starts of two requests
  std::chrono::duration<double> connect_timeout{20.0};  //
  std::chrono::duration<double> timeout{120.0};         // of a whole answer; arXiv may think for half a minute
  std::chrono::duration<double> stalled{30.0};          // without a byte
  int attempts = 6;                                     // for one answer, the first included
  std::chrono::duration<double> backoff{2.0};           // before the second attempt; doubled for each further one
  std::chrono::duration<double> longest_wait{300.0};    // of backoff, and the longest Retry-After that is waited for
  std::size_t size_limit = limits::kDocument;           // bytes of an answer, unpacked
  CancelToken cancel{};
  std::function<void(const std::string&)> say{};  // told of waits and failed attempts
};

/// What cannot be had: after all attempts, or at once when repeating cannot help. The message names the address.
class FetchError : public IoError {
 public:
  using IoError::IoError;
};

/// Fetches one document after another. Repeated are: status 408, 425, 429 and 5xx, timeouts, refused and broken
/// connections, answers cut short. A wait is the server's Retry-After when it names one, else backoff x 2^k, times a
/// random factor in [0.5, 1.5) so that many clients do not return at once. Only http and https, at most five redirects,
/// none from https to http.
class Fetcher {
 public:
  explicit Fetcher(FetchOptions options);
  Fetcher(Fetcher&&) noexcept;
  ~Fetcher();

  /// The body of the answer. `accept` looks at it: what it throws as InputError counts as a failed attempt (an answer
  /// that is cut short or malformed may be whole the next time), and is rethrown after the third one.
  /// Throws FetchError; InputError for an address that is not http or https; Interrupted within 0.1 s of cancellation.
  std::string get(const std::string& url, const std::function<void(const std::string& body)>& accept = {});

  /// Requests made so far, failed ones included.
  [[nodiscard]] std::size_t requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Percent-encoded for a query: all but letters, digits and -._~.
[[nodiscard]] std::string url_encoded(std::string_view text);

}  // namespace offprint::catalogue
