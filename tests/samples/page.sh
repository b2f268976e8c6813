#!/bin/sh
# SPDX-License-Identifier: MIT
# page.sh ROOT PAGE LIBRARY_DIR [control]: every whole C program on a page compiles without a
# warning and captures ten frames, and every link to a file of the tree leads somewhere. With
# "control" a misspelt function and a dead link must be reported.
set -eu

root=$1 page=$2 libraries=$3 kind=${4:-}
CC=${CC:-cc}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp "$root/$page" "$scratch/page"
if [ "$kind" = control ]; then
    sed -i 's/vdc_stream_wait(/vdc_stream_wiat(/; $a [dead](docs/nowhere.md)' "$scratch/page"
fi

programs() {
    awk -v out="$scratch/program" '
        /^```c$/ { inside = 1; file = out (++count) ".c"; next }
        /^```$/ { inside = 0 }
        inside { print > file }' "$scratch/page"
    found=0
    for source in "$scratch"/program*.c; do
        grep -q 'int main(' "$source" || continue
        found=$((found + 1))
        "$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror -I "$root/sdk/include" -o "$scratch/program" \
            "$source" -L "$libraries" -lvidicon || return 1
        LD_LIBRARY_PATH=$libraries "$scratch/program" 'sim:0?rate=max' >"$scratch/out" || return 1
        [ "$(grep -c '^frame [0-9]: ' "$scratch/out")" -eq 10 ] || {
            cat "$scratch/out"
            return 1
        }
        # Without an id, and without a device, it must not take the simulated card.
        if LD_LIBRARY_PATH=$libraries "$scratch/program" >"$scratch/out" 2>"$scratch/err"; then
            echo "note: this machine has a capture device"
        else
            grep -q 'sim:0' "$scratch/err"
        fi
    done
    [ $found -gt 0 ]
}

links() {
    folder=$(dirname "$root/$page")
    bad=0
    grep -o '](\([^)#]*\))' "$scratch/page" | sed 's/^](//; s/)$//' >"$scratch/links"
    while IFS= read -r link; do
        case $link in
        http*) continue ;;
        esac
        [ -e "$folder/$link" ] || {
            echo "$page: $link is not there"
            bad=1
        }
    done <"$scratch/links"
    return $bad
}

if [ "$kind" = control ]; then
    if (programs) >"$scratch/log" 2>&1 || ! grep -q vdc_stream_wiat "$scratch/log"; then
        cat "$scratch/log"
        echo "a misspelt function was not reported"
        exit 1
    fi
    if links; then
        echo "a dead link was not reported"
        exit 1
    fi
    exit 0
fi
programs
links
