# SPDX-License-Identifier: MIT
# Language, visibility, output folders and the interface targets that all layers share:
#   vidicon_headers       the public headers (sdk/include)
#   vidicon_backend_api   backends/backend.h and the public headers
#   vidicon_platform      feature macros and threads, for the files that call the system
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
# The static library's objects go into the shared one, so everything is position independent.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_INCLUDE_CURRENT_DIR OFF)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

include(GNUInstallDirs)

# One folder for programs and libraries: a Windows program finds its DLL beside itself.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")

set(VIDICON_GENERATED_DIR "${PROJECT_BINARY_DIR}/generated")

find_package(Threads REQUIRED)

add_library(vidicon_headers INTERFACE)
target_include_directories(vidicon_headers INTERFACE "${PROJECT_SOURCE_DIR}/sdk/include")

add_library(vidicon_backend_api INTERFACE)
target_include_directories(vidicon_backend_api INTERFACE "${PROJECT_SOURCE_DIR}/backends")
target_link_libraries(vidicon_backend_api INTERFACE vidicon_headers)

add_library(vidicon_platform INTERFACE)
target_link_libraries(vidicon_platform INTERFACE Threads::Threads)
target_compile_definitions(vidicon_platform INTERFACE
    $<$<PLATFORM_ID:Linux>:_GNU_SOURCE>
    $<$<PLATFORM_ID:Windows>:WIN32_LEAN_AND_MEAN>
    $<$<PLATFORM_ID:Windows>:_WIN32_WINNT=0x0A00>)
