# SPDX-License-Identifier: MIT
# The Windows minidriver, cross-built with mingw-w64 from a native configuration:
#
# vidicon_windows_driver(<target> CPU <x86_64|i686> OUTPUT_DIR <dir>
#                        SOURCES <file>... INCLUDES <dir>... DEPENDS <target>...
#                        [RESOURCE <file.rc>])
#   Makes <dir>/<driver name>.sys, stripped, as it ships, and <driver name>.debug.sys, the same
#   code with line numbers. Their paths are the target's properties VIDICON_SYS and
#   VIDICON_SYS_DEBUG. Neither depends on when or where it was built.
# VIDICON_WINDOWS_C_FLAGS, _C_FLAGS_<cpu>: what the sources are compiled with, for checks.
# vidicon_windows_stream_def(<file> CPU <cpu>)  writes what stream.sys exports.
find_program(VIDICON_MINGW_X86_64 x86_64-w64-mingw32-gcc)
find_program(VIDICON_MINGW_I686 i686-w64-mingw32-gcc)
if(VIDICON_MINGW_X86_64 AND VIDICON_MINGW_I686 AND NOT CMAKE_CROSSCOMPILING)
    set(VIDICON_WINDOWS_DRIVER_DEFAULT ON)
else()
    set(VIDICON_WINDOWS_DRIVER_DEFAULT OFF)
endif()
option(VIDICON_WINDOWS_DRIVER "Cross-build the Windows minidriver (needs mingw-w64)"
       ${VIDICON_WINDOWS_DRIVER_DEFAULT})

# Freestanding: no C library is linked; memcpy and its kin come from ntoskrnl.exe. The versions
# are those of Windows 7, whose strmini.h still describes today's stream.sys.
set(VIDICON_WINDOWS_C_FLAGS -std=c11 -Os -ffreestanding -fno-stack-protector -fno-ident
    -fno-common -D_WIN32_WINNT=0x0601 -DNTDDI_VERSION=0x06010000
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wconversion
    -Werror)
# No red zone: interrupts use the same stack. Unwind tables: the kernel wants them on amd64.
# What the driver does not use of the core is left out: on i686 by sections; on amd64 the unwind
# tables refer to every function, so the whole is optimized at once (which ends i686's linker).
set(VIDICON_WINDOWS_OPTIMIZE_x86_64 -flto -frandom-seed=vidicon)
set(VIDICON_WINDOWS_OPTIMIZE_i686 -ffunction-sections -fdata-sections)
set(VIDICON_WINDOWS_C_FLAGS_x86_64 -mno-red-zone -mno-stack-arg-probe)
set(VIDICON_WINDOWS_C_FLAGS_i686 -march=i686 -mno-stack-arg-probe -fno-asynchronous-unwind-tables)

# -shared would mark the file as a DLL.
set(VIDICON_WINDOWS_LINK_FLAGS -nostdlib -nostartfiles -Wl,--subsystem,native:6.1
    -Wl,--major-os-version,6 -Wl,--minor-os-version,1
    -Wl,--major-image-version,0 -Wl,--minor-image-version,1
    -Wl,--file-alignment,0x200 -Wl,--section-alignment,0x1000 -Wl,--image-base,0x10000
    -Wl,--exclude-all-symbols -Wl,--dynamicbase -Wl,--nxcompat -Wl,--enable-reloc-section
    -Wl,--no-insert-timestamp)
set(VIDICON_WINDOWS_LINK_FLAGS_x86_64 -Os -flto -g ${VIDICON_WINDOWS_C_FLAGS_x86_64}
    -Wl,-e,DriverEntry)
set(VIDICON_WINDOWS_LINK_FLAGS_i686 -Wl,--gc-sections -Wl,-e,_DriverEntry@8)

# The functions of stream.sys that are used, by the driver or by tests, and their argument bytes on i386; a - is cdecl.
set(VIDICON_WINDOWS_STREAM_EXPORTS
    StreamClassCallAtNewPriority@20
    StreamClassDeviceNotification@-
    StreamClassGetDmaBuffer@4
    StreamClassGetNextEvent@20
    StreamClassGetPhysicalAddress@20
    StreamClassQueryMasterClockSync@8
    StreamClassReadWriteConfig@20
    StreamClassReenumerateStreams@8
    StreamClassRegisterAdapter@12
    StreamClassScheduleTimer@20
    StreamClassStreamNotification@-)

