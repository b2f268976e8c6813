#!/bin/sh
# SPDX-License-Identifier: MIT
# clang-format would change nothing. Tables (.def) are laid out by hand.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"
# shellcheck source=tests/support/known.sh
. "$(dirname "$0")/../support/known.sh"

script=$(realpath "$0")
program=${CLANG_FORMAT:-clang-format}
if ! command -v "$program" >/dev/null 2>&1; then
    echo "skipped: no clang-format"
    exit 77
fi

check() {
    # drivers/linux has the kernel's style and a .clang-format of its own.
    cd "$root"
    rules=$({
        "$program" --version
        cat "$script"
        tree_files '(^|/)\.clang-format$' | xargs -r tail -n +1
    } 2>&1)
    tree_files '\.(c|h|cc)$' | known_unseen "format: $rules" >"$scratch/files"
    (cd "$root" && xargs -r "$program" --dry-run --style=file <"$scratch/files" 2>&1) |
        grep 'warning:\|error:' | cut -d: -f1,2 | sort -u | awk -F: '
            { lines[$1] = lines[$1] " " $2 }
            END { for (f in lines) print f ": not formatted, lines" substr(lines[f], 1, 60) }' |
        sort >"$scratch/wrong"
    cat "$scratch/wrong"
    sed 's/: not formatted, .*//' "$scratch/wrong" >"$scratch/names"
    known_good "format: $rules" "$scratch/names"
}

plant() {
    mkdir -p "$root/sdk/src"
    echo 'int   planted( void ) ;' >"$root/sdk/src/planted.c"
}

tree_main "$@"
