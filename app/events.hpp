// What a run tells the program that started it: one JSON object a line on standard output (--events), for the page.
#pragma once

#include "offprint/core/card.hpp"
#include "offprint/core/progress.hpp"

namespace offprint::app {

/// Writes one event: {"event": "run" | "measuring" | "progress" | "claim" | "end", ...}. From any thread; the line goes
/// out at once. A listener that is gone ends the process by SIGPIPE, and the run counts as interrupted.
void emit_event(const Json& event);

/// A progress listener that emits {"event": "progress", "claim", "label", "done", "total", "seconds", "remaining",
/// "finished"}.
[[nodiscard]] ProgressListener event_progress(const std::string& claim);

}  // namespace offprint::app
