#!/bin/sh
# SPDX-License-Identifier: MIT
# One SPDX line near the top of each source file, with the licence of its folder.
# shellcheck source=tests/tree/tree.sh
. "$(dirname "$0")/tree.sh"

tag=SPDX-License-Identifier

# shellcheck disable=SC2016
check() {
    tree_files '(\.(c|h|cc|cpp|def|inc|map|symbols|sh|cmake|py|in|fw|cfg|inf|yml)|CMakeLists\.txt|Makefile|Kbuild|Kconfig|\.ci/run|\.clang-(format|tidy)|\.editorconfig)$' |
        on_files awk -v tag="$tag" '
            function judge() {
                if (file == "") return
                want = "MIT"
                if (file ~ /^drivers\/linux\//) want = "GPL-2.0-only"
                if (file ~ /^drivers\/core\// || file == "drivers/linux/vdl_interface.h")
                    want = "GPL-2.0-only OR MIT"
                # The build description of the core belongs to the build, not to what kernels take in.
                if (file == "drivers/core/CMakeLists.txt" && found == "MIT") want = found
                if (found != want) print file ": licence is \"" found "\", not " want
            }
            BEGIN { for (i = 1; i < ARGC; i++) unseen[ARGV[i]] }
            FNR == 1 { judge(); delete unseen[FILENAME]; file = FILENAME; found = ""; lines = 0 }
            FNR <= 5 && index($0, tag) {
                sub(".*" tag ": *", ""); sub(/ *\*\/ *$/, ""); sub(/ *--> *$/, "")
                found = found (lines++ ? " and " : "") $0
            }
            FNR > 5 { nextfile }
            END { judge(); for (f in unseen) print f ": licence is \"\", the file is empty" }'
}

plant() {
    mkdir -p "$root/drivers/core"
    printf '/* %s: MIT */\n' "$tag" >"$root/drivers/core/planted.c"
}

tree_main "$@"
