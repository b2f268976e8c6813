#!/bin/sh
# SPDX-License-Identifier: MIT
# module.sh [--control] build|style ROOT: the module for Linux 6.1, out of a plain source tree: built
# with W=1 and looked at by sparse, or read by checkpatch. Nothing may be said. A control plants faults
# of the kind in a copy. What nothing was said about is not asked for again until it changes, but with
# VIDICON_LONG; the module is the one that the virtual machines load. 77: the tool, or the kernel's
# headers, cannot be had here.
set -eu
control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
check=$1 root=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck source=tests/support/known.sh
. "$root/tests/support/known.sh"

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
    mkdir "$scratch/linux"
    cp "$root"/drivers/linux/*.[ch] "$scratch/linux/"
    cd "$scratch/linux"
    [ $control = no ] || plant vdl_input.c
    rules="style: $(cat "$(dirname "$checkpatch")"/* "$root/tests/linux/module.sh" | sha256sum)"
    for file in *.[ch]; do
        echo "$file"
    done | known_unseen "$rules" >"$scratch/files"
    # A control has the one file alone, which nobody knows.
    [ $control = no ] || sed -i '/^vdl_input\.c$/!d' "$scratch/files"
    while read -r file; do
        ignore=''
        # The one file that exists to ask for versions.
        [ "$file" != vdl_compat.h ] || ignore='--ignore LINUX_VERSION_CODE,CONSTANT_COMPARISON'
        # shellcheck disable=SC2086
        perl "$checkpatch" --no-tree --strict --terse --no-summary --max-line-length=100 \
            $ignore -f "$file" || true
    done <"$scratch/files" >"$scratch/complaints"
    cat "$scratch/complaints"
    [ $control = yes ] || [ -s "$scratch/complaints" ] || known_good "$rules"
}

build() {
    command -v sparse >/dev/null || { echo "skipped: no sparse"; exit 77; }
    sh "$root/tests/vm/kernel.sh" 6.1 >"$scratch/vars" ||
        { echo "skipped: no headers of Linux 6.1"; exit 77; }
    if [ $control = no ] && [ -z "${VIDICON_LONG:-}" ]; then
        module=$(sh "$root/tests/vm/module.sh" 6.1 2>"$scratch/log") || cat "$scratch/log"
        [ -s "$module" ] || echo "no module was built"
        return 0
    fi
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
