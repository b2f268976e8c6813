#!/bin/sh
# SPDX-License-Identifier: MIT
# checkpatch.sh: prints where checkpatch.pl of Linux 6.1 is; fetches the kernel's source for it once
# and keeps just the script and its word lists.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

folder=$vm_cache/checkpatch-1 # the number: to be counted up when what follows changes the folder

make_checkpatch() {
    [ ! -s "$folder/checkpatch.pl" ] || return 0
    vm_say "fetching the source of Linux 6.1 for its checkpatch"
    unpacked=$(mktemp -d "$vm_cache/checkpatch.XXXXXX")
    version=$(vm_closure bookworm '' linux-source-6.1 | sed -n 's/^linux-source-6.1=//p')
    vm_unpack bookworm "$unpacked" "linux-source-6.1=$version"
    mkdir -p "$folder"
    (
        cd "$unpacked"
        scripts=linux-source-6.1/scripts
        tar -xf usr/src/linux-source-6.1.tar.xz --occurrence=1 "$scripts/spelling.txt" \
            "$scripts/const_structs.checkpatch" "$scripts/checkpatch.pl"
        mv "$scripts"/* "$folder"
    )
    rm -rf "$unpacked"
}

vm_locked checkpatch make_checkpatch
echo "$folder/checkpatch.pl"
