#!/bin/sh
# SPDX-License-Identifier: MIT
# The suite must notice every lie of its shim: controls.sh PROGRAM DEVICE
# Each lie is told to the case that must notice it, which must fail, and must pass without it.
set -u

program=$1 device=$2
wrong=0 caught=0 lies=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$program" --list-breaks >"$scratch/list" || exit 1
[ -s "$scratch/list" ] || exit 1

# What is to fail must first be right.
cases=$(awk '{print $2}' "$scratch/list" | sort -u | paste -sd:)
if ! "$program" --device="$device" --gtest_filter="$cases" >"$scratch/out" 2>&1; then
    grep '^\[  FAILED' "$scratch/out" | sort -u
    echo "FAILED: these cases fail without a lie"
    exit 1
fi
ran=$(sed -n 's/^\[==========\] \([0-9]*\) tests\{0,1\} from.* ran.*/\1/p' "$scratch/out")
if [ "${ran:-0}" -ne "$(echo "$cases" | tr ':' '\n' | grep -c .)" ]; then
    echo "FAILED: $ran cases ran of: $cases"
    exit 1
fi

while read -r name case; do
    limit=60
    [ "$name" != hang ] || limit=3
    VIDICON_CONFORMANCE_BREAK=$name "$program" --device="$device" --gtest_filter="$case" \
        --limit=$limit >"$scratch/out" 2>&1
    status=$?
    told=$(sed -n 's/^told \([0-9]*\) lies.*/\1/p' "$scratch/out")
    if [ $status -eq 0 ]; then
        echo "NOT CAUGHT: $name (told ${told:-0} times) by $case"
        wrong=$((wrong + 1))
    elif ! grep -q "^\[  FAILED  \] $case" "$scratch/out"; then
        echo "WRONG CASE: $name, status $status"
        tail -n 5 "$scratch/out"
        wrong=$((wrong + 1))
    elif [ "${told:-0}" -eq 0 ]; then
        echo "NEVER TOLD: $name, but $case failed"
        wrong=$((wrong + 1))
    else
        echo "caught: $name (told $told times) by $case"
        caught=$((caught + 1))
        lies=$((lies + told))
    fi
done <"$scratch/list"

echo "$caught of $((caught + wrong)) kinds of lies caught, $lies told"
[ $wrong -eq 0 ] && [ $caught -gt 0 ]
