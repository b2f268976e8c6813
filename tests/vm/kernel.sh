#!/bin/sh
# SPDX-License-Identifier: MIT
# kernel.sh [--update] SUITE|VERSION: a Debian kernel to boot and to build modules for, unpacked
# into the cache without being installed. VERSION is 6.1, 6.12 or 7; SUITE is bookworm, bookworm-
# backports or trixie-backports. Prints assignments for a shell: KERNEL_NAME, KERNEL_RELEASE,
# KERNEL_IMAGE (boots by PVH), KERNEL_MODULES (a root for modprobe -d), KERNEL_BUILD (for make -C)
# and KERNEL_PATH (to go in front of PATH while building: the kernel's own compiler). What was
# fetched once stays until --update asks for the newest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

layout=1 # part of the cache's key: to be counted up when what follows changes what it unpacks

update=no
[ "${1:-}" != --update ] || { update=yes; shift; }
case ${1:-} in
6.1 | bookworm) name=6.1 release=bookworm suite='' ;;
6.12 | bookworm-backports) name=6.12 release=bookworm suite=bookworm-backports ;;
7 | 7.* | trixie-backports) name=7 release=trixie suite=trixie-backports ;;
*)
    sed -n '3,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

# The kernel proper out of a compressed image: what its PVH entry, far quicker than the BIOS one,
# can start.
extract() {
    python3 - "$1" "$2" <<'END'
import struct, subprocess, sys
image = open(sys.argv[1], "rb").read()
setup = (image[0x1f1] or 4) + 1
offset, length = struct.unpack_from("<II", image, 0x248)
payload = image[setup * 512 + offset:setup * 512 + offset + length]
tools = {b"\xfd7zXZ\0": ["xz", "-dc"], b"\x28\xb5\x2f\xfd": ["zstd", "-dc"],
         b"\x02\x21\x4c\x18": ["lz4", "-dc"], b"\x1f\x8b": ["gzip", "-dc"]}
tool = next((t for magic, t in tools.items() if payload.startswith(magic)), None)
if not tool:
    sys.exit("unknown compression of " + sys.argv[1])
# The last four bytes are the length, which the tools take for garbage.
result = subprocess.run(tool, input=payload, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
(size,) = struct.unpack("<I", payload[-4:])
if len(result.stdout) != size or not result.stdout.startswith(b"\x7fELF"):
    sys.exit("cannot decompress " + sys.argv[1])
open(sys.argv[2], "wb").write(result.stdout)
END
}

make_kernel() {
    if [ "$update" = no ] && [ -s "$vm_cache/kernel/$name.$layout" ]; then
        return
    fi
    [ "$update" = no ] || rm -f "$vm_cache/apt/$release/ready"
    packages=$(vm_closure "$release" "$suite" linux-headers-amd64 |
        grep -E '^(linux-|gcc-|cpp-|binutils|lib|zlib|pahole)')
    headers=$(echo "$packages" | grep -E '^linux-headers-[0-9][^=]*-amd64=')
    kernel=${headers#linux-headers-}
    version=${kernel#*=}
    kernel=${kernel%%=*}
    folder=$vm_cache/kernel/$kernel-$version.$layout
    if [ ! -s "$folder/vars" ]; then
        vm_say "fetching Linux $kernel $version"
        rm -rf "$folder"
        # Newer kernels come in parts; what else an image wants is of no use without installing it.
        parts=$(vm_closure "$release" "$suite" "linux-image-$kernel=$version" |
            grep -E '^linux-(image|binary|modules)-[0-9]')
        # shellcheck disable=SC2086,SC2046
        vm_unpack "$release" "$folder" $parts $(echo "$packages" | grep -v '^linux-image-')
        for path in "$folder"/usr/bin/* "$folder"/usr/libexec/gcc/*/*/* \
            "$folder"/usr/lib/gcc/*/*/* \
            $(find "$folder"/usr/lib/linux-kbuild-*/ -type f -perm -u+x); do
            vm_wrap "$folder" "$path"
        done
        build=$folder/usr/src/linux-headers-$kernel
        grep -rlI --include='Makefile' --include='.kernelvariables' --include='*.mk' /usr/src \
            "$folder"/usr/src | while read -r path; do
            sed -i "s,\([^[:alnum:]_]\)/usr/src/,\1$folder/usr/src/,g" "$path"
        done
        for image in "$folder/boot/vmlinuz-$kernel" "$folder/usr/lib/modules/$kernel/vmlinuz"; do
            [ ! -f "$image" ] || extract "$image" "$folder/vmlinux"
        done
        depmod -b "$folder" "$kernel"
        cat >"$folder/vars.new" <<END
KERNEL_NAME='$name'
KERNEL_RELEASE='$kernel'
KERNEL_IMAGE='$folder/vmlinux'
KERNEL_MODULES='$folder'
KERNEL_BUILD='$build'
KERNEL_PATH='$folder/usr/bin'
END
        mv "$folder/vars.new" "$folder/vars"
    fi
    ln -sfn "$folder/vars" "$vm_cache/kernel/$name.$layout"
}

mkdir -p "$vm_cache/kernel"
vm_locked "kernel-$name" make_kernel
cat "$vm_cache/kernel/$name.$layout"
