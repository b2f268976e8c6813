# SPDX-License-Identifier: MIT
# vidicon_add_test(<name> SOURCES <file>... [LIBRARIES <lib>...] [LABEL <label>]
#                  [TIMEOUT <seconds>] [COST <seconds>] [ARGS <arg>...] [WHOLE] [MEMCHECK]
#                  [MEMCHECK_FILTER <filter>])
#   A GoogleTest program. Each of its tests becomes a ctest test <name>.<suite>.<test>; with
#   WHOLE the program is one ctest test <name>, and under a sanitizer, where the start of a
#   process costs more than most tests, every program is. LABEL defaults to the folder's name,
#   TIMEOUT (of one ctest test) to 60. COST: about how long it takes; the long ones start first.
#   MEMCHECK adds a test <name>.memcheck, label memcheck, that runs the program under valgrind, in
#   builds without sanitizers. With MEMCHECK_FILTER that is the part of it which the filter names, and
#   <name>.memcheck.whole, label long, runs all: every day the address sanitizer sees the rest.
# vidicon_add_memcheck(<name> <label> <timeout> <program> <arg>...)
#   A program under valgrind, with the small counts, where there is valgrind and no sanitizer.
# vidicon_add_fuzzer(<name> SOURCES <file>... [LIBRARIES <lib>...] [CORPUS <dir>] [RUNS <n>])
#   A libFuzzer program and a short ctest run, label fuzz, where the compiler is clang and
#   VIDICON_FUZZ is on. VIDICON_FUZZ_SECONDS in the environment makes each run that long.
# vidicon_add_script_test(<name> LABEL <label> SCRIPT <file> [ARGS <arg>...]
#                         [TIMEOUT <seconds>] [ENVIRONMENT <NAME=value>...])
#   A shell script; exit status 77 is a skip.
# vidicon_test_paths(<target> <NAME> <path> [<NAME> <path>...])
#   Gives a program paths of this build, as `extern "C" const char NAME[]`. On a compiler's command line they would keep
#   a compiler cache from finding the same source in another folder; here one line is compiled again.
option(VIDICON_FUZZ "Build the fuzzers (needs clang)" OFF)
set(VIDICON_GTEST_DIR "/usr/src/googletest" CACHE PATH "GoogleTest's sources, for cross builds")
find_program(VIDICON_VALGRIND valgrind)
set(VIDICON_MEMCHECK "${VIDICON_VALGRIND}" --quiet --error-exitcode=99 --leak-check=full
                     --errors-for-leak-kinds=definite,indirect,possible)

if(VIDICON_TESTS)
    if(CMAKE_CROSSCOMPILING)
        set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
        add_subdirectory("${VIDICON_GTEST_DIR}" "${PROJECT_BINARY_DIR}/googletest"
                         EXCLUDE_FROM_ALL)
    else()
        find_package(GTest REQUIRED)
    endif()
    include(GoogleTest)
endif()

string(TOUPPER "CMAKE_C_FLAGS_${CMAKE_BUILD_TYPE}" flags)
if("${CMAKE_C_FLAGS} ${${flags}}" MATCHES "-fsanitize")
    set(VIDICON_SANITIZED ON)
else()
    set(VIDICON_SANITIZED OFF)
endif()

