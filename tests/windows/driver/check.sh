# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the checks of the driver's files share; sourced by each. A check defines
#   check   writes one line for each fault of what "$@" names to standard output
#   plant   takes the same arguments and calls `planted WHAT ARGUMENT...` once for each fault that
#           it planted in a copy below $scratch: check must then report something that holds WHAT
# and ends with: check_main "$@".
set -eu
export LC_ALL=C

need() {  # need PROGRAM...: or the test is skipped
    for program in "$@"; do
        command -v "$program" >/dev/null 2>&1 || {
            echo "skipped: no $program"
            exit 77
        }
    done
}

planted() {
    what=$1
    shift
    check "$@" >"$scratch/report" 2>&1 || true
    plants=$((plants + 1))
    if grep -qF -e "$what" "$scratch/report"; then
        echo "reported: $(grep -m 1 -F -e "$what" "$scratch/report")"
    else
        echo "not reported: $what; the report is:"
        cat "$scratch/report"
        missed=$((missed + 1))
    fi
}

check_main() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    if [ "$1" = --control ]; then
        shift
        plants=0 missed=0
        plant "$@"
        [ $plants -gt 0 ] && [ $missed -eq 0 ]
        return
    fi
    check "$@" >"$scratch/report"
    cat "$scratch/report"
    [ ! -s "$scratch/report" ]
}
