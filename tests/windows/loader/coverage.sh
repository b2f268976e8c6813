#!/bin/sh
# SPDX-License-Identifier: MIT
# coverage.sh LOADER OBJDUMP DEBUG_SYS LEAST_PERCENT OLD_IMAGE NEW_IMAGE: which lines of the driver's
# own sources and of the core run in the scenarios, by memory registers and by ports. A line counts as
# run if one of the instructions that begin it was. With VIDICON_LONG all scenarios run, else some.
set -eu
loader=$1 objdump=$2 sys=$3 least=$4 old=$5 new=$6
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
VIDICON_QUIET=1
export VIDICON_QUIET

"$objdump" --dwarf=decodedline "$sys" |
    awk '$1 ~ /^vd[wh]_.*[.]c$/ && $2 ~ /^[0-9]+$/ && $3 ~ /^0x/ && $NF == "x" {
        print $1, $2, substr($3, 3) }' | sort -u >"$scratch/table"
cut -d' ' -f3 "$scratch/table" | sort -u >"$scratch/lines"
[ "$(wc -l <"$scratch/lines")" -gt 500 ] || {
    echo "$sys: no line numbers"
    exit 1
}
some='boot. capture.restart capture.cancel capture.timeout capture.power capture.removal capture.paging
    read. property.device property.known-sets property.clocks firmware. event. fault.fifo-overflow
    fault.ring-error fault.stop-never fault.cut-refused fault.torn-completion unplug.first-frame
    bootfault.never-ready bootfault.hang'
scripts=20
if [ -n "${VIDICON_LONG:-}" ]; then
    some='boot. capture. read. property. firmware. event. point. fault. unplug. bootfault.'
    scripts=300
fi
status=0
for ports in '' --ports; do
    # shellcheck disable=SC2086
    "$loader" --sys "$sys" $ports --old "$old" --new "$new" --lines "$scratch/lines" \
        --hits "$scratch/hits" --count $scripts $some script. \
        >"$scratch/out" 2>&1 || status=1
    grep -E '^FAILED|went as' "$scratch/out" || true
done
sort -u "$scratch/hits" >"$scratch/ran"
awk -v least="$least" '
    NR == FNR { ran[$1] = 1; next }
    { line = $1 ":" $2; all[line] = $1; if ($3 in ran) hit[line] = 1 }
    END {
        for (line in all) { total[all[line]]++; n++; if (line in hit) { got[all[line]]++; m++ } }
        for (file in total) {
            printf "%-20s %4d of %4d lines, %5.1f %%\n", file, got[file], total[file],
                   100 * got[file] / total[file] | "sort"
        }
        close("sort")
        printf "line coverage of the driver: %d of %d, %.1f %%\n", m, n, 100 * m / n
        exit 100 * m / n < least
    }' "$scratch/ran" "$scratch/table" || status=1
if [ -n "${VIDICON_MISSED:-}" ]; then
    awk 'NR == FNR { ran[$1] = 1; next } { l = $1 ":" $2; a[l] = 1; if ($3 in ran) h[l] = 1 }
        END { for (l in a) if (!(l in h)) print l }' "$scratch/ran" "$scratch/table" |
        sort -t: -k1,1 -k2,2n
fi
exit $status
