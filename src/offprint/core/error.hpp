// The errors Offprint throws. Each message is one sentence: what is wrong, where, and what would be right.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace offprint {

/// Base of all errors. `exit_code` is what the command returns when one reaches its top: 1 here.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  [[nodiscard]] virtual int exit_code() const noexcept { return 1; }
};

/// The user's input is wrong (a file, an option, a shape): exit code 2. The message names the place and the remedy.
class InputError : public Error {
 public:
  using Error::Error;
  [[nodiscard]] int exit_code() const noexcept override { return 2; }
};

/// The machine refused (disk full, permission, damaged store): exit code 1.
class IoError : public Error {
 public:
  using Error::Error;
};

/// Ctrl-C or a cancelled run: exit code 130, as shells expect of a program ended by SIGINT.
class Interrupted : public Error {
 public:
  Interrupted() : Error("interrupted") {}
  using Error::Error;
  [[nodiscard]] int exit_code() const noexcept override { return 130; }
};

/// A claim cannot be measured here (its data, GPU or tier is missing). The message is the reason shown beside "not
/// run".
class NotAvailable : public Error {
 public:
  using Error::Error;
};

/// The candidate nearest to `word` in edit distance, or "" when none is near enough to be what was meant
/// (more than max(2, a third of its length) edits away). O(candidates * |word| * |candidate|).
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" for a near candidate, otherwise "; known: a, b, c" (at most `limit` names).
[[nodiscard]] std::string suggestion(std::string_view word, const std::vector<std::string>& candidates,
                                     std::size_t limit = 12);

}  // namespace offprint
