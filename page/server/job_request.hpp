// What POST /jobs asks for, parsed and checked; pure, so that the fuzz target feeds it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "offprint/core/card.hpp"

namespace offprint::page {

struct JobRequest {
  std::string kind;  // "check" or "run"
  std::string paper;
  std::string action;               // of a "run"
  std::vector<std::string> claims;  // of a "check"; empty: all
  std::string tier = "quick";
  std::uint64_t seed = 0;
  unsigned threads = 0;
  Json options = Json::object();                          // as they were sent
  std::map<std::string, std::vector<std::string>> given;  // as words, paths resolved
};

/// Reads the body of POST /jobs: known keys only, text clean and of reasonable length. Options become words, as a
/// command line would give them. Throws InputError.
[[nodiscard]] JobRequest parse_job_request(const Json& json);

/// Where a path in an option may lie: "upload:ID/FILE" or an absolute path, perhaps with ":NAME" behind it, becomes a
/// path that may be read. Throws InputError.
using PathResolver = std::function<std::string(const std::string& value)>;

/// Checks the request against the paper's card by the rules, and with the sentences, of the command line. Path options
/// go through `resolve`; text options must not name a file elsewhere. Throws InputError.
void check_against_card(JobRequest& request, const Card& card, const PathResolver& resolve);

/// The command's arguments behind its name for this request.
[[nodiscard]] std::vector<std::string> command_words(const JobRequest& request);

[[nodiscard]] Json to_json(const JobRequest& request);
[[nodiscard]] JobRequest job_request_from_json(const Json& json);

}  // namespace offprint::page
