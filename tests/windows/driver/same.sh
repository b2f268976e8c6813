#!/bin/sh
# SPDX-License-Identifier: MIT
# same.sh [--control] SYS AGAIN: built twice, at other times and with other object files, the driver
# is the same to the last bit.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need sha256sum

check() {
    a=$(sha256sum <"$1")
    b=$(sha256sum <"$2")
    [ "$a" = "$b" ] || echo "differ: $a $b"
}

plant() {
    # The time stamp of the PE header: 8 bytes behind its signature, whose place stands at 60.
    cp "$2" "$scratch/stamped.sys"
    at=$(od -An -tu4 -j60 -N4 "$2" | tr -d ' ')
    printf 'now!' | dd of="$scratch/stamped.sys" bs=1 seek=$((at + 8)) conv=notrunc 2>/dev/null
    planted "differ:" "$1" "$scratch/stamped.sys"
}

check_main "$@"
