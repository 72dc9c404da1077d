# Installation and export: find_package(offprint COMPONENTS koopman) from another project, and offprint_add_paper() for rooms
# that live outside this repository.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/offprint)
get_property(OFFPRINT_COMPONENTS GLOBAL PROPERTY OFFPRINT_COMPONENTS)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/offprintConfig.cmake.in ${PROJECT_BINARY_DIR}/offprintConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/offprintConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/offprintConfig.cmake ${PROJECT_BINARY_DIR}/offprintConfigVersion.cmake
        DESTINATION ${package_dir})

# What the command needs to run papers: built by ./offprint, without tests and benchmarks.
get_property(modules GLOBAL PROPERTY OFFPRINT_MODULES)
add_custom_target(offprint_runtime)
add_dependencies(offprint_runtime offprint ofp_page ${modules})
if(TARGET ofp_mpi)
  add_dependencies(offprint_runtime ofp_mpi)
endif()
