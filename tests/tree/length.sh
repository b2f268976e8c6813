#!/bin/sh
# SPDX-License-Identifier: MIT
# No source file above 600 lines. Tables (.def) may be longer.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

check() {
    tree_files '\.(c|h|cc|cpp|py|sh|cmake)$|CMakeLists\.txt$|\.ci/run$' | while IFS= read -r file; do
        lines=$(wc -l <"$root/$file")
        [ "$lines" -le 600 ] || echo "$file: $lines lines, at most 600"
    done
}

plant() {
    mkdir -p "$root/sdk/src"
    yes '' | head -n 601 >"$root/sdk/src/planted.c"
}

tree_main "$@"
