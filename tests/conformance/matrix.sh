#!/bin/sh
# SPDX-License-Identifier: MIT
# The parity matrix from the rows that runs of the suite wrote.
#   matrix.sh --print ROWS         the table, in Markdown
#   matrix.sh --write PAGE ROWS    puts it into a page, between its two marks
#   matrix.sh --check PAGE ROWS    the page has these cases, and no row has a failure
#   matrix.sh --control PAGE ROWS  the check notices a failure, and a case that is missing
# ROWS is a folder of .json files.
set -eu

mode=${1:?} page=
case $mode in
--control)
    altered=$(mktemp -d)
    trap 'rm -rf "$altered"' EXIT
    for change in 's/"Delivery.Waits", "result": "pass"/"Delivery.Waits", "result": "FAIL"/' \
        '/"Delivery.Waits"/d'; do
        rm -f "$altered"/*
        for row in "$3"/*.json; do
            sed "$change" "$row" >"$altered/${row##*/}"
        done
        if sh "$0" --check "$2" "$altered" >"$altered/out"; then
            echo "FAILED: $change was not noticed"
            exit 1
        fi
        sed -n 's/^FAILED/noticed/p' "$altered/out"
    done
    exit 0
    ;;
--write | --check)
    page=${2:?}
    shift
    ;;
esac
rows=${2:?}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

table() {
    for row in "$rows"/*.json; do
        [ -s "$row" ] || continue
        cat "$row"
    done | awk '
        function field(name,    at, text) {
            at = index($0, "\"" name "\": \"")
            if (!at) return ""
            text = substr($0, at + length(name) + 5)
            gsub(/\\"/, "\001", text)
            sub(/".*/, "", text)
            gsub(/\001/, "\"", text)
            gsub(/\|/, "/", text)
            return text
        }
        /^"row": / { title[++columns] = field("row") }
        /^\{"case": / {
            name = field("case")
            if (!(name in known)) { known[name] = 1; order[++count] = name }
            verdict = field("result")
            cell = verdict
            if (verdict == "n.a.") {
                note = field("note")
                if (!(note in number)) { number[note] = ++notes; text[notes] = note }
                cell = "n.a. (" number[note] ")"
            }
            cells[name, columns] = cell
            sum[columns, verdict]++
        }
        END {
            line = "| case |"; rule = "| --- |"; total = "| **pass / n.a. / fail** |"
            for (c = 1; c <= columns; c++) {
                line = line " " title[c] " |"; rule = rule " --- |"
                total = total " " (sum[c, "pass"] + 0) " / " (sum[c, "n.a."] + 0) " / " \
                        (sum[c, "FAIL"] + 0) " |"
            }
            print line; print rule
            for (i = 1; i <= count; i++) {
                line = "| " order[i] " |"
                for (c = 1; c <= columns; c++)
                    line = line " " ((order[i], c) in cells ? cells[order[i], c] : "not run") " |"
                print line
            }
            print total
            if (notes) print ""
            for (i = 1; i <= notes; i++) print "(" i ") Not applicable: " text[i] ".  "
        }'
}

table >"$scratch/table"
if [ "$(wc -l <"$scratch/table")" -lt 4 ]; then
    echo "no rows in $rows"
    exit 1
fi

begin='<!-- matrix: written by tests/conformance/matrix.sh -->'
end='<!-- end of matrix -->'
case $mode in
--print)
    cat "$scratch/table"
    ;;
--write)
    awk -v table="$scratch/table" -v begin="$begin" -v end="$end" '
        $0 == begin { print; while ((getline line < table) > 0) print line; skip = 1 }
        $0 == end { skip = 0 }
        !skip || $0 == end { if ($0 != begin) print }' "$page" >"$scratch/page"
    cat "$scratch/page" >"$page"
    ;;
--check)
    # Windows programs have their tests in another order.
    sed -n 's/^| \([A-Z][A-Za-z]*\.[A-Za-z]*\) |.*/\1/p' "$page" | sort >"$scratch/published"
    sed -n 's/^| \([A-Z][A-Za-z]*\.[A-Za-z]*\) |.*/\1/p' "$scratch/table" | sort >"$scratch/run"
    if ! diff "$scratch/published" "$scratch/run"; then
        echo "FAILED: the cases of $page are not those of the suite; run matrix.sh --write"
        exit 1
    fi
    if grep -E '\| (FAIL|not run) \|' "$scratch/table"; then
        echo "FAILED: these rows are not clean"
        exit 1
    fi
    tail -n +3 "$scratch/table" | grep '^| \*\*'
    ;;
*)
    exit 2
    ;;
esac
