#!/bin/sh
# SPDX-License-Identifier: MIT
# Instructions a frame that are not the model's own must be equal within 5 % at 64x64 and at 4K:
#   steps.sh PROGRAM MODEL-LIBRARY [--control]
# --control: the program has a planted loop over the bytes, and it must be found.
# Counted is everything within the loop but the model's functions and what libc does for them.
set -eu

program=$1 model=$2 control=${3:-}
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
nm "$model" | awk '$2 ~ /^[Tt]$/ { print $3 }' | sort -u >"$scratch/model"
[ "$(wc -l <"$scratch/model")" -gt 20 ] || { echo "FAILED: no functions in $model"; exit 1; }

measure() {  # measure WIDTH HEIGHT FRAMES: instructions a frame
    valgrind --tool=callgrind --toggle-collect=loop_wait_steady \
        --callgrind-out-file="$scratch/out" "$program" "$1" "$2" "$3" >"$scratch/log" 2>&1 || {
        cat "$scratch/log" >&2
        return 1
    }
    awk -v frames="$3" -v names="$scratch/model" '
        function resolve(text, table,    id) {
            id = text
            sub(/\).*/, ")", id)
            if (text != id) { sub(/^\([0-9]+\) /, "", text); table[id] = text }
            return table[id]
        }
        function owned(name) { sub(/\x27[0-9]+$/, "", name); return name in model }
        BEGIN { while ((getline name < names) > 0) model[name] = 1 }
        /^ob=/ { target = object = resolve(substr($0, 4), objects); next }
        /^fn=/ { caller = resolve(substr($0, 4), functions); next }
        /^cob=/ { target = resolve(substr($0, 5), objects); next }
        /^cfn=/ { callee = resolve(substr($0, 5), functions); next }
        /^calls=/ {
            getline
            if (owned(caller) && target ~ /libc[.-]/) libc += $2
            if (owned(callee)) entered += 1
            target = object
            next
        }
        /^[0-9+*-]/ { if (owned(caller)) own += $2; else { rest += $2; self[caller] += $2 } }
        /^(totals|summary):/ { total = $2 }
        END {
            if (!own || !rest || !entered) { print "FAILED: nothing was seen" > "/dev/stderr"; exit 1 }
            printf "%.1f\n", (rest - libc) / frames
            for (name in self)
                printf "%12.1f %s\n", self[name] / frames, name | "sort -rn | head -n 60 >&2"
        }' "$scratch/out"
}

frames=100
[ -z "$control" ] || frames=4
small=$(measure 64 64 $frames 2>"$scratch/small")
large=$(measure 3840 2160 $frames 2>"$scratch/large")
echo "instructions a frame, without the model's: $small at 64 x 64, $large at 3840 x 2160"
equal=$(awk -v a="$small" -v b="$large" 'BEGIN { d = b - a; if (d < 0) d = -d; print d <= 0.05 * a }')
if [ -n "$control" ]; then
    [ "$equal" = 0 ] || { echo "FAILED: the planted loop was not found"; exit 1; }
    echo "the planted loop over the bytes was found"
elif [ "$equal" = 0 ]; then
    echo "FAILED: they differ by more than 5 %"
    echo "at 64 x 64:" && cat "$scratch/small"
    echo "at 3840 x 2160:" && cat "$scratch/large"
    exit 1
fi
