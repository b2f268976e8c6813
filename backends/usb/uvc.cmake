# SPDX-License-Identifier: MIT
# The USB Video Class half as pure modules: no libusb, no thread, no system. An object library for
# the tests; whoever ships them takes VIDICON_UVC_SOURCES.
set(VIDICON_UVC_SOURCES "")
foreach(part choose clock control desc event formats payload pixel probe quirks)
    list(APPEND VIDICON_UVC_SOURCES "${CMAKE_CURRENT_LIST_DIR}/uvc_${part}.c")
endforeach()

if(VIDICON_TESTS AND NOT TARGET vidicon_backend_usb_uvc)
    vidicon_add_backend(usb_uvc NOT_SHIPPED SOURCES ${VIDICON_UVC_SOURCES})
    target_include_directories(vidicon_backend_usb_uvc PUBLIC "${CMAKE_CURRENT_LIST_DIR}")
endif()
