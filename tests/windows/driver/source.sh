#!/bin/sh
# SPDX-License-Identifier: MIT
# source.sh [--control] ROOT: what the notes on writing minidrivers forbid and a search can find.
#   W1 no assembly   W4 hardware by the macros of wdm.h, in one file   W5 no endless loop
#   W6 stalls in one place   W7 no waiting   W8 no locking or mapping of buffers
# shellcheck source=tests/windows/driver/check.sh
. "$(dirname "$0")/check.sh"

# strip: the sources below $root without their comments, line by line, into $scratch/code.
strip() {
    rm -rf "$scratch/code"
    mkdir "$scratch/code"
    awk -v code="$scratch/code/" '
        FNR == 1 { close(out); out = FILENAME; sub(/.*\//, code, out) }
        { sub(/\/\*.*\*\//, ""); sub(/^ *\*.*/, ""); sub(/^ *\/\*.*/, ""); print >out }
    ' "$root"/drivers/windows/*.[ch] "$root"/drivers/core/*.[ch]
}

# forbid RULE REGEX [FILE THAT MAY]: in code, comments apart.
forbid() {
    (cd "$scratch/code" && grep -nHE "$2" -- *.[ch]) | grep -v "^${3:-/}:" | sed "s,^,$1: ," || true
}

check() {
    root=$1
    [ "$(ls "$root"/drivers/windows/*.c "$root"/drivers/core/*.c | wc -l)" -ge 20 ] ||
        echo "the sources were not found"
    strip
    forbid W1 '(^|[^A-Za-z0-9_])(__asm__|__asm|_asm|asm)([^A-Za-z0-9_]|$)'
    forbid W4 '(READ|WRITE)_(REGISTER|PORT)_' vdw_io.c
    forbid W4 '(^|[^A-Za-z0-9_])(volatile|__in(byte|word|dword)|__out(byte|word|dword))([^A-Za-z0-9_]|$)'
    forbid W4 'MmMapIoSpace|HalGetBusData|HalTranslateBusAddress'
    forbid W5 'for *\( *;[^;]*; *\)|while *\( *(1|true|TRUE) *\)'
    forbid W6 'KeStallExecutionProcessor' vdw_io.c
    forbid W7 'KeDelayExecutionThread|KeWaitFor|KeSetTimer|IoInitializeTimer|PsCreateSystemThread'
    forbid W8 'MmProbeAndLock|MmGetPhysicalAddress|MmBuildMdl|IoGetDmaAdapter|IoAllocateMdl|MmMapLocked'
    grep -q 'WRITE_PORT_BUFFER_USHORT' "$root/drivers/windows/vdw_io.c" ||
        echo "W4: WRITE_PORT_BUFFER_USHORT is not used"
    grep -q 'TurnOffSynchronization = FALSE' "$root/drivers/windows/vdw_driver.c" ||
        echo "W3: TurnOffSynchronization is not as docs/windows.md argues"
    grep -q 'StreamClassGetPhysicalAddress' "$root/drivers/windows/vdw_read.c" ||
        echo "W9: split requests do not ask for their addresses"
}

# try RULE CODE: in a copy.
try() {
    rm -rf "$scratch/copy"
    mkdir -p "$scratch/copy/drivers"
    cp -r "$tree/drivers/windows" "$tree/drivers/core" "$scratch/copy/drivers/"
    printf '%s\n' "$2" >>"$scratch/copy/drivers/windows/vdw_engine.c"
    planted "$1: vdw_engine.c" "$scratch/copy"
}

plant() {
    tree=$1
    try W1 '__asm__("nop");'
    try W4 'WRITE_REGISTER_ULONG(at, 1);'
    try W4 'static volatile uint32_t *registers;'
    try W5 'for (;;) x();'
    try W5 'while (1) x();'
    try W6 'KeStallExecutionProcessor(1);'
    try W7 'KeDelayExecutionThread(KernelMode, FALSE, &time);'
    try W8 'MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);'
}

check_main "$@"
