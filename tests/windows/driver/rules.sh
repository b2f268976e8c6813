#!/bin/sh
# SPDX-License-Identifier: MIT
# rules.sh [--control] DOCUMENT BUILD LOADER: every rule W1 to W9 stands in the table with a test, and
# every test, scenario and check that the document names exists. Each check of the loader has a control.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need ctest grep

# shellcheck disable=SC2016 # back quotes are what is looked for
check() {
    document=$1 build=$2 loader=$3
    ctest --test-dir "$build" -N -R '^windows[.]' | sed -n 's/^ *Test *#[0-9]*: //p' >"$scratch/tests"
    [ "$(wc -l <"$scratch/tests")" -ge 30 ] || echo "the tests were not found"
    sed -n 's/^ *{"\([a-z]*[.][a-z0-9-]*\)",.*/\1/p' "$loader"/scene_*.c >"$scratch/scenes"
    [ "$(wc -l <"$scratch/scenes")" -ge 40 ] || echo "the scenarios were not found"
    sed -n 's/^#define CHECK_[A-Z_]* *"\(.*\)"/\1/p' "$loader/report.h" >"$scratch/checks"
    [ "$(wc -l <"$scratch/checks")" -ge 25 ] || echo "the checks were not found"
    {
        sed -n 's/^BREAK([A-Z_]*, \([a-z-]*\), .*/\1/p' "$loader/breaks.def"
        sed -n 's/^ *{"control[.]\([a-z-]*\)",.*/\1/p' "$loader/scene_control.c"
    } >"$scratch/controls"
    grep -vxFf "$scratch/controls" "$scratch/checks" | sed 's/^/no control: /' || true
    for n in 1 2 3 4 5 6 7 8 9; do
        grep -E "^[|] W$n [|]" "$document" | grep -q '`windows[.]' || echo "W$n has no test"
    done
    # In back quotes: tests by their full name or up to a star; scenarios and checks in the table.
    grep -o '`windows[.][a-z0-9._*]*`' "$document" | tr -d '`' | sort -u | while read -r name; do
        pattern=$(printf '%s' "$name" | sed 's/[.]/[.]/g; s/[*]/.*/g')
        grep -qE "^$pattern(\$|[.])" "$scratch/tests" || echo "no test: $name"
    done
    grep -E '^[|] W[1-9] ' "$document" | sed 's/.*[|]\(.*\)[|]$/\1/' | grep -o '`[a-z0-9.*-]*`' |
        tr -d '`' | grep -v '^windows[.]' | sort -u | while read -r name; do
        pattern=$(printf '%s' "$name" | sed 's/[.]/[.]/g; s/[*]/.*/g')
        grep -qxE "$pattern" "$scratch/scenes" "$scratch/checks" ||
            echo "no scenario or check: $name"
    done
}

# try WHAT SED-SCRIPT: in a copy.
try() {
    sed "$2" "$original" >"$scratch/copy.md"
    planted "$1" "$scratch/copy.md" "$build" "$loader"
}

# shellcheck disable=SC2016
plant() {
    original=$1 build=$2 loader=$3
    try "W5 has no test" '/^| W5 /d'
    try "W9 has no test" '/^| W9 /s/`windows/`widows/g'
    try "no test: windows.driver.sauce" 's/`windows.driver.source`/`windows.driver.sauce`/'
    mkdir "$scratch/loader"
    cp "$loader"/scene_*.c "$loader/report.h" "$scratch/loader"
    sed '/^BREAK(LEAK,/d' "$loader/breaks.def" >"$scratch/loader/breaks.def"
    planted "no control: leak" "$original" "$build" "$scratch/loader"
    try "no scenario or check: stall-budge" 's/`stall-budget`/`stall-budge`/'
}

check_main "$@"
