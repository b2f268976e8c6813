#!/bin/sh
# SPDX-License-Identifier: MIT
# hardware.sh check|check.control HARDWARE_TABLES PAGE: the tables of the data sheet are those of
# the .def files. The control changes one digit of a copy, which must be noticed, and refreshed.
set -eu

what=$1 program=$2 page=$3
if [ "$what" = check ]; then
    exec "$program" --check "$page"
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
sed 's/^| 0x044 |/| 0x048 |/' "$page" >"$scratch/page.md"
cmp -s "$page" "$scratch/page.md" && { echo "nothing to change in $page"; exit 1; }
if "$program" --check "$scratch/page.md" 2>"$scratch/said"; then
    echo "a changed digit was not noticed"
    exit 1
fi
cat "$scratch/said"
grep -q 'page.md:[0-9]*: ' "$scratch/said"
grep -q 'cmake --build .* --target hardware-tables' "$scratch/said"
"$program" --update "$scratch/page.md"
cmp "$page" "$scratch/page.md"
