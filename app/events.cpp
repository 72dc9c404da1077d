// One locked write per event, so that lines of several threads never mix.
#include "events.hpp"

#include <cstdio>
#include <mutex>

namespace offprint::app {

void emit_event(const Json& event) {
  static std::mutex mutex;  // standard output is one for the whole process
  const std::string line = event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

ProgressListener event_progress(const std::string& claim) {
  return [claim](const ProgressState& s) {
    emit_event({{"event", "progress"},
                {"claim", claim},
                {"label", s.label},
                {"done", s.done},
                {"total", s.total},
                {"seconds", s.seconds},
                {"remaining", s.remaining},
                {"finished", s.finished}});
  };
}

}  // namespace offprint::app
