# SPDX-License-Identifier: MIT
# Finds libusb-1.0, for the backend and for what tests put in its place: by pkg-config, in a cross build
# where the toolchain looks (cmake/mingw-libraries.sh). Sets
#   VIDICON_LIBUSB_FOUND, _INCLUDE_DIRS, _LIBRARIES, _LIBRARY_DIRS
#   VIDICON_LIBUSB_DLL, _PAPERS   on Windows, the DLL to carry along and the folder of its licence
set(needed 1.0.23)
set(needed_api 0x01000107)

if(NOT CMAKE_CROSSCOMPILING)
    find_package(PkgConfig)
    if(PkgConfig_FOUND)
        pkg_check_modules(VIDICON_LIBUSB libusb-1.0>=${needed})
    endif()
    return()
endif()

find_path(VIDICON_LIBUSB_HEADER_DIR libusb.h PATH_SUFFIXES libusb-1.0)
find_library(VIDICON_LIBUSB_FILE usb-1.0)
if(NOT VIDICON_LIBUSB_HEADER_DIR OR NOT VIDICON_LIBUSB_FILE)
    return()
endif()
file(STRINGS "${VIDICON_LIBUSB_HEADER_DIR}/libusb.h" api REGEX "define LIBUSB_API_VERSION ")
string(REGEX REPLACE ".* (0x[0-9A-Fa-f]+).*" "\\1" api "${api}")
if(api LESS needed_api)
    message(STATUS "libusb-1.0 of ${VIDICON_LIBUSB_FILE} is older than ${needed}")
    return()
endif()
set(VIDICON_LIBUSB_FOUND ON)
set(VIDICON_LIBUSB_INCLUDE_DIRS "${VIDICON_LIBUSB_HEADER_DIR}")
set(VIDICON_LIBUSB_LIBRARIES usb-1.0)
get_filename_component(VIDICON_LIBUSB_LIBRARY_DIRS "${VIDICON_LIBUSB_FILE}" DIRECTORY)
get_filename_component(folder "${VIDICON_LIBUSB_LIBRARY_DIRS}" DIRECTORY)
if(EXISTS "${folder}/bin/libusb-1.0.dll")
    set(VIDICON_LIBUSB_DLL "${folder}/bin/libusb-1.0.dll")
    set(VIDICON_LIBUSB_PAPERS "${folder}/share/libusb-1.0")
endif()
