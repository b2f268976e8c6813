#!/bin/sh
# SPDX-License-Identifier: MIT
# module.sh [--control] build|style ROOT: the module for Linux 6.1, out of a plain source tree: built
# with W=1 and looked at by sparse, or read by checkpatch. Nothing may be said. A control plants faults
# of the kind in a copy. 77: the tool, or the kernel's headers, cannot be had here.
set -eu
control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
check=$1 root=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

plant() {
    case $check in
    build)
        echo 'int vdl_unseen(void) { return 0; }' # no prototype
        echo 'static int __user *vdl_planted; int vdl_planter(int *a); int vdl_planter(int *a) { vdl_planted = a; return 0; }'
        ;;
    style) echo 'static int vdl_planted( void ){return 0;}' ;;
    esac >>"$1"
}

style() {
    checkpatch=$(sh "$root/tests/vm/checkpatch.sh") ||
        { echo "skipped: no checkpatch.pl to be had"; exit 77; }
    cp "$root"/drivers/linux/*.[ch] "$scratch/"
    [ $control = no ] || plant "$scratch/vdl_input.c"
    for file in "$scratch"/*.[ch]; do
        ignore=''
        # The one file that exists to ask for versions.
        [ "${file##*/}" != vdl_compat.h ] || ignore='--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON'
        # shellcheck disable=SC2086
        perl "$checkpatch" --no-tree --strict --terse --no-summary --max-line-length=100 \
            $ignore -f "$file" || true
    done | sed "s,$scratch/,,"
}

build() {
    command -v sparse >/dev/null || { echo "skipped: no sparse"; exit 77; }
    sh "$root/tests/vm/kernel.sh" 6.1 >"$scratch/vars" ||
        { echo "skipped: no headers of Linux 6.1"; exit 77; }
    # shellcheck disable=SC1091
    . "$scratch/vars"
    out=$scratch/out
    make -s -C "$root/drivers/linux" source OUT="$out" 2>&1
    what=modules
    [ $control = no ] || {
        plant "$out/vdl_input.c"
        what=vdl_input.o # the one that says something
    }
    PATH=$KERNEL_PATH:$PATH make -s -C "$KERNEL_BUILD" M="$out" W=1 C=2 $what 2>&1 |
        grep -v 'Skipping BTF' || true
    [ $control = yes ] || [ -s "$out/vidicon.ko" ] || echo "no module was built"
}

case $check in
style) wanted=vdl_input.c: ;;
build) wanted='vdl_unseen __user' ;; # the compiler's word, and sparse's
esac
"$check" >"$scratch/said" || { cat "$scratch/said"; exit 77; }
cat "$scratch/said"
if [ $control = yes ]; then
    for word in $wanted; do
        grep -q "$word" "$scratch/said" || { echo "the planted $word was not reported"; exit 1; }
    done
    exit 0
fi
[ ! -s "$scratch/said" ]
