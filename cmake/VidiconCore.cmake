# SPDX-License-Identifier: MIT
# vidicon_core_flags(<target>)
#
# For the library of drivers/core: the flags that keep it fit for every kernel, and (with
# VIDICON_TESTS) the tests core.nm, core.stack, core.compilers that compile its sources once
# more without sanitizers and look at the objects, and core.marks that reads its headers. See cmake/core_check.sh.
#
# -ffreestanding already means -fno-builtin. -mgeneral-regs-only turns a float into an error.
set(VIDICON_CORE_C_FLAGS -std=c11 -ffreestanding -fno-stack-protector -Wall -Wextra -Wpedantic
    -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wconversion -Werror)

function(vidicon_core_flags target)
    target_link_libraries(${target} PRIVATE vidicon_warnings)
    if(MSVC)
        return()
    endif()
    target_compile_options(${target} PRIVATE
        -ffreestanding -fno-stack-protector -Wconversion -Werror)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|i.86|aarch64|arm64)$")
        target_compile_options(${target} PRIVATE -mgeneral-regs-only)
    endif()
    # They compile for themselves: once is enough, in the build of all tests.
    if(VIDICON_TESTS AND NOT VIDICON_TEST_FOLDERS AND NOT CMAKE_CROSSCOMPILING)
        vidicon_core_checks(${target})
    endif()
endfunction()

function(vidicon_core_checks target)
    get_target_property(dir ${target} SOURCE_DIR)
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.c$")
    list(TRANSFORM sources PREPEND "${dir}/" REGEX "^[^/]")

    set(flags "${VIDICON_CORE_C_FLAGS}")
    list(JOIN flags " " flags)
    foreach(check nm stack compilers marks)
        foreach(kind "" ".control")
            add_test(NAME core.${check}${kind}
                COMMAND sh "${PROJECT_SOURCE_DIR}/cmake/core_check.sh" "${check}${kind}" ${sources})
            set_tests_properties(core.${check}${kind} PROPERTIES LABELS core TIMEOUT 120
                SKIP_RETURN_CODE 77 ENVIRONMENT "CC=${CMAKE_C_COMPILER};CORE_CFLAGS=${flags}")
        endforeach()
    endforeach()
endfunction()
