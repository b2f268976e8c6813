#!/bin/sh
# SPDX-License-Identifier: MIT
# dkms.sh [--control] ROOT: DKMS, as a distribution packs it, builds the module for Linux 6.1 out of the
# folder that "make source" makes and nothing else. The control takes a file of it away. What it built once it
# does not build again until a source changes, but with VIDICON_LONG. 77: neither DKMS nor the kernel's headers
# can be had here.
set -eu
control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
root=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/support/known.sh
. "$root/tests/support/known.sh"

dkms=$(sh "$root/tests/vm/dkms.sh") || { echo "skipped: no dkms to be had"; exit 77; }
sh "$root/tests/vm/kernel.sh" 6.1 >"$scratch/vars" ||
    { echo "skipped: no headers of Linux 6.1"; exit 77; }
# shellcheck disable=SC1091
. "$scratch/vars"

# All that "make source" takes in, and all that takes it.
rules="dkms: $dkms $(cat "$scratch/vars" "$dkms" "$0" | sha256sum)"
changed=$(cd "$root" && find drivers/linux drivers/core drivers/firmware sdk/oem CMakeLists.txt -type f |
    LC_ALL=C sort | known_unseen "$rules")
if [ $control = no ] && [ -z "$changed" ]; then
    echo "nothing changed since it was built"
    exit 0
fi

make -s -C "$root/drivers/linux" source OUT="$scratch/made"
value() {
    sed -n "s/^$1=\"\(.*\)\"/\1/p" "$scratch/made/dkms.conf"
}
name=$(value PACKAGE_NAME) version=$(value PACKAGE_VERSION)
mkdir -p "$scratch/source" "$scratch/tree"
mv "$scratch/made" "$scratch/source/$name-$version"
# Early in the build, so that it ends soon.
[ $control = no ] || rm "$scratch/source/$name-$version/vdl_boot.c"

status=0
PATH=$KERNEL_PATH:$PATH bash "$dkms" build -m "$name" -v "$version" -k "$KERNEL_RELEASE" \
    --dkmstree "$scratch/tree" --sourcetree "$scratch/source" \
    --kernelsourcedir "$KERNEL_BUILD" >"$scratch/said" 2>&1 || status=$?
module=$(find "$scratch/tree/$name" -name "$name.ko*" -size +0)
if [ $control = yes ]; then
    [ $status -ne 0 ] && [ -z "$module" ] && exit 0
    echo "DKMS was content without a source file"
    exit 1
fi
if [ $status -ne 0 ] || [ -z "$module" ]; then
    cat "$scratch/said"
    find "$scratch/tree" -name make.log -exec tail -n 20 {} +
    exit 1
fi
known_good "$rules"
echo "built ${module##*/} of $name-$version"
