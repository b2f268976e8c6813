# SPDX-License-Identifier: MIT
# vidicon_add_backend(<name> SOURCES <file>... [LIBRARIES <lib>...]
#                     [SYSTEM_LIBRARIES <lib>...] [SYSTEM_LIBRARY_DIRS <dir>...] [NOT_SHIPPED])
#
# Makes the object library vidicon_backend_<name>, which sees backend.h, the public headers
# and what LIBRARIES (of this tree) and SYSTEM_LIBRARIES bring. The latter are linked again
# by whoever uses the static library, in the build from SYSTEM_LIBRARY_DIRS, too.
# A shipped backend also gets a line VDI_BACKEND(<name>) in the
# generated backend_list.inc and goes into the library. The list keeps the order of the
# calls: it is the order in which devices are listed and an open without an id tries them.
# NOT_SHIPPED is for what only tests build, such as backends/template.
#
# vidicon_write_backend_list() closes the list; backends/CMakeLists.txt calls it last.
# Link vidicon_backend_list to include the file.
add_library(vidicon_backend_list INTERFACE)
target_include_directories(vidicon_backend_list INTERFACE "${VIDICON_GENERATED_DIR}/backends")

function(vidicon_add_backend name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NOT_SHIPPED" ""
                          "SOURCES;LIBRARIES;SYSTEM_LIBRARIES;SYSTEM_LIBRARY_DIRS")
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "vidicon_add_backend(${name}): SOURCES missing or stray "
                            "arguments: ${arg_UNPARSED_ARGUMENTS}")
    endif()

    set(target vidicon_backend_${name})
    add_library(${target} OBJECT ${arg_SOURCES})
    target_link_libraries(${target} PUBLIC vidicon_backend_api ${arg_LIBRARIES}
                                           ${arg_SYSTEM_LIBRARIES}
                                    PRIVATE vidicon_warnings vidicon_platform vidicon_brand)
    target_link_directories(${target} PUBLIC ${arg_SYSTEM_LIBRARY_DIRS})
    target_compile_definitions(${target} PRIVATE VIDICON_BUILDING)

    if(NOT arg_NOT_SHIPPED)
        set_property(GLOBAL APPEND PROPERTY VIDICON_BACKENDS ${name})
        set_property(GLOBAL APPEND PROPERTY VIDICON_SYSTEM_LIBRARIES ${arg_SYSTEM_LIBRARIES})
        set_property(GLOBAL APPEND PROPERTY VIDICON_SYSTEM_LIBRARY_DIRS ${arg_SYSTEM_LIBRARY_DIRS})
    endif()
endfunction()

function(vidicon_write_backend_list)
    get_property(names GLOBAL PROPERTY VIDICON_BACKENDS)
    set(VIDICON_BACKEND_LINES "")
    foreach(name IN LISTS names)
        string(APPEND VIDICON_BACKEND_LINES "VDI_BACKEND(${name})\n")
    endforeach()
    # Written only when it differs, so that a new configure run compiles nothing again.
    file(CONFIGURE OUTPUT "${VIDICON_GENERATED_DIR}/backends/backend_list.inc"
         CONTENT "@VIDICON_BACKEND_LINES@\n" @ONLY)
endfunction()
