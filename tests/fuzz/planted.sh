#!/bin/sh
# SPDX-License-Identifier: MIT
# planted.sh PROGRAM RUNS CORPUS WORDS: a fuzzer with a planted bug must find it within the runs
# that the real one has, and say these words.
set -eu

program=$1 runs=$2 corpus=$3 words=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if "$program" -runs="$runs" -seed=1 -artifact_prefix="$scratch/" "$scratch" "$corpus" \
    >"$scratch.log" 2>&1; then
    tail -n 5 "$scratch.log"
    rm -f "$scratch.log"
    echo "the planted bug was not found in $runs runs"
    exit 1
fi
found=$(grep -c "$words" "$scratch.log") || {
    tail -n 40 "$scratch.log"
    rm -f "$scratch.log"
    echo "failed for another reason than \"$words\""
    exit 1
}
grep "$words" "$scratch.log" | head -n 1
rm -f "$scratch.log"
[ "$found" -gt 0 ]
