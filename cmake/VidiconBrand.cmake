# SPDX-License-Identifier: MIT
# vidicon_brand: the generated header vidicon_brand.h, made from sdk/oem/brand.json. An OEM
# gives another description with -DVIDICON_BRAND_FILE=<file>.
#
# Each key of the file becomes a macro VIDICON_BRAND_<KEY> and a CMake variable of the same
# name. Numbers and "0x..." strings become integers with suffix U; a GUID becomes a string,
# and with the suffix _INIT a brace initialiser; anything else a string. Keys that begin
# with an underscore are comments.
set(VIDICON_BRAND_FILE "${PROJECT_SOURCE_DIR}/sdk/oem/brand.json"
    CACHE FILEPATH "Names, ids and GUIDs of the product")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${VIDICON_BRAND_FILE}")

function(vidicon_brand_guid_init out guid)
    string(REPLACE "-" "" hex "${guid}")
    string(SUBSTRING "${hex}" 0 8 a)
    string(SUBSTRING "${hex}" 8 4 b)
    string(SUBSTRING "${hex}" 12 4 c)
    set(bytes "")
    foreach(at RANGE 16 30 2)
        string(SUBSTRING "${hex}" ${at} 2 byte)
        list(APPEND bytes "0x${byte}")
    endforeach()
    list(JOIN bytes ", " bytes)
    set(${out} "{ 0x${a}, 0x${b}, 0x${c}, { ${bytes} } }" PARENT_SCOPE)
endfunction()

function(vidicon_brand_read)
    file(READ "${VIDICON_BRAND_FILE}" json)
    string(JSON count LENGTH "${json}")
    math(EXPR last "${count} - 1")
    string(REPEAT "[0-9a-fA-F]" 4 h4)
    set(guid_form "^${h4}${h4}-${h4}-${h4}-${h4}-${h4}${h4}${h4}$")
    set(VIDICON_BRAND_LINES "")

    foreach(index RANGE ${last})
        string(JSON key MEMBER "${json}" ${index})
        if(key MATCHES "^_")
            continue()
        endif()
        string(JSON value GET "${json}" "${key}")
        string(TOUPPER "VIDICON_BRAND_${key}" name)
        if(value MATCHES "^(0x[0-9a-fA-F]+|[0-9]+)$")
            string(APPEND VIDICON_BRAND_LINES "#define ${name} ${value}U\n")
        else()
            string(APPEND VIDICON_BRAND_LINES "#define ${name} \"${value}\"\n")
        endif()
        if(value MATCHES "${guid_form}")
            vidicon_brand_guid_init(init "${value}")
            string(APPEND VIDICON_BRAND_LINES "#define ${name}_INIT ${init}\n")
        endif()
        set(${name} "${value}" PARENT_SCOPE)
    endforeach()

    file(CONFIGURE OUTPUT "${VIDICON_GENERATED_DIR}/brand/vidicon_brand.h" @ONLY CONTENT
"/* Generated from the brand description. Do not edit. */
#ifndef VIDICON_BRAND_H
#define VIDICON_BRAND_H

@VIDICON_BRAND_LINES@
#endif
")
endfunction()

vidicon_brand_read()
add_library(vidicon_brand INTERFACE)
target_include_directories(vidicon_brand INTERFACE "${VIDICON_GENERATED_DIR}/brand")
