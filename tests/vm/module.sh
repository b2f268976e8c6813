#!/bin/sh
# SPDX-License-Identifier: MIT
# module.sh KERNEL [FOLDER]: builds the driver for a kernel (6.1, 6.12, 7 or debug), or the module
# whose sources are in FOLDER, and prints the path of the .ko. Built once for each state of the
# sources. A warning is an error.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
. "$here/debian.sh"
. "$here/machine.sh"

folder=${2:-$source/drivers/linux}
[ -f "$folder/Kbuild" ] || exit 0
machine_kernel "$1"

# The driver takes in the core, the default firmware and the brand; its Makefile puts them together.
sources=$folder
[ "$folder" != "$source/drivers/linux" ] ||
    sources="$source/drivers/linux $source/drivers/core $source/drivers/firmware $source/sdk/oem"
# Where the tree lies makes no difference.
# shellcheck disable=SC2086
key=$(find $sources -type f | LC_ALL=C sort | xargs sha256sum | sed "s, $source/, ," |
    sha256sum | cut -c 1-16)
place=$vm_cache/module/$(basename "$folder")-$KERNEL_RELEASE-$key
# Sparse reads it, too, for 6.1 with a control (tests/linux). Not for Linux 7, whose headers have words that
# Debian's sparse does not know.
check=''
if { [ "$1" = 6.12 ] || [ "$1" = 6.1 ]; } && command -v sparse >/dev/null; then
    check=C=2 place=$place-read
fi

# shellcheck disable=SC2086
make_module() {
    [ -z "$(find "$place" -maxdepth 1 -name '*.ko' 2>/dev/null)" ] || return 0
    rm -rf "$place" "$place.new"
    mkdir -p "$place.new"
    {
        if [ -f "$folder/Makefile" ]; then
            make -C "$folder" source OUT="$place.new/source"
        else
            cp -r "$folder" "$place.new/source"
        fi && PATH=$KERNEL_PATH:$PATH make -C "$KERNEL_BUILD" M="$place.new/source" W=1 $check modules
    } >"$place.new/log" 2>&1 || {
        cat "$place.new/log" >&2
        vm_die "the module cannot be built"
    }
    if grep -E 'warning:|WARNING|error:' "$place.new/log" >&2; then
        vm_die "the module builds with warnings"
    fi
    mv "$place.new"/source/*.ko "$place.new/"
    mv "$place.new" "$place"
}

mkdir -p "$vm_cache/module"
vm_locked "module-$key" make_module
vm_used "$place" '*'
find "$place" -maxdepth 1 -name '*.ko'
