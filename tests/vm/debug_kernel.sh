#!/bin/sh
# SPDX-License-Identifier: MIT
# debug_kernel.sh: builds Debian's 6.1 from its source with debug_kernel.config, once, and prints
# the same assignments as kernel.sh. KERNEL_IMAGE is a bzImage: the PVH entry does not survive
# KASAN. An emulated processor takes long over each tick and over each call of a check: 100 ticks a
# second and checks in place make the guest three times as fast.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

name=debug
layout=1 # part of the cache's key: to be counted up when what follows changes the folder
key=$layout-$(sha256sum <"$here/debug_kernel.config" | cut -c 1-12)

make_kernel() {
    [ ! -s "$vm_cache/kernel/$name-$key/vars" ] || return 0
    eval "$("$here/kernel.sh" 6.1)"
    folder=$vm_cache/kernel/$name-$key
    rm -rf "$folder"
    vm_say "fetching the source of Linux 6.1"
    version=$(vm_closure bookworm '' linux-source-6.1 | sed -n 's/^linux-source-6.1=//p')
    vm_unpack bookworm "$folder" "linux-source-6.1=$version"
    tar -C "$folder" -xf "$folder/usr/src/linux-source-6.1.tar.xz"
    (cd "$folder" && rm -rf ./usr ./bin ./sbin ./lib ./lib64)
    source=$folder/linux-source-6.1
    vm_say "building the debug kernel, some minutes; $folder/build.log"
    (
        PATH=$KERNEL_PATH:$PATH
        KCONFIG_ALLCONFIG=$here/debug_kernel.config
        export PATH KCONFIG_ALLCONFIG
        make -C "$source" CC=gcc-12 allnoconfig
        nice -n 19 make -C "$source" -j "$(nproc)" CC=gcc-12 bzImage modules
        make -C "$source" CC=gcc-12 INSTALL_MOD_PATH="$folder" modules_install
    ) >"$folder/build.log" 2>&1 || {
        tail -n 20 "$folder/build.log" >&2
        vm_die "the debug kernel cannot be built; $folder/build.log"
    }
    # An option whose needs are not met goes without a word.
    grep '^CONFIG_.*=[ym]' "$here/debug_kernel.config" | while read -r option; do
        grep -qx "$option" "$source/.config" || vm_say "debug kernel without $option"
    done
    cp "$source/arch/x86/boot/bzImage" "$folder/bzImage"
    mkdir "$folder/bin"
    ln -s "$KERNEL_PATH/gcc-12" "$folder/bin/gcc"
    find "$source" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
    find "$source" \( -name '*.a' -o -name '.*.cmd' -o -name 'vmlinux*' -o -name '*.ko' \) \
        ! -path '*/scripts/*' ! -path '*/tools/*' -delete
    cat >"$folder/vars.new" <<END
KERNEL_NAME='$name'
KERNEL_RELEASE='$(cat "$source/include/config/kernel.release")'
KERNEL_IMAGE='$folder/bzImage'
KERNEL_MODULES='$folder'
KERNEL_BUILD='$source'
KERNEL_PATH='$folder/bin:$KERNEL_PATH'
END
    mv "$folder/vars.new" "$folder/vars"
}

vm_locked kernel-debug make_kernel
vm_used "$vm_cache/kernel/$name-$key" 'debug-*'
cat "$vm_cache/kernel/$name-$key/vars"
