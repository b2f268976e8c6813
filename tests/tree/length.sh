#!/bin/sh
# SPDX-License-Identifier: MIT
# No source file above 600 lines; tables (.def) may be longer. No line of a public header above 100
# columns: clang-format leaves comments alone.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

check() {
    tree_files '\.(c|h|cc|cpp|py|sh|cmake)$|CMakeLists\.txt$|\.ci/run$' |
        on_files awk 'FNR > 600 { over[FILENAME] = FNR }
                      END { for (f in over) print f ": " over[f] " lines, at most 600" }'
    # By characters, not bytes.
    tree_files '^sdk/include/.*\.h$' | on_files env LC_ALL=C.UTF-8 grep -nHE '^.{101,}'
}

plant() {
    mkdir -p "$root/sdk/src" "$root/sdk/include/vidicon"
    yes '' | head -n 601 >"$root/sdk/src/planted.c"
    printf '/* %098d */\n' 0 >"$root/sdk/include/vidicon/planted.h"
}

tree_main "$@"
