#!/bin/sh
# SPDX-License-Identifier: MIT
# alone.sh ROOT BUILD_DIR: the samples as a project of its own, against the installed library, and
# the tool that was installed with it. Both moved away from where they were installed first.
set -eu

root=$1 build=$2
cmake=${CMAKE:-cmake}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$cmake" --install "$build" --prefix "$scratch/first" >"$scratch/log"
mv "$scratch/first" "$scratch/moved"
prefix=$scratch/moved

cp -r "$root/samples" "$scratch/samples"
if ! { "$cmake" -S "$scratch/samples" -B "$scratch/build" -DCMAKE_C_COMPILER="${CC:-cc}" \
    -DCMAKE_PREFIX_PATH="$prefix" && "$cmake" --build "$scratch/build"; } >"$scratch/log" 2>&1; then
    tail -n 20 "$scratch/log"
    exit 1
fi

for name in list snapshot record controls hotplug eventloop caller_buffers; do
    [ -x "$scratch/build/$name" ] || { echo "$name was not built"; exit 1; }
done
"$scratch/build/snapshot" 'sim:0?rate=max' "$scratch/picture.png"
"$scratch/build/caller_buffers" 'sim:0?rate=max' 20

tool=$prefix/bin/$(sed -n 's/^ *"tool_name": *"\([^"]*\)".*/\1/p' "$root/sdk/oem/brand.json")
"$tool" list --sim 1 | grep -q '^sim:0 '
