#!/bin/sh
# SPDX-License-Identifier: MIT
# Instructions a frame that are not the model's own must be equal within 5 % at 64x64 and at 4K:
#   steps.sh PROGRAM MODEL-LIBRARY PATH [--control]
# PATH is wait, callback or handle. --control: the program has a planted loop over the bytes, and it
# must be found. Counted is everything within the loop but the model's functions and what libc does
# for them. The callback's loop is a thread of the library, so there a short run is taken from a long one.
set -eu

program=$1 model=$2 path=$3 control=${4:-}
command -v valgrind >/dev/null || { echo "skipped: no valgrind"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
nm "$model" | awk '$2 ~ /^[Tt]$/ { print $3 }' | sort -u >"$scratch/model"
[ "$(wc -l <"$scratch/model")" -gt 20 ] || { echo "FAILED: no functions in $model"; exit 1; }

count() {  # count WIDTH HEIGHT FRAMES: instructions, and how many frames there were in all
    toggle=
    [ "$path" = callback ] || toggle=--toggle-collect=loop_${path}_steady
    # shellcheck disable=SC2086
    valgrind --tool=callgrind $toggle --callgrind-out-file="$scratch/out" \
        "$program" "$path" "$1" "$2" "$3" >"$scratch/frames" 2>"$scratch/log" || {
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
            printf "%.0f ", rest - libc
            for (name in self)
                printf "%12.1f %s\n", self[name] / frames, name | "sort -rn | head -n 60 >&2"
        }' "$scratch/out"
    tail -n 1 "$scratch/frames"
}

measure() {  # measure WIDTH HEIGHT FRAMES: instructions a frame
    if [ "$path" = callback ]; then
        echo "$(count "$1" "$2" $(($3 * 3))) $(count "$1" "$2" "$3" 2>/dev/null)"
    else
        echo "$(count "$1" "$2" "$3") $3 0 0"
    fi | awk -v path="$path" '{ printf "%.1f\n", path == "callback" ? ($1 - $3) / ($2 - $4) : $1 / $3 }'
}

frames=100
[ -z "$control" ] || frames=1
# How often two threads meet is chance, which may make one of the two dearer: not three times over.
tries=1 equal=0
[ "$path" != callback ] || [ -n "$control" ] || tries=3
while [ "$equal" = 0 ] && [ $tries -gt 0 ]; do
    small=$(measure 64 64 $frames 2>"$scratch/small")
    large=$(measure 3840 2160 $frames 2>"$scratch/large")
    echo "$path: instructions a frame, without the model's: $small at 64 x 64, $large at 3840 x 2160"
    equal=$(awk -v a="$small" -v b="$large" 'BEGIN { d = b - a; if (d < 0) d = -d; print d <= 0.05 * a }')
    tries=$((tries - 1))
done
if [ -n "$control" ]; then
    [ "$equal" = 0 ] || { echo "FAILED: the planted loop was not found"; exit 1; }
    echo "the planted loop over the bytes was found"
elif [ "$equal" = 0 ]; then
    echo "FAILED: they differ by more than 5 %"
    echo "at 64 x 64:" && cat "$scratch/small"
    echo "at 3840 x 2160:" && cat "$scratch/large"
    exit 1
fi
