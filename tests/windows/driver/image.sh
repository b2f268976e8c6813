#!/bin/sh
# SPDX-License-Identifier: MIT
# image.sh [--control] CPU SYS DEBUG_SYS FIRMWARE: the shape of the file: native, relocatable, no
# section both writable and executable, no time stamp, unwind tables on amd64, the firmware whole
# and in a data section (W2), and below 64 KiB without it.
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"
need objdump awk od

check() {
    cpu=$1 sys=$2 debug=$3 firmware=$4
    dump=$cpu-w64-mingw32-objdump
    "$dump" -p "$sys" >"$scratch/head"
    grep -qE '^Subsystem[[:space:]]+0*1\b' "$scratch/head" || echo "not of the native subsystem"
    grep -qE '^Time/Date.*1970' "$scratch/head" || echo "has a time stamp"
    dll=$(awk '/^DllCharacteristics/ { print $2 }' "$scratch/head")
    [ $((0x$dll & 0x0100)) -ne 0 ] || echo "is not marked NX compatible"
    [ $((0x$dll & 0x0040)) -ne 0 ] || echo "is not marked relocatable"
    "$dump" -h -w "$sys" >"$scratch/sections"
    awk '$1 ~ /^[0-9]+$/ && /CODE/ && !/READONLY/ { print $2 ": writable and executable" }' \
        "$scratch/sections"
    [ "$(grep -cE '^ +[0-9]+ ' "$scratch/sections")" -ge 4 ] || echo "its sections were not found"
    grep -q ' \.reloc ' "$scratch/sections" || echo "has no relocations"
    if [ "$cpu" = x86_64 ]; then
        grep -q ' \.pdata ' "$scratch/sections" || echo "has no unwind tables"
    fi
    image=$(wc -c <"$firmware")
    size=$(wc -c <"$sys")
    [ $((size - image)) -lt 65536 ] || echo "$((size - image)) bytes without the firmware"
    "$cpu-w64-mingw32-nm" "$debug" | grep -qE ' [rRdD] _?vdh_default_image$' ||
        echo "the firmware is in no data section"
    # All of it, byte by byte.
    od -An -v -tx1 "$firmware" | tr -d ' \n' >"$scratch/firmware"
    od -An -v -tx1 "$sys" | tr -d ' \n' >"$scratch/bytes"
    awk 'NR == FNR { want = $0; next } !index($0, want) { print "the firmware is not in it" }' \
        "$scratch/firmware" "$scratch/bytes"
}

plant() {
    cpu=$1
    tool=$cpu-w64-mingw32-objcopy
    "$tool" --set-section-flags .text=alloc,load,contents,code "$2" "$scratch/wx.sys" 2>/dev/null
    planted "writable and executable" "$cpu" "$scratch/wx.sys" "$3" "$4"
    "$tool" --subsystem windows "$2" "$scratch/gui.sys"
    planted "not of the native subsystem" "$cpu" "$scratch/gui.sys" "$3" "$4"
    "$tool" --remove-section .reloc "$2" "$scratch/fixed.sys"
    planted "has no relocations" "$cpu" "$scratch/fixed.sys" "$3" "$4"
    head -c 70000 /dev/zero | cat "$2" - >"$scratch/fat.sys"
    planted "bytes without the firmware" "$cpu" "$scratch/fat.sys" "$3" "$4"
    { cat "$4" && echo more; } >"$scratch/other.vdfw"
    planted "the firmware is not in it" "$cpu" "$2" "$3" "$scratch/other.vdfw"
    planted "in no data section" "$cpu" "$2" "$2" "$4"
}

check_main "$@"
