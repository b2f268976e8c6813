#!/bin/sh
# SPDX-License-Identifier: MIT
# controls.sh LOADER COUNT { RULE KIND CHECK DRIVER SCENARIO }...: the driver, told to break the rule,
# must end its scenario by the check that goes with it. A check that has never failed is not a check.
set -u
loader=$1
[ $(($# - 2)) -eq "$2" ] || {
    echo "$(($# - 2)) arguments arrived, not $2"
    exit 1
}
shift 2
VIDICON_QUIET=1
export VIDICON_QUIET
total=0 found=0
while [ $# -ge 5 ]; do
    total=$((total + 1))
    step=
    [ "$3" != instruction-budget ] || step='--step 1'
    # shellcheck disable=SC2086
    if "$loader" --sys "$4" --break "$1" --kind "$2" $step --expect "$3" "$5" \
        >control.out.$$ 2>&1; then
        found=$((found + 1))
    else
        echo "NOT CAUGHT: $1, which breaks $3:"
        cat control.out.$$
    fi
    sed -n "s/^FAILED /$1: /p" control.out.$$
    shift 5
done
rm -f control.out.$$
echo "negative controls: $found of $total caught"
[ $total -gt 0 ] && [ $found -eq $total ]
