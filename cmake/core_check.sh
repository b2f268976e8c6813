#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the objects of drivers/core: core_check.sh CHECK[.control] SOURCE...
#   nm         no symbol is asked for but memcpy memmove memset memcmp (so no 64-bit division
#              on i686 either), and there is no mutable static
#   stack      no recursion, and no path through the core takes more than 2 KiB of stack
#   compilers  gcc, clang, both MinGWs take every source; C++ takes every header
#   marks      each function in the headers has one mark of each kind of vdh_io.h
# With .control a source that breaks each rule is planted and must be reported.
# Compiled without PIC: with it, constant tables of pointers look mutable to nm. The only
# <string.h> in reach declares those four functions, so no C library is needed for -m32. With a launcher
# of compilers in CMAKE_C_COMPILER_LAUNCHER, a cache, what was compiled before is taken from there.
set -eu

check=$1
shift
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
include=$(dirname "$1")
CC=${CC:-gcc}
launcher=${CMAKE_C_COMPILER_LAUNCHER:-}
: "${CORE_CFLAGS:?the flags of cmake/VidiconCore.cmake}"

mkdir "$dir/libc"
cat >"$dir/libc/string.h" <<'H'
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *left, const void *right, size_t count);
H
cd "$dir"

fail() {
    echo "core: $*"
    status=1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# compile COMPILER "FLAGS" SOURCE OBJECT, in $dir, so that a cache sees no path that is new each time
compile() {
    # shellcheck disable=SC2086
    $launcher $1 $CORE_CFLAGS -mgeneral-regs-only -fno-pic $2 -Ilibc -I"$include" -c "$3" -o "$4"
}

nm_one() {  # nm_one NAME COMPILER "FLAGS" SOURCES...
    name=$1 compiler=$2 flags=$3
    shift 3
    for source in "$@"; do
        object=$(basename "$source").$name.o
        compile "$compiler" "$flags" "$source" "$object" || fail "$source: $name refuses it"
        [ -f "$object" ] || continue
        nm "$object" | sed 's/^[0-9a-f]* *//' | awk -v where="$source ($name)" '
            { sub(/^_/, "", $2) }
            $1 ~ /^[bBdDC]$/ { print where ": mutable static " $2; bad = 1 }
            $1 == "U" { print $2 }
            END { exit bad }' >"$dir/names" || { cat "$dir/names"; status=1; }
        grep -Ev '^vdh_|^mem(cpy|move|set|cmp)$|: mutable' "$dir/names" >"$dir/foreign" || continue
        fail "$source ($name) asks for: $(tr '\n' ' ' <"$dir/foreign")"
    done
}

run_nm() {
    nm_one native "$CC" -O2 "$@"
    if has clang; then
        nm_one clang clang -O2 "$@"
    else
        echo "not looked at: there is no clang"
    fi
    if [ "$(uname -m)" = x86_64 ]; then
        nm_one i686 gcc "-O2 -m32 -march=i686" "$@"
    else
        echo "not looked at: no i686 on $(uname -m)"
    fi
}

run_stack() {
    has gcc || { echo "skipped: no gcc"; exit 77; }
    for source in "$@"; do
        object=$(basename "$source").o
        launcher='' compile gcc "-O2 -fcallgraph-info=su" "$source" "$object" || fail "$source"
    done
    # Lines: node: { title: "f" label: "f\nfile:1:2\n48 bytes (static)" }
    #        edge: { sourcename: "f" targetname: "g" ... }
    cat "$dir"/*.ci | awk -F'"' -v limit=2048 '
        /^node:/ {
            if (match($4, /[0-9]+ bytes \([a-z,]+\)/)) {
                split(substr($4, RSTART, RLENGTH), part, " ")
                frame[$2] = part[1]
                if (part[3] ~ /dynamic/) {
                    print "core: " $2 " has a frame of unknown size"
                    bad = 1
                }
            }
        }
        /^edge:/ { calls[$2] = calls[$2] "\n" $4 }
        function depth(f, list, n, i, d, most) {
            if (f in done) return done[f]
            if (f in active) {
                if (!(f in told)) print "core: recursion through " f
                told[f] = 1; bad = 1
                return 0
            }
            active[f] = 1
            most = 0
            n = split(calls[f], list, "\n")
            for (i = 2; i <= n; i++) { d = depth(list[i]); if (d > most) most = d }
            delete active[f]
            return done[f] = most + frame[f]
        }
        END {
            for (f in frame) {
                d = depth(f)
                if (d > limit) {
                    print "core: " f " takes " d " bytes of stack, limit " limit
                    bad = 1
                }
                if (d > worst) { worst = d; name = f }
            }
            print "deepest: " name " with " worst " bytes"
            exit bad
        }' || status=1
}

run_compilers() {
    tried='' missing=''
    for compiler in gcc clang x86_64-w64-mingw32-gcc i686-w64-mingw32-gcc; do
        has "$compiler" || { missing="$missing $compiler"; continue; }
        tried="$tried $compiler"
        for source in "$@"; do
            compile "$compiler" -O1 "$source" out.o || fail "$compiler refuses $source"
        done
    done
    for compiler in g++ clang++; do
        has "$compiler" || { missing="$missing $compiler"; continue; }
        tried="$tried $compiler"
        for header in "$include"/*.h; do
            printf 'extern "C" {\n#include "%s"\n}\n' "$(basename "$header")" >"$dir/one.cc"
            $compiler -std=c++17 -Wall -Wextra -Wpedantic -Werror -Wno-unused-function \
                -I"$include" -fsyntax-only "$dir/one.cc" || fail "$compiler refuses $header"
        done
    done
    echo "compilers:$tried"
    [ -z "$missing" ] || echo "not looked at: there is no$missing"
}

# Without comments, directives and bodies what ends in ';' and names a function is its declaration.
run_marks() {
    for header in "$(dirname "$1")"/*.h; do
        gcc -w -fpreprocessed -dD -E -P "$header" | sed '/^ *#/d' | tr '\n' ' ' |
            sed 's/{[^{}]*}/;/g; s/{[^{}]*}/;/g; s/{[^{}]*}/;/g; s/;/;\n/g' |
            awk -v header="$header" '
                /typedef|static inline|^ *struct|^ *enum/ || !/ \**vdh_[a-z0-9_]+\(.*\);/ { next }
                { count++; line = $0 }
                gsub(/VDH_(ANY_LEVEL|STEP) /, "") != 1 || gsub(/VDH_(ISR|LOCKED|PURE) /, "") != 1 {
                    print "core: " header ": not one mark of each kind:" line
                    bad = 1
                }
                END { print count + 0 >"/dev/stderr"; exit bad }' 2>>"$dir/counts" || status=1
    done
    count=$(awk '{ sum += $1 } END { print sum }' "$dir/counts")
    echo "declarations: $count"
    [ "$count" -gt 60 ] || [ "$1" = "$dir/vdh_bad.c" ] || fail "they were not found"
}

plant() {  # the source that each check must report, and in which words
    case $1 in
    nm)
        printf '%s\n' 'int puts(const char *s); int vdh_bad(void); int vdh_bad(void)' \
            '{ static int count; return puts("x") + count++; }'
        words='mutable static count'
        ;;
    stack)
        printf '%s\n' 'int vdh_bad(int n); int vdh_bad(int n)' \
            '{ volatile int x = n; return n > 1 ? vdh_bad(n - 1) * vdh_bad(n - 2) + x : x; }'
        words='recursion through vdh_bad'
        ;;
    compilers)
        printf '%s\n' 'int vdh_bad(int n); int vdh_bad(int n)' \
            '{ double x = n; return (int)(x * 1.5); }'
        words='gcc refuses .*vdh_bad'
        ;;
    marks)
        printf '%s\n' 'VDH_STEP VDH_PURE int vdh_good(void);' 'VDH_PURE int vdh_bad(int n,' 'int m);'
        words='one mark of each kind: VDH_PURE int vdh_bad'
        ;;
    esac
}

case $check in
*.control)
    check=${check%.control}
    plant "$check" >"$dir/vdh_bad.c"
    [ "$check" != marks ] || cp "$dir/vdh_bad.c" "$dir/vdh_bad.h"
    if ( "run_$check" "$dir/vdh_bad.c"; exit $status ) >"$dir/report" 2>&1; then
        echo "core.$check did not report the planted source"
        exit 1
    fi
    grep "$words" "$dir/report" || { cat "$dir/report"; exit 1; }
    [ "$check" != nm ] || grep 'asks for: puts' "$dir/report"
    ;;
*)
    "run_$check" "$@"
    exit $status
    ;;
esac