function(vidicon_windows_stream_def file)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CPU" "")
    set(lines "LIBRARY stream.sys\nEXPORTS\n")
    foreach(export IN LISTS VIDICON_WINDOWS_STREAM_EXPORTS)
        string(REPLACE "@-" "" export "${export}")
        if(NOT arg_CPU STREQUAL i686)
            string(REGEX REPLACE "@.*" "" export "${export}")
        endif()
        string(APPEND lines "  ${export}\n")
    endforeach()
    file(CONFIGURE OUTPUT "${file}" CONTENT "${lines}" @ONLY)
endfunction()

function(vidicon_windows_driver target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "CPU;OUTPUT_DIR;RESOURCE" "SOURCES;INCLUDES;DEPENDS")
    set(cpu ${arg_CPU})
    set(prefix ${cpu}-w64-mingw32)
    string(TOUPPER "VIDICON_MINGW_${cpu}" compiler)
    set(compiler "${${compiler}}")
    get_filename_component(tools "${compiler}" DIRECTORY)
    set(work "${CMAKE_CURRENT_BINARY_DIR}/${target}")
    set(name "${VIDICON_BRAND_WINDOWS_DRIVER_NAME}")
    execute_process(COMMAND "${compiler}" -print-sysroot OUTPUT_VARIABLE sysroot
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
    set(headers "${tools}/../${prefix}/include/ddk")

    # The import library of stream.sys: mingw-w64 has none. -k takes the @n off the names.
    vidicon_windows_stream_def("${work}/stream.def" CPU ${cpu})
    if(cpu STREQUAL i686)
        set(dlltool_flags -k -m i386)
    else()
        set(dlltool_flags -m i386:x86-64)
    endif()
    add_custom_command(OUTPUT "${work}/libstream.a"
        COMMAND "${tools}/${prefix}-dlltool" ${dlltool_flags}
                -d "${work}/stream.def" -l "${work}/libstream.a"
        DEPENDS "${work}/stream.def" VERBATIM)

    set(includes "")
    foreach(dir IN LISTS arg_INCLUDES)
        list(APPEND includes -I "${dir}")
    endforeach()
    set(objects "")
    foreach(source IN LISTS arg_SOURCES)
        get_filename_component(source "${source}" ABSOLUTE)
        get_filename_component(stem "${source}" NAME_WE)
        set(object "${work}/${stem}.o")
        add_custom_command(OUTPUT "${object}"
            COMMAND ${CMAKE_C_COMPILER_LAUNCHER} "${compiler}" ${VIDICON_WINDOWS_C_FLAGS} ${VIDICON_WINDOWS_C_FLAGS_${cpu}}
                    ${VIDICON_WINDOWS_OPTIMIZE_${cpu}} -g -isystem "${headers}" ${includes}
                    -MD -MT "${object}" -MF "${object}.d" -c "${source}" -o "${object}"
            DEPENDS "${source}" DEPFILE "${object}.d" VERBATIM
            COMMENT "Compiling ${stem}.c for Windows (${cpu})")
        list(APPEND objects "${object}")
    endforeach()

    if(arg_RESOURCE)
        set(target_i686 pe-i386)
        set(target_x86_64 pe-x86-64)
        add_custom_command(OUTPUT "${work}/version.o"
            COMMAND "${tools}/${prefix}-windres" --target=${target_${cpu}} -c 65001
                    "${arg_RESOURCE}" "${work}/version.o"
            DEPENDS "${arg_RESOURCE}" VERBATIM)
        list(APPEND objects "${work}/version.o")
    endif()

    set(link "${compiler}" ${VIDICON_WINDOWS_LINK_FLAGS} ${VIDICON_WINDOWS_LINK_FLAGS_${cpu}}
             ${objects} "${work}/libstream.a" -lntoskrnl -lhal -lgcc)
    set(sys "${arg_OUTPUT_DIR}/${name}.sys")
    set(debug "${arg_OUTPUT_DIR}/${name}.debug.sys")
    file(MAKE_DIRECTORY "${arg_OUTPUT_DIR}")
    add_custom_command(OUTPUT "${sys}" "${debug}"
        COMMAND ${link} -s -o "${sys}"
        COMMAND ${link} -o "${debug}"
        DEPENDS ${objects} "${work}/libstream.a" VERBATIM
        COMMENT "Linking ${name}.sys (${cpu})")
    add_custom_target(${target} ALL DEPENDS "${sys}" "${debug}")
    if(arg_DEPENDS)
        add_dependencies(${target} ${arg_DEPENDS})
    endif()
    set_target_properties(${target} PROPERTIES VIDICON_SYS "${sys}" VIDICON_SYS_DEBUG "${debug}")
endfunction()
