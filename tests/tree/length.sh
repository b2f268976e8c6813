#!/bin/sh
# SPDX-License-Identifier: MIT
# No source file above 600 lines. Tables (.def) may be longer.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

check() {
    tree_files '\.(c|h|cc|cpp|py|sh|cmake)$|CMakeLists\.txt$|\.ci/run$' |
        on_files awk 'FNR > 600 { over[FILENAME] = FNR }
                      END { for (f in over) print f ": " over[f] " lines, at most 600" }'
}

plant() {
    mkdir -p "$root/sdk/src"
    yes '' | head -n 601 >"$root/sdk/src/planted.c"
}

tree_main "$@"
