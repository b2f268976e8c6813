#!/bin/sh
# SPDX-License-Identifier: MIT
# files.sh [--control] ROOT: Kbuild names exactly the core's sources, as the core's own list has them,
# and exactly the driver's.
set -eu
control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
root=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$root/drivers/linux/Kbuild" "$scratch/Kbuild"
# One name less of each kind.
[ $control = no ] || sed -i '/vdh_irq\.o/d; /vdl_queue\.o/d' "$scratch/Kbuild"

listed() {
    tr -sc 'a-z0-9_.' '\n' <"$scratch/Kbuild" | sed -n "s/^\\($1_[a-z_]*\\)\\.o\$/\\1.c/p" |
        grep -v '^vdh_default_image\.c$' | sort
}

listed vdh >"$scratch/core"
tr -s ' \t()' '\n' <"$root/drivers/core/CMakeLists.txt" | grep -x 'vdh_[a-z_]*\.c' | sort -u \
    >"$scratch/core.want"
listed vdl >"$scratch/own"
(cd "$root/drivers/linux" && ls vdl_*.c) | sort >"$scratch/own.want"

for kind in core own; do
    [ -s "$scratch/$kind.want" ] || { echo "no sources of $kind were found"; exit 1; }
    diff "$scratch/$kind.want" "$scratch/$kind" || true
done >"$scratch/differences"
cat "$scratch/differences"
if [ $control = yes ]; then
    missing=$(grep -c '^<' "$scratch/differences") || true
    [ "$missing" -eq 2 ] || { echo "2 names were taken away, $missing missed"; exit 1; }
    exit 0
fi
[ ! -s "$scratch/differences" ]
