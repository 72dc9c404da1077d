# Writes commit.cpp (which commit, which build) when its content changes.
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
                ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit "unknown")
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    string(APPEND commit "+changes")
  endif()
endif()
set(text "// Made by cmake/WriteCommit.cmake at build time.
#include \"offprint/core/build_info.hpp\"

namespace offprint {
BuildInfo build_info() { return {OFFPRINT_VERSION, \"${commit}\", \"${BUILD_TYPE}\", \"${COMPILER}\"}; }
}  // namespace offprint
")
set(old "")
if(EXISTS ${OUT})
  file(READ ${OUT} old)
endif()
if(NOT old STREQUAL text)
  file(WRITE ${OUT} "${text}")
endif()
