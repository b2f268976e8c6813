#!/bin/sh
# SPDX-License-Identifier: MIT
# publish.sh RESULTS [ROWS...]: what a long run left in VIDICON_VM_RESULTS goes into the pages: the guest's
# figures into docs/performance.md, the rows of the card and of vivid beside those in the folders ROWS (say
# build/dev/tests/conformance/rows and build/logs/wine/rows) into docs/conformance.md.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
results=${1:?}
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ -s "$results/guest-performance.md" ]; then
    page=$source/docs/performance.md
    awk -v table="$results/guest-performance.md" '
        /^<!-- guest: / { print; while ((getline line < table) > 0) print line; skip = 1 }
        /^<!-- end of guest/ { skip = 0 }
        !skip { print }' "$page" >"$scratch/page"
    cat "$scratch/page" >"$page"
fi

mkdir "$scratch/rows"
for folder in "$@" "$results"; do
    for row in "$folder"/*.json; do
        [ ! -s "$row" ] || cp "$row" "$scratch/rows/"
    done
done
sh "$source/tests/conformance/matrix.sh" --write "$source/docs/conformance.md" "$scratch/rows"
