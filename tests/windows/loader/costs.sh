#!/bin/sh
# SPDX-License-Identifier: MIT
# costs.sh check|write CPU DOCUMENT LOADER ARGUMENT...: what each entry of the driver costs, by memory
# registers and by ports, against the table in the document; or writes that table. Accesses and stalls
# are the same on every machine; instructions depend on the compiler, so a tenth more is let pass. The
# budgets themselves are the loader's.
set -eu
export LC_ALL=C
mode=$1 cpu=$2 document=$3
shift 3
[ -x "$1" ] || {
    echo "skipped: no $1"
    exit 77
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
VIDICON_QUIET=1
export VIDICON_QUIET
# Few frames: what an entry costs does not depend on how many there were. Those calls of a kind are
# stepped that took longest, by memory registers; ports differ in accesses only. In short runs a few.
few=--few
scenes='boot.plain capture.hd read.many property.device property.clocks event.all'
if [ -n "${VIDICON_LONG:-}" ] || [ "$mode" = write ]; then
    few=
    scenes="$scenes read.several property.registers-limited boot.formats capture.restart capture.cancel
        capture.timeout capture.paging capture.removal capture.power property.known-sets
        firmware.commands firmware.records event.refused fault.irq-late fault.stop-never fault.cut-refused fault.power-cut fault.torn-completion
        read.flush read.lies read.too-many-pieces"
fi
# shellcheck disable=SC2086
{
    "$@" --count 12 --step 0 $few --costs "$scratch/memory" $scenes >"$scratch/out" &&
        "$@" --ports --count 12 --costs "$scratch/ports" $scenes >"$scratch/out"
} || {
    cat "$scratch/out"
    exit 1
}
# name|level|calls|accesses|stall|stepped|instructions
awk -F'|' 'NR == FNR { ports[$1 "|" $2] = $4; next }
    { printf "| %s | %s | %s | %s | %s | %s |\n", $1, $2, $4,
             ($1 "|" $2) in ports ? ports[$1 "|" $2] : "", $5, $7 }' \
    "$scratch/ports" "$scratch/memory" >"$scratch/rows"
[ "$(wc -l <"$scratch/rows")" -ge 15 ] || {
    echo "entries are missing:"
    cat "$scratch/rows"
    exit 1
}
begin="<!-- costs of $cpu: written by tests/windows/loader/costs.sh -->"
end='<!-- end of costs -->'
if [ "$mode" = write ]; then
    awk -v begin="$begin" -v end="$end" -v rows="$scratch/rows" '
        $0 == end { inside = 0 }
        !inside
        $0 == begin {
            inside = 1
            print "\n| entry | level | accesses | on ports | stall µs | instructions |"
            print "| --- | --- | --- | --- | --- | --- |"
            while ((getline line < rows) > 0) print line
            print ""
        }' "$document" >"$scratch/document"
    cat "$scratch/document" >"$document"
    exit
fi
cat "$scratch/rows"
awk -F' *[|] *' -v begin="$begin" -v end="$end" '
    NR == FNR {
        if ($0 == end) inside = 0
        if (inside && $3 ~ /^[0-9]+$/) { known[$2 "/" $3] = 1; for (i = 4; i <= 7; i++) most[$2 "/" $3, i] = $i }
        if ($0 == begin) inside = 1
        next
    }
    {
        entry = $2 "/" $3
        if (!(entry in known)) { print "not in the table: " $0; bad = 1; next }
        for (i = 4; i <= 7; i++) {
            room = i == 7 ? most[entry, i] * 1.1 + 20 : most[entry, i]
            if ($i + 0 > room + 0) { print "column " i - 1 ", the table has " most[entry, i] ": " $0; bad = 1 }
        }
    }
    END { exit bad }' "$document" "$scratch/rows"