# GoogleTest's header is most of what a test compiles: read once for all of them. But what clang
# makes of it differs from folder to folder, and a compiler cache finds nothing that was made with it.
if(CMAKE_CXX_COMPILER_LAUNCHER AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()
if(VIDICON_TESTS)
    file(CONFIGURE OUTPUT "${VIDICON_GENERATED_DIR}/gtest_pch.cc" CONTENT "" @ONLY)
    add_executable(vidicon_gtest_pch EXCLUDE_FROM_ALL "${VIDICON_GENERATED_DIR}/gtest_pch.cc")
    target_link_libraries(vidicon_gtest_pch PRIVATE GTest::gtest_main Threads::Threads
                                                    vidicon_warnings)
    target_precompile_headers(vidicon_gtest_pch PRIVATE
        <algorithm> <functional> <map> <string> <vector> <gtest/gtest.h>)
endif()

function(vidicon_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "WHOLE;MEMCHECK"
                          "LABEL;TIMEOUT;COST;MEMCHECK_FILTER" "SOURCES;LIBRARIES;ARGS")
    if(NOT arg_LABEL)
        get_filename_component(arg_LABEL "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    if(VIDICON_SANITIZED AND NOT arg_WHOLE)
        set(arg_WHOLE ON)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 10")
    endif()
    set(properties LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
    if(arg_COST)
        list(APPEND properties COST ${arg_COST})
    endif()
    string(REPLACE "." "_" target "test_${name}")
    add_executable(${target} ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE ${arg_LIBRARIES} GTest::gtest_main Threads::Threads
                                            vidicon_warnings)
    target_precompile_headers(${target} REUSE_FROM vidicon_gtest_pch)
    if(CMAKE_CROSSCOMPILING)
        return() # Built; there is nothing to run it on.
    endif()
    if(arg_WHOLE)
        add_test(NAME ${name} COMMAND ${target} ${arg_ARGS})
        set_tests_properties(${name} PROPERTIES ${properties})
    else()
        gtest_discover_tests(${target} TEST_PREFIX "${name}." EXTRA_ARGS ${arg_ARGS}
            DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
    endif()
    if(arg_MEMCHECK_FILTER)
        vidicon_add_memcheck(${name}.memcheck memcheck 600 ${target} ${arg_ARGS}
                             "--gtest_filter=${arg_MEMCHECK_FILTER}")
        vidicon_add_memcheck(${name}.memcheck.whole long 900 ${target} ${arg_ARGS})
    elseif(arg_MEMCHECK)
        vidicon_add_memcheck(${name}.memcheck memcheck 600 ${target} ${arg_ARGS})
    endif()
endfunction()

function(vidicon_add_memcheck name label timeout program)
    if(NOT VIDICON_VALGRIND OR VIDICON_SANITIZED)
        return()
    endif()
    add_test(NAME ${name} COMMAND ${VIDICON_MEMCHECK} $<TARGET_FILE:${program}> ${ARGN})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout} COST 10
        ENVIRONMENT_MODIFICATION "VIDICON_LONG=unset:")
endfunction()

function(vidicon_add_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;RUNS" "SOURCES;LIBRARIES")
    if(NOT VIDICON_FUZZ OR NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        return()
    endif()
    if(NOT arg_RUNS)
        set(arg_RUNS 20000)
    endif()
    string(REPLACE "." "_" target "fuzz_${name}")
    add_executable(${target} ${arg_SOURCES})
    target_link_libraries(${target} PRIVATE ${arg_LIBRARIES} vidicon_warnings)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${name}
        COMMAND sh "${PROJECT_SOURCE_DIR}/cmake/run_fuzzer.sh" $<TARGET_FILE:${target}>
                ${arg_RUNS} ${arg_CORPUS}
        WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 1200)
endfunction()

function(vidicon_test_paths target)
    set(rest ${ARGN})
    set(lines "")
    while(rest)
        list(POP_FRONT rest name path)
        string(APPEND lines "extern const char ${name}[];\nconst char ${name}[] = \"${path}\";\n")
    endwhile()
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${target}_paths.c")
    file(GENERATE OUTPUT "${file}" CONTENT "${lines}")
    set_source_files_properties("${file}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE "${file}")
endfunction()

function(vidicon_add_script_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;SCRIPT;TIMEOUT" "ARGS;ENVIRONMENT")
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND sh "${arg_SCRIPT}" ${arg_ARGS}
             WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES LABELS "${arg_LABEL}" TIMEOUT ${arg_TIMEOUT}
        SKIP_RETURN_CODE 77 ENVIRONMENT "${arg_ENVIRONMENT}")
endfunction()
