#!/bin/sh
# SPDX-License-Identifier: MIT
# interface.sh [--control] ROOT: vdl_interface.h compiles alone in C and C++, and its structures are of
# the stated sizes, for 64 and 32 bits alike. The control states a wrong size.
set -eu
control=no
if [ "$1" = --control ]; then
    control=yes
    shift
fi
header=$1/drivers/linux/vdl_interface.h
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

counts=80
[ $control = no ] || counts=84
sizes="identity 88 register 8 register_info 176 time 32 counts $counts signal 16 timing 64 mode 48
firmware_status 88 firmware_command 24 frame_meta 80"

stated=$(echo "$sizes" | tr ' ' '\n' | grep -c '[a-z]')
there=$(grep -c '^struct vdl_[a-z_]* {' "$header")
[ "$stated" -eq "$there" ] || { echo "$there structures, $stated sizes are stated"; exit 1; }

{
    echo "#include \"$header\""
    echo "#include \"$header\""
    # shellcheck disable=SC2086
    set -- $sizes
    while [ $# -gt 1 ]; do
        echo "typedef char planted_or_wrong_$1[sizeof(struct vdl_$1) == $2 ? 1 : -1];"
        shift 2
    done
    # An ioctl's number carries the size of what it moves.
    echo "typedef char number_is_wrong[_IOC_NR(VDL_IOC_IDENTITY) == 192 ? 1 : -1];"
} >"$scratch/one.c"
cp "$scratch/one.c" "$scratch/one.cc"

count=0
status=0
for compiler in "gcc -std=gnu99" "gcc -std=gnu11 -m32" "clang -std=gnu11" "g++ -std=gnu++11" \
    "g++ -std=gnu++17 -m32" "clang++ -std=gnu++17"; do
    command -v "${compiler%% *}" >/dev/null || continue
    case $compiler in *++*) file=$scratch/one.cc ;; *) file=$scratch/one.c ;; esac
    # shellcheck disable=SC2086
    $compiler -Wall -Wextra -Werror -fsyntax-only "$file" 2>>"$scratch/errors" ||
        { echo "does not compile: $compiler"; status=1; }
    count=$((count + 1))
done
cat "$scratch/errors"
if [ $control = yes ]; then
    [ "$(grep -c 'planted_or_wrong_counts' "$scratch/errors")" -ge "$count" ] && exit 0
    echo "a wrong size was not reported by each of $count compilers"
    exit 1
fi
echo "$count compilers, $stated structures"
[ "$count" -ge 2 ] && exit $status
