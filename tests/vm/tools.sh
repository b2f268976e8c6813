#!/bin/sh
# SPDX-License-Identifier: MIT
# tools.sh RELEASE: prints a folder with v4l2-compliance and v4l2-ctl of a Debian release (bookworm,
# trixie), with their own loader and libraries, to stand in the guest as /opt/v4l. The tool must not
# be older than the kernel: bookworm's (1.22.1) takes the name that bookworm's own 6.1 gives to NV12
# for a failure; trixie's (1.30.1) fits all of the rig's kernels.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/debian.sh"

release=$1
layout=1 # part of the cache's key: to be counted up when what follows changes the folder

make_tools() {
    [ ! -d "$vm_cache/tools/$release.$layout/v4l" ] || return 0
    packages=$(vm_closure "$release" '' v4l-utils)
    version=$(echo "$packages" | sed -n 's/^v4l-utils=//p')
    folder=$vm_cache/tools/v4l-utils-$version.$layout
    vm_say "fetching v4l-utils $version"
    rm -rf "$folder"
    # shellcheck disable=SC2046
    vm_unpack "$release" "$folder/root" $(echo "$packages" | grep -E '^(lib|zlib|v4l)')
    libraries=$folder/root/usr/lib/x86_64-linux-gnu
    mkdir -p "$folder/v4l/lib"
    cp -L "$folder/root/lib64/ld-linux-x86-64.so.2" "$folder/v4l/ld.so"
    for program in v4l2-compliance v4l2-ctl; do
        cp "$folder/root/usr/bin/$program" "$folder/v4l/$program.elf"
        "$folder/v4l/ld.so" --library-path "$libraries" --list "$folder/v4l/$program.elf" |
            sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | while read -r library; do
            cp -L "$library" "$folder/v4l/lib/"
        done
        cat >"$folder/v4l/$program" <<END
#!/bin/sh
exec /opt/v4l/ld.so --library-path /opt/v4l/lib /opt/v4l/$program.elf "\$@"
END
        chmod +x "$folder/v4l/$program"
    done
    echo "$version" >"$folder/v4l/version"
    rm -rf "$folder/root"
    ln -sfn "$folder" "$vm_cache/tools/$release.$layout"
}

mkdir -p "$vm_cache/tools"
vm_locked "tools-$release" make_tools
echo "$vm_cache/tools/$release.$layout/v4l"
