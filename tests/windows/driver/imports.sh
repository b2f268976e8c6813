#!/bin/sh
# SPDX-License-Identifier: MIT
# imports.sh [--control] CPU SYS LIST: the driver imports what the list allows, and nothing else.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need objdump awk

imports() {
    "$1-w64-mingw32-objdump" -p "$2" | awk '
        /DLL Name:/ { file = tolower($3); next }
        /^\t[0-9a-f]+\t *[0-9]+ +[A-Za-z_]/ { print file, $3 }'
}

check() {
    awk -v cpu="$1" '/^#/ || NF < 2 { next } NF == 2 || $3 == cpu { print $1, $2 }' "$3" \
        >"$scratch/allowed"
    imports "$1" "$2" >"$scratch/found"
    if [ "$(wc -l <"$scratch/found")" -lt 15 ]; then
        echo "$2: its imports were not found"
    fi
    grep -vxFf "$scratch/allowed" "$scratch/found" | sed 's/^/not allowed: /' || true
}

plant() {
    grep -v KeStallExecutionProcessor "$3" >"$scratch/shorter.txt"
    planted "not allowed: hal.dll KeStallExecutionProcessor" "$1" "$2" "$scratch/shorter.txt"
    sed 's/stream.sys StreamClassScheduleTimer/ks.sys StreamClassScheduleTimer/' "$3" \
        >"$scratch/other.txt"
    planted "not allowed: stream.sys StreamClassScheduleTimer" "$1" "$2" "$scratch/other.txt"
    printf 'no driver\n' >"$scratch/empty.sys"
    planted "its imports were not found" "$1" "$scratch/empty.sys" "$3"
}

check_main "$@"
