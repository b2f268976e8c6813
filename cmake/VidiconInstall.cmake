# SPDX-License-Identifier: MIT
# What is installed: the libraries, the headers, the tool (by its own folder), the CMake
# package and the pkg-config file. Included once, by sdk/, when the targets exist.
include(CMakePackageConfigHelpers)

install(TARGETS vidicon vidicon_static EXPORT vidicon-targets
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/sdk/include/vidicon"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSES/MIT.txt"
    DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/vidicon")
install(EXPORT vidicon-targets NAMESPACE vidicon:: DESTINATION "${package_dir}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/vidicon-config.cmake.in"
    "${VIDICON_GENERATED_DIR}/vidicon-config.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor version may break its users.
write_basic_package_version_file("${VIDICON_GENERATED_DIR}/vidicon-config-version.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${VIDICON_GENERATED_DIR}/vidicon-config.cmake"
              "${VIDICON_GENERATED_DIR}/vidicon-config-version.cmake"
    DESTINATION "${package_dir}")

# Relative to the file itself, so that an installed tree can be moved.
file(RELATIVE_PATH VIDICON_PC_PREFIX
     "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
get_property(VIDICON_PC_LIBRARIES GLOBAL PROPERTY VIDICON_SYSTEM_LIBRARIES)
list(TRANSFORM VIDICON_PC_LIBRARIES PREPEND " -l")
list(JOIN VIDICON_PC_LIBRARIES "" VIDICON_PC_LIBRARIES)
configure_file("${CMAKE_CURRENT_LIST_DIR}/vidicon.pc.in"
               "${VIDICON_GENERATED_DIR}/vidicon.pc" @ONLY)
install(FILES "${VIDICON_GENERATED_DIR}/vidicon.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

set(CPACK_PACKAGE_NAME "${VIDICON_BRAND_PACKAGE_NAME}")
set(CPACK_PACKAGE_VENDOR "${VIDICON_BRAND_VENDOR_NAME}")
set(CPACK_PACKAGE_CONTACT "${VIDICON_BRAND_VENDOR_NAME}")
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSES/MIT.txt")
set(CPACK_GENERATOR TGZ)
include(CPack)
