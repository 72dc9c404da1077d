# offprint_fuzz(NAME SOURCES files... LIBRARIES targets... [INCLUDES folders...] [SEEDS folder]): a libFuzzer program.
# What is fuzzed is compiled in as sources, not linked, so that coverage and the sanitizers see it. Needs Clang, and
# OFFPRINT_FUZZ=ON; otherwise it does nothing. Run: NAME -max_total_time=60 FOLDER SEEDS (what it finds is kept in FOLDER).
function(offprint_fuzz name)
  if(NOT OFFPRINT_FUZZ)
    return()
  endif()
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "OFFPRINT_FUZZ needs Clang: configure with -DCMAKE_CXX_COMPILER=clang++")
  endif()
  cmake_parse_arguments(ARG "" "SEEDS" "SOURCES;LIBRARIES;INCLUDES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src ${ARG_INCLUDES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES})
  target_compile_definitions(${name} PRIVATE OFFPRINT_VERSION="${PROJECT_VERSION}")
  target_compile_options(${name} PRIVATE -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined
                                         -fno-sanitize-recover=undefined)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
  if(ARG_SEEDS)
    set_property(GLOBAL APPEND PROPERTY OFFPRINT_FUZZERS "${name}:${ARG_SEEDS}")
  endif()
endfunction()
