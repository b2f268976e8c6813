#!/bin/sh
# SPDX-License-Identifier: MIT
# images.sh: prints a folder of firmware images for the guest, to stand there as /opt/firmware: the
# two that the tree describes, one that is newer than both, and ones that no card must take.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
. "$here/debian.sh"

firmware=$source/drivers/firmware
layout=1 # part of the cache's key: to be counted up when what follows changes the folder
key=$layout-$(cat "$firmware"/*.[ch] "$firmware"/*.fw "$source"/drivers/core/*.def |
    sha256sum | cut -c 1-16)
place=$vm_cache/images/$key

# One bit of one byte.
spoil() {
    byte=$(dd if="$1" bs=1 skip="$2" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    # shellcheck disable=SC2059
    printf "\\$(printf %03o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

make_images() {
    [ ! -d "$place" ] || return 0
    rm -rf "$place.new"
    mkdir -p "$place.new/firmware"
    # shellcheck disable=SC2046
    cc -std=c11 -O1 -o "$place.new/vdfwbuild" -I"$source/drivers/core" "$firmware"/*.c \
        $(pkg-config --cflags --libs libconfig libcrypto zlib)
    sed 's/1\.1\.0/1.2.0/' "$firmware/capture-1.1.fw" >"$place.new/capture-1.2.fw"
    for description in "$firmware/capture-1.0.fw" "$firmware/capture-1.1.fw" \
        "$place.new/capture-1.2.fw"; do
        name=$(basename "$description" .fw)
        "$place.new/vdfwbuild" -o "$place.new/firmware/$name.vdfw" "$description"
    done
    cp "$place.new/firmware/capture-1.2.vdfw" "$place.new/firmware/body.vdfw"
    spoil "$place.new/firmware/body.vdfw" 5000
    cp "$place.new/firmware/capture-1.2.vdfw" "$place.new/firmware/header.vdfw"
    spoil "$place.new/firmware/header.vdfw" 12
    head -c 5000 "$place.new/firmware/capture-1.2.vdfw" >"$place.new/firmware/short.vdfw"
    rm -f "$place.new/vdfwbuild" "$place.new/capture-1.2.fw"
    mv "$place.new" "$place"
}

mkdir -p "$vm_cache/images"
vm_locked images make_images
echo "$place/firmware"
