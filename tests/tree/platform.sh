#!/bin/sh
# SPDX-License-Identifier: MIT
# No question about the platform in the preprocessor, outside the files that exist for it.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

macros='_WIN(32|64)|__MINGW|__CYGWIN__|_MSC_VER|NTDDI|__KERNEL__|__linux|__APPLE__|__unix'
macros="$macros|__(Free|Net|Open)BSD__|__ANDROID__|__x86_64__|__i386__|__aarch64__|_M_(X64|IX86|ARM)"
exempt='^(drivers/core/vdh_types\.h|sdk/include/vidicon/export\.h|sdk/src/platform_[a-z0-9_]*\.[ch]'
exempt="$exempt|(backends/(v4l2|ks)|drivers/(linux|windows))/.*|backends/usb/usb_platform_.*)\$"

check() {
    tree_files '\.(c|h|cc|def|inc|in)$' | grep -Ev "$exempt" |
        on_files grep -nHE "^[[:space:]]*#[[:space:]]*(el)?if.*($macros)"
}

plant() {
    mkdir -p "$root/sdk/src"
    printf '#if defined(_WIN32)\n#endif\n' >"$root/sdk/src/planted.c"
}

tree_main "$@"
