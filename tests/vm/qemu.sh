#!/bin/sh
# SPDX-License-Identifier: MIT
# qemu.sh [--update]: prints the path of a QEMU with vfio-user and USB redirection (11.1 or later,
# of Debian's trixie-backports), to be run like qemu-system-x86_64. It stands in the cache with its
# own loader, libraries and ROMs; nothing is installed, and this machine's Debian may be older.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

layout=1 # part of the cache's key: to be counted up when what follows changes the folder
release=trixie suite=trixie-backports
update=no
[ "${1:-}" != --update ] || update=yes

# Copies PROGRAM's libraries, as its own loader finds them in $root.
copy_libraries() {
    "$root/lib64/ld-linux-x86-64.so.2" --library-path "$libraries" --list "$1" |
        sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r library; do
        case $library in
        "$root"/*) cp -L "$library" "$folder.new/lib/" ;;
        *) vm_die "$1 would take $library of this machine" ;;
        esac
    done
}

make_qemu() {
    if [ "$update" = no ] && [ -x "$vm_cache/qemu/current.$layout/qemu" ]; then
        return
    fi
    [ "$update" = no ] || rm -f "$vm_cache/apt/$release/ready"
    packages=$(vm_closure "$release" "$suite" qemu-system-x86)
    version=$(echo "$packages" | sed -n 's/^qemu-system-x86=//p')
    folder=$vm_cache/qemu/$(echo "$version" | tr -c 'a-zA-Z0-9.+~\n-' _).$layout
    if [ ! -x "$folder/qemu" ]; then
        vm_say "fetching QEMU $version"
        root=$folder.root
        rm -rf "$folder.new" "$root"
        # shellcheck disable=SC2046
        vm_unpack "$release" "$root" $(echo "$packages" | grep -E '^(lib|zlib|qemu|seabios|ipxe)')
        libraries=$root/usr/lib/x86_64-linux-gnu
        mkdir -p "$folder.new/lib" "$folder.new/modules" "$folder.new/share"
        cp "$root/usr/bin/qemu-system-x86_64" "$folder.new/qemu.elf"
        cp -L "$root/lib64/ld-linux-x86-64.so.2" "$folder.new/ld.so"
        cp "$libraries/qemu/hw-usb-redirect.so" "$folder.new/modules/"
        for rom in bios-256k.bin kvmvapic.bin linuxboot_dma.bin pvh.bin multiboot_dma.bin \
            vgabios-stdvga.bin efi-virtio.rom efi-e1000.rom; do
            rom_path=$(find "$root/usr/share" -name "$rom" | head -n 1)
            [ -z "$rom_path" ] || cp -L "$rom_path" "$folder.new/share/"
        done
        for program in "$folder.new/qemu.elf" "$folder.new"/modules/*.so; do
            copy_libraries "$program"
        done
        cat >"$folder.new/qemu" <<END
#!/bin/sh
QEMU_MODULE_DIR="$folder/modules"
export QEMU_MODULE_DIR
exec "$folder/ld.so" --library-path "$folder/lib" "$folder/qemu.elf" -L "$folder/share" "\$@"
END
        chmod +x "$folder.new/qemu"
        rm -rf "$root"
        mv "$folder.new" "$folder"
    fi
    "$folder/qemu" -device help | grep -q '"vfio-user-pci"' || vm_die "QEMU $version has no vfio-user"
    "$folder/qemu" -device help | grep -q '"usb-redir"' || vm_die "QEMU $version has no usb-redir"
    ln -sfn "$folder" "$vm_cache/qemu/current.$layout"
}

mkdir -p "$vm_cache/qemu"
vm_locked qemu make_qemu
echo "$vm_cache/qemu/current.$layout/qemu"
