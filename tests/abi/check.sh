#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh WHAT[.control] SOURCE_DIR LIBRARY. WHAT is
#   symbols  sdk/vidicon.symbols, the headers' functions and the library's exports are one list
#   sizes    the public structs have the sizes of sizes.def, for each compiler that is there
#   values   the enumerators and constants are those of values.def, and have its numbers
#   diff     nothing that the last release had was changed or taken away; before 1.0.0 a line
#            "- ABI: ..." under Unreleased in CHANGELOG.md allows it
#   members  the same for each member of a struct: where `diff` allows one to grow, it is blind
# With .control a difference is planted in a scratch copy and must be reported.
# update.sh writes the lists.
set -eu

what=${1%.control} top=$2 library=$3
control=no
[ "$1" = "$what" ] || control=yes
abi=$top/tests/abi
include=$top/sdk/include
# shellcheck source=tests/abi/names.sh
. "$abi/names.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$top/sdk/vidicon.symbols" "$abi"/sizes.* "$abi"/values.* "$scratch"
cp -r "$include" "$scratch/include"
# The newest release, by version.
baseline=$(find "$abi" -name 'vidicon-*.abi' | sort -V | tail -n 1)
[ -z "$baseline" ] || cp "$baseline" "$scratch/baseline.abi"
cp "$top/CHANGELOG.md" "$scratch"

symbols() {
    grep -v '^#' "$scratch/vidicon.symbols" >"$scratch/listed"
    sort -c "$scratch/listed"
    public_functions "$scratch/include" >"$scratch/declared"
    nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort \
        >"$scratch/exported"
    diff "$scratch/listed" "$scratch/declared" && diff "$scratch/listed" "$scratch/exported"
}

# table NAME MACRO NAMES: NAME.def lists what the headers declare, and NAME.c, which asserts each of
# its lines, compiles.
table() {
    sed -n "s/^$2(\([A-Za-z0-9_]*\),.*/\1/p" "$scratch/$1.def" | sort >"$scratch/listed"
    "$3" "$scratch/include" >"$scratch/declared"
    diff "$scratch/listed" "$scratch/declared" || return 1
    for compiler in gcc clang x86_64-w64-mingw32-gcc i686-w64-mingw32-gcc; do
        if ! command -v $compiler >/dev/null 2>&1; then
            echo "not looked at: there is no $compiler"
            continue
        fi
        $compiler -I"$scratch/include" -I"$scratch" -fsyntax-only -Wno-unused-local-typedefs \
            "$scratch/$1.c" || { echo "one of $1.def differs: $compiler"; return 1; }
    done
}

sizes() {
    table sizes VDC_SIZE public_structs
}

values() {
    table values VDC_VALUE public_values
}

broken_on_purpose() {
    case $baseline in
    */vidicon-0.*) ;;
    *) return 1 ;;
    esac
    awk '/^## / { inside = /Unreleased/ } inside && /^- ABI:/ { found = 1 } END { exit !found }' \
        "$scratch/CHANGELOG.md"
}

# Dumps the library, to compare it with the last release.
dump_now() {
    command -v abidw >/dev/null 2>&1 || { echo "skipped: no abidw"; exit 77; }
    [ -n "$baseline" ] || { echo "there is no tests/abi/vidicon-*.abi"; return 1; }
    dump "$library" "$scratch/include" "$scratch/now.abi"
}

difference() {
    dump_now || return
    status=0
    abidiff --no-added-syms --suppressions "$abi/growing.abignore" "$scratch/baseline.abi" \
        "$scratch/now.abi" || status=$?
    # 1: abidiff failed; 4 and 8: something changed.
    [ $status -ne 0 ] || return 0
    [ $((status & 3)) -eq 0 ] || return 1
    broken_on_purpose && { echo "allowed by a line in CHANGELOG.md"; return 0; }
    echo "the ABI differs from $(basename "$baseline"); see CONTRIBUTING.md"
    return 1
}

# data_members FILE: struct, offset and name of each.
data_members() {
    awk -F"'" '/<class-decl name=/ { struct = $2 }
               /<data-member / {
                   for (i = 1; i < NF; i++)
                       if ($i ~ /layout-offset-in-bits=$/)
                           at = $(i + 1)
               }
               /<var-decl name=/ && at != "" { print struct, at, $2; at = "" }' "$1" | sort
}

members() {
    dump_now || return
    data_members "$scratch/baseline.abi" >"$scratch/old"
    data_members "$scratch/now.abi" >"$scratch/new"
    [ "$(wc -l <"$scratch/old")" -gt 100 ] || { echo "the members were not found"; return 1; }
    comm -23 "$scratch/old" "$scratch/new" | sed 's/$/: moved or went/' >"$scratch/lost"
    cat "$scratch/lost"
    [ ! -s "$scratch/lost" ] || broken_on_purpose
}

plant() {
    case $what in
    symbols) echo vdc_zzz_planted >>"$scratch/vidicon.symbols" ;;
    sizes) echo 'typedef struct vdc_planted { int x; } vdc_planted;' |
        sed 's/{ int/{\n int/' >>"$scratch/include/vidicon/version.h" ;;
    # A number that changed; what is new or gone is found as with the structs.
    values) sed -i 's/\(VDC_E_GONE = \)-5/\1-15/' "$scratch/include/vidicon/vidicon.h" ;;
    diff | members)
        sed -i "s/vdc_version_text/vdc_planted/g; s/name='sequence'/name='planted'/" \
            "$scratch/baseline.abi"
        sed -i '/^- ABI:/d' "$scratch/CHANGELOG.md"
        ;;
    esac
}

case $what in
diff) run=difference ;;
*) run=$what ;;
esac

if [ $control = no ]; then
    $run
    exit
fi
plant
if (set +e; $run) >"$scratch/report" 2>&1; then
    echo "the planted difference was not reported"
    exit 1
fi
evidence=planted
[ "$what" != values ] || evidence=value_of_VDC_E_GONE
grep -m 1 "$evidence" "$scratch/report" || { cat "$scratch/report"; exit 1; }
