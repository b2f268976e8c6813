#!/bin/sh
# SPDX-License-Identifier: MIT
# compile.sh [--control] CPU SOURCE...: the second compiler takes the driver, for the processors that
# it ships for and for one that is no x86 (W1). INCLUDES in the environment, parted by colons. What was
# compiled before comes out of the compiler's cache, if the build has one (LAUNCHER).
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need clang

compile() {  # compile CPU HEADERS SOURCE
    cpu=$1
    set -- -isystem "$2/ddk" -isystem "$2" -c "$3" -o "$scratch/object"
    old=$IFS
    IFS=:
    for dir in $INCLUDES; do
        set -- -I "$dir" -I "$dir/arm64" "$@"
    done
    IFS=$old
    ${LAUNCHER:-} clang --target="$cpu-w64-windows-gnu" -std=c11 -Os -ffreestanding \
        -D_WIN32_WINNT=0x0601 -DNTDDI_VERSION=0x06010000 \
        -Wall -Wextra -Wshadow -Wstrict-prototypes -Wconversion -Werror "$@" 2>&1 ||
        echo "clang for $cpu failed"
}

check() {
    cpu=$1
    shift
    headers=x86_64
    [ "$cpu" != i686 ] || headers=i686
    where=$(command -v $headers-w64-mingw32-gcc) || {
        echo "no $headers-w64-mingw32-gcc"
        return
    }
    where=$(dirname "$where")/../$headers-w64-mingw32/include
    for source in "$@"; do
        compile "$cpu" "$where" "$source"
    done
}

plant() {
    cpu=$1
    first=$2
    # What would hold for one processor only.
    cat >"$scratch/planted.c" <<'END'
#include "vdw.h"
unsigned int planted(unsigned long long wide);
unsigned int planted(unsigned long long wide)
{
    return wide;
}
END
    planted "clang for $cpu failed" "$cpu" "$first" "$scratch/planted.c"
    [ "$cpu" = aarch64 ] || return 0
    cat >"$scratch/planted.c" <<'END'
void planted(void);
void planted(void)
{
    __asm__ volatile("cli");
}
END
    planted "clang for $cpu failed" "$cpu" "$first" "$scratch/planted.c"
}

check_main "$@"
