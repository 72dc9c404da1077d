// Patterns are compared segment by segment; with fifty routes a search through all is a microsecond.
#include "page/server/router.hpp"

namespace offprint::page {
namespace {

/// Matches one segment; an argument goes to `arguments`.
bool fits(const std::string& pattern, const std::string& segment, std::vector<std::string>& arguments) {
  if (!pattern.starts_with('{')) return pattern == segment;
  const auto close = pattern.find('}');
  const auto suffix = std::string_view(pattern).substr(close + 1);
  if (segment.size() <= suffix.size() || !segment.ends_with(suffix)) return false;
  arguments.push_back(segment.substr(0, segment.size() - suffix.size()));
  return true;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Guard guard, std::function<HttpReply(HttpRequest&)> handler) {
  std::vector<std::string> segments;
  for (std::size_t at = 1; at <= pattern.size();) {
    const auto end = std::min(pattern.find('/', at), pattern.size());
    segments.push_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  patterns_.push_back(std::move(segments));
  routes_.push_back({std::move(method), std::move(pattern), guard, std::move(handler)});
}

const Route* Router::find(HttpRequest& request) const {
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  std::string allowed;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& pattern = patterns_[i];
    if (pattern.size() != request.segments.size()) continue;
    std::vector<std::string> arguments;
    bool all = true;
    for (std::size_t j = 0; all && j < pattern.size(); ++j) all = fits(pattern[j], request.segments[j], arguments);
    if (!all) continue;
    if (routes_[i].method == method) {
      request.arguments = std::move(arguments);
      return &routes_[i];
    }
    allowed += (allowed.empty() ? "" : ", ") + routes_[i].method;
  }
  if (!allowed.empty()) throw HttpError(405, "this address answers " + allowed + " only");
  return nullptr;
}

}  // namespace offprint::page
