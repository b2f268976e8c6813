# SPDX-License-Identifier: MIT
# vidicon_host_tool(<name> SOURCE_DIR <dir>)
#
# For a cross build: makes <name> an imported executable that runs on the build machine, so
# that COMMAND <name> means the same in native and cross builds. It comes from the folder
# VIDICON_HOST_TOOLS, or from a native build of SOURCE_DIR at build time; that folder's
# CMakeLists.txt must therefore also work on its own (project() when it is top level).
# A native build does not call this: it adds the executable itself.
function(vidicon_host_tool name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE_DIR" "")
    add_executable(${name} IMPORTED GLOBAL)

    set(suffix "")
    if(CMAKE_HOST_WIN32)
        set(suffix ".exe")
    endif()

    if(VIDICON_HOST_TOOLS)
        find_program(VIDICON_HOST_${name} ${name} PATHS "${VIDICON_HOST_TOOLS}"
                     REQUIRED NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
        set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${VIDICON_HOST_${name}}")
        return()
    endif()

    include(ExternalProject)
    set(binary_dir "${PROJECT_BINARY_DIR}/host-tools/${name}")
    set(program "${binary_dir}/bin/${name}${suffix}")
    # A child of cmake that names no compiler finds the build machine's own.
    ExternalProject_Add(${name}_host
        SOURCE_DIR "${arg_SOURCE_DIR}"
        BINARY_DIR "${binary_dir}"
        PREFIX "${PROJECT_BINARY_DIR}/host-tools/${name}-steps"
        CMAKE_ARGS -DCMAKE_BUILD_TYPE=Release
                   -DCMAKE_RUNTIME_OUTPUT_DIRECTORY=${binary_dir}/bin
        BUILD_COMMAND "${CMAKE_COMMAND}" --build "${binary_dir}" --target ${name}
        BUILD_ALWAYS ON
        BUILD_BYPRODUCTS "${program}"
        INSTALL_COMMAND "")
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${program}")
    add_dependencies(${name} ${name}_host)
endfunction()
