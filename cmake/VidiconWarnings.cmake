# SPDX-License-Identifier: MIT
# vidicon_warnings: the warnings every target of ours is built with. Linked PRIVATE, so that
# no consumer inherits them.
add_library(vidicon_warnings INTERFACE)

if(MSVC)
    target_compile_options(vidicon_warnings INTERFACE /W4 $<$<BOOL:${VIDICON_WERROR}>:/WX>)
else()
    target_compile_options(vidicon_warnings INTERFACE
        -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wformat=2 -Wundef
        $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
        $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
        $<$<BOOL:${VIDICON_WERROR}>:-Werror>)
endif()
