#!/bin/sh
# SPDX-License-Identifier: MIT
# One SPDX line near the top of each source file, with the licence of its folder.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

tag=SPDX-License-Identifier

check() {
    tree_files '(\.(c|h|cc|cpp|def|inc|map|symbols|sh|cmake|py|in|fw|cfg|inf|yml)|CMakeLists\.txt|Makefile|Kbuild|Kconfig|\.ci/run|\.clang-(format|tidy)|\.editorconfig)$' |
        while IFS= read -r file; do
            case $file in
            drivers/core/* | drivers/linux/vdl_interface.h) want='GPL-2.0-only OR MIT' ;;
            drivers/linux/*) want='GPL-2.0-only' ;;
            *) want=MIT ;;
            esac
            # The core's build description belongs to the build, not to what kernels take in.
            case $file in drivers/core/CMakeLists.txt) want='MIT|GPL-2.0-only OR MIT' ;; esac
            found=$(head -n 5 "$root/$file" | sed -n "s,.*$tag: *,,p" |
                sed 's, *\*/ *$,,; s, *--> *$,,')
            printf '%s\n' "$found" | grep -qxE "$want" && continue
            echo "$file: licence is \"$found\", not $want"
        done
}

plant() {
    mkdir -p "$root/drivers/core"
    printf '/* %s: MIT */\n' "$tag" >"$root/drivers/core/planted.c"
}

tree_main "$@"
