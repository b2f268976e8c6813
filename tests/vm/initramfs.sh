#!/bin/sh
# SPDX-License-Identifier: MIT
# initramfs.sh OUT MODULES_ROOT RELEASE [FILE...]: what the guest boots from: busybox, the kernel's
# modules that a video card and the rig need, the suite, and each FILE: a .ko for modprobe, a folder
# into /opt, a program with its libraries into /programs. VM_FEW_MODULES: without what video needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

out=$1 modules=$2 release=$3
shift 3

wanted='virtio_pci virtio_console 9pnet_virtio 9p videodev videobuf2-v4l2 videobuf2-dma-sg
videobuf2-vmalloc vivid v4l2-dv-timings snd-pcm udmabuf xhci-pci uvcvideo'

root=$(mktemp -d "${TMPDIR:-/tmp}/vidicon-initramfs.XXXXXX")
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/sbin" "$root/lib/modules/$release" "$root/lib64" "$root/programs" \
    "$root/opt" "$root/root" "$root/etc" "$root/lib/firmware"
cp "$(command -v busybox)" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
cp "$here/guest/init" "$root/init"
chmod +x "$root/init"
cp -r "$here/suite" "$root/suite"

[ -z "${VM_FEW_MODULES:-}" ] || wanted="virtio_pci virtio_console 9pnet_virtio 9p"
for module in $wanted; do
    # What is built in, or not there in this kernel, gives no line.
    modprobe -d "$modules" -S "$release" --show-depends "$module" 2>/dev/null |
        sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | sort -u | while read -r path; do
    place=$root/lib/modules/$release/${path##*/lib/modules/"$release"/}
    mkdir -p "${place%/*}"
    case $path in
    *.xz) xz -dc "$path" >"${place%.xz}" ;;
    *.zst) zstd -qdc "$path" >"${place%.zst}" ;;
    *) cp "$path" "$place" ;;
    esac
done
for list in modules.builtin modules.builtin.modinfo modules.order; do
    cp "$modules/lib/modules/$release/$list" "$root/lib/modules/$release/" 2>/dev/null || true
done

for file; do
    if [ -d "$file" ]; then
        cp -r "$file" "$root/opt/"
        continue
    fi
    case $file in
    *.ko)
        mkdir -p "$root/lib/modules/$release/extra"
        cp "$file" "$root/lib/modules/$release/extra/"
        continue
        ;;
    esac
    cp -L "$file" "$root/programs/"
    ldd "$file" 2>/dev/null | sed -n 's/.*\(=> \|^[[:space:]]*\)\(\/[^ ]*\) (.*/\2/p' |
        while read -r library; do
            mkdir -p "$root${library%/*}"
            [ -e "$root$library" ] || cp -L "$library" "$root$library"
        done
done

# A kernel that looks at each memory access takes half of its start to unpack this. A module without its signature, which goes
# with the rest, needs no look at it either: an emulated processor takes long for that, and ours has none anyway.
find "$root/programs" "$root/lib/modules/$release" -type f -exec strip --strip-debug {} + 2>/dev/null || true
find "$root" -name 'libvidicon.so*' -type f -exec strip --strip-debug {} +

depmod -b "$root" "$release"
(cd "$root" && find . | cpio -o -H newc --quiet) >"$out"
