# SPDX-License-Identifier: MIT
# Windows programs from a Linux machine. -DVIDICON_MINGW=i686 gives the 32-bit ones. The
# posix variant of the compiler, since the tests use std::thread.
set(VIDICON_MINGW "x86_64" CACHE STRING "x86_64 or i686")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES VIDICON_MINGW)

set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR ${VIDICON_MINGW})
set(prefix ${VIDICON_MINGW}-w64-mingw32)
set(CMAKE_C_COMPILER ${prefix}-gcc-posix)
set(CMAKE_CXX_COMPILER ${prefix}-g++-posix)
set(CMAKE_RC_COMPILER ${prefix}-windres)

set(CMAKE_FIND_ROOT_PATH /usr/${prefix})
# Libraries that Debian has for Linux only, where somebody has run that script.
if(VIDICON_MINGW STREQUAL "x86_64")
    execute_process(COMMAND sh "${CMAKE_CURRENT_LIST_DIR}/mingw-libraries.sh" --where
        OUTPUT_VARIABLE kept OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(kept)
        list(APPEND CMAKE_FIND_ROOT_PATH "${kept}")
    endif()
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# The compiler's own run-time libraries go into each program: none to carry along.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_SHARED_LINKER_FLAGS_INIT "-static")
