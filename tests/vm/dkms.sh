#!/bin/sh
# SPDX-License-Identifier: MIT
# dkms.sh: prints the path of the dkms of Debian bookworm, unpacked into the cache: installed, it
# would bring headers of a kernel and hooks for every one.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

layout=1 # part of the cache's key: to be counted up when what follows changes the folder
folder=$vm_cache/dkms-$layout

make_dkms() {
    [ ! -x "$folder/usr/sbin/dkms" ] || return 0
    rm -rf "$folder" "$folder.new"
    vm_unpack bookworm "$folder.new" dkms
    mv "$folder.new" "$folder"
}

vm_locked dkms make_dkms
echo "$folder/usr/sbin/dkms"
