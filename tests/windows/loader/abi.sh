#!/bin/sh
# SPDX-License-Identifier: MIT
# abi.sh COMPILER: the published headers agree with the loader's table of offsets; and a table with
# a wrong line would not have compiled.
set -eu
here=tests/windows/loader
headers=$(dirname "$("$1" -print-file-name=libntoskrnl.a)")/../include/ddk
try() {
    "$@" -std=c11 -fsyntax-only -D_WIN32_WINNT=0x0601 -DNTDDI_VERSION=0x06010000 \
        -isystem "$headers" $here/abi_theirs.c
}
try "$1"
if try "$1" -DABI_CONTROL 2>/dev/null; then
    echo "the planted line was not refused"
    exit 1
fi
echo "$(grep -c '^ABI_' $here/abi_table.def) sizes and offsets agree"
