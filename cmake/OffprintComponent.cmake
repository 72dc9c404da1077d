# offprint_component(NAME [PUBLIC targets...] [PRIVATE targets...])
# One folder = one component = one target offprint::NAME. Sources and headers are the folder's; *_test.cpp become NAME_test.
# A folder inside another component's (nn/torch) is named with its path: nn_torch.
# A component may link core, io, linalg, nn and nn_torch; a method component never links another method component, but its
# bridge to LibTorch (optimize_torch) links the method it is named after.
function(offprint_component name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  if(tests)
    list(REMOVE_ITEM sources ${tests})
  endif()

  set(foundations core io linalg nn nn_torch)
  if(NOT name IN_LIST foundations)
    foreach(dep IN LISTS ARG_PUBLIC ARG_PRIVATE)
      string(REGEX MATCH "^offprint::(.*)$" ours "${dep}")
      if(ours AND NOT CMAKE_MATCH_1 IN_LIST foundations AND NOT name STREQUAL "${CMAKE_MATCH_1}_torch")
        message(FATAL_ERROR "component ${name} links ${dep}: what two methods share moves down to core, io, linalg, nn or nn_torch")
      endif()
    endforeach()
  endif()

  add_library(offprint_${name} ${sources})
  add_library(offprint::${name} ALIAS offprint_${name})
  target_include_directories(offprint_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                                     $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(offprint_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  target_compile_features(offprint_${name} PUBLIC cxx_std_20)
  set_target_properties(offprint_${name} PROPERTIES EXPORT_NAME ${name} SOVERSION ${PROJECT_VERSION_MAJOR}
                                                    VERSION ${PROJECT_VERSION})
  install(TARGETS offprint_${name} EXPORT offprint_${name}_targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT offprint_${name}_targets NAMESPACE offprint:: FILE offprint_${name}.cmake
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offprint)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  file(RELATIVE_PATH place ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
  install(FILES ${headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${place})
  set_property(GLOBAL APPEND PROPERTY OFFPRINT_COMPONENTS ${name})

  if(OFFPRINT_TESTS AND tests)
    offprint_test(${name}_test SOURCES ${tests} LIBRARIES offprint::${name} ${ARG_PRIVATE})
  endif()
endfunction()

# offprint_test(NAME SOURCES files... LIBRARIES targets...): a GoogleTest program, one ctest entry per test case.
function(offprint_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE OFFPRINT_BINARY_DIR="${PROJECT_BINARY_DIR}" OFFPRINT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600
                       ENVIRONMENT "OPENBLAS_NUM_THREADS=1")
endfunction()
